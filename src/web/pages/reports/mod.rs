//! Reports: what was asked for, how much was sent, how long it took.
//!
//! Each page shows its numbers as a table, which scripts draw charts of.

mod image;
mod period;
mod ranked;
mod system;

pub use image::image;
pub use ranked::ranked;
pub use system::system;

use http::StatusCode;

use self::period::{Choice, Fault, Period};
use super::frame::Frame;
use crate::auth::{Identity, SystemPermission};
use crate::db::now_ms;
use crate::db::stats::{Bucket, Load, Numbers};
use crate::http::Request;
use crate::web::{App, Error, who};

/// Lets somebody in who may see reports: 401 for nobody known, 403 for others.
fn enter(app: &App, request: &Request) -> Result<(Identity, Frame), Error> {
    let identity = who::identify(app, request)?;
    super::frame::require_user(&identity)?;
    who::require_system(app, &identity, SystemPermission::Reports)?;
    let f = Frame::of(app, request, &identity);
    Ok((identity, f))
}

/// What every report begins with: its stretch of time, what was counted in all of it, the same as a file.
struct Head {
    choices: Vec<Choice>,
    /// What the addresses of the choices begin with.
    base: String,
    /// Its ends as fields hold them, in UTC.
    from: String,
    to: String,
    /// What is wrong with the ends that were typed; blank for nothing.
    fault: String,
    csv: String,
    figures: Vec<Figure>,
    /// Whether it reaches to what may not be counted yet.
    reaches_now: bool,
}

impl Head {
    /// `csv` is the address of the numbers below `/api/v1/admin/statistics`, up to the stretch of time.
    fn of(f: &Frame, period: &Period, base: String, csv: &str, sum: &Numbers) -> Self {
        let (from, to) = period.fields();
        Self {
            choices: period.choices(),
            base,
            from,
            to,
            fault: String::new(),
            csv: format!("/api/v1/admin/statistics/{csv}{}&format=csv", period.ends()),
            figures: figures(f, sum),
            reaches_now: period.reaches(now_ms()),
        }
    }

    /// With what was typed and cannot be shown.
    fn with(mut self, f: &Frame, fault: Option<Fault>) -> Self {
        if let Some(Fault { error, from, to }) = fault {
            (self.fault, self.from, self.to) = (error.in_words(f.texts()), from, to);
        }
        self
    }

    fn status(&self) -> StatusCode {
        if self.fault.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
    }
}

/// Numbers over time, of which scripts draw charts.
struct Table {
    step_s: i64,
    lines: Vec<Line>,
    /// Whether it tells how busy the machines were.
    has_load: bool,
}

/// What is shown for a number that there is not.
const NONE: &str = "–";

/// A number of a table: as it is read, and as a script reads it.
struct Cell {
    shown: String,
    /// Blank when it is not known.
    value: String,
}

impl Cell {
    fn count(f: &Frame, number: i64) -> Self {
        Self { shown: f.number(number), value: number.to_string() }
    }

    fn bytes(f: &Frame, bytes: i64) -> Self {
        Self { shown: f.bytes(bytes), value: bytes.to_string() }
    }

    fn memory(f: &Frame, bytes: i64) -> Self {
        Self { shown: f.memory(bytes), value: bytes.to_string() }
    }

    /// Of microseconds that requests took.
    fn time(numbers: &Numbers, us: i64) -> Self {
        Self { shown: time_of(numbers, us), value: (us / 1000).to_string() }
    }

    fn percent(f: &Frame, percent: Option<f64>) -> Self {
        match percent {
            Some(percent) => Self { shown: f.percent(percent), value: format!("{percent:.2}") },
            None => Self { shown: NONE.to_owned(), value: String::new() },
        }
    }
}

/// What requests took, as it is read; nothing where there were none.
fn time_of(numbers: &Numbers, us: i64) -> String {
    if numbers.requests == 0 { NONE.to_owned() } else { time(us) }
}

/// Microseconds as they are read: below a second in milliseconds.
fn time(us: i64) -> String {
    match us {
        ..1_000 => format!("{us}\u{a0}µs"),
        1_000..1_000_000 => format!("{}\u{a0}ms", us / 1000),
        _ => format!("{:.1}\u{a0}s", us as f64 / 1e6),
    }
}

/// What one request took on average, in microseconds.
fn mean_us(numbers: &Numbers) -> i64 {
    numbers.request_us.checked_div(numbers.requests).unwrap_or(0)
}

/// Share of the pictures that came from a cache, in percent.
fn cached_percent(numbers: &Numbers) -> Option<f64> {
    (numbers.views > 0).then(|| numbers.cached_views as f64 * 100.0 / numbers.views as f64)
}

/// A stretch of time in a table.
struct Line {
    when: askama::filters::Safe<String>,
    /// How long it is.
    length_s: i64,
    cells: Vec<Cell>,
}

/// The numbers of a stretch of time, in the order of the columns of `reports/over_time.html`.
fn line(f: &Frame, bucket: &Bucket, load: Option<&Load>) -> Line {
    let numbers = &bucket.numbers;
    let mut cells = vec![
        Cell::count(f, numbers.requests),
        Cell::count(f, numbers.views),
        Cell::count(f, numbers.cached_views),
        Cell::count(f, numbers.downloads),
        Cell::bytes(f, numbers.total_bytes),
        Cell::time(numbers, mean_us(numbers)),
        Cell::time(numbers, numbers.max_request_us),
    ];
    if let Some(load) = load {
        let percents = [load.cpu_percent, load.memory_percent, load.cache_percent];
        cells.extend(percents.map(|percent| Cell::percent(f, percent)));
    }
    let length_s = (bucket.to_ms - bucket.from_ms) / 1000;
    Line { when: f.moment(bucket.from_ms), length_s, cells }
}

/// A number above a report.
struct Figure {
    key: &'static str,
    value: String,
}

/// The sums above a report.
fn figures(f: &Frame, sum: &Numbers) -> Vec<Figure> {
    vec![
        Figure { key: "report-requests", value: f.number(sum.requests) },
        Figure { key: "report-views", value: f.number(sum.views) },
        Figure { key: "report-cached", value: Cell::percent(f, cached_percent(sum)).shown },
        Figure { key: "report-downloads", value: f.number(sum.downloads) },
        Figure { key: "report-bytes", value: f.bytes(sum.total_bytes) },
        Figure { key: "report-mean", value: time_of(sum, mean_us(sum)) },
        Figure { key: "report-longest", value: time_of(sum, sum.max_request_us) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        for (us, shown) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1 ms"),
            (999_999, "999 ms"),
            (1_500_000, "1.5 s"),
        ] {
            assert_eq!(time(us).replace('\u{a0}', " "), shown);
        }
    }

    #[test]
    fn nothing_counted_is_no_share_of_anything() {
        let numbers = Numbers {
            views: 8,
            cached_views: 6,
            requests: 4,
            request_us: 10,
            ..Numbers::default()
        };
        assert_eq!(cached_percent(&numbers), Some(75.0));
        assert_eq!(mean_us(&numbers), 2);
        assert_eq!(cached_percent(&Numbers::default()), None);
        assert_eq!(mean_us(&Numbers::default()), 0);
        assert_eq!(time_of(&Numbers::default(), 0), "–");
        assert_eq!(time_of(&numbers, 0).replace('\u{a0}', " "), "0 µs");
    }
}
