//! The REST API: every address below `/api`.
//!
//! One row of a table (`table`) says all of an address: method, path, who may call it, what it
//! takes, what it gives. From the rows come dispatch, the answers 404 and 405, the checks of every
//! parameter, and the OpenAPI document. A handler gets a `Call` whose values have been read and
//! checked, and gives back a `Reply`; every answer and every failure is `{status, message, data}`.
//!
//! Knows nothing of how requests arrive, and of image parameters only that templates hold them.

mod call;
mod cors;
mod endpoint;
mod files;
pub mod folios;
mod groups;
mod input;
mod keys;
mod library;
mod openapi;
mod page;
mod permissions;
mod properties;
mod reply;
mod shape;
mod statistics;
mod table;
mod tasks;
mod templates;
mod time;
mod token;
mod totp;
mod users;

use http::{Method, StatusCode, header};

pub use cors::Cors;
pub use openapi::openapi_json;
pub use reply::failure;
pub use shape::in_query;

use super::sign_in::csrf;
use super::{App, Error, who};
use crate::auth::Identity;
use crate::http::{Progress, Request, Response};
use call::Call;
use endpoint::Access;
use table::Found;

/// The part of a path below `/api`, with or without the version; none for other addresses.
pub fn below(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/api").filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let versioned = rest.strip_prefix("/v1").filter(|r| r.is_empty() || r.starts_with('/'));
    Some(versioned.unwrap_or(rest))
}

/// Answers a request for an address below `/api`, failures included.
pub fn answer(app: &App, request: &Request, progress: &dyn Progress, path: &str) -> Response {
    let mut response = match table::find(&request.method, path) {
        Found::Options(allow) => {
            let mut response = Response::new(StatusCode::NO_CONTENT).header(header::ALLOW, allow);
            app.cors.preflight(request, &mut response.headers);
            response
        }
        Found::Endpoint(endpoint, segments) => call(app, request, progress, endpoint, segments)
            .unwrap_or_else(|e| fail(app, request, &e)),
        Found::WrongMethod(allow) => {
            fail(app, request, &Error::method_not_allowed()).header(header::ALLOW, allow)
        }
        Found::Nothing => fail(app, request, &Error::not_found()),
    };
    app.cors.allow(request, &mut response.headers);
    super::count::other(app, &response, request);
    response
}

fn call(
    app: &App,
    request: &Request,
    progress: &dyn Progress,
    endpoint: &'static endpoint::Endpoint,
    segments: Vec<(&'static str, String)>,
) -> Result<Response, Error> {
    let identity = match endpoint.access {
        Access::Credentials(_) => Identity::Anonymous,
        _ => who::identify(app, request)?,
    };
    admit(app, &identity, endpoint.access)?;
    let (input, form_token) =
        input::Input::read(request, endpoint.fields, endpoint.has_body(), csrf::FIELD)?;
    csrf::check(app, request, &identity, form_token.as_deref())?;
    let call = Call { app, request, progress, identity, endpoint, segments, input };
    (endpoint.handler)(&call).map(reply::Reply::into_response)
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

/// Logs a failure and tells the client of it.
fn fail(app: &App, request: &Request, error: &Error) -> Response {
    error.log(&super::subject(app, request));
    reply::failure(error)
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
