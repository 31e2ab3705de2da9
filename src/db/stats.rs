//! Statistics in buckets of time: of each image, and of all together.

use super::error::Result;
use super::sql::{Sql, atomic};
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
        self.requests += other.requests;
        self.views += other.views;
        self.cached_views += other.cached_views;
        self.downloads += other.downloads;
        self.total_bytes += other.total_bytes;
        self.request_us += other.request_us;
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

const ADD_IMAGE: &str = "INSERT INTO image_stats (requests, views, cached_views, downloads, \
     total_bytes, request_us, max_request_us, from_ms, to_ms, image_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (image_id, from_ms) DO UPDATE \
     SET requests = image_stats.requests + $1, views = image_stats.views + $2, \
     cached_views = image_stats.cached_views + $3, downloads = image_stats.downloads + $4, \
     total_bytes = image_stats.total_bytes + $5, request_us = image_stats.request_us + $6, \
     max_request_us = {greatest}(image_stats.max_request_us, $7), \
     to_ms = {greatest}(image_stats.to_ms, $9)";

const ADD_SYSTEM: &str = "INSERT INTO system_stats (requests, views, cached_views, downloads, \
     total_bytes, request_us, max_request_us, from_ms, to_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (from_ms) DO UPDATE \
     SET requests = system_stats.requests + $1, views = system_stats.views + $2, \
     cached_views = system_stats.cached_views + $3, downloads = system_stats.downloads + $4, \
     total_bytes = system_stats.total_bytes + $5, request_us = system_stats.request_us + $6, \
     max_request_us = {greatest}(system_stats.max_request_us, $7), \
     to_ms = {greatest}(system_stats.to_ms, $9)";

/// Adds a batch to what is there, unless a batch of this id was added before; tells whether it was
/// added now. The buckets should be sorted alike by everyone who adds, images first.
///
/// # Errors
/// See [`super::Error`]. After [`super::Error::Unavailable`] the same batch may be sent again, with
/// the same id.
pub fn add_batch(sql: &dyn Sql, id: &str, buckets: &[Bucket]) -> Result<bool> {
    atomic(sql, |sql| {
        let new = sql.execute(
            "INSERT INTO stats_batches (id, added_ms) VALUES ($1, {now_ms}) \
             ON CONFLICT (id) DO NOTHING",
            values![id],
        )?;
        if new == 0 {
            return Ok(false);
        }
        for bucket in buckets {
            let mut given = bucket.numbers.values().to_vec();
            given.extend([bucket.from_ms.into(), bucket.to_ms.into()]);
            match bucket.image_id {
                Some(image_id) => {
                    given.push(image_id.into());
                    sql.execute(ADD_IMAGE, &given)?;
                }
                None => {
                    sql.execute(ADD_SYSTEM, &given)?;
                }
            }
        }
        Ok(true)
    })
}

const SUMS: &str = "CAST(COALESCE(SUM(requests), 0) AS BIGINT), \
     CAST(COALESCE(SUM(views), 0) AS BIGINT), CAST(COALESCE(SUM(cached_views), 0) AS BIGINT), \
     CAST(COALESCE(SUM(downloads), 0) AS BIGINT), CAST(COALESCE(SUM(total_bytes), 0) AS BIGINT), \
     CAST(COALESCE(SUM(request_us), 0) AS BIGINT), COALESCE(MAX(max_request_us), 0)";

/// What was counted for an image in the buckets that start in `[from_ms, to_ms)`.
///
/// # Errors
/// See [`super::Error`].
pub fn image_sum(sql: &dyn Sql, image_id: i64, from_ms: i64, to_ms: i64) -> Result<Numbers> {
    let row = sql.query_one(
        &format!(
            "SELECT {SUMS} FROM image_stats WHERE image_id = $1 AND from_ms >= $2 AND from_ms < $3"
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
    let row = sql.query_one(
        &format!("SELECT {SUMS} FROM system_stats WHERE from_ms >= $1 AND from_ms < $2"),
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

/// A part of the buckets of an image, or of the system, that start in `[from_ms, to_ms)`, by time;
/// and how many there are.
///
/// # Errors
/// See [`super::Error`].
pub fn buckets(
    sql: &dyn Sql,
    image_id: Option<i64>,
    (from_ms, to_ms): (i64, i64),
    (start, limit): (i64, i64),
) -> Result<(Vec<Bucket>, i64)> {
    const NAMES: &str = "requests, views, cached_views, downloads, total_bytes, request_us, \
         max_request_us, from_ms, to_ms";
    let (table, of) = match image_id {
        Some(_) => ("image_stats", "image_id = $3"),
        None => ("system_stats", "$3 = 0"),
    };
    let span = format!("FROM {table} WHERE from_ms >= $1 AND from_ms < $2 AND {of}");
    let id = image_id.unwrap_or(0);
    let rows = sql.query(
        &format!("SELECT {NAMES} {span} ORDER BY from_ms LIMIT $5 OFFSET $4"),
        values![from_ms, to_ms, id, start, limit],
    )?;
    let total = sql.query_one(&format!("SELECT COUNT(*) {span}"), values![from_ms, to_ms, id])?;
    let read = |row: &Row| {
        let numbers = Numbers::read(row)?;
        Ok(Bucket { image_id, from_ms: row.int(7)?, to_ms: row.int(8)?, numbers })
    };
    Ok((rows.iter().map(read).collect::<Result<_>>()?, total.int(0)?))
}

/// The images that were asked for most in the buckets that start in `[from_ms, to_ms)`: id, path if
/// there is a row, and what was counted.
///
/// # Errors
/// See [`super::Error`].
pub fn busiest(
    sql: &dyn Sql,
    (from_ms, to_ms): (i64, i64),
    limit: i64,
) -> Result<Vec<(i64, Option<String>, Numbers)>> {
    let rows = sql.query(
        &format!(
            "SELECT {SUMS}, s.image_id, MAX(i.path) FROM image_stats s \
             LEFT JOIN images i ON i.id = s.image_id WHERE s.from_ms >= $1 AND s.from_ms < $2 \
             GROUP BY s.image_id ORDER BY 1 DESC, s.image_id LIMIT $3"
        ),
        values![from_ms, to_ms, limit],
    )?;
    let read = |row: &Row| Ok((row.int(7)?, row.opt_text(8)?, Numbers::read(row)?));
    rows.iter().map(read).collect()
}
