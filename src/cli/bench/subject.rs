//! What a load asks for: a mix of what is found on the server, or a list or log that is asked for again.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Deserialize;

use crate::load::{Asks, Mix, MixOptions, Picture, Replay, Server, Shares, Visitor};

/// What to ask for.
#[derive(Args)]
pub struct Wanted {
    /// Of made pictures so many in a hundred are asked for again and again, the others have never been
    /// asked for
    #[arg(long, value_name = "PERCENT", default_value_t = 90.0, value_parser = percent)]
    cached: f64,
    /// A file in TOML that says how requests are mixed, or a list of addresses or a log to be asked for
    /// again; - for a list or log on the standard input
    #[arg(long, value_name = "FILE")]
    mix: Option<PathBuf>,
    /// The folder whose pictures, and those below it, are asked for; all if left out
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    folder: String,
    /// A file with the paths of the pictures, one on a line, so that the server is not asked for them
    #[arg(long, value_name = "FILE", conflicts_with = "folder")]
    list: Option<PathBuf>,
    /// The most pictures that are asked for
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pictures: u32,
    /// How many made pictures are asked for again and again
    #[arg(long, value_name = "NUMBER", default_value_t = 500,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    repeated: u32,
}

/// What is asked for.
pub struct Subject {
    pub asks: Arc<dyn Asks>,
    /// What is to be asked for once before, by kind.
    pub repeated: Vec<(usize, Vec<u8>)>,
    /// The part of made pictures that is asked for again, where it was chosen.
    pub cached_percent: Option<f64>,
    /// What it is, for people.
    pub said: String,
}

/// A file that says how requests are mixed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MixFile {
    /// Of each kind so many.
    shares: toml::Table,
}

impl Subject {
    /// Signs in where that is wanted, and finds out what to ask for.
    pub fn find(server: &Server, options: &super::Options) -> anyhow::Result<Self> {
        let mut visitor = Visitor::new(server, &options.headers)?;
        if let Some(user) = &options.user {
            visitor.sign_in(user, &options.password()?)?;
        }
        let subject = &options.subject;
        match &subject.mix {
            Some(file) if file.extension().is_none_or(|extension| extension != "toml") => {
                replay(server, &visitor.headers(), file)
            }
            file => {
                let shares = match file {
                    None => Shares::default(),
                    Some(file) => {
                        shares(file).with_context(|| format!("--mix: {}", file.display()))?
                    }
                };
                mixed(server, visitor, subject, shares)
            }
        }
    }
}

fn replay(server: &Server, headers: &[(String, String)], file: &Path) -> anyhow::Result<Subject> {
    let name = || format!("--mix: {}", file.display());
    let replay =
        Replay::read(server, headers, open(file).with_context(name)?).with_context(name)?;
    let mut said = format!("asking for {} addresses in turns", replay.len());
    if replay.passed_over() > 0 {
        said += &format!(
            "; {} lines are no addresses and no plain GETs, and are left out",
            replay.passed_over()
        );
    }
    Ok(Subject { asks: Arc::new(replay), repeated: Vec::new(), cached_percent: None, said })
}

fn mixed(
    server: &Server,
    mut visitor: Visitor<'_>,
    options: &Wanted,
    mut shares: Shares,
) -> anyhow::Result<Subject> {
    let (pictures, originals) = match &options.list {
        Some(file) => {
            let pictures = listed(file, options.pictures as usize);
            (pictures.with_context(|| format!("--list: {}", file.display()))?, true)
        }
        None => {
            let found = visitor.find(&options.folder, options.pictures as usize);
            let found = found.context("the pictures of --folder cannot be found")?;
            (found.pictures, found.all_downloadable)
        }
    };
    ensure!(!pictures.is_empty(), "--folder: there is no picture in it that may be seen");
    let mut said = format!("asking for {} pictures", pictures.len());
    if !originals && shares.share("original") > 0 {
        shares = shares
            .without_originals()
            .context("--mix: originals alone are asked for, and not all may be downloaded")?;
        said += "; originals are left out, since not all may be downloaded";
    }
    let mut salt = [0; 8];
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let options = MixOptions {
        shares,
        cached_percent: options.cached,
        repeated: options.repeated as usize,
        salt: u64::from_le_bytes(salt),
    };
    let mix = Mix::new(server, &visitor.headers(), pictures, &options)?;
    Ok(Subject {
        repeated: if options.cached_percent > 0.0 { mix.repeated() } else { Vec::new() },
        asks: Arc::new(mix),
        cached_percent: Some(options.cached_percent),
        said,
    })
}

fn shares(file: &Path) -> anyhow::Result<Shares> {
    let text = std::fs::read_to_string(file)?;
    let read: MixFile = toml::from_str(&text)?;
    let mut shares = Vec::new();
    for (name, value) in &read.shares {
        let share = value.as_integer().and_then(|share| u32::try_from(share).ok());
        shares.push((name.as_str(), share.with_context(|| format!("{name}: must be a number"))?));
    }
    Ok(Shares::of(shares)?)
}

fn listed(file: &Path, most: usize) -> anyhow::Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    for line in open(file)?.lines() {
        let line = line?;
        let path = line.trim().trim_matches('/');
        if !path.is_empty() && !path.starts_with('#') && pictures.len() < most {
            pictures.push(Picture { path: path.to_owned(), width: 0 });
        }
    }
    ensure!(!pictures.is_empty(), "there is no path in it");
    Ok(pictures)
}

fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(BufReader::new(File::open(file)?)))
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>().ok();
    let number = number.filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "must be 0 to 100".into())
}
