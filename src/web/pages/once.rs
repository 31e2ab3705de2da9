//! What a call gives this once and never again, such as a new key, for browsers without scripts.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::frame::Frame;
use super::respond::html;
use crate::http::{Request, Response};
use crate::web::App;

/// What can be shown so: the member of the answer's `data`, its heading, and what to do with it.
const SHOWN: [(&str, &str, &str); 2] =
    [("key", "once-key", "once-key-text"), ("recovery_codes", "once-codes", "once-codes-text")];

#[derive(Template)]
#[template(path = "once.html")]
struct Once<'a> {
    f: Frame,
    title: String,
    text: String,
    lines: Vec<String>,
    next: &'a str,
}

/// The page with a member of an answer's `data`; none when there is no such member, or it is none of those
/// that are shown.
pub fn once(
    app: &App,
    request: &Request,
    data: &Value,
    member: &str,
    next: &str,
) -> Option<Response> {
    let (_, title, text) = SHOWN.iter().find(|(known, ..)| *known == member)?;
    let lines = match data.get(member)? {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    let f = Frame::of_request(app, request);
    let page = Once { title: f.t(title), text: f.t(text), lines, next, f };
    let response = html(StatusCode::OK, &page);
    Some(response.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}
