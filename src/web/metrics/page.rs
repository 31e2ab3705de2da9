//! `/metrics`: the figures of all workers of the host, in the text format of Prometheus (version 0.0.4).

use std::fmt::{Display, Write as _};

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::table::{
    BUCKETS_MS, CLASSES, Cause, Histogram, Kind, MAKING, Verdict, WAITING, micros, pictures,
    refusals, requests,
};
use crate::http::{Body, Progress, Request, Response, Stage};
use crate::process::{Snapshot, WorkerState};
use crate::web::{App, Error, client};

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`
pub fn metrics(app: &App, request: &Request, progress: &dyn Progress) -> Result<Response, Error> {
    progress.enter(Stage::Other);
    let from = client::address(app, request);
    if !from.is_some_and(|from| app.metrics_from.iter().any(|network| network.contains(from))) {
        return Err(Error::refused("Metrics are not for this address (see metrics_from)."));
    }
    let text = text(&app.meters.row().board().snapshot());
    Ok(Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, HeaderValue::from_static(TEXT_FORMAT))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .body(Body::Bytes(text.into())))
}

/// What has been counted, by name, for whoever shows a snapshot otherwise.
#[must_use]
pub fn summary(snapshot: &Snapshot) -> Value {
    let count = |which: usize| snapshot.counts.get(which).copied().unwrap_or(0);
    let requests: serde_json::Map<String, Value> = Kind::ALL
        .map(|(kind, name)| {
            let classes = (0..CLASSES.len())
                .map(|class| (CLASSES[class].to_owned(), count(requests(kind, class)).into()))
                .collect::<serde_json::Map<_, _>>();
            (name.to_owned(), classes.into())
        })
        .into_iter()
        .collect();
    let named = |pairs: Vec<(&str, usize)>| {
        let pairs = pairs.into_iter().map(|(name, which)| (name.to_owned(), count(which).into()));
        Value::Object(pairs.collect())
    };
    json!({
        "requests": requests,
        "pictures": named(Verdict::ALL.map(|(verdict, name)| (name, pictures(verdict))).into()),
        "refusals": named(Cause::ALL.map(|(cause, name)| (name, refusals(cause))).into()),
    })
}

fn text(snapshot: &Snapshot) -> String {
    let mut page = Page { text: String::with_capacity(8 << 10), snapshot };
    page.of_requests();
    page.of_pictures();
    page.of_the_pool();
    page.text
}

struct Page<'a> {
    text: String,
    snapshot: &'a Snapshot,
}

impl Page<'_> {
    fn of_requests(&mut self) {
        self.head("requests_total", "counter", "Requests answered, by kind and class of status.");
        for (kind, name) in Kind::ALL {
            for (class, status) in CLASSES.iter().enumerate() {
                let value = self.count(requests(kind, class));
                self.line("requests_total", &format!("kind=\"{name}\",status=\"{status}\""), value);
            }
        }
        self.head("request_seconds_total", "counter", "Time in the application, by kind.");
        for (kind, name) in Kind::ALL {
            let seconds = self.count(micros(kind)) as f64 / 1e6;
            self.line("request_seconds_total", &format!("kind=\"{name}\""), seconds);
        }
        self.head("refusals_total", "counter", "Requests refused, by cause.");
        for (cause, name) in Cause::ALL {
            self.line("refusals_total", &format!("cause=\"{name}\""), self.count(refusals(cause)));
        }
        self.line("refusals_total", "cause=\"queue\"", self.snapshot.overloads);
        self.one("panics_total", "counter", "Requests that panicked.", self.snapshot.panics);
    }

    fn of_pictures(&mut self) {
        self.head("pictures_total", "counter", "Pictures sent, by where they came from.");
        for (verdict, name) in Verdict::ALL {
            self.line("pictures_total", &format!("from=\"{name}\""), self.count(pictures(verdict)));
        }
        self.histogram("picture_make_seconds", "Time to make a picture, in its slot.", &MAKING);
        self.histogram("picture_wait_seconds", "Time that pictures waited for a slot.", &WAITING);
        let snapshot = self.snapshot;
        self.one("slots", "gauge", "Pictures that this host makes at once.", snapshot.slots());
        let used = snapshot.sum(|worker| worker.slots_used);
        self.one("slots_used", "gauge", "Pictures that are being made.", used);
        let unmade = snapshot.sum(|worker| worker.unmade);
        self.one("pictures_unmade", "gauge", "Pictures being made or waiting to be.", unmade);
        let held = snapshot.held_pixels();
        self.one("held_pixels", "gauge", "Pixels that pictures being made take.", held);
    }

    fn of_the_pool(&mut self) {
        let snapshot = self.snapshot;
        let queued = snapshot.sum(|worker| worker.queued);
        self.one("queued_requests", "gauge", "Requests that wait for a thread.", queued);
        let connections = snapshot.sum(|worker| worker.connections);
        self.one("connections", "gauge", "Connections held.", connections);
        self.threads();
        self.head("workers", "gauge", "Worker processes, by what they are at.");
        for (state, name) in [
            (WorkerState::Starting, "starting"),
            (WorkerState::Ready, "ready"),
            (WorkerState::Draining, "draining"),
        ] {
            let workers = snapshot.workers.iter().filter(|worker| worker.state == state).count();
            self.line("workers", &format!("state=\"{name}\""), workers);
        }
        self.head("worker_memory_bytes", "gauge", "Resident memory of each worker.");
        for worker in &snapshot.workers {
            let labels = format!("worker=\"{}\"", worker.index);
            self.line("worker_memory_bytes", &labels, worker.memory_bytes);
        }
        let respawns = snapshot.respawns;
        self.one(
            "worker_respawns_total",
            "counter",
            "Workers that died and were replaced.",
            respawns,
        );
        let kills = snapshot.kills;
        self.one("worker_kills_total", "counter", "Workers that had to be killed.", kills);
        let started = snapshot.started_unix_s;
        self.one("start_time_seconds", "gauge", "When the pool was started, since 1970.", started);
        self.head("info", "gauge", "The program.");
        self.line("info", &format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), 1);
    }

    fn threads(&mut self) {
        let (mut all, mut busy) = ([0, 0], [0, 0]);
        for worker in &self.snapshot.workers {
            let requesters = worker.threads.len().saturating_sub(worker.makers as usize);
            for (number, thread) in worker.threads.iter().enumerate() {
                let duty = usize::from(number >= requesters);
                all[duty] += 1;
                busy[duty] += usize::from(thread.stage != "idle");
            }
        }
        for (name, help, values) in [
            ("threads", "Threads, by what they are for.", all),
            ("threads_busy", "Threads that are at work.", busy),
        ] {
            self.head(name, "gauge", help);
            self.line(name, "duty=\"requests\"", values[0]);
            self.line(name, "duty=\"making\"", values[1]);
        }
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let ends = BUCKETS_MS.iter().map(|ms| (*ms as f64 / 1e3).to_string());
        let mut sum = 0;
        for (which, end) in histogram.buckets().zip(ends.chain(["+Inf".to_owned()])) {
            sum += self.count(which);
            self.line(&format!("{name}_bucket"), &format!("le=\"{end}\""), sum);
        }
        let seconds = self.count(histogram.sum_micros()) as f64 / 1e6;
        self.line(&format!("{name}_sum"), "", seconds);
        self.line(&format!("{name}_count"), "", sum);
    }

    fn count(&self, which: usize) -> u64 {
        self.snapshot.counts.get(which).copied().unwrap_or(0)
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.line(name, "", value);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a text cannot fail.
        let _ = write!(self.text, "# HELP halftone_{name} {help}\n# TYPE halftone_{name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.text, "halftone_{name} {value}"),
            labels => writeln!(self.text, "halftone_{name}{{{labels}}} {value}"),
        };
    }
}
