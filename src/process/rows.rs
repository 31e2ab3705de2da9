//! The scoreboard's rows: one per worker, and one per request thread of it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::scoreboard::{COUNTS, Scoreboard, THREAD_WORDS, WORKER_WORDS, header};
use super::sys::monotonic_ms;
use crate::http::Stage;

/// Words of a worker's row.
pub(super) mod worker {
    pub const PID: usize = 0;
    pub const STATE: usize = 1;
    pub const STARTED_MS: usize = 2;
    pub const REQUESTS: usize = 3;
    pub const MEMORY_BYTES: usize = 4;
    pub const CONNECTIONS: usize = 5;
    pub const HEARTBEAT_MS: usize = 6;
    pub const THREADS: usize = 7;
    pub const MAKERS: usize = 8;
    pub const QUEUED: usize = 9;
    pub const UNMADE: usize = 10;
    pub const SLOTS: usize = 11;
    pub const SLOTS_USED: usize = 12;
    pub const COUNTS: usize = 24;
}

/// Words of a thread's row.
pub(super) mod thread {
    pub const STAGE: usize = 0;
    pub const START_MS: usize = 1;
    pub const URL_HASH: usize = 2;
    pub const DEADLINE_MS: usize = 3;
    pub const KILL_MS: usize = 4;
    pub const REQUESTS: usize = 5;
    pub const HELD_PIXELS: usize = 6;
}

/// What a worker is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u64)]
pub enum WorkerState {
    /// Nobody's row.
    Free = 0,
    /// Booting.
    Starting = 1,
    /// Serving.
    Ready = 2,
    /// Finishing what it has begun.
    Draining = 3,
}

impl WorkerState {
    pub(super) fn from_word(word: u64) -> Self {
        match word {
            1 => Self::Starting,
            2 => Self::Ready,
            3 => Self::Draining,
            _ => Self::Free,
        }
    }
}

/// The row of one worker.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    board: Scoreboard,
    index: usize,
    at: usize,
}

impl WorkerRow {
    pub(super) fn new(board: Scoreboard, index: usize, at: usize) -> Self {
        Self { board, index, at }
    }

    /// Which row it is.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The whole scoreboard.
    #[must_use]
    pub fn board(&self) -> &Scoreboard {
        &self.board
    }

    /// What the worker is at.
    #[must_use]
    pub fn state(&self) -> WorkerState {
        WorkerState::from_word(self.field(worker::STATE).load(Ordering::Relaxed))
    }

    /// Requests that it has taken.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.field(worker::REQUESTS).load(Ordering::Relaxed)
    }

    /// Connections that it holds.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.field(worker::CONNECTIONS).load(Ordering::Relaxed)
    }

    /// The row of one of its threads.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn thread(&self, index: usize) -> ThreadRow {
        assert!(
            index < self.board.thread_capacity(),
            "no row {index} of {} threads",
            self.board.thread_capacity()
        );
        let at = self.at + WORKER_WORDS + index * THREAD_WORDS;
        ThreadRow { board: self.board.clone(), at }
    }

    /// Adds to one of its counts.
    ///
    /// # Panics
    /// When there is no such count.
    pub fn count(&self, which: usize, add: u64) {
        assert!(which < COUNTS, "no count {which} of {COUNTS}");
        self.field(worker::COUNTS + which).fetch_add(add, Ordering::Relaxed);
    }

    /// Pictures that it makes or that wait to be made.
    #[must_use]
    pub fn unmade(&self) -> usize {
        usize::try_from(self.field(worker::UNMADE).load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    /// Notes how many pictures the host makes at once.
    pub fn set_slots(&self, slots: usize) {
        self.field(worker::SLOTS).store(slots as u64, Ordering::Relaxed);
    }

    /// Notes that a picture is being made, until what it gives is dropped.
    #[must_use]
    pub fn use_slot(&self) -> SlotUse {
        self.field(worker::SLOTS_USED).fetch_add(1, Ordering::Relaxed);
        SlotUse(self.clone())
    }

    pub(super) fn set_state(&self, state: WorkerState) {
        self.field(worker::STATE).store(state as u64, Ordering::Relaxed);
    }

    /// Takes the row for a new worker.
    pub(super) fn claim(&self) {
        let now = monotonic_ms();
        self.field(worker::STARTED_MS).store(now, Ordering::Relaxed);
        self.field(worker::HEARTBEAT_MS).store(now, Ordering::Relaxed);
        self.set_state(WorkerState::Starting);
    }

    pub(super) fn set_pid(&self, pid: u64) {
        self.field(worker::PID).store(pid, Ordering::Relaxed);
    }

    /// Notes how many threads it has, `makers` of which, the last ones, make pictures.
    pub(super) fn set_threads(&self, threads: usize, makers: usize) {
        self.field(worker::THREADS).store(threads as u64, Ordering::Relaxed);
        self.field(worker::MAKERS).store(makers as u64, Ordering::Relaxed);
    }

    /// Notes how many requests wait for a thread.
    pub(super) fn set_queued(&self, queued: usize) {
        self.field(worker::QUEUED).store(queued as u64, Ordering::Relaxed);
    }

    /// Notes how many pictures are being made, or wait to be.
    pub(super) fn set_unmade(&self, unmade: usize) {
        self.field(worker::UNMADE).store(unmade as u64, Ordering::Relaxed);
    }

    pub(super) fn set_memory_bytes(&self, bytes: u64) {
        self.field(worker::MEMORY_BYTES).store(bytes, Ordering::Relaxed);
    }

    pub(super) fn set_connections(&self, count: usize) {
        self.field(worker::CONNECTIONS).store(count as u64, Ordering::Relaxed);
    }

    pub(super) fn beat(&self) {
        self.field(worker::HEARTBEAT_MS).store(monotonic_ms(), Ordering::Relaxed);
    }

    pub(super) fn heartbeat_ms(&self) -> u64 {
        self.field(worker::HEARTBEAT_MS).load(Ordering::Relaxed)
    }

    pub(super) fn count_request(&self) {
        self.field(worker::REQUESTS).fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a request of this worker is past the moment at which the worker is to be killed.
    pub(super) fn has_overdue(&self, now_ms: u64) -> bool {
        self.any_thread_past(thread::KILL_MS, now_ms)
    }

    /// Whether a request of this worker was called off `grace_ms` ago and still goes on.
    pub(super) fn has_ignored_cancel(&self, now_ms: u64, grace_ms: u64) -> bool {
        self.any_thread_past(thread::DEADLINE_MS, now_ms.saturating_sub(grace_ms))
    }

    fn any_thread_past(&self, field: usize, limit_ms: u64) -> bool {
        (0..self.board.thread_capacity()).any(|index| {
            let at = self.at + WORKER_WORDS + index * THREAD_WORDS + field;
            let moment = self.board.word(at).load(Ordering::Relaxed);
            moment != 0 && moment < limit_ms
        })
    }

    /// Empties the row and its threads' rows; what it has counted stays counted.
    pub(super) fn clear(&self) {
        for which in 0..COUNTS {
            let counted = self.field(worker::COUNTS + which).load(Ordering::Relaxed);
            let past = self.board.word(header::PAST_COUNTS + which);
            past.fetch_add(counted, Ordering::Relaxed);
        }
        self.board.word(header::PAST_REQUESTS).fetch_add(self.requests(), Ordering::Relaxed);
        let len = WORKER_WORDS + self.board.thread_capacity() * THREAD_WORDS;
        for at in self.at..self.at + len {
            self.board.word(at).store(0, Ordering::Relaxed);
        }
    }

    fn field(&self, field: usize) -> &AtomicU64 {
        self.board.word(self.at + field)
    }
}

/// A slot that a worker uses.
#[derive(Debug)]
pub struct SlotUse(WorkerRow);

impl Drop for SlotUse {
    fn drop(&mut self) {
        self.0.field(worker::SLOTS_USED).fetch_sub(1, Ordering::Relaxed);
    }
}

/// The row of one request thread.
#[derive(Debug, Clone)]
pub struct ThreadRow {
    board: Scoreboard,
    at: usize,
}

thread_local! {
    static CURRENT: RefCell<Option<ThreadRow>> = const { RefCell::new(None) };
}

impl ThreadRow {
    /// The row of the thread that asks, when it is a request thread.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    pub(super) fn set_current(row: &Self) {
        CURRENT.set(Some(row.clone()));
    }

    /// Pixels that the thread says it holds, for whoever admits work by memory.
    #[must_use]
    pub fn held_pixels(&self) -> &AtomicU64 {
        self.field(thread::HELD_PIXELS)
    }

    /// Requests that the thread has answered.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.field(thread::REQUESTS).load(Ordering::Relaxed)
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.field(thread::STAGE).store(stage as u64, Ordering::Relaxed);
    }

    pub(super) fn set_url_hash(&self, hash: u64) {
        self.field(thread::URL_HASH).store(hash, Ordering::Relaxed);
    }

    /// Starts a request that is to be called off in `deadline_ms`, and whose worker is to be killed
    /// in `kill_ms`.
    pub(super) fn begin(&self, deadline_ms: u64, kill_ms: u64) {
        let now = monotonic_ms();
        self.field(thread::START_MS).store(now, Ordering::Relaxed);
        self.field(thread::DEADLINE_MS).store(now + deadline_ms, Ordering::Relaxed);
        self.field(thread::KILL_MS).store(now + kill_ms, Ordering::Relaxed);
        self.enter(Stage::Routing);
    }

    /// Ends a request.
    pub(super) fn end(&self) {
        for field in [
            thread::STAGE,
            thread::START_MS,
            thread::URL_HASH,
            thread::DEADLINE_MS,
            thread::KILL_MS,
            thread::HELD_PIXELS,
        ] {
            self.field(field).store(0, Ordering::Relaxed);
        }
        self.field(thread::REQUESTS).fetch_add(1, Ordering::Relaxed);
    }

    fn field(&self, field: usize) -> &AtomicU64 {
        self.board.word(self.at + field)
    }
}
