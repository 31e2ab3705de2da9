//! The queue of background work.
//!
//! A task is pending (0), active (1) or complete (2); a complete one has failed when it has an
//! error. Whoever claims it holds a lease that has to be renewed; once it runs out, another may take
//! the task over, and the first can no longer write to it. Leases are judged by the database's
//! clock, so that those of the hosts need not agree.

use super::error::{Error, Result};
use super::sql::{Sql, atomic};
use super::value::{Row, Value, values};

/// Waiting to be run, perhaps again.
pub const PENDING: i64 = 0;
/// Being run.
pub const ACTIVE: i64 = 1;
/// Done, failed when there is an error.
pub const COMPLETE: i64 = 2;

/// What a new task is made of.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// The job that does it.
    pub kind: String,
    /// Name for people.
    pub name: String,
    /// A JSON object.
    pub params: String,
    /// No second unfinished task with this key is made.
    pub dedupe_key: Option<String>,
    /// Who asked for it; none for the server itself.
    pub user_id: Option<i64>,
    /// Lower ones are taken first; 50 is usual.
    pub priority: i64,
    /// How long to wait before it may be run.
    pub delay_ms: i64,
    /// Attempts before it has failed.
    pub max_attempts: i64,
    /// How long the row stays after it has finished.
    pub keep_for_s: i64,
}

impl NewTask {
    /// A task of a kind, without parameters, run at once and up to five times, kept for a day.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            name: kind.to_owned(),
            params: "{}".into(),
            dedupe_key: None,
            user_id: None,
            priority: 50,
            delay_ms: 0,
            max_attempts: 5,
            keep_for_s: 86_400,
        }
    }
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: i64,
    /// The job that does it.
    pub kind: String,
    /// Name for people.
    pub name: String,
    /// A JSON object.
    pub params: String,
    /// Who asked for it; none for the server itself.
    pub user_id: Option<i64>,
    /// Lower ones are taken first.
    pub priority: i64,
    /// [`PENDING`], [`ACTIVE`] or [`COMPLETE`].
    pub status: i64,
    /// How much is done, of `progress_total`.
    pub progress_done: i64,
    /// How much there is to do; 0 when that is not known.
    pub progress_total: i64,
    /// What it gave back, as JSON.
    pub result: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Attempts so far, the running one included.
    pub attempts: i64,
    /// Attempts before it has failed.
    pub max_attempts: i64,
    /// Someone wants it to stop.
    pub cancel_requested: bool,
    /// When its first attempt began.
    pub started_ms: Option<i64>,
    /// When it finished.
    pub finished_ms: Option<i64>,
    /// How long the row stays after that.
    pub keep_for_s: i64,
}

const COLUMNS: &str = "id, kind, name, params, user_id, priority, status, progress_done, \
                       progress_total, result, error, attempts, max_attempts, cancel_requested, \
                       finished_ms, keep_for_s, started_ms";

fn read(row: &Row) -> Result<Task> {
    Ok(Task {
        id: row.int(0)?,
        kind: row.text(1)?,
        name: row.text(2)?,
        params: row.text(3)?,
        user_id: row.opt_int(4)?,
        priority: row.int(5)?,
        status: row.int(6)?,
        progress_done: row.int(7)?,
        progress_total: row.int(8)?,
        result: row.opt_text(9)?,
        error: row.opt_text(10)?,
        attempts: row.int(11)?,
        max_attempts: row.int(12)?,
        cancel_requested: row.bool(13)?,
        finished_ms: row.opt_int(14)?,
        keep_for_s: row.int(15)?,
        started_ms: row.opt_int(16)?,
    })
}

/// Puts a task into the queue and gives back its id, with whether it is new: an unfinished task with
/// the same key takes its place.
///
/// # Errors
/// See [`Error`].
pub fn enqueue(sql: &dyn Sql, task: &NewTask) -> Result<(i64, bool)> {
    // The task with the same key may finish between the two statements.
    for _ in 0..10 {
        let inserted = sql.query_opt(
            "INSERT INTO tasks (kind, name, params, dedupe_key, user_id, priority, not_before_ms, \
             max_attempts, keep_for_s, created_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, {now_ms} + $7, $8, $9, {now_ms}) \
             ON CONFLICT (dedupe_key) WHERE status < 2 DO NOTHING RETURNING id",
            values![
                task.kind.as_str(),
                task.name.as_str(),
                task.params.as_str(),
                task.dedupe_key.clone(),
                task.user_id,
                task.priority,
                task.delay_ms,
                task.max_attempts,
                task.keep_for_s,
            ],
        )?;
        if let Some(row) = inserted {
            return Ok((row.int(0)?, true));
        }
        let existing = sql.query_opt(
            "SELECT id FROM tasks WHERE dedupe_key = $1 AND status < 2",
            values![task.dedupe_key.clone()],
        )?;
        if let Some(row) = existing {
            return Ok((row.int(0)?, false));
        }
    }
    Err(Error::Conflict)
}

/// Takes the next task of one of these kinds, if one is due, for `lease_ms`. A lease that reaches further
/// than any was given for is from before the clock was set back, and has run out. One whose lease ran out
/// counts as due.
///
/// # Errors
/// See [`Error`].
pub fn claim(
    sql: &dyn Sql,
    kinds: &[&str],
    lease_owner: &str,
    lease_ms: i64,
) -> Result<Option<Task>> {
    if kinds.is_empty() {
        return Ok(None);
    }
    let mut given: Vec<Value> = vec![lease_owner.into(), lease_ms.into()];
    given.extend(kinds.iter().map(|kind| Value::from(*kind)));
    let numbers: Vec<String> = (3..3 + kinds.len()).map(|number| format!("${number}")).collect();
    let statement = "UPDATE tasks SET status = 1, lease_owner = $1, \
         lease_until_ms = {now_ms} + $2, attempts = attempts + 1, progress_done = 0, \
         progress_total = 0, started_ms = COALESCE(started_ms, {now_ms}) \
         WHERE id = (SELECT id FROM tasks WHERE kind IN (KINDS) AND status < 2 \
         AND ((status = 0 AND not_before_ms <= {now_ms}) \
         OR (status = 1 AND attempts < max_attempts AND (lease_until_ms < {now_ms} \
         OR lease_until_ms > {now_ms} + $2 + $2))) \
         ORDER BY priority, id LIMIT 1 {skip_locked}) RETURNING "
        .replace("KINDS", &numbers.join(", "))
        + COLUMNS;
    sql.query_opt(&statement, &given)?.as_ref().map(read).transpose()
}

/// Ends the tasks whose runner died in their last attempt. Gives back how many there were.
///
/// # Errors
/// See [`Error`].
pub fn fail_abandoned(sql: &dyn Sql) -> Result<u64> {
    sql.execute(
        "UPDATE tasks SET status = 2, error = $1, finished_ms = {now_ms}, lease_owner = NULL, \
         lease_until_ms = NULL \
         WHERE status = 1 AND lease_until_ms < {now_ms} AND attempts >= max_attempts",
        values!["the process that ran it died"],
    )
}

/// What a renewed lease tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// Go on.
    Held,
    /// Someone wants the task to stop.
    CancelRequested,
    /// Another has taken the task over: stop, and write nothing.
    Lost,
}

/// Renews a lease for another `lease_ms` and notes the progress.
///
/// # Errors
/// See [`Error`].
pub fn beat(
    sql: &dyn Sql,
    id: i64,
    lease_owner: &str,
    lease_ms: i64,
    (done, total): (i64, i64),
) -> Result<Beat> {
    let row = sql.query_opt(
        "UPDATE tasks SET lease_until_ms = {now_ms} + $3, progress_done = $4, \
         progress_total = $5 WHERE id = $1 AND lease_owner = $2 AND status = 1 \
         RETURNING cancel_requested",
        values![id, lease_owner, lease_ms, done, total],
    )?;
    Ok(match row {
        None => Beat::Lost,
        Some(row) if row.bool(0)? => Beat::CancelRequested,
        Some(_) => Beat::Held,
    })
}

/// Ends a task with what it gave back; false when another has taken it over.
///
/// # Errors
/// See [`Error`].
pub fn complete(sql: &dyn Sql, id: i64, lease_owner: &str, result: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE tasks SET status = 2, result = $3, error = NULL, finished_ms = {now_ms}, \
         lease_owner = NULL, lease_until_ms = NULL \
         WHERE id = $1 AND lease_owner = $2 AND status = 1",
        values![id, lease_owner, result],
    )?;
    Ok(changed == 1)
}

/// Ends a task with an error; false when another has taken it over.
///
/// # Errors
/// See [`Error`].
pub fn fail(sql: &dyn Sql, id: i64, lease_owner: &str, error: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE tasks SET status = 2, error = $3, finished_ms = {now_ms}, lease_owner = NULL, \
         lease_until_ms = NULL WHERE id = $1 AND lease_owner = $2 AND status = 1",
        values![id, lease_owner, error],
    )?;
    Ok(changed == 1)
}

/// Puts a task back, to be tried again after `delay_ms`; false when another has taken it over. An
/// attempt that was not the task's fault (the runner stops) can be given back.
///
/// # Errors
/// See [`Error`].
pub fn put_back(
    sql: &dyn Sql,
    id: i64,
    lease_owner: &str,
    error: Option<&str>,
    delay_ms: i64,
    give_back_attempt: bool,
) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE tasks SET status = 0, error = $3, not_before_ms = {now_ms} + $4, \
         attempts = attempts - $5, lease_owner = NULL, lease_until_ms = NULL \
         WHERE id = $1 AND lease_owner = $2 AND status = 1",
        values![id, lease_owner, error, delay_ms, i64::from(give_back_attempt)],
    )?;
    Ok(changed == 1)
}

/// Asks a task to stop: one that waits ends at once, one that runs is told at its next beat. False
/// when it has finished, or does not exist.
///
/// # Errors
/// See [`Error`].
pub fn cancel(sql: &dyn Sql, id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        let ended = sql.execute(
            "UPDATE tasks SET status = 2, error = $2, cancel_requested = TRUE, \
             finished_ms = {now_ms} WHERE id = $1 AND status = 0",
            values![id, "cancelled"],
        )?;
        let told = sql.execute(
            "UPDATE tasks SET cancel_requested = TRUE WHERE id = $1 AND status = 1",
            values![id],
        )?;
        Ok(ended + told == 1)
    })
}

/// Ends the pending task with this key, if there is one.
///
/// # Errors
/// See [`Error`].
pub fn cancel_key(sql: &dyn Sql, dedupe_key: &str, why: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE tasks SET status = 2, error = $2, cancel_requested = TRUE, finished_ms = {now_ms} \
         WHERE dedupe_key = $1 AND status = 0",
        values![dedupe_key, why],
    )?;
    Ok(changed == 1)
}

/// Lets a pending task run now, whatever it waits for; false when there is no such.
///
/// # Errors
/// See [`Error`].
pub fn release(sql: &dyn Sql, id: i64) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE tasks SET not_before_ms = {now_ms} WHERE id = $1 AND status = 0",
        values![id],
    )?;
    Ok(changed == 1)
}

/// The latest tasks, unfinished ones first: those that run, those that wait, those that are done.
/// With each comes how long it still waits, in milliseconds.
///
/// # Errors
/// See [`Error`].
pub fn latest(sql: &dyn Sql, limit: u32) -> Result<Vec<(Task, i64)>> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS}, not_before_ms - {{now_ms}} FROM tasks \
             ORDER BY CASE status WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE 2 END, id DESC LIMIT $1"
        ),
        values![limit],
    )?;
    rows.iter().map(|row| Ok((read(row)?, row.int(17)?))).collect()
}

/// The task with this id.
///
/// # Errors
/// See [`Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<Task>> {
    let row = sql.query_opt(&format!("SELECT {COLUMNS} FROM tasks WHERE id = $1"), values![id])?;
    row.as_ref().map(read).transpose()
}

/// Whether somebody is at a task: it is being run, and its lease holds.
///
/// # Errors
/// See [`Error`].
pub fn is_at_work(sql: &dyn Sql, id: i64) -> Result<bool> {
    let row = sql.query_opt(
        "SELECT id FROM tasks WHERE id = $1 AND status = 1 AND lease_until_ms >= {now_ms}",
        values![id],
    )?;
    Ok(row.is_some())
}

/// Tasks asked for in one statement.
const IDS_AT_ONCE: usize = 500;

/// Those of these tasks that are not done.
///
/// # Errors
/// See [`Error`].
pub fn unfinished_of(sql: &dyn Sql, ids: &[i64]) -> Result<Vec<i64>> {
    let mut unfinished = Vec::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let places: Vec<String> = (1..=ids.len()).map(|number| format!("${number}")).collect();
        let places = places.join(", ");
        let given: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
        let statement = format!("SELECT id FROM tasks WHERE status < 2 AND id IN ({places})");
        for row in sql.query(&statement, &given)? {
            unfinished.push(row.int(0)?);
        }
    }
    Ok(unfinished)
}

/// Deletes the tasks that finished longer ago than they are to be kept. Gives back how many.
///
/// # Errors
/// See [`Error`].
pub fn purge_finished(sql: &dyn Sql) -> Result<u64> {
    sql.execute(
        "DELETE FROM tasks WHERE status = 2 AND finished_ms + keep_for_s * 1000 < {now_ms}",
        &[],
    )
}

/// The waiting tasks that are to run no sooner than in this time.
///
/// # Errors
/// See [`Error`].
pub fn not_before(sql: &dyn Sql, wait_ms: i64) -> Result<Vec<i64>> {
    let rows = sql.query(
        "SELECT id FROM tasks WHERE status = 0 AND not_before_ms > {now_ms} + $1",
        values![wait_ms],
    )?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// A part of all tasks with this status, or of all, the newest first; and how many there are.
///
/// # Errors
/// See [`Error`].
pub fn newest(
    sql: &dyn Sql,
    status: Option<i64>,
    start: i64,
    limit: i64,
) -> Result<(Vec<Task>, i64)> {
    let status = status.unwrap_or(-1);
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM tasks WHERE status = $1 OR $1 < 0 \
             ORDER BY id DESC LIMIT $3 OFFSET $2"
        ),
        values![status, start, limit],
    )?;
    let total =
        sql.query_one("SELECT COUNT(*) FROM tasks WHERE status = $1 OR $1 < 0", values![status])?;
    Ok((rows.iter().map(read).collect::<Result<_>>()?, total.int(0)?))
}
