//! The scoreboard at one moment, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::rows::{WorkerState, thread, worker};
use super::scoreboard::{COUNTS, Words, header};
use super::sys::monotonic_ms;

/// Everything the scoreboard says at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// The arbiter's process id.
    pub arbiter_pid: u64,
    /// When the pool was started, in seconds since 1970.
    pub started_unix_s: u64,
    /// Requests taken by all workers, past ones included.
    pub requests: u64,
    /// Requests answered 503 because the queue was full.
    pub overloads: u64,
    /// Workers started in place of one that died.
    pub respawns: u64,
    /// Requests that panicked.
    pub panics: u64,
    /// Workers that had to be killed.
    pub kills: u64,
    /// The workers there are.
    pub workers: Vec<WorkerSnapshot>,
    /// What all workers have counted, those that are gone included, for whoever knows what it is.
    #[serde(skip)]
    pub counts: Vec<u64>,
}

/// One worker at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerSnapshot {
    /// Its row.
    pub index: usize,
    /// Its process id.
    pub pid: u64,
    /// What it is at.
    pub state: WorkerState,
    /// How long it has been there, in milliseconds.
    pub age_ms: u64,
    /// Requests that it has taken.
    pub requests: u64,
    /// Resident memory in bytes, as it last told.
    pub memory_bytes: u64,
    /// Connections that it holds.
    pub connections: u64,
    /// Requests that wait for one of its threads.
    pub queued: u64,
    /// Pictures that it makes or that wait to be made.
    pub unmade: u64,
    /// Slots of the host, as the worker was told.
    pub slots: u64,
    /// Slots that it uses.
    pub slots_used: u64,
    /// How many of its threads, the last ones, make pictures.
    pub makers: u64,
    /// Its threads.
    pub threads: Vec<ThreadSnapshot>,
}

/// One request thread at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadSnapshot {
    /// What it is doing; `idle` when there is no request.
    pub stage: &'static str,
    /// How long it has been at this request, in milliseconds.
    pub busy_ms: u64,
    /// Milliseconds until the request is called off; negative when that has happened.
    pub deadline_in_ms: i64,
    /// The hash of the request's URL.
    pub url_hash: u64,
    /// Requests that it has answered.
    pub requests: u64,
    /// Pixels that it holds.
    pub held_pixels: u64,
}

impl Snapshot {
    /// Threads that are at a request, over all workers.
    #[must_use]
    pub fn busy_threads(&self) -> usize {
        let threads = self.workers.iter().flat_map(|worker| &worker.threads);
        threads.filter(|thread| thread.stage != "idle").count()
    }

    /// Slots of the host.
    #[must_use]
    pub fn slots(&self) -> u64 {
        self.workers.iter().map(|worker| worker.slots).max().unwrap_or(0)
    }

    /// The sum of a figure over all workers.
    #[must_use]
    pub fn sum(&self, of: impl Fn(&WorkerSnapshot) -> u64) -> u64 {
        self.workers.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Pixels that all threads hold.
    #[must_use]
    pub fn held_pixels(&self) -> u64 {
        self.sum(|worker| worker.threads.iter().map(|thread| thread.held_pixels).sum())
    }

    pub(super) fn of_words(words: &Words<'_>) -> Self {
        let now_ms = monotonic_ms();
        let workers: Vec<_> = (0..words.workers)
            .filter(|index| {
                WorkerState::from_word(words.worker(*index, worker::STATE)) != WorkerState::Free
            })
            .map(|index| worker_snapshot(words, index, now_ms))
            .collect();
        let current: u64 = workers.iter().map(|worker| worker.requests).sum();
        Self {
            arbiter_pid: words.header(header::ARBITER_PID),
            started_unix_s: words.header(header::STARTED_UNIX_S),
            requests: words.header(header::PAST_REQUESTS).saturating_add(current),
            overloads: words.header(header::OVERLOADS),
            respawns: words.header(header::RESPAWNS),
            panics: words.header(header::PANICS),
            kills: words.header(header::KILLS),
            counts: (0..COUNTS).map(|which| counted(words, which)).collect(),
            workers,
        }
    }
}

fn counted(words: &Words<'_>, which: usize) -> u64 {
    // The rows of workers that are gone are empty.
    let rows = (0..words.workers).map(|index| words.worker(index, worker::COUNTS + which));
    rows.fold(words.past_count(which), u64::saturating_add)
}

fn worker_snapshot(words: &Words<'_>, index: usize, now_ms: u64) -> WorkerSnapshot {
    let field = |field| words.worker(index, field);
    let threads = (field(worker::THREADS) as usize).min(words.threads);
    WorkerSnapshot {
        index,
        pid: field(worker::PID),
        state: WorkerState::from_word(field(worker::STATE)),
        age_ms: now_ms.saturating_sub(field(worker::STARTED_MS)),
        requests: field(worker::REQUESTS),
        memory_bytes: field(worker::MEMORY_BYTES),
        connections: field(worker::CONNECTIONS),
        queued: field(worker::QUEUED),
        unmade: field(worker::UNMADE),
        slots: field(worker::SLOTS),
        slots_used: field(worker::SLOTS_USED),
        makers: field(worker::MAKERS),
        threads: (0..threads).map(|number| thread_snapshot(words, index, number, now_ms)).collect(),
    }
}

fn thread_snapshot(words: &Words<'_>, index: usize, number: usize, now_ms: u64) -> ThreadSnapshot {
    let field = |field| words.thread(index, number, field);
    let since = |moment: u64| if moment == 0 { 0 } else { now_ms.saturating_sub(moment) };
    let deadline = field(thread::DEADLINE_MS);
    ThreadSnapshot {
        stage: stage_name(field(thread::STAGE)),
        busy_ms: since(field(thread::START_MS)),
        deadline_in_ms: if deadline == 0 { 0 } else { deadline.wrapping_sub(now_ms) as i64 },
        url_hash: field(thread::URL_HASH),
        requests: field(thread::REQUESTS),
        held_pixels: field(thread::HELD_PIXELS),
    }
}

/// The names of `http::Stage`, by its numbers.
/// The names of stages, by their numbers.
pub const STAGES: [&str; 10] = [
    "idle", "routing", "source", "cache", "waiting", "decoding", "pixels", "encoding", "storing",
    "other",
];

fn stage_name(stage: u64) -> &'static str {
    usize::try_from(stage).ok().and_then(|stage| STAGES.get(stage)).copied().unwrap_or("unknown")
}

impl fmt::Display for Snapshot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "arbiter {}: {} requests, {} overloads, {} respawns, {} panics, {} kills",
            self.arbiter_pid, self.requests, self.overloads, self.respawns, self.panics, self.kills
        )?;
        writeln!(
            out,
            "pictures: {} of {} slots in use, {} being made or waiting, {:.1} megapixels held",
            self.sum(|worker| worker.slots_used),
            self.slots(),
            self.sum(|worker| worker.unmade),
            self.held_pixels() as f64 / 1e6
        )?;
        writeln!(
            out,
            "\n{:>8}  {:<9} {:>9} {:>10} {:>7} {:>6} {:>6} {:>6} {:>9}",
            "worker", "state", "up", "requests", "conns", "busy", "queued", "unmade", "memory"
        )?;
        for worker in &self.workers {
            let busy = worker.threads.iter().filter(|thread| thread.stage != "idle").count();
            writeln!(
                out,
                "{:>8}  {:<9} {:>8}s {:>10} {:>7} {:>6} {:>6} {:>6} {:>6} MB",
                worker.pid,
                format!("{:?}", worker.state).to_lowercase(),
                worker.age_ms / 1000,
                worker.requests,
                worker.connections,
                format!("{busy}/{}", worker.threads.len()),
                worker.queued,
                worker.unmade,
                worker.memory_bytes >> 20
            )?;
        }
        writeln!(
            out,
            "\n{:>8} {:>6}  {:<9} {:>9} {:>9}  {:<16} {:>10}",
            "worker", "thread", "stage", "for", "left", "url", "megapixels"
        )?;
        for worker in &self.workers {
            for (number, thread) in worker.threads.iter().enumerate() {
                if thread.stage == "idle" {
                    continue;
                }
                writeln!(
                    out,
                    "{:>8} {:>6}  {:<9} {:>6} ms {:>6} ms  {:016x} {:>10.1}",
                    worker.pid,
                    number,
                    thread.stage,
                    thread.busy_ms,
                    thread.deadline_in_ms,
                    thread.url_hash,
                    thread.held_pixels as f64 / 1e6
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scoreboard::Scoreboard;
    use super::*;
    use crate::http::Stage;

    #[test]
    fn every_stage_has_its_name() {
        for (stage, name) in [
            (Stage::Idle, "idle"),
            (Stage::Routing, "routing"),
            (Stage::Source, "source"),
            (Stage::Cache, "cache"),
            (Stage::Waiting, "waiting"),
            (Stage::Decoding, "decoding"),
            (Stage::Pixels, "pixels"),
            (Stage::Encoding, "encoding"),
            (Stage::Storing, "storing"),
            (Stage::Other, "other"),
        ] {
            assert_eq!(stage_name(stage as u64), name);
        }
        assert_eq!(stage_name(10), "unknown");
    }

    #[test]
    fn the_table_lists_workers_and_busy_threads() {
        let board = Scoreboard::private(4, 3).unwrap();
        let row = board.worker(2);
        row.claim();
        row.set_pid(99_123);
        row.set_threads(3, 1);
        row.set_state(WorkerState::Ready);
        row.set_memory_bytes(17 << 20);
        row.thread(1).begin(60_000, 70_000);
        row.thread(1).enter(Stage::Encoding);
        row.thread(1).set_url_hash(0xabc);
        let snapshot = board.snapshot();
        assert_eq!(snapshot.busy_threads(), 1);
        let table = snapshot.to_string();
        let line = |needle: &str| table.lines().find(|line| line.contains(needle)).unwrap();
        assert!(line("ready").contains("99123") && line("ready").contains("1/3"), "{table}");
        assert!(line("ready").ends_with("17 MB"), "{table}");
        assert!(line("encoding").contains("0000000000000abc"), "{table}");
        let json = serde_json::to_value(&snapshot).unwrap();
        assert_eq!(json["workers"][0]["state"], "ready");
        assert_eq!(json["workers"][0]["threads"][1]["stage"], "encoding");
    }
}
