//! What a call gives this once and never again, such as a new key, for browsers without scripts. A form that asks for
//! it leads on to a page of its own, which can be loaded again without a second key being made; what it shows is
//! carried there by a cookie, sealed for the account, for some minutes.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::frame::{Frame, cookie};
use super::respond::html;
use crate::http::{Progress, Request, Response};
use crate::web::sign_in::session;
use crate::web::{App, Error, who};

/// What can be shown so: the member of the answer's `data`, its heading, and what to do with it.
const SHOWN: [(&str, &str, &str); 2] =
    [("key", "once-key", "once-key-text"), ("recovery_codes", "once-codes", "once-codes-text")];

const COOKIE: &str = "halftone_once";

/// How long it can be shown.
const LASTS_S: i64 = 600;

/// What the cookie holds.
#[derive(Serialize, Deserialize)]
struct Carried {
    member: String,
    lines: Vec<String>,
    /// The page that it leads to, which was checked.
    next: String,
    until_s: i64,
}

#[derive(Template)]
#[template(path = "once.html")]
struct Once {
    f: Frame,
    title: String,
    text: String,
    lines: Vec<String>,
    next: String,
}

/// Leads to the page with a member of an answer's `data`; none when there is no such member, or it is none of those
/// that are shown.
pub fn lead_to_once(
    app: &App,
    request: &Request,
    (data, member): (&Value, &str),
    next: &str,
) -> Option<Result<Response, Error>> {
    SHOWN.iter().find(|(known, ..)| *known == member)?;
    let lines = match data.get(member)? {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    let until_s = session::now_s() + LASTS_S;
    let carried = Carried { member: member.to_owned(), lines, next: next.to_owned(), until_s };
    Some(lead(app, request, &carried))
}

fn lead(app: &App, request: &Request, carried: &Carried) -> Result<Response, Error> {
    let user = who::identify(app, request)?.user_id().ok_or_else(Error::sign_in)?;
    let text = serde_json::to_string(carried).map_err(Error::internal)?;
    let sealed = app.sign_in.seal.seal(user, &text).map_err(Error::internal)?;
    let kept = cookie(app, request, (COOKIE, &sealed), LASTS_S).map_err(Error::internal)?;
    Ok(to("/once").header(header::SET_COOKIE, kept))
}

/// `GET /once`
pub fn once(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let user = who::identify(app, request)?.user_id();
    let mut cookies = session::cookies(&request.headers, COOKIE);
    let carried = user.and_then(|user| cookies.find_map(|text| open(app, user, text)));
    let shown = carried.and_then(|carried| {
        let shown = SHOWN.iter().find(|(known, ..)| *known == carried.member)?;
        Some((carried, shown))
    });
    // Its time is over, or it is another's.
    let Some((carried, (_, title, text))) = shown else { return Ok(to("/")) };
    let f = Frame::of_request(app, request);
    let page =
        Once { title: f.t(title), text: f.t(text), lines: carried.lines, next: carried.next, f };
    let response = html(StatusCode::OK, &page);
    Ok(response.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

fn open(app: &App, user: i64, text: &str) -> Option<Carried> {
    let opened = app.sign_in.seal.open(user, text).ok().filter(|opened| opened.was_sealed)?;
    let carried: Carried = serde_json::from_str(&opened.text).ok()?;
    (carried.until_s > session::now_s()).then_some(carried)
}

fn to(page: &'static str) -> Response {
    Response::new(StatusCode::SEE_OTHER)
        .header(header::LOCATION, HeaderValue::from_static(page))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
