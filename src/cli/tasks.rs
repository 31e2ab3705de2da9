//! `halftone tasks`

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::{Common, jobs, wiring};
use crate::db;

/// Runs background jobs until told to stop; a job in work is finished first.
pub fn run(common: &Common) -> anyhow::Result<()> {
    let settings = common.load(Vec::new())?.settings;
    let _log = wiring::start_log(&settings)?;
    wiring::make_folders(&settings)?;
    let database = wiring::database(&settings)?;
    db::check_schema(&database)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let cache = wiring::cache(&settings)?;
    let runner = jobs::runner(&settings, database, cache, wiring::repository(&settings))?;
    log::info!("running background jobs");
    sd_notify::notify(&[sd_notify::NotifyState::Ready])?;
    runner.run(&stop);
    Ok(())
}
