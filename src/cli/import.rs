//! `halftone import`: another server's installation, brought over.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{Common, wiring};
use crate::db::{self, Db, DbOptions, Dialect};
use crate::import;

/// How long a statement may take, on either side: whole tables are read and written.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// The longest settings file that is read.
const MAX_SETTINGS_BYTES: u64 = 1 << 20;

/// Which server.
#[derive(Subcommand)]
pub enum Action {
    /// Quru Image Server 4: accounts, permissions, images, templates, portfolios, statistics, settings
    Qis(Qis),
}

/// Where it is, and what to do.
#[derive(Args)]
pub struct Qis {
    /// Its management database, such as `postgresql://user:password@host/qis-mgmt`; only read
    #[arg(long, value_name = "URL", required_unless_present = "settings")]
    database: Option<String>,
    /// Its settings file, such as /opt/qis/conf/local_settings.py; read, never executed
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Where to propose settings; without it beside the settings file, in conf.d/50-imported.toml
    #[arg(long, value_name = "FILE", requires = "settings")]
    settings_to: Option<PathBuf>,
    /// Only tell what would come, and what cannot and why
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub fn run(action: &Action) -> anyhow::Result<()> {
    let Action::Qis(options) = action;
    if let Some(url) = &options.database {
        rows(options, url)?;
    }
    if let Some(file) = &options.settings {
        settings(options, file)?;
    }
    println!(
        "\nCrops and positions over there were made for pictures as they lie in their files: keep \
         `orient_from_exif = false` in the settings."
    );
    Ok(())
}

/// A connection for long work.
pub fn patient(url: String) -> anyhow::Result<Db> {
    Ok(Db::connect(&DbOptions {
        url,
        pool_size: 1,
        connect_timeout: CONNECT,
        statement_timeout: PATIENCE,
    })?)
}

fn rows(options: &Qis, url: &str) -> anyhow::Result<()> {
    let settings = options.common.load(Vec::new())?.settings;
    let _log = wiring::start_log(&settings)?;
    let here = patient(settings.database_url())?;
    db::check_schema(&here)?;
    if db::properties::get(&here, db::properties::FIRST_START_MS)?.is_none() {
        bail!("the installation is not set up, run `halftone migrate` first");
    }
    // As it stands in the settings over there.
    let url = url.replacen("postgresql+psycopg2://", "postgresql://", 1);
    let source = patient(url).context("--database")?;
    if source.dialect() != Dialect::Postgres {
        bail!("--database: the database of Quru Image Server is PostgreSQL");
    }
    let report = import::run(&source, &here, options.dry_run)?;
    print!("{report}");
    if options.dry_run {
        println!("\nThis was a dry run: nothing was changed.");
    } else {
        println!("\nNow run `halftone sync`: it reads what the files themselves say.");
    }
    Ok(())
}

fn settings(options: &Qis, file: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be read", file.display());
    if fs::metadata(file).with_context(cannot)?.len() > MAX_SETTINGS_BYTES {
        bail!("{} is too long for a settings file", file.display());
    }
    let text = fs::read_to_string(file).with_context(cannot)?;
    let proposal = import::settings::propose(&text);
    let beside = || {
        let ours = options.common.config.as_deref()?;
        Some(ours.with_file_name("conf.d").join("50-imported.toml"))
    };
    let Some(path) = options.settings_to.clone().or_else(beside) else {
        bail!("--settings-to has to say where to, as there is no --config");
    };
    print!("\n{proposal}");
    if options.dry_run {
        println!("They would stand in {}.", path.display());
        return Ok(());
    }
    write_new(&path, &proposal.toml)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    println!("They stand in {}. Look through it before it is used.", path.display());
    Ok(())
}

/// Writes a file that was not there, for its owner alone. It has its name once it is whole.
pub fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".halftone.").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}
