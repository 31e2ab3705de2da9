//! What somebody has typed and what somebody else has saved meanwhile, side by side, to be saved again.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::frame::{Frame, given};
use super::respond::html;
use crate::http::{Request, Response};
use crate::web::App;
use crate::web::sign_in::Form;

#[derive(Template)]
#[template(path = "overtaken.html")]
struct Overtaken<'a> {
    f: Frame,
    /// Method and path of the call that is made again.
    call: &'a str,
    next: &'a str,
    done: String,
    /// What somebody else has saved, where that is another text.
    title_now: Option<&'a str>,
    description_now: Option<&'a str>,
    title: &'a str,
    description: &'a str,
    tags: &'a str,
    add: &'a str,
    /// What has been read by now.
    was: String,
}

/// The page, from an answer's `data`; none where that tells of nothing of the kind.
pub fn overtaken(app: &App, request: &Request, data: &Value, next: &str) -> Option<Response> {
    let now = data["now"].as_object()?;
    let call = request.path.strip_prefix("/do/")?;
    let (form, query) = (Form::of_body(request).ok()?, Form::of_query(request).ok()?);
    let mut was: Value = serde_json::from_str(form.text("was")?).ok()?;
    for (field, text) in now {
        was[field] = text.clone();
    }
    let text = |field: &str| now.get(field).and_then(Value::as_str);
    let mut f = Frame::of_request(app, request);
    // Nothing has been done.
    f.done.clear();
    let page = Overtaken {
        call,
        next,
        done: given(&query, "done").to_owned(),
        title_now: text("title"),
        description_now: text("description"),
        title: given(&form, "title"),
        description: given(&form, "description"),
        tags: given(&form, "tags"),
        add: given(&form, "add"),
        was: was.to_string(),
        f,
    };
    let response = html(StatusCode::CONFLICT, &page);
    Some(response.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}
