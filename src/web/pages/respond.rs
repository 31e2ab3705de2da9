//! The header fields of every page: the one place that says what a page may load, where its forms may
//! lead, and who may keep it.

use askama::Template;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::http::{Body, Response};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What a page may load and where its forms may lead; `form_targets` are origins beside our own.
pub fn policy(form_targets: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'; form-action 'self'{form_targets}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
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
        .header(header::CONTENT_SECURITY_POLICY, policy(""))
        .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .header(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"))
        .header(OPENER_POLICY, HeaderValue::from_static("same-origin"))
        .body(Body::Bytes(text.into()))
}
