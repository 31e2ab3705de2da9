//! `halftone status`

use anyhow::Context as _;
use clap::Args;

use super::Common;
use crate::process::Scoreboard;
use crate::web::metrics;

/// Which server, and how to show it.
#[derive(Args)]
pub struct Options {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Folder for database, cache and all else that the server writes, when `serve` was given one
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Prints what every worker and thread is doing.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let data = options.data.iter().map(|folder| ("data_dir".to_owned(), folder.clone()));
    let settings = options.common.load(data.collect())?.settings;
    let path = settings.run_folder().join("scoreboard");
    let reader = Scoreboard::open_readonly(&path)
        .with_context(|| format!("no server is running with {}", path.display()))?;
    let snapshot = reader.snapshot()?;
    if options.json {
        let mut value = serde_json::to_value(&snapshot)?;
        value["counts"] = metrics::summary(&snapshot);
        println!("{}", serde_json::to_string_pretty(&value)?);
    } else {
        print!("{snapshot}");
    }
    Ok(())
}
