//! Watching the files, where the system tells of changes: rows follow within seconds.
//!
//! It is a convenience: network file systems tell nothing of what other hosts do, and a flood of
//! changes may be told in part. The walk on its schedule finds the rest; where the watch itself knows
//! that it missed something, it asks for a walk at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::event::{EventKind, ModifyKind};
use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::sync::{MOVED_WITHIN_MS, Renamed};
use super::{Library, Result, job};
use crate::db::{STATUS_ACTIVE, folders, images, now_ms, walk};
use crate::source::FolderPath;

/// Changes are looked at when none has come for this time,
const QUIET: Duration = Duration::from_millis(500);
/// or the first of them came this long ago.
const LONGEST: Duration = Duration::from_secs(5);

/// How long a thread sleeps at most before it looks at the stop flag again.
const NAP: Duration = Duration::from_millis(200);

/// More folders than this are left to a walk.
const MAX_FOLDERS: usize = 2000;

/// Watches a library on a thread of its own.
pub struct Watcher {
    thread: JoinHandle<()>,
}

/// What has changed and was not looked at yet.
#[derive(Default)]
struct Touched {
    folders: BTreeSet<String>,
    /// Something was missed.
    all: bool,
    first: Option<Instant>,
}

impl Watcher {
    /// Starts to watch, until `stop` is set. Where watching is not possible the log says so, and the
    /// thread ends.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(library: Arc<Library>, stop: Arc<AtomicBool>) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new().name("watch".into()).spawn(move || {
            if let Err(error) = watch(&library, &stop) {
                log::warn!(
                    "the library cannot be watched: {error}; changes are found by walks alone"
                );
            }
        })?;
        Ok(Self { thread })
    }

    /// Waits until it has ended.
    pub fn finish(self) {
        if self.thread.join().is_err() {
            log::error!("the thread that watches the library ended unexpectedly");
        }
    }
}

fn watch(library: &Library, stop: &AtomicBool) -> notify::Result<()> {
    let root = library.files.root().canonicalize()?;
    let (tell, told) = channel();
    let config = Config::default().with_follow_symlinks(false);
    let mut watcher = RecommendedWatcher::new(tell, config)?;
    watcher.watch(&root, RecursiveMode::Recursive)?;
    log::info!("watching the library");
    heed(library, &root, &told, stop);
    Ok(())
}

fn heed(library: &Library, root: &Path, told: &Receiver<notify::Result<Event>>, stop: &AtomicBool) {
    let mut touched = Touched::default();
    while !stop.load(Ordering::Relaxed) {
        let due = touched.first.is_some_and(|first| first.elapsed() >= LONGEST);
        let wait = if touched.first.is_some() { QUIET } else { NAP };
        let event = if due { Err(RecvTimeoutError::Timeout) } else { told.recv_timeout(wait) };
        match event {
            Ok(Ok(event)) => touched.add(root, &event),
            Ok(Err(error)) => {
                log::warn!("watching the library: {error}");
                touched.miss();
            }
            Err(RecvTimeoutError::Timeout) if touched.first.is_some() => {
                let looked_at = std::mem::take(&mut touched);
                if let Err(error) = library.look_at(looked_at) {
                    log::warn!("changes in the library could not be looked at: {error}");
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Touched {
    fn add(&mut self, root: &Path, event: &Event) {
        if event.need_rescan() {
            self.miss();
        }
        // Reading is no change, nor are rights and times of access.
        if matches!(event.kind, EventKind::Access(_) | EventKind::Other) {
            return;
        }
        for path in &event.paths {
            let Some(folder) = parent_within(root, path) else { continue };
            self.folders.insert(folder);
            // A folder that was renamed or removed: what lay in it lies elsewhere.
            if matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
                && let Some(path) = within(root, path)
            {
                self.folders.insert(path);
            }
        }
        if !self.folders.is_empty() {
            self.first.get_or_insert_with(Instant::now);
        }
        if self.folders.len() > MAX_FOLDERS {
            self.miss();
        }
    }

    fn miss(&mut self) {
        self.all = true;
        self.folders.clear();
        self.first.get_or_insert_with(Instant::now);
    }
}

fn within(root: &Path, path: &Path) -> Option<String> {
    let relative = path.strip_prefix(root).ok()?.to_str()?;
    let hidden = relative.split('/').any(|name| name.starts_with('.'));
    (!hidden).then(|| relative.to_owned())
}

fn parent_within(root: &Path, path: &Path) -> Option<String> {
    // What is being written under a hidden name is told of again when it gets its own.
    within(root, path)?;
    within(root, &path.parent().map(PathBuf::from)?)
}

impl Library {
    fn look_at(&self, touched: Touched) -> Result<()> {
        if touched.all {
            return job::want_walk(&self.db);
        }
        let (mut missing, mut news) = (Vec::new(), 0);
        for folder in &touched.folders {
            let Ok(path) = FolderPath::parse(folder) else { continue };
            // Its rows follow by themselves; what is seen of it now is one half.
            if self.is_moving(&path)? {
                continue;
            }
            if self.is_gone(&path)? {
                // A whole folder less is for a walk to judge.
                job::want_walk(&self.db)?;
                continue;
            }
            let (report, gone) = self.look_through(&path)?;
            missing.extend(gone);
            news += report.new + report.changed + report.returned;
        }
        self.settle_missing(&missing)?;
        if news > 0 {
            job::want_reading(&self.db)?;
        }
        Ok(())
    }

    /// Whether a path is that of a folder that was there and is not.
    fn is_gone(&self, path: &FolderPath) -> Result<bool> {
        let known = folders::by_path(&self.db, path.as_str())?;
        let active = known.is_some_and(|folder| folder.status == STATUS_ACTIVE);
        Ok(active && self.files.folder(path).is_err())
    }

    fn settle_missing(&self, missing: &[i64]) -> Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let (active, _) = walk::count_missing(&self.db, 0)?;
        if !self.is_believed(active, i64::try_from(missing.len()).unwrap_or(i64::MAX)) {
            return job::want_walk(&self.db);
        }
        let (since_ms, mut renamed) = (now_ms() - MOVED_WITHIN_MS, Renamed::default());
        for id in missing {
            let Some(missing) = walk::as_missing(&self.db, *id)? else { continue };
            if self.is_on_the_way(&missing.path)? {
                continue;
            }
            match self.follow(&missing, i64::MAX, since_ms)? {
                Some(path) => renamed.add(&missing.path, &path),
                None => self.mark_gone(&missing)?,
            }
        }
        self.close_renamed(&renamed, since_ms)
    }

    fn mark_gone(&self, missing: &walk::Missing) -> Result<()> {
        use crate::db::image_history::{self, Action};
        self.db.transaction(|sql| {
            if images::vanished(sql, &missing.path)? {
                image_history::add(sql, missing.id, None, Action::Deleted, "gone from disk")?;
            }
            Ok(())
        })?;
        if let Ok(path) = super::images::path_of(&missing.path) {
            self.changed(&path);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_served_is_heeded() {
        let root = Path::new("/r");
        let folder = |path: &str| parent_within(root, Path::new(path));
        assert_eq!(folder("/r/a/b.jpg").as_deref(), Some("a"));
        assert_eq!(folder("/r/b.jpg").as_deref(), Some(""));
        for other in ["/r", "/x/b.jpg", "/r/.hidden/b.jpg", "/r/a/.halftone-incoming-1"] {
            assert_eq!(folder(other), None, "{other}");
        }
    }
}
