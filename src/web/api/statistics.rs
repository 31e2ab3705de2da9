//! What was counted, for reports.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::csv;
use super::endpoint::{Access, Endpoint, Field, Kind, gives_table, optional};
use super::library::image_of;
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::time::Moment;
use crate::auth::{Level, SystemPermission};
use crate::db::host_stats::{self, HostBucket, MACHINE};
use crate::db::now_ms;
use crate::db::stats::{self, Bucket, Load, Numbers, Rank};
use crate::web::Error;

const REPORTS: Access = Access::System(SystemPermission::Reports, "");

const DAY_MS: i64 = 24 * 3600 * 1000;

const FROM: Field =
    optional("from", Kind::Time, "Start of the period. Default: one day before `to`.");
const TO: Field = optional("to", Kind::Time, "End of the period. Default: now.");
const FORMAT: Field = optional(
    "format",
    Kind::Choice(&["json", "csv"]),
    "The usual JSON, or a CSV file for spreadsheets. Without `limit`, the file has everything, up \
     to 100,000 lines.",
);

/// The most lines of a table.
const LINES: i64 = 100_000;

/// The columns that come first in tables, as far as they are there.
const COLUMNS: [&str; 16] = [
    "from_time",
    "to_time",
    "host",
    "worker",
    "image_id",
    "src",
    "requests",
    "views",
    "cached_views",
    "downloads",
    "total_bytes",
    "request_seconds",
    "max_request_seconds",
    "cpu_percent",
    "memory_percent",
    "cache_percent",
];

/// The ranks and their names, the usual one first.
const RANKS: [(&str, Rank); 6] = [
    ("requests", Rank::Requests),
    ("views", Rank::Views),
    ("downloads", Rank::Downloads),
    ("bytes", Rank::Bytes),
    ("time", Rank::Time),
    ("slowest", Rank::Slowest),
];

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/statistics/system",
        title: "Get overall statistics over time",
        access: REPORTS,
        fields: &[FROM, TO, START, LIMIT, FORMAT],
        gives: gives_table::<Vec<SystemShape>>(),
        failures: &[],
        handler: system,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/statistics/hosts",
        title: "Get host and worker statistics over time",
        access: REPORTS,
        fields: &[
            FROM,
            TO,
            optional("host", Kind::Line(255), "The name of one host. Default: all hosts."),
            START,
            LIMIT,
            FORMAT,
        ],
        gives: gives_table::<Vec<HostShape>>(),
        failures: &[],
        handler: hosts,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/statistics/images",
        title: "List the top images",
        access: REPORTS,
        fields: &[
            FROM,
            TO,
            optional(
                "sort",
                Kind::Choice(&["requests", "views", "downloads", "bytes", "time", "slowest"]),
                "What to rank by, highest first. Default: requests. `time` is the total time of \
                 all requests, `slowest` the time of the longest one.",
            ),
            START,
            LIMIT,
            FORMAT,
        ],
        gives: gives_table::<Vec<ImageSumShape>>(),
        failures: &[],
        handler: images,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/statistics/images/{image_id}",
        title: "Get an image's statistics over time",
        access: Access::System(
            SystemPermission::Reports,
            "Also needs view permission for the image's folder.",
        ),
        fields: &[FROM, TO, START, LIMIT, FORMAT],
        gives: gives_table::<Vec<BucketShape>>(),
        failures: &[],
        handler: image,
    },
];

/// What was counted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Numbers")]
struct NumbersShape {
    requests: i64,
    /// Images sent.
    views: i64,
    /// Images sent from a cache.
    cached_views: i64,
    /// Originals sent.
    downloads: i64,
    total_bytes: i64,
    /// Total time of all requests.
    request_seconds: f64,
    /// Time of the longest request.
    max_request_seconds: f64,
}

impl From<&Numbers> for NumbersShape {
    fn from(numbers: &Numbers) -> Self {
        Self {
            requests: numbers.requests,
            views: numbers.views,
            cached_views: numbers.cached_views,
            downloads: numbers.downloads,
            total_bytes: numbers.total_bytes,
            request_seconds: seconds(numbers.request_us),
            max_request_seconds: seconds(numbers.max_request_us),
        }
    }
}

/// Exact up to 285 years of microseconds.
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// Counts for a time interval.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StatisticsBucket")]
struct BucketShape {
    from_time: Moment,
    to_time: Moment,
    #[serde(flatten)]
    numbers: NumbersShape,
}

impl From<&Bucket> for BucketShape {
    fn from(bucket: &Bucket) -> Self {
        Self {
            from_time: Moment(bucket.from_ms),
            to_time: Moment(bucket.to_ms),
            numbers: NumbersShape::from(&bucket.numbers),
        }
    }
}

/// Overall counts and host load for a time interval.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SystemStatistics")]
struct SystemShape {
    #[serde(flatten)]
    bucket: BucketShape,
    /// Share of all hosts' processor time that was used; null if not known.
    cpu_percent: Option<f64>,
    /// Share of all hosts' memory that was in use; null if not known.
    memory_percent: Option<f64>,
    /// How full the shared cache was; null if not known.
    cache_percent: Option<f64>,
}

impl From<&(Bucket, Load)> for SystemShape {
    fn from((bucket, load): &(Bucket, Load)) -> Self {
        Self {
            bucket: bucket.into(),
            cpu_percent: load.cpu_percent,
            memory_percent: load.memory_percent,
            cache_percent: load.cache_percent,
        }
    }
}

/// Resources used by a host or one of its workers in a time interval.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HostStatistics")]
struct HostShape {
    from_time: Moment,
    to_time: Moment,
    host: String,
    /// The worker's number; null for the host as a whole.
    worker: Option<i64>,
    /// Processor time used.
    cpu_seconds: f64,
    /// Share of the available processor time; for a worker, of one core.
    cpu_percent: Option<f64>,
    /// Average memory in use.
    memory_bytes: i64,
    max_memory_bytes: i64,
    /// The host's memory; 0 for a worker.
    memory_limit_bytes: i64,
    /// Lookups answered from the worker's own memory.
    memory_hits: i64,
    /// Lookups answered from the shared cache.
    shared_hits: i64,
    /// Images stored.
    stored: i64,
    /// Failed calls to the caches.
    cache_faults: i64,
    /// Average bytes in the cache: for a worker its own memory, for a host the shared cache.
    cache_bytes: i64,
    /// The most bytes that it may hold.
    cache_limit_bytes: i64,
}

impl From<&HostBucket> for HostShape {
    fn from(bucket: &HostBucket) -> Self {
        let numbers = &bucket.numbers;
        Self {
            from_time: Moment(bucket.from_ms),
            to_time: Moment(bucket.to_ms),
            host: bucket.host.clone(),
            worker: Some(bucket.worker).filter(|worker| *worker != MACHINE),
            cpu_seconds: seconds(numbers.cpu_us),
            cpu_percent: numbers.cpu_percent(),
            memory_bytes: numbers.mean_memory_bytes(),
            max_memory_bytes: numbers.max_memory_bytes,
            memory_limit_bytes: numbers.memory_limit_bytes,
            memory_hits: numbers.memory_hits,
            shared_hits: numbers.shared_hits,
            stored: numbers.stored,
            cache_faults: numbers.cache_faults,
            cache_bytes: numbers.mean_cache_bytes(),
            cache_limit_bytes: numbers.cache_limit_bytes,
        }
    }
}

/// Counts for an image.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImageStatistics")]
struct ImageSumShape {
    image_id: i64,
    /// The path; null if the image is no longer known or you may not view it.
    src: Option<String>,
    #[serde(flatten)]
    numbers: NumbersShape,
}

fn span(call: &Call<'_>) -> Result<(i64, i64), Error> {
    let to = call.time_ms("to").unwrap_or_else(now_ms);
    let from = call.time_ms("from").unwrap_or(to - DAY_MS);
    if from > to {
        Err(Error::parameter("from", "must not be after \"to\""))
    } else {
        Ok((from, to))
    }
}

/// A part of a report in the form that was asked for.
fn reply<T, S: Serialize + for<'a> From<&'a T>>(
    call: &Call<'_>,
    name: &str,
    (found, total): (Vec<T>, i64),
) -> Result<Reply, Error> {
    let shapes: Vec<S> = found.iter().map(S::from).collect();
    told(call, name, &shapes, total)
}

fn told(call: &Call<'_>, name: &str, shapes: &impl Serialize, total: i64) -> Result<Reply, Error> {
    let page = page(call);
    if is_table(call) {
        return Ok(page.tell(call, Reply::csv(&csv::table(shapes, &COLUMNS)?, name), total));
    }
    page.reply(call, shapes, total)
}

fn is_table(call: &Call<'_>) -> bool {
    call.opt_text(FORMAT.name) == Some("csv")
}

/// Which items a call asks for. A table is kept as a file, and nobody looks for the rest of it.
fn page(call: &Call<'_>) -> Page {
    let page = Page::of(call);
    let whole = is_table(call) && call.opt_int(LIMIT.name).is_none();
    if whole { Page { limit: LINES, ..page } } else { page }
}

fn part(call: &Call<'_>) -> (i64, i64) {
    let page = page(call);
    (page.start, page.limit)
}

/// `GET /admin/statistics/system`
fn system(call: &Call<'_>) -> Result<Reply, Error> {
    let found = stats::system_buckets(call.db(), span(call)?, part(call))?;
    reply::<_, SystemShape>(call, "system.csv", found)
}

/// `GET /admin/statistics/hosts`
fn hosts(call: &Call<'_>) -> Result<Reply, Error> {
    let found = host_stats::buckets(call.db(), call.text("host"), span(call)?, part(call))?;
    reply::<_, HostShape>(call, "hosts.csv", found)
}

/// `GET /admin/statistics/images/{image_id}`
fn image(call: &Call<'_>) -> Result<Reply, Error> {
    let id = image_of(call, Level::View)?.id;
    let found = stats::image_buckets(call.db(), id, span(call)?, part(call))?;
    reply::<_, BucketShape>(call, "image.csv", found)
}

/// `GET /admin/statistics/images`
fn images(call: &Call<'_>) -> Result<Reply, Error> {
    let rights = call.rights()?;
    let seen = |path: &String| {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        rights.level(&call.identity, folder) >= Level::View
    };
    let sort = call.opt_text("sort").unwrap_or(RANKS[0].0);
    let rank = RANKS.iter().find(|(name, _)| *name == sort).map_or(RANKS[0].1, |(_, rank)| *rank);
    let (sums, total) = stats::ranked(call.db(), span(call)?, rank, part(call))?;
    let shapes: Vec<ImageSumShape> = sums
        .into_iter()
        .map(|(image_id, path, numbers)| ImageSumShape {
            image_id,
            src: path.filter(seen),
            numbers: NumbersShape::from(&numbers),
        })
        .collect();
    told(call, "images.csv", &shapes, total)
}
