//! `halftone sync`: brings the rows in step with the files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use super::{Common, jobs, wiring};
use crate::db::tasks::{self, COMPLETE, Task};
use crate::db::{self, Db};
use crate::library;
use crate::task::{Runner, RunnerOptions};

/// How often the task is looked at.
const POLL: Duration = Duration::from_millis(100);

/// How it is done.
#[derive(Args)]
pub struct Options {
    /// Mark deleted what is missing however much it is, and take mounts as they are now for right
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

/// Walks through the files. It is a task like any other: a runner that is there already may do it,
/// and if there is none this process does.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let settings = options.common.load(Vec::new())?.settings;
    let _log = wiring::start_log(&settings)?;
    wiring::make_folders(&settings)?;
    let database = wiring::database(&settings)?;
    db::check_schema(&database)?;
    let library = jobs::library(&settings, database.clone())?;
    let task = tasks::NewTask { max_attempts: 1, ..library::job::walk_task(options.yes) };
    let (id, _) = tasks::enqueue(&database, &task)?;
    let runner_options =
        RunnerOptions { threads: 1, poll: POLL, schedule: Vec::new(), ..RunnerOptions::default() };
    let runner = Runner::new(database.clone(), library::job::all(&library), runner_options);
    let stop = AtomicBool::new(false);
    let done = std::thread::scope(|scope| {
        scope.spawn(|| runner.run(&stop));
        let done = wait(&database, id);
        stop.store(true, Ordering::Relaxed);
        done
    })?;
    if let Some(error) = done.error {
        bail!("{error}");
    }
    println!("{}", done.result.unwrap_or_default());
    Ok(())
}

fn wait(database: &Db, id: i64) -> anyhow::Result<Task> {
    loop {
        match tasks::by_id(database, id)? {
            Some(task) if task.status == COMPLETE => return Ok(task),
            Some(_) => std::thread::sleep(POLL),
            None => bail!("the task is gone"),
        }
    }
}
