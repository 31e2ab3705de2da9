//! What a load has seen, as it is told: the shape of the JSON, and the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Options, Subject};
use crate::load::{OfKind, Tally, VERDICTS};

/// Parts of all requests whose times are told, and their names.
const PARTS: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// What a load has seen.
#[derive(Debug, Serialize)]
pub struct Report {
    pub url: String,
    /// `closed` or `open`.
    #[serde(rename = "loop")]
    pub pace: &'static str,
    pub clients: u32,
    pub threads: u8,
    pub asked_rate_per_s: Option<f64>,
    pub repeated_percent: Option<f64>,
    pub elapsed_s: f64,
    pub rate_per_s: f64,
    /// The part of one core that the load generator took.
    pub client_cpu: f64,
    /// Kept connections that the server had closed.
    pub reopened: u64,
    pub all: Row,
    pub kinds: Vec<Row>,
    pub seconds: Vec<SecondRow>,
}

/// Requests of one kind.
#[derive(Debug, Serialize)]
pub struct Row {
    pub kind: String,
    pub requests: u64,
    pub errors: u64,
    pub statuses: BTreeMap<u16, u64>,
    pub failures: BTreeMap<&'static str, u64>,
    pub bytes: u64,
    pub latency_ms: Latency,
    /// Answers by what the front server says of its cache.
    pub edge: BTreeMap<&'static str, u64>,
    /// Answers that came from a cache and those that did not, by the program's word.
    pub from_cache: [u64; 2],
    /// The part of the requests, and the milliseconds within which they ended.
    pub curve: Vec<(f64, f64)>,
}

/// Milliseconds within which such a part of the requests ended.
#[derive(Debug, Serialize)]
pub struct Latency {
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    #[serde(rename = "p99.9")]
    pub p999: f64,
    pub max: f64,
}

/// What ended within one second.
#[derive(Debug, Serialize)]
pub struct SecondRow {
    pub requests: u64,
    pub errors: u64,
    pub longest_ms: f64,
}

impl Report {
    pub fn new(options: &Options, subject: &Subject, tally: &Tally) -> Self {
        let names = subject.asks.kinds();
        let kinds = names.iter().zip(&tally.kinds).filter(|(_, kind)| kind.requests() > 0);
        Self {
            url: options.url.to_string(),
            pace: if options.rate.is_some() { "open" } else { "closed" },
            clients: options.clients,
            threads: options.threads,
            asked_rate_per_s: options.rate,
            repeated_percent: subject.cached_percent,
            elapsed_s: tally.elapsed.as_secs_f64(),
            rate_per_s: tally.rate(),
            client_cpu: tally.client_share(),
            reopened: tally.reopened,
            all: Row::new("all", &tally.all()),
            kinds: kinds.map(|(name, kind)| Row::new(name, kind)).collect(),
            seconds: tally
                .seconds
                .iter()
                .map(|second| SecondRow {
                    requests: second.requests,
                    errors: second.errors,
                    longest_ms: second.longest_us as f64 / 1e3,
                })
                .collect(),
        }
    }

    /// One line on what was done.
    pub fn head(&self) -> String {
        let how = match self.asked_rate_per_s {
            Some(rate) => {
                format!("open loop, {rate} requests/s on at most {} connections", self.clients)
            }
            None => format!("closed loop, {} clients", self.clients),
        };
        let repeated = match self.repeated_percent {
            Some(percent) => format!(", {percent} % asked for before"),
            None => String::new(),
        };
        format!("{}: {how}{repeated}, {:.1} s", self.url, self.elapsed_s)
    }

    /// What came of it, in one line.
    pub fn sum(&self) -> String {
        format!(
            "{} requests, {:.1}/s, {} errors, {:.1} MB; the load itself took {:.2} of a core",
            self.all.requests,
            self.rate_per_s,
            self.all.errors,
            self.all.bytes as f64 / 1e6,
            self.client_cpu
        )
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut text = format!("{}\n{}\n", self.head(), self.sum());
        if let Some(rate) = self.asked_rate_per_s
            && self.rate_per_s < 0.95 * rate
        {
            let _ = writeln!(text, "the rate that was asked for was not reached");
        }
        if self.client_cpu > 0.9 * f64::from(self.threads) {
            let _ = writeln!(text, "the load generator is the bottleneck: more --threads");
        }
        let _ = writeln!(
            text,
            "\n{:10}{:>10}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>8}  front server",
            "kind", "requests", "errors", "p50 ms", "p90", "p99", "p99.9", "max", "MB", "cached"
        );
        for row in self.kinds.iter().chain([&self.all]) {
            let time = &row.latency_ms;
            let _ = write!(text, "{:10}{:>10}{:>8}", row.kind, row.requests, row.errors);
            for ms in [time.p50, time.p90, time.p99, time.p999, time.max] {
                let _ = write!(text, "{:>9}", digits(ms));
            }
            let _ = writeln!(
                text,
                "{:>9.1}{:>8}  {}",
                row.bytes as f64 / 1e6,
                row.cached(),
                row.edge_shares()
            );
        }
        if self.all.errors > 0 {
            let _ = writeln!(text, "\nerrors: {}", told(&self.all.statuses, &self.all.failures));
        }
        text
    }
}

impl Row {
    fn new(kind: &str, of: &OfKind) -> Self {
        let [p50, p90, p99, p999] = PARTS.map(|(_, part)| of.within_ms(part));
        let mean = of.latency_us.mean() / 1e3;
        let verdicts = VERDICTS.iter().copied().zip(of.verdicts);
        Self {
            kind: kind.to_owned(),
            requests: of.requests(),
            errors: of.errors(),
            statuses: of.statuses.clone(),
            failures: of.failures.clone(),
            bytes: of.bytes,
            latency_ms: Latency { mean, p50, p90, p99, p999, max: of.longest_ms() },
            edge: verdicts.filter(|(_, count)| *count > 0).collect(),
            from_cache: of.from_cache,
            curve: curve(of),
        }
    }

    /// The part of the answers that came from a cache, in a hundred.
    pub fn cached(&self) -> String {
        let [cached, made] = self.from_cache;
        if cached + made == 0 {
            return "–".into();
        }
        format!("{:.1} %", 100.0 * cached as f64 / (cached + made) as f64)
    }

    /// What the front server says of its cache, in hundreds of all answers.
    pub fn edge_shares(&self) -> String {
        let all: u64 = self.edge.values().sum();
        let said = self.edge.iter().filter(|(name, _)| **name != "none");
        let said =
            said.map(|(name, count)| format!("{name} {:.1} %", 100.0 * *count as f64 / all as f64));
        said.collect::<Vec<_>>().join(", ")
    }
}

/// Points of the curve, each halving what is left, up to the last request.
fn curve(of: &OfKind) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    let mut left = 1.0;
    while left * of.requests() as f64 >= 0.5 {
        points.push((1.0 - left, of.within_ms(1.0 - left)));
        left /= 2f64.sqrt();
    }
    points
}

/// What went wrong how often.
pub fn errors(of: &OfKind) -> String {
    told(&of.statuses, &of.failures)
}

fn told(statuses: &BTreeMap<u16, u64>, failures: &BTreeMap<&'static str, u64>) -> String {
    let refused = statuses.iter().filter(|(status, _)| **status >= 400);
    let refused = refused.map(|(status, count)| format!("status {status}: {count}"));
    let failed = failures.iter().map(|(name, count)| format!("{name}: {count}"));
    refused.chain(failed).collect::<Vec<_>>().join(", ")
}

/// Three digits that count.
pub fn digits(ms: f64) -> String {
    match ms {
        _ if ms < 10.0 => format!("{ms:.2}"),
        _ if ms < 100.0 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}
