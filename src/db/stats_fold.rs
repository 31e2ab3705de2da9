//! Folding the statistics of a day that is long past into one bucket of each image, host, or the system.
//!
//! The rows of the day are marked first and then added up, so that numbers which arrive late meanwhile
//! are neither lost nor counted twice: they wait for a marked row, and otherwise go into a row of their
//! own. A day is folded once; what arrives later still stays as it came.

use super::error::Result;
use super::sql::{Sql, atomic};
use super::stats::{COUNTED, saturating_sum, sum_of};
use super::value::{Value, values};
use super::{host_stats, properties};

/// Length of a day.
pub const DAY_MS: i64 = 24 * 3600 * 1000;

/// Until when days have been folded.
const FOLDED_UNTIL: &str = "stats_folded_until_ms";

/// The end of a bucket that is being folded: none ends before 1970.
const MARK: i64 = -1;

/// Images that are folded in one transaction.
const IMAGES_AT_ONCE: i64 = 5_000;

/// A table of buckets.
struct Table {
    name: &'static str,
    /// What tells its rows of one time apart.
    keys: &'static [&'static str],
    sums: &'static [&'static str],
    largest: &'static [&'static str],
    means: &'static [&'static str],
}

const IMAGES: Table = Table {
    name: "image_stats",
    keys: &["image_id"],
    sums: &COUNTED,
    largest: &["max_request_us"],
    means: &[],
};

const SYSTEM: Table = Table {
    name: "system_stats",
    keys: &[],
    means: &["cpu_percent", "memory_percent", "cache_percent"],
    ..IMAGES
};

const HOSTS: Table = Table {
    name: "host_stats",
    keys: &["host", "worker"],
    sums: &host_stats::SUMS,
    largest: &host_stats::LARGEST,
    means: &[],
};

/// Folds every day that ended before `before_ms` and has not been folded yet; gives back how many days
/// there were. `go_on` is asked between transactions.
///
/// # Errors
/// See [`super::Error`]; what has been folded stays so.
pub fn days(sql: &dyn Sql, before_ms: i64, go_on: &dyn Fn() -> bool) -> Result<u64> {
    let end = before_ms - before_ms.rem_euclid(DAY_MS);
    let until = properties::get(sql, FOLDED_UNTIL)?.and_then(|text| text.parse::<i64>().ok());
    let mut from = until.unwrap_or(0);
    let mut folded = 0;
    while let Some(day) = next_day(sql, from, end)? {
        fold_images(sql, day, go_on)?;
        if !go_on() {
            return Ok(folded);
        }
        atomic(sql, |sql| {
            fold(sql, &SYSTEM, day, "", &[])?;
            fold(sql, &HOSTS, day, "", &[])
        })?;
        from = day + DAY_MS;
        properties::set(sql, FOLDED_UNTIL, &from.to_string())?;
        folded += 1;
    }
    Ok(folded)
}

/// The first day from `from` on of which there is anything, if it begins before `end`.
fn next_day(sql: &dyn Sql, from: i64, end: i64) -> Result<Option<i64>> {
    let mut first: Option<i64> = None;
    for table in [&IMAGES, &SYSTEM, &HOSTS] {
        let statement =
            format!("SELECT MIN(from_ms) FROM {} WHERE from_ms >= $1 AND from_ms < $2", table.name);
        let found = sql.query_one(&statement, values![from, end])?.opt_int(0)?;
        first = first.into_iter().chain(found).min();
    }
    Ok(first.map(|first| first - first.rem_euclid(DAY_MS)))
}

fn fold_images(sql: &dyn Sql, day: i64, go_on: &dyn Fn() -> bool) -> Result<()> {
    let mut after = i64::MIN;
    while go_on() {
        let last = sql.query_one(
            "SELECT MAX(image_id) FROM (SELECT DISTINCT image_id FROM image_stats \
             WHERE from_ms >= $1 AND from_ms < $2 AND image_id > $3 \
             ORDER BY image_id LIMIT $4) AS next_ones",
            values![day, day + DAY_MS, after, IMAGES_AT_ONCE],
        )?;
        let Some(last) = last.opt_int(0)? else { return Ok(()) };
        let among = "AND image_id > $3 AND image_id <= $4";
        atomic(sql, |sql| fold(sql, &IMAGES, day, among, values![after, last]))?;
        after = last;
    }
    Ok(())
}

/// Folds the rows of a day for which `among` holds, whose parameters begin at `$3`.
fn fold(sql: &dyn Sql, table: &Table, day: i64, among: &str, given: &[Value]) -> Result<()> {
    let Table { name, keys, sums, largest, means } = table;
    let mut day_and_given: Vec<Value> = values![day, day + DAY_MS].to_vec();
    day_and_given.extend_from_slice(given);
    let rows = format!("from_ms >= $1 AND from_ms < $2 {among}");
    sql.execute(&format!("UPDATE {name} SET to_ms = {MARK} WHERE {rows}"), &day_and_given)?;

    let columns: Vec<&str> = [*keys, *sums, *largest, *means].concat();
    let selected = keys
        .iter()
        .map(|key| (*key).to_owned())
        .chain(sums.iter().map(|sum| sum_of(sum)))
        .chain(largest.iter().map(|largest| format!("MAX({largest})")))
        .chain(means.iter().map(|mean| format!("AVG({mean})")));
    // A row that came meanwhile has no mark: its numbers are added to.
    let sum = |sum: &&str| {
        let here = format!("CASE WHEN {name}.to_ms = {MARK} THEN 0 ELSE {name}.{sum} END");
        format!("{sum} = {}", saturating_sum(&format!("excluded.{sum}"), &format!("({here})")))
    };
    let sets = sums
        .iter()
        .map(sum)
        .chain(largest.iter().map(|it| format!("{it} = {{greatest}}({name}.{it}, excluded.{it})")))
        .chain(means.iter().map(|mean| format!("{mean} = excluded.{mean}")));
    let group = match keys {
        [] => "HAVING COUNT(*) > 0".to_owned(),
        keys => format!("GROUP BY {}", keys.join(", ")),
    };
    let conflict: Vec<&str> = [*keys, &["from_ms"]].concat();
    let statement = format!(
        "INSERT INTO {name} ({}, from_ms, to_ms) SELECT {}, CAST($1 AS BIGINT), CAST($2 AS BIGINT) \
         FROM {name} WHERE {rows} AND to_ms = {MARK} {group} \
         ON CONFLICT ({}) DO UPDATE SET {}, to_ms = excluded.to_ms",
        columns.join(", "),
        selected.collect::<Vec<_>>().join(", "),
        conflict.join(", "),
        sets.collect::<Vec<_>>().join(", "),
    );
    sql.execute(&statement, &day_and_given)?;
    sql.execute(&format!("DELETE FROM {name} WHERE {rows} AND to_ms = {MARK}"), &day_and_given)?;
    Ok(())
}
