//! The command line: what the program can be told to do, and the wiring of its parts.

mod access;
mod backup;
mod bench;
mod cache;
mod cache_warm;
mod check;
mod config;
mod convert;
mod decode_child;
mod docs;
mod fcgi;
mod formats;
mod import;
mod jobs;
mod log;
mod manual;
mod migrate;
mod reductions;
mod secret;
mod serve;
mod service_user;
mod sign;
mod stats;
mod status;
mod sync;
mod tasks;
mod template;
mod user;
mod user_key;
mod wiring;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Parser, Subcommand};

use self::service_user::Way;
use crate::config::{Loaded, Sources};
use crate::task::reasons;

/// A dynamic image server: one original per picture, every other size, crop and format from its URL.
#[derive(Parser)]
#[command(name = "halftone", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve over HTTP from one process: for a first look and for development
    Serve(serve::Options),
    /// Serve over FastCGI from a pool of worker processes, behind nginx or Apache
    Fcgi(Common),
    /// Run background jobs, or list and steer them
    Tasks(tasks::Options),
    /// Bring the database in step with the files of the library
    Sync(sync::Options),
    /// Bring the database up to the version that this program needs
    Migrate(Common),
    /// Save the database and the settings in one file
    Backup(backup::Save),
    /// Put back what a backup holds
    Restore(backup::Restore),
    /// Bring the installation of another server over
    #[command(subcommand)]
    Import(import::Action),
    /// Check, show or print the settings
    #[command(subcommand)]
    Config(config::Action),
    /// Say what holds in folders for groups of users
    #[command(subcommand)]
    Access(access::Action),
    /// List, show, set and delete templates
    #[command(subcommand)]
    Template(template::Action),
    /// Make and change accounts
    #[command(subcommand)]
    User(user::Action),
    /// Tell what is not right with an installation, and what to do about it
    Check(check::Options),
    /// Sign the address of a picture
    Sign(sign::Options),
    /// Look into, empty and fill the caches of made pictures
    #[command(subcommand)]
    Cache(cache::Action),
    /// Count what front servers send by themselves
    #[command(subcommand)]
    Stats(stats::Action),
    /// Put a load on a server and tell how long its answers take
    Bench(bench::Options),
    /// Show what the workers of a running pool are doing
    Status(status::Options),
    /// Make, count or remove prepared reductions
    #[command(subcommand)]
    Reductions(reductions::Action),
    /// Change one local file with the parameters that a URL takes
    Convert(convert::Options),
    /// List the formats that can be read and written
    Formats(formats::Options),
    /// Read files for a server that has started this process
    #[command(hide = true)]
    DecodeChild(decode_child::Options),
    /// Write the generated reference pages and the sample settings file
    Docs(docs::Options),
}

impl Command {
    /// Whether all that it has to do is done by the time it writes to its standard output.
    fn only_tells(&self) -> bool {
        match self {
            Self::Tasks(options) => options.only_tells(),
            Self::Config(_)
            | Self::Access(_)
            | Self::Template(_)
            | Self::User(_)
            | Self::Status(_)
            | Self::Formats(_)
            | Self::Docs(_) => true,
            _ => false,
        }
    }
}

/// Where settings come from.
#[derive(Args, Clone, Default)]
struct Common {
    /// Settings file; the folder conf.d beside it is read as well
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
}

impl Common {
    /// Loads the settings, and becomes the service's user if it is root who runs this.
    fn load(&self, overrides: Vec<(String, String)>) -> anyhow::Result<Loaded> {
        self.load_and_become(overrides, Way::ForGood)
    }

    /// The same for commands that read or write what is root's own, within [`service_user::as_root`].
    fn load_with_return(&self) -> anyhow::Result<Loaded> {
        self.load_and_become(Vec::new(), Way::WithReturn)
    }

    fn load_and_become(
        &self,
        overrides: Vec<(String, String)>,
        way: Way,
    ) -> anyhow::Result<Loaded> {
        let loaded = self.load_as_is(overrides)?;
        let data_dir = &loaded.settings.data_dir;
        if let Err((name, error)) = service_user::become_owner(data_dir, way) {
            bail!(
                "{} belongs to {name}, whom root may not become here: {error}",
                data_dir.display()
            );
        }
        Ok(loaded)
    }

    /// Loads the settings: file, `conf.d`, environment, then what the command line says.
    fn load_as_is(&self, overrides: Vec<(String, String)>) -> anyhow::Result<Loaded> {
        Ok(crate::config::load(&Sources::of_process(self.config.clone(), overrides))?)
    }
}

/// Parses the command line and runs the chosen command.
#[must_use]
pub fn main() -> ExitCode {
    crate::process::bound_heap();
    let cli = Cli::parse();
    if cli.command.only_tells() {
        crate::process::end_with_reader();
    }
    let result = match cli.command {
        Command::Serve(options) => serve::run(&options),
        Command::Fcgi(common) => fcgi::run(&common),
        Command::Tasks(options) => tasks::run(&options),
        Command::Sync(options) => sync::run(&options),
        Command::Migrate(common) => migrate::run(&common),
        Command::Backup(options) => backup::save(&options),
        Command::Restore(options) => backup::restore(&options),
        Command::Import(action) => import::run(&action),
        Command::Config(action) => config::run(&action),
        Command::Access(action) => access::run(action),
        Command::Template(action) => template::run(&action),
        Command::User(action) => user::run(&action),
        // Its status says more than that it worked.
        Command::Check(options) => return check::run(options),
        Command::Sign(options) => sign::run(&options),
        Command::Cache(action) => cache::run(&action),
        Command::Stats(action) => stats::run(&action),
        Command::Bench(options) => bench::run(&options),
        Command::Status(options) => status::run(&options),
        Command::Reductions(action) => reductions::run(&action),
        Command::Convert(options) => convert::run(&options),
        Command::Formats(options) => formats::run(&options),
        Command::DecodeChild(options) => decode_child::run(&options),
        Command::Docs(options) => docs::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever read it may have gone.
            let _ = writeln!(std::io::stderr(), "halftone: {}", reasons(&error));
            ExitCode::FAILURE
        }
    }
}
