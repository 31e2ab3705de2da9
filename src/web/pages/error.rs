//! The page that tells of an error.

use askama::Template;
use http::{HeaderValue, Method, StatusCode, header};

use super::frame::Frame;
use super::respond::html;
use crate::http::request_id::X_REQUEST_ID;
use crate::http::{Request, Response};
use crate::web::{App, Error, shows_pictures};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    f: Frame,
    status: u16,
    title: String,
    message: String,
    /// Whether signing in may help.
    sign_in: bool,
    /// Whether asking once more may help.
    again: bool,
    back: &'a str,
    /// The number by which the log has this request; blank where there is nothing to look for.
    request_id: String,
}

/// The HTML answer for an error: its status, its message, and nothing of its cause.
pub fn error_page(app: &App, request: &Request, error: &Error) -> Response {
    error_page_leading_to(app, request, error, "")
}

/// The same, with a way back to an address that was checked.
pub fn error_page_leading_to(app: &App, request: &Request, error: &Error, back: &str) -> Response {
    let status = error.status();
    let mut f = Frame::of_request(app, request);
    // What was to be told of has not been done.
    f.done.clear();
    let key = match status.as_u16() {
        known @ (400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503) => {
            format!("error-{known}")
        }
        _ if status.is_server_error() => "error-500".to_owned(),
        _ => "error-400".to_owned(),
    };
    let passes = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let closed = matches!(status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED);
    // Whoever writes the address of a picture knows parameters by the names that it has.
    let message = match shows_pictures(&request.path) {
        true => error.message().to_owned(),
        false => error.in_words(f.texts()),
    };
    let id = request.headers.get(X_REQUEST_ID).filter(|_| status.is_server_error());
    let page = ErrorPage {
        status: status.as_u16(),
        title: f.t(&key),
        message,
        sign_in: closed && f.user.is_empty(),
        // What was posted is not sent once more by a link.
        again: passes && matches!(request.method, Method::GET | Method::HEAD),
        back,
        request_id: id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned(),
        f,
    };
    let mut response =
        html(status, &page).header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers.extend(error.headers());
    response
}
