//! `halftone convert`: the parameters of a URL on a local file.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};

use super::{Common, wiring};
use crate::pixel::decode::{Input, Opening};
use crate::pixel::{Cancel, Engine, Format, Opened};
use crate::spec::{Accepts, Context, Params, Rules, Shape, pixel_params};

/// A source, a target, and any parameter of the table.
pub struct Options {
    source: PathBuf,
    target: PathBuf,
    params: Vec<(String, String)>,
    common: Common,
}

const SOURCE: &str = "IN";
const TARGET: &str = "OUT";

impl Args for Options {
    fn augment_args(command: Command) -> Command {
        let path = |name, help| {
            Arg::new(name).required(true).value_parser(value_parser!(PathBuf)).help(help)
        };
        let command = command.arg(path(SOURCE, "The picture to read")).arg(path(
            TARGET,
            "The file to write; its extension says the format unless --format does",
        ));
        let command = pixel_params().fold(command, |command, param| {
            let doc = param.about.doc;
            let first_sentence = doc.split_once(". ").map_or(doc, |(first, _)| first);
            command.arg(
                Arg::new(param.about.name)
                    .long(param.about.name)
                    .value_name(value_name(&param.shape()))
                    .allow_hyphen_values(true)
                    .help(first_sentence.replace('`', "")),
            )
        });
        Common::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let path = |name| {
            matches.get_one::<PathBuf>(name).cloned().expect("clap has made sure that it is there")
        };
        let params = pixel_params().filter_map(|param| {
            let value = matches.get_one::<String>(param.about.name)?;
            Some((param.about.name.to_owned(), value.clone()))
        });
        Ok(Self {
            source: path(SOURCE),
            target: path(TARGET),
            params: params.collect(),
            common: Common::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn value_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Integer { .. } | Shape::Number { .. } => "N",
        Shape::Switch => "0|1",
        Shape::Choice(_) => "NAME",
        _ => "VALUE",
    }
}

/// Makes the picture and writes it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let settings = options.common.load_as_is(Vec::new())?.settings;
    let rules = Rules { max_dimension: settings.max_image_dimension };
    let mut pairs: Vec<(&str, &str)> =
        options.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if !pairs.iter().any(|(name, _)| *name == "format") {
        let format = named(&options.target).with_context(|| {
            let target = options.target.display();
            format!("{target}: its extension names no format; give it one that does, or --format")
        })?;
        pairs.push(("format", format.extension()));
    }
    let context = Context {
        source_format: named(&options.source),
        paper: named(&options.source).is_none_or(Format::is_paper),
        public_limit: None,
        sizes: None,
        default_expiry_s: settings.default_expiry_s,
        accepts: Accepts::default(),
        max_dimension: settings.max_image_dimension,
        upright: settings.orient_from_exif,
    };
    let params = Params::from_pairs(pairs, &rules)?;
    let mut recipe = params.recipe(&context)?;
    wiring::profiles(&settings).complete(&mut recipe)?;

    let source = options.source.display();
    let engine = wiring::engine(&settings)?;
    let mut opened = open(&engine, &options.source, &recipe.opening())?;
    if let (Some(overlay), true) = (&params.overlay, recipe.overlay.is_some()) {
        let overlay = open(&engine, Path::new(&overlay.value), &Opening::default())?;
        opened = opened.with_overlay(overlay);
    }
    let made = engine
        .make(opened, &recipe, &Cancel::never(), &|_| ())
        .with_context(|| source.to_string())?;
    write(&options.target, &made.bytes)
        .with_context(|| format!("{} cannot be written", options.target.display()))?;
    println!(
        "{}: {}×{} {}, {} bytes",
        options.target.display(),
        made.width,
        made.height,
        made.format.row().title,
        made.bytes.len()
    );
    Ok(())
}

/// The format that a file's name says.
fn named(path: &Path) -> Option<Format> {
    path.extension().and_then(|extension| extension.to_str()).and_then(Format::from_extension)
}

fn open(engine: &Engine, path: &Path, opening: &Opening) -> anyhow::Result<Opened> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("{name} cannot be read"))?;
    let len = file.metadata()?.len();
    let input = Input::of_file(file, len, named(path))?;
    engine.open(input, opening).with_context(|| name.to_string())
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // As the umask says, like any file that a program makes.
    let mode = Permissions::from_mode(0o666);
    let mut file =
        tempfile::Builder::new().permissions(mode).tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
