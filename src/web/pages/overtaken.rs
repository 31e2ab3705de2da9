//! What somebody has typed and what somebody else has saved meanwhile, side by side, to be saved again.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use super::frame::{Frame, given};
use super::respond::html;
use crate::http::{Request, Response};
use crate::web::api::form_at;
use crate::web::sign_in::Form;
use crate::web::{App, label};

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

/// The same of what is administered.
#[derive(Template)]
#[template(path = "overtaken_fields.html")]
struct OvertakenFields<'a> {
    f: Frame,
    call: &'a str,
    next: &'a str,
    done: String,
    fields: Vec<Field>,
    was: String,
}

struct Field {
    name: &'static str,
    label: String,
    /// What was typed.
    value: String,
    /// What somebody else has saved; none where there is nothing to choose.
    now: Option<String>,
}

impl Field {
    /// Whether it takes lines of program text.
    fn is_code(&self) -> bool {
        self.name == "template"
    }

    fn is_long(&self) -> bool {
        self.is_code() || self.name == "description"
    }
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
    if !call.starts_with("put/admin/images/") {
        let page = OvertakenFields {
            call,
            next,
            done: given(&query, "done").to_owned(),
            fields: fields(&f, &request.path, &form, now)?,
            was: was.to_string(),
            f,
        };
        return Some(conflict(&page));
    }
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
    Some(conflict(&page))
}

fn conflict(page: &impl Template) -> Response {
    let response = html(StatusCode::CONFLICT, page);
    response.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// The fields of a form, as they were sent. Passwords are typed anew, on the page that the form is of.
fn fields(f: &Frame, path: &str, form: &Form, now: &Map<String, Value>) -> Option<Vec<Field>> {
    let row = form_at(path)?;
    let sent = row.fields.iter().filter(|name| **name != "was" && !row.secrets.contains(name));
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    let field = |&name: &&'static str| Field {
        name,
        label: label(f.texts(), name).unwrap_or_else(|| name.to_owned()),
        value: given(form, name).to_owned(),
        now: now.get(name).map(shown),
    };
    Some(sent.map(field).collect())
}
