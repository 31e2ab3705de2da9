//! Claims tasks and runs them, until it is told to stop.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Job;
use super::context::{Claim, Stop, TaskContext};
use super::reasons::reasons;
use super::schedule::Scheduled;
use crate::db::tasks::{self, Beat};
use crate::db::{self, Db};

/// How long a thread sleeps at most before it looks at the stop flag again.
const NAP: Duration = Duration::from_millis(50);

/// How a runner works.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// Tasks that are run at once. One of these threads takes only what somebody waits for
    /// ([`Job::is_waited_for`]); with a single one, there is one more for that.
    pub threads: usize,
    /// Time between two looks into an empty queue.
    pub poll: Duration,
    /// How long a claim holds without being renewed: after this time a dead runner's tasks are taken
    /// over. It is renewed three times as often.
    pub lease: Duration,
    /// Wait before the second attempt; doubled for each further one.
    pub backoff: Duration,
    /// The longest wait between two attempts.
    pub max_backoff: Duration,
    /// What comes round again and again.
    pub schedule: Vec<Scheduled>,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            threads: 2,
            poll: Duration::from_secs(1),
            lease: Duration::from_secs(30),
            backoff: Duration::from_secs(10),
            max_backoff: Duration::from_secs(3600),
            schedule: Vec::new(),
        }
    }
}

/// Claims tasks and runs them.
pub struct Runner {
    db: Db,
    jobs: Vec<Box<dyn Job>>,
    options: RunnerOptions,
    /// Claims that are being worked on, by their lease owner.
    claims: Mutex<HashMap<String, Arc<Claim>>>,
    /// Leases could not be renewed. Nothing is claimed then: it could be a task of our own, whose
    /// lease ran out while the database was away.
    overdue: AtomicBool,
}

impl Runner {
    /// A runner of these jobs. It asks nothing yet.
    #[must_use]
    pub fn new(db: Db, jobs: Vec<Box<dyn Job>>, options: RunnerOptions) -> Self {
        Self { db, jobs, options, claims: Mutex::default(), overdue: AtomicBool::new(false) }
    }

    /// Works until `stop` is set and the tasks under way have ended. Those that listen
    /// ([`TaskContext::check`]) go back into the queue, the others are finished. While the database
    /// is away it waits.
    pub fn run(&self, stop: &AtomicBool) {
        let idle = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let keeper = scope.spawn(|| self.keep(stop, &idle));
            let workers: Vec<_> = self
                .kinds_of_threads()
                .into_iter()
                .map(|kinds| scope.spawn(move || self.work(&kinds, stop)))
                .collect();
            for worker in workers {
                if worker.join().is_err() {
                    log::error!("a thread that runs tasks ended");
                }
            }
            // Leases are renewed as long as there is a task under way.
            idle.store(true, Ordering::Relaxed);
            if keeper.join().is_err() {
                log::error!("the thread that renews leases ended");
            }
        });
    }

    /// Renews leases, queues what is due, and ends the tasks that nobody can end any more.
    fn keep(&self, stop: &AtomicBool, idle: &AtomicBool) {
        let beat_every = self.options.lease / 3;
        let mut next_beat = Instant::now() + beat_every;
        let mut queued: HashMap<&'static str, i64> = HashMap::new();
        while !idle.load(Ordering::Relaxed) {
            if Instant::now() >= next_beat {
                let renewed = self.beat().and_then(|()| tasks::fail_abandoned(&self.db));
                self.overdue.store(renewed.is_err(), Ordering::Relaxed);
                let wait = if renewed.is_ok() { beat_every } else { beat_every.min(NAP) };
                report(renewed.map(|_| ()));
                next_beat = Instant::now() + wait;
            }
            if !stop.load(Ordering::Relaxed) {
                self.queue_due(&mut queued);
            }
            std::thread::sleep(NAP.min(beat_every));
        }
    }

    fn queue_due(&self, queued: &mut HashMap<&'static str, i64>) {
        for scheduled in &self.options.schedule {
            let interval = scheduled.interval();
            if queued.get(scheduled.kind) == Some(&interval) || self.db.is_away() {
                continue;
            }
            match scheduled.queue_if_due(&self.db) {
                Ok(_) => {
                    queued.insert(scheduled.kind, interval);
                }
                Err(error) => report(Err(error)),
            }
        }
    }

    fn beat(&self) -> db::Result<()> {
        let claims: Vec<Arc<Claim>> = self.claims().values().cloned().collect();
        for claim in claims {
            let progress =
                (claim.done.load(Ordering::Relaxed), claim.total.load(Ordering::Relaxed));
            let lease_ms = millis(self.options.lease);
            match tasks::beat(&self.db, claim.task.id, &claim.lease_owner, lease_ms, progress)? {
                Beat::Held => {}
                Beat::CancelRequested => claim.cancelled.store(true, Ordering::Relaxed),
                // Also of a task that has ended just now, whose job does not look any more.
                Beat::Lost => claim.lost.store(true, Ordering::Relaxed),
            }
        }
        Ok(())
    }

    fn claims(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Claim>>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kinds of tasks that each thread takes.
    fn kinds_of_threads(&self) -> Vec<Vec<&'static str>> {
        let all: Vec<&str> = self.jobs.iter().map(|job| job.kind()).collect();
        let waited_for: Vec<&str> =
            self.jobs.iter().filter(|job| job.is_waited_for()).map(|job| job.kind()).collect();
        let threads = self.options.threads.max(1);
        if waited_for.is_empty() || waited_for.len() == all.len() {
            return vec![all; threads];
        }
        let mut kinds = vec![all; (threads - 1).max(1)];
        kinds.push(waited_for);
        kinds
    }

    fn work(&self, kinds: &[&str], stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            if self.overdue.load(Ordering::Relaxed) {
                nap(NAP, stop);
                continue;
            }
            match self.claim(kinds) {
                Ok(Some(claim)) => self.run_claim(&claim, stop),
                Ok(None) => nap(self.options.poll, stop),
                Err(error) => {
                    report(Err(error));
                    nap(self.options.poll, stop);
                }
            }
        }
    }

    fn claim(&self, kinds: &[&str]) -> db::Result<Option<Arc<Claim>>> {
        let lease_owner = new_owner()?;
        let lease_ms = millis(self.options.lease);
        let Some(task) = tasks::claim(&self.db, kinds, &lease_owner, lease_ms)? else {
            return Ok(None);
        };
        let cancelled = AtomicBool::new(task.cancel_requested);
        let claim = Arc::new(Claim {
            task,
            lease_owner,
            done: AtomicI64::new(0),
            total: AtomicI64::new(0),
            cancelled,
            lost: AtomicBool::new(false),
        });
        self.claims().insert(claim.lease_owner.clone(), Arc::clone(&claim));
        Ok(Some(claim))
    }

    fn run_claim(&self, claim: &Claim, stop: &AtomicBool) {
        let task = &claim.task;
        let context = TaskContext { db: &self.db, claim, stop };
        let job = self.jobs.iter().find(|job| job.kind() == task.kind);
        let outcome = match job {
            Some(job) => catch_unwind(AssertUnwindSafe(|| job.run(&context)))
                .unwrap_or_else(|_| Err(anyhow::anyhow!("the job panicked"))),
            None => Err(anyhow::anyhow!("there is no such job")),
        };
        let is_final = matches!((job, &outcome), (Some(job), Err(error)) if job.is_final(error));
        // The lease is renewed until the outcome is written, however long the database is away.
        loop {
            match self.settle(claim, &outcome, is_final) {
                Ok(()) => break,
                Err(error) if error.is_unavailable() && !stop.load(Ordering::Relaxed) => {
                    nap(self.options.poll, stop);
                }
                Err(error) => {
                    log::error!("the outcome of task {} could not be written: {error}", task.id);
                    break;
                }
            }
        }
        self.claims().remove(&claim.lease_owner);
    }

    /// Writes what became of a claim. Of a task that another has taken over nothing is written.
    fn settle(
        &self,
        claim: &Claim,
        outcome: &anyhow::Result<serde_json::Value>,
        is_final: bool,
    ) -> db::Result<()> {
        let (db, owner, task) = (&self.db, &claim.lease_owner, &claim.task);
        let error = match outcome {
            Ok(result) => {
                return tasks::complete(db, task.id, owner, &result.to_string()).map(|_| ());
            }
            Err(error) => error,
        };
        let stop = error.downcast_ref::<Stop>().copied();
        let text = reasons(error);
        if stop == Some(Stop::Lost) {
            return Ok(());
        } else if stop == Some(Stop::Stopping) {
            tasks::put_back(db, task.id, owner, None, 0, true)?;
        } else if stop == Some(Stop::Cancelled) || is_final || task.attempts >= task.max_attempts {
            tasks::fail(db, task.id, owner, &text)?;
        } else {
            let delay_ms = millis(self.backoff(task.attempts));
            tasks::put_back(db, task.id, owner, Some(&text), delay_ms, false)?;
        }
        if stop.is_none() {
            log::warn!("task {} ({}), attempt {}: {text}", task.id, task.kind, task.attempts);
        }
        Ok(())
    }

    fn backoff(&self, attempts: i64) -> Duration {
        let doublings = attempts.saturating_sub(1).clamp(0, 20);
        self.options.backoff.saturating_mul(1 << doublings).min(self.options.max_backoff)
    }
}

/// Names one claim.
fn new_owner() -> db::Result<String> {
    let random = getrandom::u64()
        .map_err(|error| db::Error::Statement(format!("no random numbers: {error}")))?;
    Ok(format!("{}-{random:016x}", std::process::id()))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// That the database is away is reported by its pool.
fn report(outcome: db::Result<()>) {
    if let Err(error) = outcome
        && !error.is_unavailable()
    {
        log::error!("the task queue: {error}");
    }
}

/// Sleeps, but not much longer than until `stop` is set.
fn nap(duration: Duration, stop: &AtomicBool) {
    let end = Instant::now() + duration;
    while !stop.load(Ordering::Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(NAP));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A job that does nothing.
    struct Idle(&'static str, bool);

    impl Job for Idle {
        fn kind(&self) -> &'static str {
            self.0
        }

        fn is_waited_for(&self) -> bool {
            self.1
        }

        fn run(&self, _: &TaskContext<'_>) -> anyhow::Result<serde_json::Value> {
            Ok(serde_json::Value::Null)
        }
    }

    #[test]
    fn one_thread_takes_only_what_is_waited_for() {
        let kinds = |threads, jobs: &[(&'static str, bool)]| {
            let options = db::DbOptions { url: "sqlite:unused".into(), ..Default::default() };
            let jobs =
                jobs.iter().map(|(kind, waited)| -> Box<dyn Job> { Box::new(Idle(kind, *waited)) });
            let options_of_runner = RunnerOptions { threads, ..RunnerOptions::default() };
            let db = Db::connect(&options).unwrap();
            Runner::new(db, jobs.collect(), options_of_runner).kinds_of_threads()
        };
        let both = [("walk", false), ("move", true)];
        assert_eq!(kinds(3, &both), [&["walk", "move"][..], &["walk", "move"], &["move"]]);
        for few in [0, 1, 2] {
            assert_eq!(kinds(few, &both), [&["walk", "move"][..], &["move"]], "{few}");
        }
        assert_eq!(kinds(2, &both[..1]), [["walk"]; 2]);
        assert_eq!(kinds(2, &both[1..]), [["move"]; 2]);
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let options = db::DbOptions { url: "sqlite:unused".into(), ..Default::default() };
        let db = Db::connect(&options).unwrap();
        let runner = Runner::new(db, Vec::new(), RunnerOptions::default());
        let waits: Vec<u64> = (1..=5).map(|n| runner.backoff(n).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160]);
        assert_eq!(runner.backoff(10).as_secs(), 3600);
        assert_eq!(runner.backoff(i64::MAX).as_secs(), 3600);
    }
}
