//! `halftone tasks`: runs background jobs, lists them, has them run, calls them off.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use signal_hook::consts::{SIGINT, SIGTERM};

use super::{Common, jobs, wiring};
use crate::config::Settings;
use crate::db::tasks::{self, NewTask, Task};
use crate::db::{self, Db};

/// Without a command it runs jobs until it is told to stop.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    common: Common,
}

/// What else can be done with tasks.
#[derive(Subcommand)]
enum Action {
    /// List tasks: those that run, those that wait, those that are done
    List {
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Have a waiting task run now, by its number, or queue a new one, by its kind
    Run {
        /// The number of a task, or a kind such as sync or read_metadata
        task: String,
        /// What a new task is given, as JSON
        #[arg(long, default_value = "{}")]
        params: String,
        #[command(flatten)]
        common: Common,
    },
    /// Call a task off
    Cancel {
        /// Its number
        id: i64,
        #[command(flatten)]
        common: Common,
    },
}

impl Options {
    /// Whether no task is done here.
    pub(super) fn only_tells(&self) -> bool {
        self.action.is_some()
    }
}

/// Does it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    match &options.action {
        None => work(&options.common),
        Some(Action::List { limit, common }) => list(&open(common)?.1, *limit),
        Some(Action::Run { task, params, common }) => {
            let (_, database) = open(common)?;
            queue(&database, task, params)
        }
        Some(Action::Cancel { id, common }) => {
            ensure!(tasks::cancel(&open(common)?.1, *id)?, "there is no unfinished task {id}");
            println!("task {id} was told to stop");
            Ok(())
        }
    }
}

fn open(common: &Common) -> anyhow::Result<(Settings, Db)> {
    let settings = common.load(Vec::new())?.settings;
    let database = wiring::database(&settings)?;
    db::check_schema(&database)?;
    Ok((settings, database))
}

/// Runs background jobs until told to stop; a job in work is finished first.
fn work(common: &Common) -> anyhow::Result<()> {
    let settings = common.load(Vec::new())?.settings;
    wiring::start_log(&settings)?.reopen_on_signal()?;
    wiring::make_folders(&settings)?;
    let database = wiring::database(&settings)?;
    db::check_schema(&database)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let cache = wiring::cache(&settings)?;
    let library = jobs::library(&settings, database.clone())?;
    let runner = jobs::runner(&settings, database, cache, &library)?;
    let watcher = jobs::watch(&settings, &library, &stop)?;
    log::info!("running background jobs");
    sd_notify::notify(&[sd_notify::NotifyState::Ready])?;
    runner.run(&stop);
    if let Some(watcher) = watcher {
        watcher.finish();
    }
    Ok(())
}

fn list(database: &Db, limit: u32) -> anyhow::Result<()> {
    for (task, wait_ms) in tasks::latest(database, limit)? {
        println!("{}\t{}\t{}\t{}", task.id, state(&task, wait_ms), task.kind, task.name);
    }
    Ok(())
}

/// How a task stands, in a few words.
fn state(task: &Task, wait_ms: i64) -> String {
    const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;
    let progress = match (task.progress_done, task.progress_total) {
        (0, _) => String::new(),
        (done, 0) => format!(" {done}"),
        (done, total) => format!(" {done}/{total}"),
    };
    match (task.status, &task.error) {
        (tasks::ACTIVE, _) if task.cancel_requested => format!("stopping{progress}"),
        (tasks::ACTIVE, _) => format!("running{progress}"),
        (tasks::PENDING, _) if wait_ms > YEAR_MS => "waits for a yes".into(),
        (tasks::PENDING, Some(error)) => format!("to be tried again: {error}"),
        (tasks::PENDING, None) => "waiting".into(),
        (_, Some(error)) => format!("failed: {error}"),
        (_, None) => "done".into(),
    }
}

fn queue(database: &Db, task: &str, params: &str) -> anyhow::Result<()> {
    if let Ok(id) = task.parse::<i64>() {
        ensure!(tasks::release(database, id)?, "there is no waiting task {id}");
        println!("task {id} runs as soon as a runner is free");
        return Ok(());
    }
    let params: serde_json::Value = serde_json::from_str(params).context("--params")?;
    ensure!(params.is_object(), "--params: must be a JSON object");
    let kinds = jobs::kinds();
    if !kinds.contains(&task) {
        bail!("there is no job \"{task}\"; there are {}", kinds.join(", "));
    }
    let new = NewTask { params: params.to_string(), ..NewTask::new(task) };
    let (id, _) = tasks::enqueue(database, &new)?;
    println!("task {id} is queued");
    Ok(())
}
