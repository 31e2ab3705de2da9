//! The page that tells of an error.

use askama::Template;
use http::{HeaderValue, Method, StatusCode, header};

use super::frame::Frame;
use super::kept::kept_page;
use super::respond::html;
use crate::http::request_id::X_REQUEST_ID;
use crate::http::{Request, Response};
use crate::web::sign_in::kept::Kept;
use crate::web::sign_in::{csrf, login_keeping, session};
use crate::web::{App, Error, shows_pictures, who};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    f: Frame,
    status: u16,
    title: String,
    /// What is wrong; blank where the title says it.
    message: String,
    /// Whether signing in may help.
    sign_in: bool,
    /// Whether another account may help.
    other_account: bool,
    /// Whether asking once more may help.
    again: bool,
    back: &'a str,
    /// Where signing in leads to.
    next: &'a str,
    /// The number by which the log has this request; blank where there is nothing to look for.
    request_id: String,
}

/// The HTML answer for an error: its status, its message, and nothing of its cause.
pub fn error_page(app: &App, request: &Request, error: &Error) -> Response {
    error_page_leading_to(app, request, error, "")
}

/// The same, with a way back to an address that was checked. What a form said is not lost for want of a session.
pub fn error_page_leading_to(app: &App, request: &Request, error: &Error, back: &str) -> Response {
    if let Some(response) = keeping(app, request, error, back) {
        let response = response.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return error
            .headers()
            .fold(response, |response, (name, value)| response.header(name, value));
    }
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
    let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    // What was posted is not sent once more by a link.
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    let closed = matches!(status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED);
    // Whoever writes the address of a picture knows parameters by the names that it has.
    let message = match shows_pictures(&request.path) {
        _ if is_told_by_title(error) => String::new(),
        true => error.in_words_by_names(f.texts()),
        false if is_stale(error) => f.t("error-stale"),
        false => error.in_words(f.texts()),
    };
    let id = request.headers.get(X_REQUEST_ID).filter(|_| status.is_server_error());
    let here = f.here.clone();
    let page = ErrorPage {
        status: status.as_u16(),
        title: f.t(&key),
        message,
        sign_in: closed && f.user.is_empty(),
        other_account: status == StatusCode::FORBIDDEN && is_read && !f.user.is_empty(),
        again: passes && is_read,
        next: if back.is_empty() { &here } else { back },
        back,
        request_id: id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned(),
        f,
    };
    let mut response =
        html(status, &page).header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers.extend(error.headers());
    response
}

/// Whether there is nothing to say of an error but what the title of its page says.
fn is_told_by_title(error: &Error) -> bool {
    [Error::sign_in(), Error::forbidden()].iter().any(|plain| plain.message() == error.message())
}

/// Whether a form was refused because it is not one of the session.
fn is_stale(error: &Error) -> bool {
    error.message().strip_prefix(csrf::FIELD).is_some_and(|rest| rest.starts_with(": "))
}

/// The page that goes on with a form that was refused because its session has ended.
fn keeping(app: &App, request: &Request, error: &Error, back: &str) -> Option<Response> {
    let identity = who::identify(app, request).ok()?;
    let closed = matches!(error.status(), StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED);
    let signed_out = closed && identity.user_id().is_none();
    let signed_in_anew = is_stale(error) && identity.user_id().is_some();
    if !signed_out && !signed_in_anew {
        return None;
    }
    let user_id = identity.user_id().or_else(|| session::last_user(app, request))?;
    let kept = Kept::of(app, request, user_id)?;
    // What is no call of the API is a page itself.
    let next = if back.is_empty() { &kept.action } else { back };
    if signed_in_anew {
        let mut f = Frame::of(app, request, &identity);
        f.done.clear();
        return Some(kept_page(f, error.status(), &kept, next));
    }
    login_keeping(app, request, error.status(), &kept, next).ok()
}
