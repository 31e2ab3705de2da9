//! The REST API: every address below `/api`.
//!
//! One row of a table (`table`) says all of an address: method, path, who may call it, what it
//! takes, what it gives. From the rows come dispatch, the answers 404 and 405, the checks of every
//! parameter, and the OpenAPI document. A handler gets a `Call` whose values have been read and
//! checked, and gives back a `Reply`; every answer and every failure is `{status, message, data}`.
//!
//! Knows nothing of how requests arrive, and of image parameters only that templates hold them.

mod audit;
mod cache;
mod call;
mod cors;
mod csv;
mod endpoint;
mod files;
pub mod folios;
mod form;
mod groups;
mod input;
mod keys;
mod library;
pub mod metadata;
mod openapi;
mod page;
mod permissions;
mod properties;
mod recycled;
mod reply;
mod sessions;
mod settings;
mod shape;
mod statistics;
mod table;
mod tags;
mod tasks;
mod templates;
mod time;
mod token;
mod totp;
mod uploads;
mod users;
mod was;

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderName, Method, StatusCode, header};

pub(in crate::web) use cache::{CacheFill, TierFill, cache_fill};
pub use cors::Cors;
pub(in crate::web) use files::Now;
pub use form::{below as below_forms, leave as leave_form};
pub(in crate::web) use form::{form_at, telling};
pub(in crate::web) use input::{Sent, sent_fields};
pub(in crate::web) use library::{current, folder_path, of_folder};
pub use openapi::openapi_json;
pub use reply::failure;
pub use shape::{in_query, supported};
pub(in crate::web) use time::Moment;

use super::sign_in::{csrf, session};
use super::text::texts_of;
use super::{App, Error, who};
use crate::auth::Identity;
use crate::http::{Answer, Later, Progress, Request, RequestBody, Response, Stage};
use call::Call;
use endpoint::{Access, Endpoint};
use input::Input;
use reply::WhenDone;
use table::Found;

/// The part of a path below `/api`, with or without the version; none for other addresses.
pub fn below(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/api").filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let versioned = rest.strip_prefix("/v1").filter(|r| r.is_empty() || r.starts_with('/'));
    Some(versioned.unwrap_or(rest))
}

/// How a call was sent, and how what comes of it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// By a program, to an address below `/api`.
    Program,
    /// By a form of a page.
    Form,
}

impl Manner {
    fn tell(self, app: &App, request: &Request, result: Result<Response, Error>) -> Response {
        match self {
            Self::Program => result.unwrap_or_else(|error| fail(app, request, &error)),
            Self::Form => form::page(app, request, result),
        }
    }
}

/// Answers a request for an address below `/api`, failures included.
pub fn answer(app: &Arc<App>, request: Request, progress: &dyn Progress, path: String) -> Answer {
    let manner = Manner::Program;
    let response = match table::find(&uploads::method(&request, &path), &path) {
        Found::Options(allow) => {
            let mut response = Response::new(StatusCode::NO_CONTENT).header(header::ALLOW, allow);
            app.cors.preflight(&request, &mut response.headers);
            response
        }
        Found::Endpoint(endpoint, segments) => {
            match begin(app, &request, progress, (endpoint, segments), manner) {
                Ok(Begun::Answered(response)) => response,
                Ok(Begun::Waits(parked)) => return later(app, request, parked, path, manner),
                Err(error) => fail(app, &request, &error),
            }
        }
        Found::WrongMethod(allow) => {
            fail(app, &request, &Error::method_not_allowed()).header(header::ALLOW, allow)
        }
        Found::Nothing => fail(app, &request, &Error::not_found()),
    };
    finish(app, &request, &path, response, manner).into()
}

/// Answers a form of a page, which means a call of this method at this path.
pub fn answer_form(
    app: &Arc<App>,
    request: Request,
    progress: &dyn Progress,
    method: &Method,
    path: String,
) -> Answer {
    let manner = Manner::Form;
    let begun = match table::find(method, &path) {
        Found::Endpoint(endpoint, segments) if form::may_call(endpoint) => {
            begin(app, &request, progress, (endpoint, segments), manner)
        }
        _ => Err(Error::not_found()),
    };
    let result = match begun {
        Ok(Begun::Answered(response)) => Ok(response),
        Ok(Begun::Waits(parked)) => return later(app, request, parked, path, manner),
        Err(error) => Err(error),
    };
    let response = manner.tell(app, &request, result);
    finish(app, &request, &path, response, manner).into()
}

/// What every answer has, however it came about.
fn finish(
    app: &App,
    request: &Request,
    path: &str,
    mut response: Response,
    manner: Manner,
) -> Response {
    if manner == Manner::Program {
        app.cors.allow(request, &mut response.headers);
        uploads::sign(app, request, path, &mut response);
    }
    super::count::other(app, &response, request);
    session::renew(app, request, &mut response);
    response
}

/// What comes of a call at first.
enum Begun {
    Answered(Response),
    Waits(Parked),
}

/// A call that waits for a task: all that its answer will need.
struct Parked {
    when: WhenDone,
    identity: Identity,
    endpoint: &'static Endpoint,
    segments: Vec<(&'static str, String)>,
    input: Input,
}

fn begin(
    app: &App,
    request: &Request,
    progress: &dyn Progress,
    (endpoint, segments): (&'static Endpoint, Vec<(&'static str, String)>),
    manner: Manner,
) -> Result<Begun, Error> {
    let identity = match endpoint.access {
        Access::Credentials(_) => Identity::Anonymous,
        _ => who::identify(app, request)?,
    };
    admit(app, &identity, endpoint.access)?;
    uploads::check_version(endpoint, request)?;
    let in_body = endpoint.has_body() || manner == Manner::Form;
    let (input, form_token) = Input::read(request, endpoint.fields, in_body, csrf::FIELD)?;
    csrf::check(app, request, &identity, form_token.as_deref())?;
    let call = Call { app, request, progress, identity, endpoint, segments, input };
    Ok(match (endpoint.handler)(&call)?.into_response() {
        Ok(response) => Begun::Answered(response),
        Err(when) => {
            let Call { identity, endpoint, segments, input, .. } = call;
            Begun::Waits(Parked { when, identity, endpoint, segments, input })
        }
    })
}

/// An answer that is made when a task is done.
fn later(app: &Arc<App>, request: Request, parked: Parked, path: String, manner: Manner) -> Answer {
    let ready = app.task_waits.done(parked.when.task_id);
    let until = Instant::now() + app.task_waits.patience;
    let app = Arc::clone(app);
    // What was sent has been read; it need not wait too.
    let request = Request { body: RequestBody::Empty, ..request };
    let then = move |progress: &dyn Progress| {
        progress.enter(Stage::Other);
        let result = resume(&app, &request, progress, parked);
        let response = manner.tell(&app, &request, result);
        finish(&app, &request, &path, response, manner).into()
    };
    Answer::Later(Later { ready, until, outlasts_worker: true, then: Box::new(then) })
}

fn resume(
    app: &App,
    request: &Request,
    progress: &dyn Progress,
    parked: Parked,
) -> Result<Response, Error> {
    let Parked { when, identity, endpoint, segments, input } = parked;
    let call = Call { app, request, progress, identity, endpoint, segments, input };
    let reply = (when.then)(&call, when.task_id)?;
    // What has waited once is answered.
    reply.into_response().map_err(|_| Error::busy(1))
}

/// Fails unless the caller may call an address at all.
fn admit(app: &App, identity: &Identity, access: Access) -> Result<(), Error> {
    match access {
        Access::Anyone(_) | Access::Credentials(_) => Ok(()),
        Access::SignedIn(_) => require_user(identity),
        Access::System(permission, _) => {
            require_user(identity)?;
            who::require_system(app, identity, permission)
        }
    }
}

fn require_user(identity: &Identity) -> Result<(), Error> {
    match identity {
        Identity::Anonymous => Err(Error::sign_in()),
        Identity::User { .. } => Ok(()),
    }
}

/// With this field scripts of our pages say that what went wrong is shown to people.
const WORDS: HeaderName = HeaderName::from_static("halftone-words");

/// Logs a failure and tells the client of it.
fn fail(app: &App, request: &Request, error: &Error) -> Response {
    error.log(&super::subject(app, request));
    match request.headers.contains_key(WORDS) {
        true => reply::failure_saying(error, &error.in_words(texts_of(request))),
        false => reply::failure(error),
    }
}

/// Every field that an address takes, by its name.
#[cfg(test)]
pub fn field_names() -> std::collections::BTreeSet<&'static str> {
    let fields = table::endpoints().flat_map(|endpoint| endpoint.fields);
    fields.filter(|field| field.place == endpoint::Place::Usual).map(|field| field.name).collect()
}

/// Whether a method changes something.
fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_with_and_without_version() {
        let cases = [
            ("/api/v1/list", Some("/list")),
            ("/api/list", Some("/list")),
            ("/api", Some("")),
            ("/api/v1", Some("")),
            ("/api/v10/list", Some("/v10/list")),
            ("/apis/list", None),
            ("/image", None),
        ];
        for (path, expected) in cases {
            assert_eq!(below(path), expected, "{path}");
        }
    }
}
