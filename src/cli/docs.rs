//! `halftone docs`: the references that are generated from the tables; manual pages and completion for
//! packages; the texts of pages for translators.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::manual;
use crate::web::text;

/// Where to write.
#[derive(Args)]
pub struct Options {
    /// The folder that holds `docs` and `conf`
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Write manual pages into this folder, and not the references
    #[arg(long, value_name = "DIR")]
    man: Option<PathBuf>,
    /// Write the completion for bash into this folder, and not the references
    #[arg(long, value_name = "DIR")]
    completion: Option<PathBuf>,
    /// Print all texts of pages in English, and write nothing
    #[arg(long)]
    texts: bool,
    /// With --texts, print only those that this translation lacks
    #[arg(long, value_name = "FILE", requires = "texts")]
    lacking: Option<PathBuf>,
}

/// Every generated file: its path below the root and its text.
fn generated() -> [(&'static str, String); 5] {
    [
        ("docs/reference/parameters.md", crate::spec::reference_markdown()),
        ("docs/reference/formats.md", crate::pixel::formats_markdown()),
        ("docs/reference/settings.md", crate::config::reference_markdown()),
        ("docs/reference/openapi.json", crate::web::api::openapi_json()),
        ("conf/halftone.toml", crate::config::sample_toml()),
    ]
}

/// Writes the files.
pub fn run(options: &Options) -> anyhow::Result<()> {
    if options.texts {
        print!("{}", texts(options.lacking.as_deref())?);
        return Ok(());
    }
    if let Some(folder) = &options.man {
        manual::write_pages(folder)?;
    }
    if let Some(folder) = &options.completion {
        manual::write_completion(folder)?;
    }
    if options.man.is_some() || options.completion.is_some() {
        return Ok(());
    }
    for (name, text) in generated() {
        let path = options.root.join(name);
        write(&path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// What there is to translate.
fn texts(translation: Option<&Path>) -> anyhow::Result<String> {
    let Some(path) = translation else { return Ok(text::english()) };
    let has = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text::lacking(&has))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
