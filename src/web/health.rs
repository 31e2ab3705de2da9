//! Whether this server lives, and whether all is there that its answers depend on.
//!
//! `/healthz/live` says that the event loop turns. `/healthz/ready` looks at the parts behind it, each in a
//! thread of its own, since any of them may hang: what has not answered in time counts as failing until it
//! does, and nobody waits for it twice. What was seen holds for a second, however often it is asked for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{App, Error};
use crate::http::{Body, Progress, Request, Response, Stage};

/// Where it says that it lives.
pub const LIVE: &str = "/healthz/live";

/// Where it says that it is ready.
pub const READY: &str = "/healthz/ready";

/// For how long what was seen holds.
const FRESH: Duration = Duration::from_secs(1);

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A part that answers depend on.
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Whether nothing goes without it; others cost speed alone.
    pub needed: bool,
    /// Looks whether it is there; the error is for the log.
    pub check: Check,
}

/// Looks whether a part is there.
pub type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The parts, and what was seen of them.
pub struct Health(Arc<Shared>);

struct Shared {
    parts: Vec<Part>,
    seen: Mutex<Vec<Seen>>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    /// When it was last seen to be there or not.
    last: Option<(Instant, bool)>,
    /// Since when somebody looks.
    looking: Option<Instant>,
}

/// What there is to say of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    Failing,
    Silent,
}

impl Health {
    /// Nothing has been looked at yet.
    #[must_use]
    pub fn new(parts: Vec<Part>) -> Self {
        let seen = Mutex::new(vec![Seen::default(); parts.len()]);
        Self(Arc::new(Shared { parts, seen, changed: Condvar::new() }))
    }

    /// The answer, if everything was looked at a moment ago. Never blocks.
    pub fn answer_now(&self) -> Option<Response> {
        let now = Instant::now();
        let seen = self.0.lock();
        let states: Option<Vec<State>> = seen.iter().map(|seen| seen.state(now, now)).collect();
        drop(seen);
        states.map(|states| self.answer(&states))
    }

    /// Looks at everything, for as long as that may take.
    fn look(&self) -> Response {
        let asked = Instant::now();
        let mut seen = self.0.lock();
        for index in 0..seen.len() {
            let one = &mut seen[index];
            if one.looking.is_none() && !one.is_fresh(asked) {
                one.looking = Some(Instant::now());
                let shared = Arc::clone(&self.0);
                let thread = std::thread::Builder::new().name("health".into());
                if let Err(error) = thread.spawn(move || shared.look_at(index)) {
                    log::error!("the health of the server cannot be looked at: {error}");
                    *one = Seen { last: Some((Instant::now(), false)), looking: None };
                }
            }
        }
        loop {
            let now = Instant::now();
            let states: Option<Vec<State>> =
                seen.iter().map(|seen| seen.state(now, asked)).collect();
            if let Some(states) = states {
                drop(seen);
                return self.answer(&states);
            }
            let started =
                seen.iter().filter(|seen| !seen.is_fresh(asked)).filter_map(|s| s.looking);
            let end = started.min().map_or(now, |started| started + PATIENCE);
            let wait = end.saturating_duration_since(now).max(Duration::from_millis(1));
            let woken = self.0.changed.wait_timeout(seen, wait);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn answer(&self, states: &[State]) -> Response {
        let parts = || self.0.parts.iter().zip(states);
        let ready = parts().all(|(part, state)| !part.needed || *state == State::Well);
        let word = |state| match state {
            State::Well => "ok",
            State::Failing => "failing",
            State::Silent => "no answer",
        };
        let named: serde_json::Map<String, Value> =
            parts().map(|(part, state)| (part.name.to_owned(), word(*state).into())).collect();
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let body = json!({ "ready": ready, "parts": named });
        uncached(status, "application/json", format!("{body}\n"))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_at(&self, index: usize) {
        let part = &self.parts[index];
        let outcome = (part.check)();
        let mut seen = self.lock();
        let well = outcome.is_ok();
        if seen[index].last.is_none_or(|(_, was_well)| was_well) != well {
            match &outcome {
                Ok(()) => log::info!("{} is well again", part.name),
                Err(error) => log::warn!("{} is not well: {error}", part.name),
            }
        }
        seen[index] = Seen { last: Some((Instant::now(), well)), looking: None };
        drop(seen);
        self.changed.notify_all();
    }
}

impl Seen {
    fn is_fresh(self, asked: Instant) -> bool {
        self.last.is_some_and(|(at, _)| asked.saturating_duration_since(at) < FRESH)
    }

    /// What there is to say to who has asked then; nothing while it is being looked at. What was fresh then,
    /// or was seen since, is good enough, though it be old by now: other parts may take longer.
    fn state(&self, now: Instant, asked: Instant) -> Option<State> {
        if let Some((_, well)) = self.last.filter(|_| self.is_fresh(asked)) {
            return Some(if well { State::Well } else { State::Failing });
        }
        let silent =
            self.looking.is_some_and(|since| now.saturating_duration_since(since) >= PATIENCE);
        silent.then_some(State::Silent)
    }
}

/// That the event loop turns.
pub fn live() -> Response {
    uncached(StatusCode::OK, "text/plain; charset=utf-8", "ok\n".to_owned())
}

/// `GET /healthz/live`, under another spelling than the event loop knows.
pub fn answer_live(_: &App, _: &Request, _: &dyn Progress) -> Result<Response, Error> {
    Ok(live())
}

/// `GET /healthz/ready`
pub fn answer_ready(app: &App, _: &Request, progress: &dyn Progress) -> Result<Response, Error> {
    progress.enter(Stage::Other);
    Ok(app.health.look())
}

fn uncached(status: StatusCode, kind: &'static str, body: String) -> Response {
    Response::new(status)
        .header(header::CONTENT_TYPE, HeaderValue::from_static(kind))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .body(Body::Bytes(body.into()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn part(name: &'static str, needed: bool, check: Check) -> Part {
        Part { name, needed, check }
    }

    fn told(response: Response) -> (u16, Value) {
        let Body::Bytes(body) = response.body else { panic!("it has a body") };
        (response.status.as_u16(), serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn only_what_is_needed_counts() {
        let well = Arc::new(AtomicBool::new(false));
        let shown = Arc::clone(&well);
        let check = move || shown.load(Ordering::Relaxed).then_some(()).ok_or("gone".to_owned());
        let parts = |needed| vec![part("a", needed, Box::new(check.clone()))];
        let (status, value) = told(Health::new(parts(false)).look());
        assert_eq!((status, &value["parts"]["a"]), (200, &json!("failing")));
        let (status, value) = told(Health::new(parts(true)).look());
        assert_eq!((status, &value["ready"]), (503, &json!(false)));
        well.store(true, Ordering::Relaxed);
        let (status, value) = told(Health::new(parts(true)).look());
        assert_eq!((status, value), (200, json!({ "ready": true, "parts": { "a": "ok" } })));
    }

    #[test]
    fn it_is_looked_at_once_for_many_questions() {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let check = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let health = Health::new(vec![part("a", true, Box::new(check))]);
        assert!(health.answer_now().is_none());
        let asked = Instant::now();
        while asked.elapsed() < FRESH / 2 {
            assert_eq!(health.look().status, StatusCode::OK);
        }
        assert_eq!(looks.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_part_that_hangs_is_waited_for_once() {
        let (free, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let check = move || {
            let _ = held.lock().unwrap().recv();
            Ok(())
        };
        let health = Health::new(vec![
            part("hangs", true, Box::new(check)),
            part("well", true, Box::new(|| Ok(()))),
        ]);
        let (status, value) = told(health.look());
        assert_eq!((status, &value["parts"]["hangs"]), (503, &json!("no answer")));
        assert_eq!(value["parts"]["well"], "ok");
        // From now on at once, as far as the others let: the one that hangs is not waited for again.
        let (status, _) = told(health.look());
        assert_eq!(status, 503);
        assert!(health.0.lock()[0].looking.is_some());
        drop(free);
        while health.0.lock()[0].looking.is_some() {
            std::thread::yield_now();
        }
        assert_eq!(told(health.look()).0, 200);
    }
}
