//! Waiting for tasks without a request thread: who waits is noted here, and one thread of the process
//! looks for all of them whether their tasks are done. The thread is there while somebody waits.
//!
//! Knows tasks by their ids alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::db::{self, Db, tasks};

/// How often tasks that are waited for are looked at.
const POLL: Duration = Duration::from_millis(50);

/// Those who wait for tasks. Clones know the same ones.
#[derive(Clone)]
pub struct TaskWaits {
    db: Db,
    /// How long an answer may wait.
    pub patience: Duration,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    by_task: HashMap<i64, Vec<oneshot::Sender<()>>>,
    /// Whether the thread is there.
    watched: bool,
}

impl TaskWaits {
    /// Nobody waits yet.
    #[must_use]
    pub fn new(db: Db, patience: Duration) -> Self {
        Self { db, patience, waiting: Arc::default() }
    }

    /// Tells when a task is done, or gone.
    #[must_use]
    pub fn done(&self, task_id: i64) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.lock();
        waiting.by_task.entry(task_id).or_default().push(tell);
        if !waiting.watched {
            let watcher = self.clone();
            let thread = std::thread::Builder::new().name("task-waits".into());
            match thread.spawn(move || watcher.watch()) {
                Ok(_) => waiting.watched = true,
                // Whoever waits does so to the end of its patience.
                Err(error) => log::warn!("tasks cannot be watched: {error}"),
            }
        }
        told
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) {
        while let Some(ids) = self.wanted() {
            match self.look(&ids) {
                Ok(done) => {
                    let mut waiting = self.lock();
                    for tell in done.iter().filter_map(|id| waiting.by_task.remove(id)).flatten() {
                        // Who waited may have gone away.
                        let _ = tell.send(());
                    }
                }
                Err(error) => log::debug!("tasks that are waited for: {error}"),
            }
            std::thread::sleep(POLL);
        }
    }

    /// The tasks that somebody waits for; none when the thread is to end.
    fn wanted(&self) -> Option<Vec<i64>> {
        let mut waiting = self.lock();
        waiting.by_task.retain(|_, tellers| {
            tellers.retain(|tell| !tell.is_closed());
            !tellers.is_empty()
        });
        waiting.watched = !waiting.by_task.is_empty();
        waiting.watched.then(|| waiting.by_task.keys().copied().collect())
    }

    /// Those of the tasks that are done or gone.
    fn look(&self, ids: &[i64]) -> db::Result<Vec<i64>> {
        let unfinished = tasks::unfinished_of(&self.db, ids)?;
        Ok(ids.iter().copied().filter(|id| !unfinished.contains(id)).collect())
    }
}
