//! `halftone serve`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::wiring::{self, Running};
use super::{Common, jobs};
use crate::auth::Level;
use crate::config::Settings;
use crate::db::{self, Db};
use crate::process::{Scoreboard, serve_in_process};
use crate::{demo, http};

/// What can be said without a settings file.
#[derive(Args)]
pub struct Options {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Folder of the originals; without one a demo library is painted in the data folder
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    /// Folder for database, cache and all else that the server writes
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Options {
    /// The settings that these options stand for.
    fn overrides(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut overrides = Vec::new();
        if let Some(listen) = &self.listen {
            overrides.push(("listen".to_owned(), listen.clone()));
        }
        for (name, folder) in [("images_dir", &self.images), ("data_dir", &self.data)] {
            if let Some(folder) = folder {
                let folder = std::path::absolute(folder)?;
                let text = folder.to_str().context("a folder's name is not UTF-8")?;
                overrides.push((name.to_owned(), text.to_owned()));
            }
        }
        Ok(overrides)
    }
}

/// Serves over HTTP until told to stop.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let loaded = options.common.load(options.overrides()?)?;
    let settings = &loaded.settings;
    let log = wiring::start_log(settings)?;
    wiring::check_images(settings)?;
    // Before anything is made: a port that is taken must leave nothing half begun.
    let listener = listen(settings)?;
    wiring::make_folders(settings)?;
    wiring::signer(settings, true)?;
    let demo = settings.images_dir.as_os_str().is_empty();
    if demo {
        paint_demo(&settings.images_folder())?;
    }
    let db = wiring::database(settings)?;
    let first = wiring::prepare_database(&db)?;
    if let Some(password) = &first.generated_password {
        // At once: whatever fails from here on, the account is there.
        println!("First start: user \"admin\", password  {password}  (shown this once)");
    }
    if demo && first.done_now {
        share_originals(&db)?;
    }
    let options = wiring::worker_options(settings);
    let scoreboard =
        Scoreboard::create(&settings.run_folder().join("scoreboard"), 1, options.all_threads())?;
    let running = Running::start(&loaded, scoreboard.worker(0), 0)?;

    let stop = Arc::new(AtomicBool::new(false));
    let cache = Arc::clone(&running.app.cache);
    let runner = jobs::runner(settings, db, cache, &running.app.library)?;
    let watcher = jobs::watch(settings, &running.app.library, &stop)?;
    let jobs = {
        let stop = Arc::clone(&stop);
        std::thread::Builder::new().name("jobs".into()).spawn(move || runner.run(&stop))?
    };
    let service = Arc::clone(&running.app);
    let served = serve_in_process(&options, &scoreboard, service, async |dispatcher| {
        let listener = TcpListener::from_std(listener)?;
        greet(settings, listener.local_addr()?);
        let (stop, stopped) = watch::channel(false);
        let hurried = dispatcher.clone();
        tokio::task::spawn_local(async move {
            heed_signals(&log, &stop).await;
            hurried.hurry();
        });
        http::serve(listener, dispatcher, wiring::listener_options(settings), stopped).await;
        anyhow::Ok(())
    })?;
    stop.store(true, Ordering::Relaxed);
    running.finish();
    if let Some(watcher) = watcher {
        watcher.finish();
    }
    if jobs.join().is_err() {
        log::error!("the runner of background jobs ended unexpectedly");
    }
    served
}

fn listen(settings: &Settings) -> anyhow::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(settings.listen)
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Lets everybody have the originals of the demo library: they belong to nobody.
fn share_originals(db: &Db) -> anyhow::Result<()> {
    let root = db::folders::seen(db, db::folders::ROOT)?;
    db::folder_permissions::set(db, root, db::groups::PUBLIC, Level::Download.access())?;
    Ok(())
}

/// Paints the demo library, where it is not there yet.
fn paint_demo(folder: &Path) -> anyhow::Result<()> {
    let told = AtomicBool::new(false);
    demo::paint(folder, |picture| {
        if !told.swap(true, Ordering::Relaxed) {
            println!("Painting the demo library in {} (once)", folder.display());
        }
        println!("  {}", picture.display());
    })
    .with_context(|| format!("the demo library cannot be painted in {}", folder.display()))?;
    Ok(())
}

fn greet(settings: &Settings, address: std::net::SocketAddr) {
    println!("Halftone {} is serving", env!("CARGO_PKG_VERSION"));
    println!("  address       http://{address}/");
    println!("  images        {}", settings.images_folder().display());
    println!("  data folder   {}", settings.data_dir.display());
}

/// Stops at TERM and INT, reopens the log at USR1.
async fn heed_signals(log: &super::log::Log, stop: &watch::Sender<bool>) {
    let heeded = async {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let mut usr1 = signal(SignalKind::user_defined1())?;
        loop {
            tokio::select! {
                _ = term.recv() => break,
                _ = int.recv() => break,
                _ = usr1.recv() => log.reopen(),
            }
        }
        std::io::Result::Ok(())
    };
    if let Err(error) = heeded.await {
        log::error!("signals cannot be heeded: {error}");
    }
    let _ = stop.send(true);
}
