//! The page that tells of an error.

use askama::Template;
use http::{HeaderValue, StatusCode, header};

use crate::http::{Body, Response};
use crate::web::Error;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    csrf_token: String,
    status: u16,
    reason: &'a str,
    message: &'a str,
}

/// The HTML answer for an error: its status, its message, and nothing of its cause. `csrf_token` is blank when
/// nobody is signed in.
pub fn error_page(error: &Error, csrf_token: String) -> Response {
    let status = error.status();
    let reason = status.canonical_reason().unwrap_or("Error");
    let page = ErrorPage { csrf_token, status: status.as_u16(), reason, message: error.message() };
    let mut response =
        html(status, &page).header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers.extend(error.headers());
    response
}

/// How pages may be kept: not at all with the text of a session, and by nobody but the browser without.
pub fn page_caching(csrf_token: &str) -> HeaderValue {
    HeaderValue::from_static(if csrf_token.is_empty() { "private, no-cache" } else { "no-store" })
}

/// An HTML response, with the header fields that every page carries.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    let text = page.render().expect("rendering into memory fails only if a template's value does");
    Response::new(status)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))
        .header(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'self'; base-uri 'none'; frame-ancestors 'self'"),
        )
        .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .header(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"))
        .body(Body::Bytes(text.into()))
}
