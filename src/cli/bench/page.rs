//! The page for people: one file that needs nothing else.

use askama::Template;

use super::chart;
use super::report::{Report, Row, SecondRow, digits};

#[derive(Template)]
#[template(path = "bench.html")]
struct Page<'a> {
    report: &'a Report,
    /// Colours and names of the curves.
    legend: Vec<(&'static str, &'a str)>,
    rows: Vec<[String; 11]>,
    latency: String,
    rates: String,
    longest: String,
}

/// The page.
pub fn html(report: &Report) -> askama::Result<String> {
    let rates = |second: &SecondRow| second.requests as f64;
    let longest = |second: &SecondRow| second.longest_ms;
    let named = report.kinds.iter().enumerate();
    Page {
        report,
        legend: named.map(|(index, row)| (chart::colour(index), row.kind.as_str())).collect(),
        rows: report.kinds.iter().chain([&report.all]).map(cells).collect(),
        latency: chart::latency(&report.kinds),
        rates: chart::seconds("requests that ended in each second", "/s", &report.seconds, rates),
        longest: chart::seconds("the slowest of each second", " ms", &report.seconds, longest),
    }
    .render()
}

fn cells(row: &Row) -> [String; 11] {
    let time = &row.latency_ms;
    [
        row.kind.clone(),
        row.requests.to_string(),
        row.errors.to_string(),
        digits(time.p50),
        digits(time.p90),
        digits(time.p99),
        digits(time.p999),
        digits(time.max),
        digits(row.bytes as f64 / 1e6),
        row.cached(),
        row.edge_shares(),
    ]
}
