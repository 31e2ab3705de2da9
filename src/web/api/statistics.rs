//! What was counted, for reports.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Field, Kind, gives, optional};
use super::library::image_of;
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::time::Moment;
use crate::auth::{Level, SystemPermission};
use crate::db::now_ms;
use crate::db::stats::{self, Bucket, Numbers};
use crate::web::Error;

const REPORTS: Access = Access::System(SystemPermission::Reports, "");

const DAY_MS: i64 = 24 * 3600 * 1000;

const FROM: Field = optional("from", Kind::Time, "From when; a day before `to` if left out.");
const TO: Field = optional("to", Kind::Time, "Until when; now if left out.");

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/statistics/system",
        title: "What was counted for all together, by time",
        access: REPORTS,
        fields: &[FROM, TO, START, LIMIT],
        gives: gives::<Vec<BucketShape>>(),
        failures: &[],
        handler: system,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/statistics/images",
        title: "The images that were asked for most",
        access: REPORTS,
        fields: &[FROM, TO, LIMIT],
        gives: gives::<Vec<ImageSumShape>>(),
        failures: &[],
        handler: images,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/statistics/images/{image_id}",
        title: "What was counted for an image, by time",
        access: Access::System(
            SystemPermission::Reports,
            "Besides, view permission for the image's folder.",
        ),
        fields: &[FROM, TO, START, LIMIT],
        gives: gives::<Vec<BucketShape>>(),
        failures: &[],
        handler: image,
    },
];

/// What was counted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Numbers")]
struct NumbersShape {
    requests: i64,
    /// Pictures sent.
    views: i64,
    /// Those of them that came from a cache.
    cached_views: i64,
    /// Originals sent.
    downloads: i64,
    total_bytes: i64,
    /// Time that the requests took together.
    request_seconds: f64,
    /// Time that the longest one took.
    max_request_seconds: f64,
}

impl From<&Numbers> for NumbersShape {
    fn from(numbers: &Numbers) -> Self {
        // Exact up to 285 years of microseconds.
        let seconds = |micros: i64| micros as f64 / 1e6;
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

/// What was counted in a stretch of time.
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

/// What was counted for an image.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImageStatistics")]
struct ImageSumShape {
    image_id: i64,
    /// The path; null for an image that is no longer known, or that the caller may not see.
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

fn buckets(call: &Call<'_>, image_id: Option<i64>) -> Result<Reply, Error> {
    let page = Page::of(call);
    let (found, total) =
        stats::buckets(call.db(), image_id, span(call)?, (page.start, page.limit))?;
    let shapes: Vec<BucketShape> = found.iter().map(BucketShape::from).collect();
    page.reply(call, &shapes, total)
}

/// `GET /admin/statistics/system`
fn system(call: &Call<'_>) -> Result<Reply, Error> {
    buckets(call, None)
}

/// `GET /admin/statistics/images/{image_id}`
fn image(call: &Call<'_>) -> Result<Reply, Error> {
    let id = image_of(call, Level::View)?.id;
    buckets(call, Some(id))
}

/// `GET /admin/statistics/images`
fn images(call: &Call<'_>) -> Result<Reply, Error> {
    let limit = call.opt_int("limit").unwrap_or(100);
    let rights = call.rights()?;
    let seen = |path: &String| {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        rights.level(&call.identity, folder) >= Level::View
    };
    let sums = stats::busiest(call.db(), span(call)?, limit)?;
    let shapes: Vec<ImageSumShape> = sums
        .into_iter()
        .map(|(image_id, path, numbers)| ImageSumShape {
            image_id,
            src: path.filter(seen),
            numbers: NumbersShape::from(&numbers),
        })
        .collect();
    Reply::ok(&shapes)
}
