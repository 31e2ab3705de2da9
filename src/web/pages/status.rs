//! What every worker and thread of this host is doing, for administrators.

use askama::Template;
use askama::filters::Safe;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

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
    answers: Vec<Answers>,
    pictures: Vec<Count>,
    refusals: Vec<Count>,
    workers: Vec<Worker>,
    threads: Vec<Thread>,
}

/// What requests of a kind were answered with, by the classes of statuses.
struct Answers {
    key: &'static str,
    counts: Vec<u64>,
}

/// Something that was counted.
struct Count {
    key: &'static str,
    count: u64,
}

/// The texts of kinds of requests, by their names.
const KINDS: [(&str, &str); 5] = [
    ("image", "counted-image"),
    ("original", "counted-original"),
    ("api", "counted-api"),
    ("page", "counted-page"),
    ("probe", "counted-probe"),
];

/// Of where pictures came from.
const PICTURES: [(&str, &str); 5] = [
    ("memory", "counted-memory"),
    ("cached", "counted-cached"),
    ("unchanged", "counted-unchanged"),
    ("made", "counted-made"),
    ("joined", "counted-joined"),
];

/// Of why pictures were refused.
const REFUSALS: [(&str, &str); 5] = [
    ("signature", "counted-signature"),
    ("referer", "counted-referer"),
    ("rate", "counted-rate"),
    ("places", "counted-places"),
    ("wait", "counted-wait"),
];

/// Of what a thread is at.
const STAGES: [(&str, &str); 9] = [
    ("routing", "stage-routing"),
    ("source", "stage-source"),
    ("cache", "stage-cache"),
    ("waiting", "stage-waiting"),
    ("decoding", "stage-decoding"),
    ("pixels", "stage-pixels"),
    ("encoding", "stage-encoding"),
    ("storing", "stage-storing"),
    ("other", "stage-other"),
];

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
    stage_key: &'static str,
    /// How long it has been at it, and how long it may take still, in words.
    busy: String,
    left: String,
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
    let counted = metrics::summary(snapshot);
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
        answers: KINDS.iter().map(|kind| answers(&counted["requests"], kind)).collect(),
        pictures: counts(&counted["pictures"], &PICTURES),
        refusals: counts(&counted["refusals"], &REFUSALS),
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
pub fn up(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Milliseconds as people read them.
fn short(ms: u64) -> String {
    if ms < 10_000 { format!("{ms} ms") } else { up(ms / 1000) }
}

fn threads_of(
    pid: u64,
    worker: &crate::process::WorkerSnapshot,
) -> impl Iterator<Item = Thread> + '_ {
    let busy = worker.threads.iter().enumerate().filter(|(_, thread)| thread.stage != "idle");
    busy.map(move |(number, thread)| Thread {
        pid,
        number,
        stage_key: key_of(&STAGES, thread.stage),
        busy: short(thread.busy_ms),
        left: short(u64::try_from(thread.deadline_in_ms).unwrap_or(0)),
        url: format!("{:016x}", thread.url_hash),
    })
}

/// The text of a name; what is not known is something else.
fn key_of(keys: &[(&str, &'static str)], name: &str) -> &'static str {
    keys.iter().find(|(known, _)| *known == name).map_or("stage-other", |(_, key)| key)
}

fn answers(requests: &Value, (name, key): &(&str, &'static str)) -> Answers {
    let count = |class: &&str| requests[name][class].as_u64().unwrap_or_default();
    Answers { key, counts: metrics::CLASSES.iter().map(count).collect() }
}

fn counts(counted: &Value, keys: &[(&str, &'static str)]) -> Vec<Count> {
    let count = |(name, key): &(&str, &'static str)| Count {
        key,
        count: counted[name].as_u64().unwrap_or_default(),
    };
    keys.iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::metrics::{Cause, Kind, Verdict};

    #[test]
    fn long_times_are_told_in_minutes() {
        for (ms, told) in
            [(0, "0 ms"), (9_999, "9999 ms"), (10_000, "10 s"), (109_999, "1 min 49 s")]
        {
            assert_eq!(short(ms), told);
        }
    }

    #[test]
    fn whatever_is_counted_has_its_words() {
        let named = |keys: &[(&'static str, &str)]| -> Vec<_> {
            keys.iter().map(|(name, _)| *name).collect()
        };
        assert_eq!(named(&KINDS), Kind::ALL.map(|(_, name)| name));
        assert_eq!(named(&PICTURES), Verdict::ALL.map(|(_, name)| name));
        assert_eq!(named(&REFUSALS), Cause::ALL.map(|(_, name)| name));
        for stage in named(&STAGES) {
            assert!(crate::process::STAGES.contains(&stage), "{stage}");
        }
        // An idle thread is not shown.
        assert_eq!(STAGES.len() + 1, crate::process::STAGES.len());
        assert_eq!(key_of(&STAGES, "unknown"), "stage-other");
    }
}
