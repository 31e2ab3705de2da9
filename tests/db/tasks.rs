//! The task queue: nothing is done by two at once, and what a dead runner held is taken over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use halftone::db::tasks::{self, ACTIVE, Beat, COMPLETE, NewTask, PENDING, Task};
use halftone::db::{self, Db, Sql, stats};
use halftone::task::job::{CacheHousekeeping, RowHousekeeping};
use halftone::task::{Job, Runner, RunnerOptions, Scheduled, TaskContext};
use serde_json::{Value, json};

use crate::setup::{TestDb, at_once, wait_for};

crate::on_both!(
    a_task_is_claimed_by_one,
    urgent_tasks_come_first_and_late_ones_wait,
    an_unfinished_task_is_not_queued_twice,
    a_dead_runners_task_is_taken_over,
    a_lease_from_a_clock_that_was_set_back_has_run_out,
    a_task_that_kills_its_runners_is_given_up,
    a_runner_does_tasks_and_keeps_their_results,
    a_failing_task_is_tried_again_and_then_given_up,
    a_task_can_be_cancelled,
    a_stopping_runner_puts_its_task_back,
    a_long_task_keeps_its_lease,
    the_schedule_runs_once_for_all_runners,
    a_runner_waits_while_the_database_is_away,
    housekeeping_deletes_what_had_its_time,
    what_is_waited_for_finds_a_thread,
);

const LONG: i64 = 60_000;

fn get(db: &Db, id: i64) -> Task {
    tasks::by_id(db, id).unwrap().unwrap()
}

fn enqueue(db: &Db, kind: &str) -> i64 {
    tasks::enqueue(db, &NewTask::new(kind)).unwrap().0
}

fn a_task_is_claimed_by_one(test: &TestDb) {
    let db = test.migrated();
    let mut queued: Vec<i64> = (0..80).map(|_| enqueue(db, "k")).collect();
    enqueue(db, "another kind");
    let processes = [test.open(), test.open()];
    let claimed = at_once(8, |number| {
        let mut mine = Vec::new();
        let owner = format!("owner {number}");
        while let Some(task) = tasks::claim(&processes[number % 2], &["k"], &owner, LONG).unwrap() {
            mine.push(task.id);
        }
        mine
    });
    let mut all: Vec<i64> = claimed.into_iter().flatten().collect();
    all.sort_unstable();
    queued.sort_unstable();
    assert_eq!(all, queued);
}

fn urgent_tasks_come_first_and_late_ones_wait(test: &TestDb) {
    let db = test.migrated();
    let new = |priority, delay_ms| {
        tasks::enqueue(db, &NewTask { priority, delay_ms, ..NewTask::new("k") }).unwrap().0
    };
    let (usual, later, urgent, next) = (new(50, 0), new(1, LONG), new(10, 0), new(50, 0));
    let claim = || tasks::claim(db, &["other", "k"], "o", LONG).unwrap().map(|task| task.id);
    assert_eq!([claim(), claim(), claim(), claim()], [Some(urgent), Some(usual), Some(next), None]);
    assert_eq!(get(db, later).status, PENDING);
    assert_eq!(tasks::claim(db, &[], "o", LONG).unwrap(), None);
}

fn an_unfinished_task_is_not_queued_twice(test: &TestDb) {
    let db = test.migrated();
    let keyed = NewTask { dedupe_key: Some("zip 7".into()), ..NewTask::new("k") };
    let processes = [test.open(), test.open()];
    let queued = at_once(8, |number| tasks::enqueue(&processes[number % 2], &keyed).unwrap());
    assert_eq!(queued.iter().filter(|(_, new)| *new).count(), 1);
    assert!(queued.iter().all(|(id, _)| *id == queued[0].0));
    let task = tasks::claim(db, &["k"], "o", LONG).unwrap().unwrap();
    assert_eq!(tasks::enqueue(db, &keyed).unwrap(), (task.id, false));
    assert!(tasks::complete(db, task.id, "o", "{}").unwrap());
    let (next, new) = tasks::enqueue(db, &keyed).unwrap();
    assert!(new && next != task.id);
}

fn a_dead_runners_task_is_taken_over(test: &TestDb) {
    let db = test.migrated();
    let id = enqueue(db, "k");
    let first = tasks::claim(db, &["k"], "first", 50).unwrap().unwrap();
    assert_eq!((first.id, first.status, first.attempts), (id, ACTIVE, 1));
    assert_eq!(tasks::beat(db, id, "first", LONG, (1, 2)).unwrap(), Beat::Held);
    assert_eq!(tasks::claim(db, &["k"], "second", LONG).unwrap(), None, "the lease was renewed");
    assert_eq!(tasks::beat(db, id, "first", -1, (1, 2)).unwrap(), Beat::Held);
    std::thread::sleep(Duration::from_millis(5));
    let second = tasks::claim(db, &["k"], "second", LONG).unwrap().unwrap();
    assert_eq!((second.id, second.attempts), (id, 2));
    assert_eq!(tasks::beat(db, id, "first", LONG, (9, 9)).unwrap(), Beat::Lost);
    assert!(!tasks::complete(db, id, "first", "1").unwrap());
    assert!(!tasks::fail(db, id, "first", "x").unwrap());
    assert!(!tasks::put_back(db, id, "first", None, 0, false).unwrap());
    assert!(tasks::complete(db, id, "second", "2").unwrap());
    let done = get(db, id);
    assert_eq!((done.status, done.result.as_deref()), (COMPLETE, Some("2")));
}

fn a_lease_from_a_clock_that_was_set_back_has_run_out(test: &TestDb) {
    let db = test.migrated();
    let id = enqueue(db, "k");
    tasks::claim(db, &["k"], "first", LONG).unwrap().unwrap();
    assert_eq!(tasks::claim(db, &["k"], "second", LONG).unwrap(), None);
    let later = "UPDATE tasks SET lease_until_ms = lease_until_ms + $1 WHERE id = $2";
    db.execute(later, &[(2 * LONG).into(), id.into()]).unwrap();
    let second = tasks::claim(db, &["k"], "second", LONG).unwrap().unwrap();
    assert_eq!((second.id, second.attempts), (id, 2));
    assert_eq!(tasks::claim(db, &["k"], "third", LONG).unwrap(), None);
}

fn a_task_that_kills_its_runners_is_given_up(test: &TestDb) {
    let db = test.migrated();
    let (id, _) = tasks::enqueue(db, &NewTask { max_attempts: 2, ..NewTask::new("k") }).unwrap();
    for _ in 0..2 {
        assert_eq!(tasks::fail_abandoned(db).unwrap(), 0);
        assert_eq!(tasks::claim(db, &["k"], "o", -1).unwrap().map(|task| task.id), Some(id));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(tasks::claim(db, &["k"], "o", -1).unwrap(), None);
    assert_eq!(tasks::fail_abandoned(db).unwrap(), 1);
    let given_up = get(db, id);
    assert_eq!(given_up.status, COMPLETE);
    assert!(given_up.error.unwrap().contains("died"));
}

/// A job that a closure does.
struct Does<F>(&'static str, F);

impl<F: Fn(&TaskContext<'_>) -> anyhow::Result<Value> + Send + Sync> Job for Does<F> {
    fn kind(&self) -> &'static str {
        self.0
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        (self.1)(context)
    }
}

fn options() -> RunnerOptions {
    RunnerOptions {
        threads: 2,
        poll: Duration::from_millis(20),
        lease: Duration::from_millis(600),
        backoff: Duration::from_millis(30),
        ..RunnerOptions::default()
    }
}

/// Runs `meanwhile` beside a runner of one job, then stops the runner and waits for its end.
fn beside<F>(db: Db, options: RunnerOptions, job: Does<F>, meanwhile: impl FnOnce())
where
    F: Fn(&TaskContext<'_>) -> anyhow::Result<Value> + Send + Sync + 'static,
{
    let runner = Runner::new(db, vec![Box::new(job)], options);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| runner.run(&stop));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(meanwhile));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

fn a_runner_does_tasks_and_keeps_their_results(test: &TestDb) {
    let db = test.migrated();
    let adds = Does("add", |context: &TaskContext<'_>| {
        let (a, b): (i64, i64) = context.params()?;
        Ok(json!({ "sum": a + b }))
    });
    let new = |params: &str| {
        let params = params.to_owned();
        tasks::enqueue(db, &NewTask { params, max_attempts: 1, ..NewTask::new("add") }).unwrap().0
    };
    let (good, bad, unknown) = (new("[2, 3]"), new("[2]"), enqueue(db, "unknown"));
    beside(test.open(), options(), adds, || {
        wait_for("both tasks", || [good, bad].iter().all(|id| get(db, *id).status == COMPLETE));
    });
    assert_eq!(get(db, good).result.as_deref(), Some(r#"{"sum":5}"#));
    assert_eq!(get(db, good).error, None);
    assert!(get(db, bad).error.unwrap().contains("invalid length"));
    assert_eq!(get(db, unknown).status, PENDING, "another runner may know that kind");
}

fn a_failing_task_is_tried_again_and_then_given_up(test: &TestDb) {
    let db = test.migrated();
    let attempts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&attempts);
    let fails = Does("fail", move |_: &TaskContext<'_>| {
        assert!(counter.fetch_add(1, Ordering::Relaxed) != 1, "the second attempt panics");
        anyhow::bail!("no luck")
    });
    let (id, _) = tasks::enqueue(db, &NewTask { max_attempts: 3, ..NewTask::new("fail") }).unwrap();
    beside(test.open(), options(), fails, || {
        wait_for("the end", || get(db, id).status == COMPLETE);
    });
    assert_eq!(attempts.load(Ordering::Relaxed), 3);
    let failed = get(db, id);
    assert_eq!((failed.attempts, failed.error.as_deref()), (3, Some("no luck")));
    assert_eq!(failed.result, None);
}

fn a_task_can_be_cancelled(test: &TestDb) {
    let db = test.migrated();
    let endless = Does("endless", |context: &TaskContext<'_>| {
        loop {
            context.progress(3, 10);
            context.check()?;
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let waiting =
        tasks::enqueue(db, &NewTask { delay_ms: LONG, ..NewTask::new("endless") }).unwrap();
    assert!(tasks::cancel(db, waiting.0).unwrap());
    assert!(!tasks::cancel(db, waiting.0).unwrap());
    assert_eq!(get(db, waiting.0).status, COMPLETE);
    let running = enqueue(db, "endless");
    beside(test.open(), options(), endless, || {
        wait_for("its progress", || get(db, running).progress_done == 3);
        assert_eq!((get(db, running).status, get(db, running).progress_total), (ACTIVE, 10));
        assert!(tasks::cancel(db, running).unwrap());
        wait_for("its end", || get(db, running).status == COMPLETE);
    });
    for id in [waiting.0, running] {
        assert_eq!(get(db, id).error.as_deref(), Some("cancelled"));
    }
}

fn a_stopping_runner_puts_its_task_back(test: &TestDb) {
    let db = test.migrated();
    let id = enqueue(db, "endless");
    let endless = Does("endless", |context: &TaskContext<'_>| {
        loop {
            context.check()?;
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    beside(test.open(), options(), endless, || {
        wait_for("its start", || get(db, id).status == ACTIVE);
    });
    let back = get(db, id);
    assert_eq!((back.status, back.attempts, back.error), (PENDING, 0, None));
    assert!(tasks::claim(db, &["endless"], "o", LONG).unwrap().is_some());
}

fn a_long_task_keeps_its_lease(test: &TestDb) {
    let db = test.migrated();
    let id = enqueue(db, "long");
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let long = Does("long", move |_: &TaskContext<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        // Several times its lease, without ever looking up.
        std::thread::sleep(Duration::from_millis(1500));
        Ok(Value::Null)
    });
    beside(test.open(), options(), long, || {
        wait_for("the end", || get(db, id).status == COMPLETE);
    });
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!((get(db, id).attempts, get(db, id).error), (1, None));
}

fn the_schedule_runs_once_for_all_runners(test: &TestDb) {
    let db = test.migrated();
    let runs = Arc::new(AtomicU32::new(0));
    let century = Scheduled { kind: CacheHousekeeping::KIND, every_s: 3_000_000_000 };
    let often = Scheduled { kind: "often", every_s: 1 };
    let runners: Vec<Runner> = (0..3)
        .map(|_| {
            let (once, again) =
                (Arc::clone(&runs), Does("often", |_: &TaskContext<'_>| Ok(1.into())));
            let sweep = CacheHousekeeping::new(move |_| {
                once.fetch_add(1, Ordering::Relaxed);
                Ok(Value::Null)
            });
            let schedule = vec![century.clone(), often.clone()];
            let jobs: Vec<Box<dyn Job>> = vec![Box::new(sweep), Box::new(again)];
            Runner::new(test.open(), jobs, RunnerOptions { schedule, ..options() })
        })
        .collect();
    let stop = AtomicBool::new(false);
    let count = |kind: &str| {
        let statement = "SELECT COUNT(*) FROM tasks WHERE kind = $1 AND status = 2";
        db.query_one(statement, &[kind.into()]).unwrap().int(0).unwrap()
    };
    std::thread::scope(|scope| {
        for runner in &runners {
            scope.spawn(|| runner.run(&stop));
        }
        let met = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for("three rounds", || count("often") >= 3);
        }));
        stop.store(true, Ordering::Relaxed);
        assert!(met.is_ok());
    });
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(count(CacheHousekeeping::KIND), 1);
}

fn a_runner_waits_while_the_database_is_away(test: &TestDb) {
    let db = test.migrated();
    let started = Arc::new(AtomicBool::new(false));
    let go_on = Arc::new(AtomicBool::new(false));
    let (set_started, wait) = (Arc::clone(&started), Arc::clone(&go_on));
    let job = Does("k", move |_: &TaskContext<'_>| {
        set_started.store(true, Ordering::Relaxed);
        while !wait.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(json!("done"))
    });
    let id = enqueue(db, "k");
    beside(test.open_impatient(), options(), job, || {
        wait_for("the start", || started.load(Ordering::Relaxed));
        let away = test.take_away();
        go_on.store(true, Ordering::Relaxed);
        // Longer than the lease, while the outcome cannot be written.
        std::thread::sleep(Duration::from_millis(900));
        drop(away);
        let reader = test.open();
        wait_for("the outcome", || get(&reader, id).status == COMPLETE);
    });
    let done = get(&test.open(), id);
    assert_eq!((done.result.as_deref(), done.attempts), (Some("\"done\""), 1));
}

/// Runs one task of a job to its end and gives back its result.
fn run_once(test: &TestDb, job: Box<dyn Job>) -> Value {
    let db = &test.db;
    let once = NewTask { max_attempts: 1, ..NewTask::new(job.kind()) };
    let (id, _) = tasks::enqueue(db, &once).unwrap();
    let runner = Runner::new(test.open(), vec![job], options());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| runner.run(&stop));
        let met = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for("the job", || get(db, id).status == COMPLETE);
        }));
        stop.store(true, Ordering::Relaxed);
        assert!(met.is_ok());
    });
    let task = get(db, id);
    task.result.map_or_else(
        || json!({ "error": task.error }),
        |result| serde_json::from_str(&result).unwrap(),
    )
}

fn housekeeping_deletes_what_had_its_time(test: &TestDb) {
    let db = test.migrated();
    let finish = |keep_for_s| {
        let (id, _) = tasks::enqueue(db, &NewTask { keep_for_s, ..NewTask::new("k") }).unwrap();
        tasks::claim(db, &["k"], "o", LONG).unwrap().unwrap();
        assert!(tasks::complete(db, id, "o", "1").unwrap());
        id
    };
    let (kept, gone) = (finish(3600), finish(0));
    let day = 24 * 3600 * 1000;
    let now = db::now_ms();
    let bucket = |image_id, from_ms| stats::Bucket {
        image_id,
        from_ms,
        to_ms: from_ms + 1000,
        numbers: stats::Numbers { requests: 1, ..Default::default() },
    };
    let old_and_new = [
        bucket(Some(1), now - 31 * day),
        bucket(Some(1), now - 29 * day),
        bucket(None, now - 31 * day),
    ];
    let batch = stats::Batch { buckets: old_and_new.to_vec(), ..Default::default() };
    stats::add(db, "x", &batch).unwrap();
    std::thread::sleep(Duration::from_millis(10));
    let done =
        run_once(test, Box::new(RowHousekeeping { stats_keep_days: 30, stats_fold_days: 0 }));
    let expected = json!({ "tasks": 1, "image_stats": 1, "system_stats": 1, "folded_days": 0 });
    assert_eq!(done, expected);
    assert!(tasks::by_id(db, kept).unwrap().is_some());
    assert!(tasks::by_id(db, gone).unwrap().is_none());
    assert_eq!(stats::image_sum(db, 1, 0, i64::MAX).unwrap().requests, 1);
    let done =
        run_once(test, Box::new(RowHousekeeping { stats_keep_days: 0, stats_fold_days: 20 }));
    assert_eq!((&done["image_stats"], &done["folded_days"]), (&json!(0), &json!(1)));
}

/// A job that somebody waits for.
struct Awaited;

impl Job for Awaited {
    fn kind(&self) -> &'static str {
        "awaited"
    }

    fn is_waited_for(&self) -> bool {
        true
    }

    fn run(&self, _: &TaskContext<'_>) -> anyhow::Result<Value> {
        Ok(Value::Null)
    }
}

fn what_is_waited_for_finds_a_thread(test: &TestDb) {
    let db = test.migrated();
    let endless = || {
        Does("endless", |context: &TaskContext<'_>| {
            loop {
                context.check()?;
                std::thread::sleep(Duration::from_millis(5));
            }
        })
    };
    for threads in [1, 3] {
        let walks: Vec<i64> = (0..5).map(|_| enqueue(db, "endless")).collect();
        let jobs: Vec<Box<dyn Job>> = vec![Box::new(endless()), Box::new(Awaited)];
        let runner = Runner::new(test.open(), jobs, RunnerOptions { threads, ..options() });
        let stop = AtomicBool::new(false);
        let running = || walks.iter().filter(|id| get(db, **id).status == ACTIVE).count();
        std::thread::scope(|scope| {
            scope.spawn(|| runner.run(&stop));
            let met = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let most = (threads - 1).max(1);
                wait_for("threads that walk", || running() == most);
                for _ in 0..3 {
                    let id = enqueue(db, "awaited");
                    wait_for("what is waited for", || get(db, id).status == COMPLETE);
                    assert_eq!(running(), most);
                }
            }));
            stop.store(true, Ordering::Relaxed);
            assert!(met.is_ok());
        });
        for id in walks {
            assert!(tasks::cancel(db, id).unwrap());
        }
    }
}
