//! The way of one image request, each step one function.

use super::asked::{Asked, of_overlay};
use super::key;
use super::locked;
use super::make::{Made, Source};
use super::missing::Missing;
use super::now::Memo;
use super::respond::Head;
use super::seen::Seen;
use super::subject::Subject;
use crate::auth::{Identity, Level};
use crate::cache::Key;
use crate::http::{Audience, Progress, Request, Response, Stage};
use crate::web::metrics::Verdict;
use crate::web::protection::{self, Parts, Pass};
use crate::web::router::SourceName;
use crate::web::sign_in::session;
use crate::web::{App, Error, count, who};

/// What comes of a request for a picture at first.
pub enum Begun {
    /// The picture, or that the client has it.
    Answered(Response),
    /// No cache holds it.
    Missing(Box<Missing>),
}

/// What is known of a picture before there is one.
pub struct Found {
    identity: Identity,
    pub asked: Asked,
    pub subject: Subject,
    pub overlay: Option<Subject>,
    pub key: Key,
    head: Head,
    seen: Seen,
    /// Until when the head is right, in seconds since 1970.
    right_until_s: Option<i64>,
}

/// Answers a request for a picture as far as that takes no making.
pub fn begin(
    app: &App,
    request: &Request,
    progress: &dyn Progress,
    source: SourceName,
) -> Result<Begun, Error> {
    let seen = Seen::now(app);
    let identity = who::identify(app, request)?;
    let pass = app.protection.pass(request, &identity);
    let mut asked = Asked::read(app, request, &identity, pass, source)?;
    let audience = asked.audience(require_view(app, &identity, &asked)?);
    require_pass(app, request, pass, &asked)?;
    let right_until_s = asked.end_with(pass.expires_s(), app.edge_s, session::now_s());

    progress.enter(Stage::Source);
    let subject = Subject::find(app, &asked.path)?;
    asked.heed(&subject);
    let image_id = asked.counts_for(&subject);
    let failed = |error: Error| error.for_image(image_id);
    let overlay = asked.overlay.as_ref().map(|path| Subject::find(app, path)).transpose();
    let overlay = overlay.map_err(|error| failed(of_overlay(error)))?;
    let key = key::compose(app, &subject, overlay.as_ref(), &asked.spec).map_err(failed)?;
    let head = Head::new(app, &key, &asked, audience);
    app.xref.call(asked.spec.delivery.xref.as_deref());
    let found = Found { identity, asked, subject, overlay, key, head, seen, right_until_s };
    if let Some(response) = found.head.unchanged(request, found.seen.age_s(app)) {
        app.meters.picture(Verdict::Unchanged);
        return Ok(Begun::Answered(found.tell(app, request, response, true)));
    }

    progress.enter(Stage::Cache);
    if let Some(entry) = app.cache.get(&found.key) {
        return Ok(Begun::Answered(found.send(app, request, Made::cached(entry))));
    }
    for path in [Some(&found.asked.path), found.asked.overlay.as_ref()].into_iter().flatten() {
        app.repository.require_answer(path).map_err(|error| failed(error.into()))?;
    }
    Ok(Begun::Missing(Box::new(Missing {
        found,
        pass,
        since: request.received,
        instead: None,
        waited: false,
    })))
}

impl Found {
    /// What has gone wrong with a request for the picture.
    pub fn failed(&self, error: impl Into<Error>) -> Error {
        error.into().for_image(self.asked.counts_for(&self.subject))
    }

    /// Sends the picture.
    pub fn send(self, app: &App, request: &Request, made: Made) -> Response {
        app.meters.picture(match made.source {
            Source::Cache => Verdict::Cached,
            Source::Other => Verdict::Joined,
            Source::Own => Verdict::Made,
        });
        let from_cache = made.source != Source::Own;
        let age_s = self.seen.age_s(app).filter(|_| made.unchanged);
        let response = self.head.found(made.entry.body, from_cache, request, age_s);
        self.tell(app, request, response, from_cache)
    }

    /// Counts the answer, and remembers what it was made of, so that the next like it takes no thread.
    fn tell(self, app: &App, request: &Request, response: Response, from_cache: bool) -> Response {
        let Self { identity, asked, subject, overlay, key, head, seen, right_until_s } = self;
        count::picture(app, &subject, &asked.spec.delivery, &response, request, from_cache);
        let memo = Memo { asked, subject, overlay, key, head, right_until_s };
        app.memos.remember(app, request, &identity, &seen, memo);
        response
    }
}

/// Fails unless the caller may view the picture and what the request lays over it, which must not lie
/// in a folder that shows its pictures only as its template has them; public is what both are.
fn require_view(app: &App, identity: &Identity, asked: &Asked) -> Result<Audience, Error> {
    let audience = who::require(app, identity, asked.path.folder(), Level::View)?;
    let Some(overlay) = asked.overlay.as_ref().filter(|_| asked.chose_overlay) else {
        return Ok(audience);
    };
    let folder = overlay.folder();
    let of_overlay = who::require(app, identity, folder, Level::View)
        .and_then(|audience| locked::require_free(app, identity, folder, audience))
        .map_err(of_overlay)?;
    Ok(if of_overlay == Audience::Public { audience } else { of_overlay })
}

/// Fails where the request needs a signature or another page to come from.
fn require_pass(app: &App, request: &Request, pass: Pass, asked: &Asked) -> Result<(), Error> {
    protection::require_page(app, request, pass)?;
    let overlay = asked.overlay.as_ref().filter(|_| asked.chose_overlay);
    let parts = Parts {
        folders: [Some(asked.path.folder()), overlay.map(|overlay| overlay.folder())],
        templates: &asked.templates,
        plain: asked.plain,
    };
    protection::require_signature(app, pass, &parts)
}
