//! A picture that no cache holds: the first request that wants it makes it, and all others wait for that
//! without a thread and without a place, so that however many want one picture the others are made meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::handler::Found;
use super::make::{Made, Order, Originals, make, waited_too_long};
use super::placeholder::{Instead, done};
use crate::cache::Entry;
use crate::cache::flight::{Claim, Following, Outcome, Turn};
use crate::http::{Answer, Later, Place, Progress, Request, Response};
use crate::web::metrics::Cause;
use crate::web::protection::{self, Pass};
use crate::web::{App, Error};

/// How long who has waited for another's picture waits for a place before another look.
const PLACE_PAUSE: Duration = Duration::from_millis(20);

/// A picture that no cache holds.
pub struct Missing {
    pub(super) found: Found,
    pub(super) pass: Pass,
    /// When it was asked for.
    pub(super) since: Instant,
    /// What it stands in for, when it is not what was asked for.
    pub(super) instead: Option<Instead>,
    /// Whether it has waited for another one that did not make it.
    pub(super) waited: bool,
}

impl Missing {
    /// Leaves the picture to those that make pictures, or waits for whom it is left to already.
    pub fn answer(
        mut self: Box<Self>,
        app: &Arc<App>,
        request: Request,
        progress: &dyn Progress,
    ) -> Answer {
        match app.flights.enter(&self.found.key) {
            Turn::Mine(claim) => match progress.place() {
                Some(place) => self.make_later(app, request, claim, place),
                None if self.waited && Instant::now() < self.until(app) => {
                    self.wait_for_place(app, request)
                }
                None => {
                    let error = self.found.failed(no_place(app));
                    done(app, request, self.instead.take(), Err(error), progress)
                }
            },
            Turn::Anothers(following) => self.wait(app, request, following),
            Turn::Failed(failure) => {
                let error = self.found.failed(failure);
                done(app, request, self.instead.take(), Err(error), progress)
            }
        }
    }

    fn make_later(
        mut self: Box<Self>,
        app: &Arc<App>,
        request: Request,
        claim: Claim,
        place: Place,
    ) -> Answer {
        let app = Arc::clone(app);
        Answer::Make(Box::new(move |progress| {
            let instead = self.instead.take();
            let result = self.make(&app, claim, &request, progress);
            drop(place);
            done(&app, request, instead, result, progress)
        }))
    }

    fn make(
        self,
        app: &App,
        claim: Claim,
        request: &Request,
        progress: &dyn Progress,
    ) -> Result<Response, Error> {
        let Found { asked, subject, overlay, key, .. } = &self.found;
        let originals = Originals { subject, overlay: overlay.as_ref() };
        let order = Order { key, asked, originals };
        let cells = asked.spec.recipe.tile.map_or(1, |tile| tile.grid());
        let admit = || protection::require_rate(app, request, self.pass, cells);
        let made = make(app, claim, order, &admit, self.until(app), progress)
            .map_err(|error| self.found.failed(error))?;
        Ok(self.found.send(app, request, made))
    }

    fn wait(self: Box<Self>, app: &Arc<App>, request: Request, following: Following) -> Answer {
        let (ready, until) = (following.landed(), self.until(app));
        let app = Arc::clone(app);
        let then = Box::new(move |progress: &dyn Progress| {
            let result: Result<Entry, Error> = match following.outcome() {
                Some(Outcome::Made(entry)) => Ok(entry),
                Some(Outcome::Failed(failure)) => Err(failure.into()),
                Some(Outcome::Nothing) => return self.go_on(&app, request, progress),
                None => Err(waited_too_long(&app)),
            };
            self.end(&app, request, result, progress)
        });
        Answer::Later(Later { ready, until, outlasts_worker: false, then })
    }

    /// Makes what another one has left, unless it is there by now.
    fn go_on(
        mut self: Box<Self>,
        app: &Arc<App>,
        request: Request,
        progress: &dyn Progress,
    ) -> Answer {
        if let Some(entry) = app.cache.get(&self.found.key) {
            return self.end(app, request, Ok(entry), progress);
        }
        self.waited = true;
        self.answer(app, request, progress)
    }

    /// Whoever has waited is not sent away because there is no place for a moment.
    fn wait_for_place(self: Box<Self>, app: &Arc<App>, request: Request) -> Answer {
        let (never, ready) = oneshot::channel();
        let until = self.until(app).min(Instant::now() + PLACE_PAUSE);
        let app = Arc::clone(app);
        let then = Box::new(move |progress: &dyn Progress| {
            drop(never);
            self.go_on(&app, request, progress)
        });
        Answer::Later(Later { ready, until, outlasts_worker: false, then })
    }

    /// Answers with what another one has made, or why it could not.
    fn end(
        self: Box<Self>,
        app: &Arc<App>,
        request: Request,
        result: Result<Entry, Error>,
        progress: &dyn Progress,
    ) -> Answer {
        let Self { found, instead, .. } = *self;
        let result = match result {
            Ok(entry) => Ok(found.send(app, &request, Made::by_another(entry))),
            Err(error) => Err(found.failed(error)),
        };
        done(app, request, instead, result, progress)
    }

    /// Until when it is waited for.
    fn until(&self, app: &App) -> Instant {
        self.since + app.image_wait
    }
}

/// What is said while there are too many pictures that are made or wait to be.
fn no_place(app: &App) -> Error {
    app.meters.refused(Cause::Places);
    app.slots.busy(app.meters.row().unmade()).into()
}
