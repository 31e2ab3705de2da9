//! What hosts took, in buckets of time: each worker, and each machine as a whole.

use super::error::Result;
use super::sql::Sql;
use super::value::{Row, Value, values};

/// Stands for the whole machine where others name a worker.
pub const MACHINE: i64 = -1;

/// What was used. Sums and largest values; means come of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostNumbers {
    /// How often it was looked at.
    pub samples: i64,
    /// Processor time that was used, in microseconds.
    pub cpu_us: i64,
    /// Processor time that there was: of a worker the time that passed, of a machine that of all
    /// its cores.
    pub span_us: i64,
    /// Memory in use, added up over the samples.
    pub memory_byte_sum: i64,
    /// The most memory in use.
    pub max_memory_bytes: i64,
    /// The memory that there is; 0 for a worker.
    pub memory_limit_bytes: i64,
    /// Look-ups that were answered by the worker's own memory.
    pub memory_hits: i64,
    /// Look-ups that were answered by the tier that processes share.
    pub shared_hits: i64,
    /// Pictures that were stored in either.
    pub stored: i64,
    /// Calls to either that failed.
    pub cache_faults: i64,
    /// Bytes in the cache, added up over the samples: of a worker in its own memory, of a machine in
    /// the tier that processes share.
    pub cache_byte_sum: i64,
    /// The most that it may hold.
    pub cache_limit_bytes: i64,
}

/// The columns of the numbers that are added up; the others count by their largest value.
pub(super) const SUMS: [&str; 9] = [
    "samples",
    "cpu_us",
    "span_us",
    "memory_byte_sum",
    "memory_hits",
    "shared_hits",
    "stored",
    "cache_faults",
    "cache_byte_sum",
];
/// The columns of which the largest value counts.
pub(super) const LARGEST: [&str; 3] =
    ["max_memory_bytes", "memory_limit_bytes", "cache_limit_bytes"];

impl HostNumbers {
    /// Adds other numbers.
    pub fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.cpu_us += other.cpu_us;
        self.span_us += other.span_us;
        self.memory_byte_sum += other.memory_byte_sum;
        self.max_memory_bytes = self.max_memory_bytes.max(other.max_memory_bytes);
        self.memory_limit_bytes = self.memory_limit_bytes.max(other.memory_limit_bytes);
        self.memory_hits += other.memory_hits;
        self.shared_hits += other.shared_hits;
        self.stored += other.stored;
        self.cache_faults += other.cache_faults;
        self.cache_byte_sum += other.cache_byte_sum;
        self.cache_limit_bytes = self.cache_limit_bytes.max(other.cache_limit_bytes);
    }

    /// Share of the processor time that was used, in percent; none when there was none.
    #[must_use]
    pub fn cpu_percent(&self) -> Option<f64> {
        percent(self.cpu_us, self.span_us)
    }

    /// Share of the memory that was in use on average, in percent; none where there is no bound.
    #[must_use]
    pub fn memory_percent(&self) -> Option<f64> {
        percent(self.memory_byte_sum, self.memory_limit_bytes.saturating_mul(self.samples))
    }

    /// Share of the cache that was filled on average, in percent; none where there is no bound.
    #[must_use]
    pub fn cache_percent(&self) -> Option<f64> {
        percent(self.cache_byte_sum, self.cache_limit_bytes.saturating_mul(self.samples))
    }

    /// Memory in use on average, in bytes.
    #[must_use]
    pub fn mean_memory_bytes(&self) -> i64 {
        self.memory_byte_sum.checked_div(self.samples).unwrap_or(0)
    }

    /// Bytes in the cache on average.
    #[must_use]
    pub fn mean_cache_bytes(&self) -> i64 {
        self.cache_byte_sum.checked_div(self.samples).unwrap_or(0)
    }

    /// In the order of [`SUMS`], then of [`LARGEST`].
    fn values(&self) -> [Value; 12] {
        [
            self.samples,
            self.cpu_us,
            self.span_us,
            self.memory_byte_sum,
            self.memory_hits,
            self.shared_hits,
            self.stored,
            self.cache_faults,
            self.cache_byte_sum,
            self.max_memory_bytes,
            self.memory_limit_bytes,
            self.cache_limit_bytes,
        ]
        .map(Value::from)
    }

    fn read(row: &Row, from: usize) -> Result<Self> {
        Ok(Self {
            samples: row.int(from)?,
            cpu_us: row.int(from + 1)?,
            span_us: row.int(from + 2)?,
            memory_byte_sum: row.int(from + 3)?,
            memory_hits: row.int(from + 4)?,
            shared_hits: row.int(from + 5)?,
            stored: row.int(from + 6)?,
            cache_faults: row.int(from + 7)?,
            cache_byte_sum: row.int(from + 8)?,
            max_memory_bytes: row.int(from + 9)?,
            memory_limit_bytes: row.int(from + 10)?,
            cache_limit_bytes: row.int(from + 11)?,
        })
    }
}

fn percent(part: i64, whole: i64) -> Option<f64> {
    // Exact enough: these are far below 2⁵³ but for sums over years.
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// Numbers of one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostBucket {
    /// The host's name.
    pub host: String,
    /// The worker's number, or [`MACHINE`].
    pub worker: i64,
    /// The bucket's start.
    pub from_ms: i64,
    /// Its end, exclusive.
    pub to_ms: i64,
    /// What was used in it.
    pub numbers: HostNumbers,
}

/// Adds numbers to what is there.
pub(super) fn add(sql: &dyn Sql, bucket: &HostBucket) -> Result<()> {
    let mut given = bucket.numbers.values().to_vec();
    given.extend([bucket.from_ms.into(), bucket.to_ms.into(), bucket.worker.into()]);
    given.push(bucket.host.as_str().into());
    let sums = SUMS.iter().enumerate().map(|(at, name)| {
        let parameter = at + 1;
        format!("{name} = host_stats.{name} + ${parameter}")
    });
    let largest = LARGEST.iter().enumerate().map(|(at, name)| {
        let parameter = SUMS.len() + at + 1;
        format!("{name} = {{greatest}}(host_stats.{name}, ${parameter})")
    });
    let sets: Vec<String> = sums.chain(largest).collect();
    let statement = format!(
        "INSERT INTO host_stats ({}, {}, from_ms, to_ms, worker, host) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT (host, worker, from_ms) DO UPDATE \
         SET {}, to_ms = {{greatest}}(host_stats.to_ms, $14)",
        SUMS.join(", "),
        LARGEST.join(", "),
        sets.join(", ")
    );
    sql.execute(&statement, &given).map(|_| ())
}

/// A part of the buckets that start in `[from_ms, to_ms)`, of one host or (blank) of all: by time, host
/// and worker, the machine first; and how many there are.
///
/// # Errors
/// See [`super::Error`].
pub fn buckets(
    sql: &dyn Sql,
    host: &str,
    (from_ms, to_ms): (i64, i64),
    (start, limit): (i64, i64),
) -> Result<(Vec<HostBucket>, i64)> {
    const SPAN: &str =
        "FROM host_stats WHERE from_ms >= $1 AND from_ms < $2 AND (host = $3 OR $3 = '')";
    let statement = format!(
        "SELECT host, worker, from_ms, to_ms, {}, {} {SPAN} \
         ORDER BY from_ms, host, worker LIMIT $5 OFFSET $4",
        SUMS.join(", "),
        LARGEST.join(", ")
    );
    let rows = sql.query(&statement, values![from_ms, to_ms, host, start, limit])?;
    let total = sql.query_one(&format!("SELECT COUNT(*) {SPAN}"), values![from_ms, to_ms, host])?;
    let read = |row: &Row| {
        Ok(HostBucket {
            host: row.text(0)?,
            worker: row.int(1)?,
            from_ms: row.int(2)?,
            to_ms: row.int(3)?,
            numbers: HostNumbers::read(row, 4)?,
        })
    };
    Ok((rows.iter().map(read).collect::<Result<_>>()?, total.int(0)?))
}

/// All buckets that start in `[from_ms, to_ms)` added up, by host and worker, the machine first.
///
/// # Errors
/// See [`super::Error`].
pub fn sums(
    sql: &dyn Sql,
    (from_ms, to_ms): (i64, i64),
) -> Result<Vec<(String, i64, HostNumbers)>> {
    let sums = SUMS.map(|name| format!("CAST(SUM({name}) AS BIGINT)"));
    let largest = LARGEST.map(|name| format!("MAX({name})"));
    let statement = format!(
        "SELECT host, worker, {}, {} FROM host_stats WHERE from_ms >= $1 AND from_ms < $2 \
         GROUP BY host, worker ORDER BY host, worker",
        sums.join(", "),
        largest.join(", ")
    );
    let rows = sql.query(&statement, values![from_ms, to_ms])?;
    let read = |row: &Row| Ok((row.text(0)?, row.int(1)?, HostNumbers::read(row, 2)?));
    rows.iter().map(read).collect()
}

/// Deletes the buckets that ended before a time; gives back how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge(sql: &dyn Sql, before_ms: i64) -> Result<u64> {
    sql.execute("DELETE FROM host_stats WHERE to_ms <= $1", values![before_ms])
}
