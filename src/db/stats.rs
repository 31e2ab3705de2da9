//! Statistics in buckets of time: of each image, and of all together.

use std::sync::LazyLock;

use super::error::Result;
use super::host_stats::{self, HostBucket};
use super::sql::{Sql, atomic};
use super::stats_logs::{self, LogPlace};
use super::value::{Row, Value, values};

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Requests, of whatever outcome.
    pub requests: i64,
    /// Pictures sent.
    pub views: i64,
    /// Pictures sent from a cache, also counted in `views`.
    pub cached_views: i64,
    /// Originals sent.
    pub downloads: i64,
    /// Bytes sent.
    pub total_bytes: i64,
    /// Time that the requests took together, in microseconds.
    pub request_us: i64,
    /// Time that the longest one took, in microseconds.
    pub max_request_us: i64,
}

impl Numbers {
    /// Adds other numbers.
    pub fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.requests, other.requests),
            (&mut self.views, other.views),
            (&mut self.cached_views, other.cached_views),
            (&mut self.downloads, other.downloads),
            (&mut self.total_bytes, other.total_bytes),
            (&mut self.request_us, other.request_us),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.max_request_us = self.max_request_us.max(other.max_request_us);
    }

    fn values(&self) -> [Value; 7] {
        [
            self.requests.into(),
            self.views.into(),
            self.cached_views.into(),
            self.downloads.into(),
            self.total_bytes.into(),
            self.request_us.into(),
            self.max_request_us.into(),
        ]
    }

    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            requests: row.int(0)?,
            views: row.int(1)?,
            cached_views: row.int(2)?,
            downloads: row.int(3)?,
            total_bytes: row.int(4)?,
            request_us: row.int(5)?,
            max_request_us: row.int(6)?,
        })
    }
}

/// Numbers of one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The image; none for the whole system.
    pub image_id: Option<i64>,
    /// The bucket's start.
    pub from_ms: i64,
    /// Its end, exclusive.
    pub to_ms: i64,
    /// What was counted in it.
    pub numbers: Numbers,
}

/// The columns that are added up.
pub(super) const COUNTED: [&str; 6] =
    ["requests", "views", "cached_views", "downloads", "total_bytes", "request_us"];

/// The sum of two numbers that are not below zero, or the largest number.
pub(super) fn saturating_sum(one: &str, other: &str) -> String {
    const MOST: i64 = i64::MAX;
    format!("CASE WHEN {one} > {MOST} - {other} THEN {MOST} ELSE {one} + {other} END")
}

/// The sum of a column, or the largest number.
pub(super) fn sum_of(column: &str) -> String {
    format!("{{sum_begin}}{column}{{sum_end}}")
}

static ADD_IMAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO image_stats ({NAMES}, from_ms, to_ms, image_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (image_id, from_ms) \
         DO UPDATE SET {}",
        added("image_stats")
    )
});

static ADD_SYSTEM: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO system_stats ({NAMES}, from_ms, to_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (from_ms) DO UPDATE SET {}",
        added("system_stats")
    )
});

/// What becomes of a row by parameters in the order of [`NAMES`], and the end of its time.
fn added(table: &str) -> String {
    let sum = |(at, column): (usize, &&str)| {
        format!(
            "{column} = {}",
            saturating_sum(&format!("{table}.{column}"), &format!("${}", at + 1))
        )
    };
    let sums: Vec<String> = COUNTED.iter().enumerate().map(sum).collect();
    format!(
        "{}, max_request_us = {{greatest}}({table}.max_request_us, $7), \
         to_ms = {{greatest}}({table}.to_ms, $9)",
        sums.join(", ")
    )
}

/// What is added in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// What was counted. To be sorted alike by everyone who adds, images first.
    pub buckets: Vec<Bucket>,
    /// What hosts took.
    pub hosts: Vec<HostBucket>,
    /// How far a log was read that all of this comes from.
    pub place: Option<LogPlace>,
}

/// Adds a batch to what is there, unless a batch of this id was added before; tells whether it was
/// added now.
///
/// # Errors
/// See [`super::Error`]. After [`super::Error::Unavailable`] the same batch may be sent again, with
/// the same id.
pub fn add(sql: &dyn Sql, id: &str, batch: &Batch) -> Result<bool> {
    atomic(sql, |sql| {
        let new = sql.execute(
            "INSERT INTO stats_batches (id, added_ms) VALUES ($1, {now_ms}) \
             ON CONFLICT (id) DO NOTHING",
            values![id],
        )?;
        if new == 0 {
            return Ok(false);
        }
        for bucket in &batch.buckets {
            add_bucket(sql, bucket)?;
        }
        batch.hosts.iter().try_for_each(|host| host_stats::add(sql, host))?;
        batch.place.iter().try_for_each(|place| stats_logs::set(sql, place))?;
        Ok(true)
    })
}

fn add_bucket(sql: &dyn Sql, bucket: &Bucket) -> Result<()> {
    let mut given = bucket.numbers.values().to_vec();
    given.extend([bucket.from_ms.into(), bucket.to_ms.into()]);
    let statement = match bucket.image_id {
        Some(image_id) => {
            given.push(image_id.into());
            &*ADD_IMAGE
        }
        None => &*ADD_SYSTEM,
    };
    sql.execute(statement, &given).map(|_| ())
}

/// All numbers of some rows, in the order of [`NAMES`].
static SUMS: LazyLock<String> = LazyLock::new(|| {
    let sums: Vec<String> = COUNTED.iter().map(|column| sum_of(column)).collect();
    format!("{}, COALESCE(MAX(max_request_us), 0)", sums.join(", "))
});

/// What was counted for an image in the buckets that start in `[from_ms, to_ms)`.
///
/// # Errors
/// See [`super::Error`].
pub fn image_sum(sql: &dyn Sql, image_id: i64, from_ms: i64, to_ms: i64) -> Result<Numbers> {
    let sums = &*SUMS;
    let row = sql.query_one(
        &format!(
            "SELECT {sums} FROM image_stats WHERE image_id = $1 AND from_ms >= $2 AND from_ms < $3"
        ),
        values![image_id, from_ms, to_ms],
    )?;
    Numbers::read(&row)
}

/// What was counted for the whole system in the buckets that start in `[from_ms, to_ms)`.
///
/// # Errors
/// See [`super::Error`].
pub fn system_sum(sql: &dyn Sql, from_ms: i64, to_ms: i64) -> Result<Numbers> {
    let sums = &*SUMS;
    let row = sql.query_one(
        &format!("SELECT {sums} FROM system_stats WHERE from_ms >= $1 AND from_ms < $2"),
        values![from_ms, to_ms],
    )?;
    Numbers::read(&row)
}

/// Deletes the buckets of images that ended before a time; gives back how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge_images(sql: &dyn Sql, before_ms: i64) -> Result<u64> {
    sql.execute("DELETE FROM image_stats WHERE to_ms <= $1", values![before_ms])
}

/// Deletes the buckets of the system that ended before a time; gives back how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge_system(sql: &dyn Sql, before_ms: i64) -> Result<u64> {
    sql.execute("DELETE FROM system_stats WHERE to_ms <= $1", values![before_ms])
}

/// Forgets the ids of batches that were added longer than `age_ms` ago; gives back how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge_batches(sql: &dyn Sql, age_ms: i64) -> Result<u64> {
    sql.execute("DELETE FROM stats_batches WHERE added_ms < {now_ms} - $1", values![age_ms])
}

/// How busy the machines were in a bucket, as far as is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// Share of the processor time that was used, in percent.
    pub cpu_percent: Option<f64>,
    /// Share of the memory that was in use, in percent.
    pub memory_percent: Option<f64>,
    /// How full the shared cache was, in percent.
    pub cache_percent: Option<f64>,
}

const NAMES: &str =
    "requests, views, cached_views, downloads, total_bytes, request_us, max_request_us";

/// A part of the buckets of an image that start in `[from_ms, to_ms)`, by time; and how many there are.
///
/// # Errors
/// See [`super::Error`].
pub fn image_buckets(
    sql: &dyn Sql,
    image_id: i64,
    (from_ms, to_ms): (i64, i64),
    (start, limit): (i64, i64),
) -> Result<(Vec<Bucket>, i64)> {
    const SPAN: &str = "FROM image_stats WHERE from_ms >= $1 AND from_ms < $2 AND image_id = $3";
    let rows = sql.query(
        &format!("SELECT {NAMES}, from_ms, to_ms {SPAN} ORDER BY from_ms LIMIT $5 OFFSET $4"),
        values![from_ms, to_ms, image_id, start, limit],
    )?;
    let count = format!("SELECT COUNT(*) {SPAN}");
    let total = sql.query_one(&count, values![from_ms, to_ms, image_id])?;
    let read = |row: &Row| bucket(row, Some(image_id));
    Ok((rows.iter().map(read).collect::<Result<_>>()?, total.int(0)?))
}

/// A part of the buckets of the system that start in `[from_ms, to_ms)`, by time, with how busy all
/// machines were together; and how many there are.
///
/// # Errors
/// See [`super::Error`].
pub fn system_buckets(
    sql: &dyn Sql,
    (from_ms, to_ms): (i64, i64),
    (start, limit): (i64, i64),
) -> Result<(Vec<(Bucket, Load)>, i64)> {
    let loaded = LOADED.replace("NAMES", NAMES);
    let rows = sql.query(
        &format!("{loaded} ORDER BY s.from_ms LIMIT $4 OFFSET $3"),
        values![from_ms, to_ms, start, limit],
    )?;
    let total = sql.query_one(
        "SELECT COUNT(*) FROM system_stats WHERE from_ms >= $1 AND from_ms < $2",
        values![from_ms, to_ms],
    )?;
    Ok((rows.iter().map(loaded_bucket).collect::<Result<_>>()?, total.int(0)?))
}

/// The buckets of an image that start in `[from_ms, to_ms)`, added up in steps of this length, by time.
///
/// # Errors
/// See [`super::Error`].
pub fn image_steps(
    sql: &dyn Sql,
    image_id: i64,
    (from_ms, to_ms): (i64, i64),
    step_ms: i64,
) -> Result<Vec<Bucket>> {
    let sums = &*SUMS;
    let rows = sql.query(
        &format!(
            "SELECT {sums}, MIN(from_ms), MAX(to_ms) FROM image_stats \
             WHERE from_ms >= $1 AND from_ms < $2 AND image_id = $3 \
             GROUP BY from_ms / $4 ORDER BY 8"
        ),
        values![from_ms, to_ms, image_id, step_ms],
    )?;
    rows.iter().map(|row| bucket(row, Some(image_id))).collect()
}

/// The buckets of the system that start in `[from_ms, to_ms)`, added up in steps of this length, by time,
/// with how busy all machines were on average of them.
///
/// # Errors
/// See [`super::Error`].
pub fn system_steps(
    sql: &dyn Sql,
    (from_ms, to_ms): (i64, i64),
    step_ms: i64,
) -> Result<Vec<(Bucket, Load)>> {
    let loaded = LOADED.replace("NAMES", NAMES);
    let sums = &*SUMS;
    let rows = sql.query(
        &format!(
            "SELECT {sums}, MIN(from_ms), MAX(to_ms), AVG(cpu_load), AVG(memory_load), \
             AVG(cache_load) FROM ({loaded}) one GROUP BY from_ms / $3 ORDER BY 8"
        ),
        values![from_ms, to_ms, step_ms],
    )?;
    rows.iter().map(loaded_bucket).collect()
}

fn loaded_bucket(row: &Row) -> Result<(Bucket, Load)> {
    let load = Load {
        cpu_percent: row.opt_real(9)?,
        memory_percent: row.opt_real(10)?,
        cache_percent: row.opt_real(11)?,
    };
    Ok((bucket(row, None)?, load))
}

/// What an imported row says of the load holds; for others it comes of the hosts' numbers. Sums of
/// products are made of floating-point numbers: they can be larger than whole ones hold.
const LOADED: &str = "SELECT NAMES, s.from_ms, s.to_ms, COALESCE(s.cpu_percent, h.cpu) AS cpu_load, \
     COALESCE(s.memory_percent, h.memory) AS memory_load, \
     COALESCE(s.cache_percent, h.cache) AS cache_load FROM system_stats s \
     LEFT JOIN (SELECT from_ms, \
     100.0 * SUM(CAST(cpu_us AS DOUBLE PRECISION)) \
     / NULLIF(SUM(CAST(span_us AS DOUBLE PRECISION)), 0) AS cpu, \
     100.0 * SUM(CAST(memory_byte_sum AS DOUBLE PRECISION)) \
     / NULLIF(SUM(CAST(memory_limit_bytes AS DOUBLE PRECISION) * samples), 0) AS memory, \
     100.0 * SUM(CAST(cache_byte_sum AS DOUBLE PRECISION)) \
     / NULLIF(SUM(CAST(cache_limit_bytes AS DOUBLE PRECISION) * samples), 0) AS cache \
     FROM host_stats WHERE worker = -1 AND from_ms >= $1 AND from_ms < $2 GROUP BY from_ms) h \
     ON h.from_ms = s.from_ms WHERE s.from_ms >= $1 AND s.from_ms < $2";

fn bucket(row: &Row, image_id: Option<i64>) -> Result<Bucket> {
    let numbers = Numbers::read(row)?;
    Ok(Bucket { image_id, from_ms: row.int(7)?, to_ms: row.int(8)?, numbers })
}

/// By what images are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// Requests.
    Requests,
    /// Pictures sent.
    Views,
    /// Originals sent.
    Downloads,
    /// Bytes sent.
    Bytes,
    /// Time that all requests took together.
    Time,
    /// Time that the longest request took.
    Slowest,
}

impl Rank {
    /// The place of its column among [`SUMS`], from 1.
    fn column(self) -> u8 {
        match self {
            Self::Requests => 1,
            Self::Views => 2,
            Self::Downloads => 4,
            Self::Bytes => 5,
            Self::Time => 6,
            Self::Slowest => 7,
        }
    }
}

/// What was counted for an image in some stretch of time: its id, its path if there is a row, the
/// numbers.
pub type ImageSum = (i64, Option<String>, Numbers);

/// A part of the images that were asked for in the buckets that start in `[from_ms, to_ms)`, those with
/// the highest rank first; and how many there are.
///
/// # Errors
/// See [`super::Error`].
pub fn ranked(
    sql: &dyn Sql,
    (from_ms, to_ms): (i64, i64),
    rank: Rank,
    (start, limit): (i64, i64),
) -> Result<(Vec<ImageSum>, i64)> {
    let column = rank.column();
    let sums = &*SUMS;
    let rows = sql.query(
        &format!(
            "SELECT {sums}, s.image_id, MAX(i.path) FROM image_stats s \
             LEFT JOIN images i ON i.id = s.image_id WHERE s.from_ms >= $1 AND s.from_ms < $2 \
             GROUP BY s.image_id ORDER BY {column} DESC, s.image_id LIMIT $4 OFFSET $3"
        ),
        values![from_ms, to_ms, start, limit],
    )?;
    let total = sql.query_one(
        "SELECT COUNT(DISTINCT image_id) FROM image_stats WHERE from_ms >= $1 AND from_ms < $2",
        values![from_ms, to_ms],
    )?;
    let read = |row: &Row| Ok((row.int(7)?, row.opt_text(8)?, Numbers::read(row)?));
    Ok((rows.iter().map(read).collect::<Result<_>>()?, total.int(0)?))
}
