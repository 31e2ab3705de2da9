//! What every worker and thread of this host is doing, for administrators.

use askama::Template;
use askama::filters::Safe;
use http::{HeaderValue, StatusCode, header};

use super::admin::{self, Desk, Section};
use super::frame::Frame;
use super::respond::html;
use crate::auth::SystemPermission;
use crate::http::{Progress, Request, Response, Stage};
use crate::process::{Snapshot, WorkerState};
use crate::web::metrics;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "status.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    started: Safe<String>,
    requests: u64,
    overloads: u64,
    respawns: u64,
    panics: u64,
    kills: u64,
    slots_used: u64,
    slots: u64,
    unmade: u64,
    queued: u64,
    megapixels: u64,
    counts: Vec<(String, u64)>,
    workers: Vec<Worker>,
    threads: Vec<Thread>,
}

struct Worker {
    pid: u64,
    state_key: &'static str,
    /// How long it has been there, in words.
    up: String,
    requests: u64,
    connections: u64,
    busy: usize,
    threads: usize,
    queued: u64,
    unmade: u64,
    megabytes: u64,
}

struct Thread {
    pid: u64,
    number: usize,
    stage: &'static str,
    busy_ms: u64,
    left_ms: i64,
    url: String,
}

/// `GET /status`
pub fn status(app: &App, request: &Request, progress: &dyn Progress) -> Result<Response, Error> {
    progress.enter(Stage::Other);
    let Desk { f, sections, .. } = admin::enter(app, request, SystemPermission::AdminAll)?;
    let snapshot = app.meters.row().board().snapshot();
    let page = page(&snapshot, f, sections);
    let no_store = HeaderValue::from_static("no-store");
    Ok(html(StatusCode::OK, &page).header(header::CACHE_CONTROL, no_store))
}

fn page(snapshot: &Snapshot, f: Frame, sections: Vec<Section>) -> Page {
    let started_s = i64::try_from(snapshot.started_unix_s).unwrap_or(0);
    Page {
        started: f.moment(started_s.saturating_mul(1000)),
        f,
        sections,
        requests: snapshot.requests,
        overloads: snapshot.overloads,
        respawns: snapshot.respawns,
        panics: snapshot.panics,
        kills: snapshot.kills,
        slots_used: snapshot.sum(|worker| worker.slots_used),
        slots: snapshot.slots(),
        unmade: snapshot.sum(|worker| worker.unmade),
        queued: snapshot.sum(|worker| worker.queued),
        megapixels: snapshot.held_pixels().div_ceil(1_000_000),
        counts: counts(snapshot),
        workers: snapshot
            .workers
            .iter()
            .map(|worker| Worker {
                pid: worker.pid,
                state_key: state_key(worker.state),
                up: up(worker.age_ms / 1000),
                requests: worker.requests,
                connections: worker.connections,
                busy: worker.threads.iter().filter(|thread| thread.stage != "idle").count(),
                threads: worker.threads.len(),
                queued: worker.queued,
                unmade: worker.unmade,
                megabytes: worker.memory_bytes >> 20,
            })
            .collect(),
        threads: snapshot
            .workers
            .iter()
            .flat_map(|worker| threads_of(worker.pid, worker))
            .collect(),
    }
}

/// The text of what a worker is at.
fn state_key(state: WorkerState) -> &'static str {
    match state {
        WorkerState::Free => "worker-free",
        WorkerState::Starting => "worker-starting",
        WorkerState::Ready => "worker-ready",
        WorkerState::Draining => "worker-draining",
    }
}

/// Seconds as people read them, with the two largest units.
fn up(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

fn threads_of(
    pid: u64,
    worker: &crate::process::WorkerSnapshot,
) -> impl Iterator<Item = Thread> + '_ {
    let busy = worker.threads.iter().enumerate().filter(|(_, thread)| thread.stage != "idle");
    busy.map(move |(number, thread)| Thread {
        pid,
        number,
        stage: thread.stage,
        busy_ms: thread.busy_ms,
        left_ms: thread.deadline_in_ms,
        url: format!("{:016x}", thread.url_hash),
    })
}

/// What was counted that is not 0, each with its name: `requests, image, 2xx`.
fn counts(snapshot: &Snapshot) -> Vec<(String, u64)> {
    fn collect(name: &str, value: &serde_json::Value, found: &mut Vec<(String, u64)>) {
        match value {
            serde_json::Value::Object(parts) => {
                for (part, value) in parts {
                    let name =
                        if name.is_empty() { part.clone() } else { format!("{name}, {part}") };
                    collect(&name, value, found);
                }
            }
            value => found.extend(value.as_u64().filter(|n| *n > 0).map(|n| (name.to_owned(), n))),
        }
    }
    let mut found = Vec::new();
    collect("", &metrics::summary(snapshot), &mut found);
    found
}
