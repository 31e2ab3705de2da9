//! What came of each of many things that a form asked for, where some failed: files that were sent, lines of
//! a table. For browsers without scripts.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::frame::{Frame, given, with_value};
use super::listing::{Crumb, crumbs};
use super::respond::html;
use crate::http::{Request, Response};
use crate::web::sign_in::Form;
use crate::web::{App, in_words};

/// Things that the page shows.
const SHOWN: usize = 500;

#[derive(Template)]
#[template(path = "outcome.html")]
struct Outcome<'a> {
    f: Frame,
    /// The way down to the folder that it leads back to; nothing where that is no folder.
    crumbs: Vec<Crumb>,
    title: String,
    /// How many went well and how many did not, in words.
    sums: [String; 2],
    things: Vec<Thing>,
    has_numbers: bool,
    more: usize,
    next: &'a str,
}

/// A file or a line.
struct Thing {
    /// The number of a line; blank for a file.
    number: String,
    name: String,
    /// The page of the picture; blank where there is none.
    href: String,
    /// What was done, in words; blank when nothing was.
    done: String,
    /// Why nothing came of it; blank when something did.
    error: String,
}

/// The page with what came of each, from an answer's status and `data`; none where an address does not tell of
/// each.
pub fn outcome(
    app: &App,
    request: &Request,
    (status, data): (StatusCode, &Value),
    next: &str,
) -> Option<Response> {
    let mut f = Frame::of_request(app, request);
    // The page says it, not the words for when all went well.
    f.done.clear();
    let (title, keys, mut things) = match request.path.trim_end_matches('/') {
        "/do/post/upload" => {
            ("upload-title", ["upload-arrived", "upload-refused"], files(&f, data)?)
        }
        "/do/post/admin/metadata" => {
            ("table-title", ["table-changed", "table-failed"], lines(&f, data)?)
        }
        _ => return None,
    };
    let failed = things.iter().filter(|thing| !thing.error.is_empty()).count();
    let [well, ill] = keys;
    let sums = [f.n(well, things.len() - failed), f.n(ill, failed)];
    // Failures are looked for.
    things.sort_by_key(|thing| thing.error.is_empty());
    let more = things.len().saturating_sub(SHOWN);
    things.truncate(SHOWN);
    let has_numbers = things.iter().any(|thing| !thing.number.is_empty());
    let crumbs = way(&f, next);
    let page = Outcome { crumbs, title: f.t(title), sums, things, has_numbers, more, next, f };
    let response = html(status, &page);
    Some(response.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

fn way(f: &Frame, next: &str) -> Vec<Crumb> {
    let query = next.strip_prefix("/browse").map(|rest| rest.trim_start_matches('?'));
    let form = query.and_then(|query| Form::of_pairs(query.as_bytes()).ok());
    form.map(|form| crumbs(given(&form, "path"), f.t("library"))).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn details(src: &Value) -> String {
    with_value("/details", "src", src.as_str().unwrap_or_default())
}

/// Of an upload: what each file has become, by its name.
fn files(f: &Frame, data: &Value) -> Option<Vec<Thing>> {
    let thing = |(name, told): (&String, &Value)| {
        let words = |error: &Value| in_words(f.texts(), &text(&error["message"]));
        let error = told.get("error").map(words);
        let (href, done) = match error {
            Some(_) => Default::default(),
            None => (details(&told["src"]), f.t("upload-arrived-one")),
        };
        let error = error.unwrap_or_default();
        Thing { number: String::new(), name: name.clone(), href, done, error }
    };
    Some(data.as_object()?.iter().map(thing).collect())
}

/// Of a table: what each line has changed.
fn lines(f: &Frame, data: &Value) -> Option<Vec<Thing>> {
    let field = |change: &Value| match change["field"].as_str() {
        Some("title") => f.t("image-title"),
        Some("tags") => f.t("image-tags"),
        _ => f.t("image-description"),
    };
    let thing = |line: &Value| {
        let error = in_words(f.texts(), &text(&line["error"]));
        let fields: Vec<String> =
            line["changes"].as_array().into_iter().flatten().map(field).collect();
        let (href, done) = match error.is_empty() {
            true => (details(&line["src"]), f.s("table-changed-one", fields.join(", "))),
            false => Default::default(),
        };
        let number = line["line"].as_i64().map(|number| f.number(number)).unwrap_or_default();
        Thing { number, name: text(&line["src"]), href, done, error }
    };
    Some(data["lines"].as_array()?.iter().map(thing).collect())
}
