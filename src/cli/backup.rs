//! `halftone backup` and `halftone restore`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::import::{patient, write_new};
use super::service_user::as_root;
use super::{Common, wiring};
use crate::{backup, config, db, library};

/// What to save, and where.
#[derive(Args)]
pub struct Save {
    /// The file to make; there must be none of this name
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take along the secrets among the settings: passwords of services, and what sessions and tokens
    /// are signed with
    #[arg(long)]
    with_secrets: bool,
    #[command(flatten)]
    common: Common,
}

/// What to restore, and how.
#[derive(Args)]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Delete what the database has
    #[arg(long)]
    replace: bool,
    /// Write the settings of the backup to this file; there must be none of this name
    #[arg(long, value_name = "FILE")]
    settings_to: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Makes a backup.
pub fn save(options: &Save) -> anyhow::Result<()> {
    let loaded = options.common.load_with_return()?;
    let _log = wiring::start_log(&loaded.settings)?;
    let database = patient(loaded.settings.database_url())?;
    db::check_schema(&database)?;
    let mut toml = config::given_toml(&loaded, options.with_secrets);
    let secret_file = loaded.settings.secret_file();
    if options.with_secrets && loaded.settings.secret.is_empty() && secret_file.exists() {
        let secret = fs::read_to_string(&secret_file)
            .with_context(|| format!("{} cannot be read", secret_file.display()))?;
        let secret = toml::Value::String(secret.trim().to_owned());
        toml.push_str(&format!("secret = {secret}\n"));
    }
    let settings = backup::Settings { toml, with_secrets: options.with_secrets };
    let saved = as_root(|| backup::save(&database, &settings, &options.file))
        .with_context(|| format!("{}", options.file.display()))?;
    println!(
        "{}: {} rows, {} bytes. The pictures are not in it.",
        options.file.display(),
        saved.rows,
        saved.size_bytes
    );
    Ok(())
}

/// Restores one.
pub fn restore(options: &Restore) -> anyhow::Result<()> {
    let settings = options.common.load_with_return()?.settings;
    let _log = wiring::start_log(&settings)?;
    let name = || format!("{}", options.file.display());
    let mut file = as_root(|| File::open(&options.file)).with_context(name)?;
    let contents = backup::check(&mut file).with_context(name)?;
    wiring::make_folders(&settings)?;
    let database = patient(settings.database_url())?;
    db::migrate(&database)?;
    let mut index = |sql: &dyn db::Sql| {
        db::folders::put_in_order(sql)?;
        library::index_all(sql)
    };
    let restored =
        backup::restore(&database, &mut file, options.replace, &mut index).with_context(name)?;
    println!(
        "{} rows are restored, as they were with version {}.",
        restored.rows, contents.program
    );
    if let Some(path) = &options.settings_to {
        as_root(|| write_new(path, &contents.settings))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{}: its settings{}", path.display(), secrets_note(contents.with_secrets));
    }
    std::io::stdout().flush()?;
    Ok(())
}

fn secrets_note(with_secrets: bool) -> &'static str {
    if with_secrets { "" } else { ", without secrets" }
}
