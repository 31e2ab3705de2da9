//! `halftone stats`: counting what front servers send by themselves.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sha2::{Digest as _, Sha256};
use signal_hook::consts::{SIGINT, SIGTERM};

use super::{Common, wiring};
use crate::config::Settings;
use crate::db::{self, Db};
use crate::spec::Rules;
use crate::stats::log::{Follower, FollowerOptions, PolledRead};
use crate::web::image::Meant;

/// How long it is believed which image an address is for: templates may change.
const BELIEVED: Duration = Duration::from_secs(60);

/// Addresses that are remembered, by their digests: however long they are, that is a few megabytes.
const MOST_ADDRESSES: usize = 50_000;

/// What to do with statistics.
#[derive(Subcommand)]
pub enum Action {
    /// Read the log of nginx or Apache as it grows, and count the pictures that were sent from its cache
    Follow {
        /// The log, which may be rotated; - for lines from a pipe
        log: PathBuf,
        /// Stop at the end
        #[arg(long)]
        once: bool,
        #[command(flatten)]
        common: Common,
    },
}

/// Does it.
pub fn run(action: &Action) -> anyhow::Result<()> {
    let Action::Follow { log, once, common } = action;
    let settings = common.load(Vec::new())?.settings;
    wiring::start_log(&settings)?.reopen_on_signal()?;
    wiring::make_folders(&settings)?;
    let database = wiring::database(&settings)?;
    db::check_schema(&database)?;
    follow(&settings, &database, log, *once)
}

fn follow(settings: &Settings, database: &Db, log: &Path, once: bool) -> anyhow::Result<()> {
    let store = wiring::rights(settings, database);
    store.refresh()?;
    store.start()?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let is_stream = log == Path::new("-");
    let path = if is_stream { log.to_owned() } else { by_one_name(log)? };
    let name = format!("{}:{}", wiring::host_name(settings), path.display());
    let options = FollowerOptions {
        path,
        name: name.clone(),
        bucket: Duration::from_secs(u64::from(settings.stats_bucket_min) * 60),
        flush_every: Duration::from_secs(settings.stats_flush_s.into()),
        keep: (settings.stats_keep_days > 0)
            .then(|| Duration::from_secs(u64::from(settings.stats_keep_days) * 86_400)),
        once,
    };
    let mut addresses = Addresses {
        meant: Meant::new(store, Rules { max_dimension: settings.max_image_dimension }),
        database,
        known: HashMap::new(),
        since: Instant::now(),
    };
    let image_of = Box::new(move |path: &str, query: &[u8]| addresses.image_of(path, query));
    let mut follower = Follower::new(options, database, image_of, &stop);
    sd_notify::notify(&[sd_notify::NotifyState::Ready])?;
    if is_stream {
        return Ok(follower.follow_stream(&mut Pipe(io::stdin()))?);
    }
    let _alone = alone(settings, &name)?;
    Ok(follower.follow_file()?)
}

/// A log's path, the same however its folder was named: it is counted once under each name.
fn by_one_name(log: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(log)?;
    let name = path.file_name().with_context(|| format!("{} is no file", path.display()))?;
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let folder = folder.canonicalize().with_context(|| format!("{}", folder.display()))?;
    Ok(folder.join(name))
}

/// A lock that two who count the same log cannot have at once.
fn alone(settings: &Settings, name: &str) -> anyhow::Result<File> {
    let digest = Sha256::digest(name);
    let digits: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let path = settings.run_folder().join(format!("stats-{digits}.lock"));
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => bail!("this log is followed already"),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Which images addresses are for.
struct Addresses<'a> {
    meant: Meant,
    database: &'a Db,
    known: HashMap<[u8; 32], Option<i64>>,
    since: Instant,
}

impl Addresses<'_> {
    fn image_of(&mut self, path: &str, query: &[u8]) -> db::Result<Option<i64>> {
        if self.since.elapsed() > BELIEVED || self.known.len() >= MOST_ADDRESSES {
            self.known.clear();
            self.since = Instant::now();
        }
        let hash = Sha256::new().chain_update(path).chain_update("?").chain_update(query);
        let key = hash.finalize().into();
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let counted = self.meant.counted(path, query);
        // What is not known now is neither believed nor remembered.
        let image = match counted.map_err(|error| db::Error::Unavailable(error.to_string()))? {
            Some(source) => db::images::by_path(self.database, source.as_str())?,
            None => None,
        };
        let id = image.map(|image| image.id);
        self.known.insert(key, id);
        Ok(id)
    }
}

/// Standard input.
struct Pipe(io::Stdin);

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Past the buffer of the standard library, which the wait below knows nothing of.
        nix::unistd::read(self.0.as_fd(), buffer).map_err(io::Error::from)
    }
}

impl PolledRead for Pipe {
    fn is_ready(&self, patience: Duration) -> io::Result<bool> {
        let mut wanted = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        match poll(&mut wanted, timeout) {
            Ok(ready) => Ok(ready > 0),
            // By the signal to stop.
            Err(nix::errno::Errno::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
