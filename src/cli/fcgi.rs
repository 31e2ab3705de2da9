//! `halftone fcgi`

use anyhow::ensure;

use super::Common;
use super::wiring::{self, Running};
use crate::config::Settings;
use crate::process::{Boot, ListenAddress, PoolOptions, WorkerContext, run_pool};
use crate::task::reasons;

/// Runs the pool until it is told to stop.
///
/// This process becomes the arbiter: it reads the settings and opens the log, and nothing else.
/// Everything that a worker needs is made in the worker, from settings that it reads for itself, so
/// that replacing the workers takes up changed settings.
pub fn run(common: &Common) -> anyhow::Result<()> {
    let settings = common.load(Vec::new())?.settings;
    ensure!(
        !settings.fcgi_listen.is_empty(),
        "fcgi_listen: must name at least one socket, such as unix:/run/halftone/halftone.sock"
    );
    wiring::make_folders(&settings)?;
    let log = wiring::start_log(&settings)?;
    // Before anything is served: there is no default.
    wiring::signer(&settings, false)?;
    // A mount may come later: that is no reason not to start.
    if let Err(error) = wiring::check_images(&settings) {
        log::error!("{error}; pictures are answered with 503 until it is there");
    }
    let options = pool_options(&settings)?;
    let boot = |worker: &WorkerContext| boot(common, worker).map_err(|error| reasons(&error));
    run_pool(options, boot, || log.reopen())?;
    Ok(())
}

fn boot(common: &Common, worker: &WorkerContext) -> anyhow::Result<Boot> {
    let loaded = common.load(Vec::new())?;
    let settings = &loaded.settings;
    wiring::make_folders(settings)?;
    log::set_max_level(settings.log_level);
    let running = Running::start(&loaded, worker.row().clone(), worker.index())?;
    let mut boot = Boot::new(running.app.clone());
    boot.options = Some(wiring::worker_options(settings));
    boot.workers = Some(settings.worker_count(wiring::cores()));
    boot.shutdown = Some(Box::new(|| running.finish()));
    Ok(boot)
}

fn pool_options(settings: &Settings) -> anyhow::Result<PoolOptions> {
    let listen: Result<Vec<ListenAddress>, _> =
        settings.fcgi_listen.iter().map(|endpoint| endpoint.to_string().parse()).collect();
    Ok(PoolOptions {
        listen: listen?,
        socket_mode: settings.fcgi_socket_mode,
        workers: settings.worker_count(wiring::cores()),
        run_dir: settings.run_folder(),
        pid_file: Some(settings.pid_file.clone()).filter(|path| !path.as_os_str().is_empty()),
        drain: std::time::Duration::from_secs(settings.drain_s.into()),
        boot_timeout: std::time::Duration::from_secs(settings.boot_timeout_s.into()),
        stall_timeout: std::time::Duration::from_secs(settings.stall_timeout_s.into()),
        worker: wiring::worker_options(settings),
    })
}
