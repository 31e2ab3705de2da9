//! The picture that stands in for one that there is not, by a setting: pages show it instead of the mark of a
//! broken picture.
//!
//! The status stays that of the failure, and nobody keeps the answer. Who may not see a picture learns no more by it
//! than before: it stands in for what is missing and for what is closed alike. It is asked for like any other
//! picture, with the rights of whoever asks, and only a signature that was good is carried over.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, Uri, header};

use super::handler::{Begun, begin};
use super::respond::X_ACCEL_EXPIRES;
use crate::http::{Answer, Progress, Request, RequestBody, Response};
use crate::source::SourcePath;
use crate::spec::query_pairs;
use crate::web::api::in_query;
use crate::web::protection::OWN_KEY;
use crate::web::router::SourceName;
use crate::web::{App, Error, count, sign_in, subject, who};

const PATH: &str = "/image";

/// What is taken over of what was asked for: the size, and how it is brought to it.
const KEPT: [&str; 9] =
    ["width", "height", "dpr", "fit", "gravity", "autosizefit", "maxwidth", "maxheight", "fill"];

/// Pages of our own that tell what is wrong with a picture, by the beginnings of their paths.
const TELLING_PAGES: [&str; 5] = ["/browse", "/details", "/publish", "/admin/", "/reports"];

/// What a placeholder stands in for.
pub struct Instead {
    request: Request,
    error: Error,
}

/// Answers a request for a picture.
pub fn answer(
    app: &Arc<App>,
    request: Request,
    progress: &dyn Progress,
    source: SourceName,
) -> Answer {
    match begin(app, &request, progress, source) {
        Ok(Begun::Answered(response)) => app.finish(&request, Ok(response)).into(),
        Ok(Begun::Missing(missing)) => missing.answer(app, request, progress),
        Err(error) => failed(app, request, error, progress),
    }
}

/// Answers what has come of a request for a picture, which may be one that stands in for another.
pub fn done(
    app: &Arc<App>,
    request: Request,
    instead: Option<Instead>,
    result: Result<Response, Error>,
    progress: &dyn Progress,
) -> Answer {
    // Who has gone away was not sent away.
    let left = |error: &Error| error.is_of_one_request() && progress.cancel().is_called_off();
    let result = result.map_err(|error| if left(&error) { Error::gone_client() } else { error });
    match (result, instead) {
        (Ok(response), None) => app.finish(&request, Ok(response)).into(),
        (Ok(response), Some(instead)) => instead.shown(app, response),
        (Err(error), None) => failed(app, request, error, progress),
        (Err(_), Some(Instead { request, error })) => app.finish(&request, Err(error)).into(),
    }
}

/// Answers a request for a picture that there is not: by the placeholder, or by a page.
fn failed(app: &Arc<App>, request: Request, error: Error, progress: &dyn Progress) -> Answer {
    let helps = stands_in(&error)
        && !wants_a_page(&request)
        && !wants_a_tile(&request)
        && !is_for_telling_page(&request);
    let wanted = app.placeholder.as_ref().filter(|_| helps);
    let Some(other) = wanted.map(|path| other(app, &request, path)) else {
        return app.finish(&request, Err(error)).into();
    };
    let instead = Instead { request, error };
    match begin(app, &other, progress, |src| src) {
        Ok(Begun::Answered(response)) => instead.shown(app, response),
        Ok(Begun::Missing(mut missing)) => {
            missing.instead = Some(instead);
            missing.answer(app, other, progress)
        }
        Err(_) => app.finish(&instead.request, Err(instead.error)).into(),
    }
}

/// Whether a picture stands in for this: what is not there, what may not be seen, what is no picture. A server that is
/// busy or broken makes no other one, and what is wrong with a request has to be said.
fn stands_in(error: &Error) -> bool {
    let status = error.status();
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::UNSUPPORTED_MEDIA_TYPE
    )
}

/// Whether somebody looks at the address itself, and can read what is wrong.
fn wants_a_page(request: &Request) -> bool {
    let fields = request.headers.get_all(header::ACCEPT).iter();
    fields.filter_map(|field| field.to_str().ok()).any(|field| field.contains("text/html"))
}

/// Whether a part of a picture is asked for, which others are laid beside.
fn wants_a_tile(request: &Request) -> bool {
    query_pairs(&request.query).any(|(name, _)| *name == *b"tile")
}

/// Whether it is a page of our own that asks, and that tells what is wrong with a picture.
fn is_for_telling_page(request: &Request) -> bool {
    let field = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    let Some((referer, host)) = field(header::REFERER).zip(field(header::HOST)) else {
        return false;
    };
    let Ok(page) = referer.parse::<Uri>() else { return false };
    page.authority().is_some_and(|authority| authority.as_str() == host)
        && TELLING_PAGES.iter().any(|start| page.path().starts_with(start))
}

/// The request for the placeholder.
fn other(app: &App, request: &Request, path: &SourcePath) -> Request {
    let mut query = format!("src={}", in_query(path.as_str()));
    for (name, value) in query_pairs(&request.query) {
        let (name, value) = (String::from_utf8_lossy(&name), String::from_utf8_lossy(&value));
        if KEPT.contains(&&*name) {
            query.push_str(&format!("&{name}={}", in_query(&value)));
        }
    }
    query.push_str("&stats=0");
    if let Ok(identity) = who::identify(app, request)
        && app.protection.pass(request, &identity).is_signed()
        && let Some(signed) =
            app.protection.signatures.sign(PATH, query.as_bytes(), Some(OWN_KEY), None)
    {
        query = signed;
    }
    let mut headers = request.headers.clone();
    headers.remove(header::IF_NONE_MATCH);
    headers.remove(header::IF_MODIFIED_SINCE);
    Request {
        method: if request.method == Method::HEAD { Method::HEAD } else { Method::GET },
        path: PATH.to_owned(),
        query: query.into_bytes(),
        headers,
        client: request.client.clone(),
        body: RequestBody::Empty,
        received: request.received,
    }
}

impl Instead {
    /// The placeholder as the answer to what it stands in for.
    fn shown(self, app: &App, mut response: Response) -> Answer {
        let Self { request, error } = self;
        error.log(&subject(app, &request));
        count::stood_in(app, &error, &response, &request);
        response.status = error.status();
        for field in [header::ETAG, header::EXPIRES, header::CONTENT_DISPOSITION, X_ACCEL_EXPIRES] {
            response.headers.remove(field);
        }
        let unkept = HeaderValue::from_static("no-store");
        response.headers.insert(header::CACHE_CONTROL, unkept);
        response.headers.extend(error.headers());
        sign_in::session::renew(app, &request, &mut response);
        response.into()
    }
}
