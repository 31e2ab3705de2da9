//! What came of each of many things that a form asked for, where some failed: files that were sent, lines of
//! a table. For browsers without scripts.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::frame::{Frame, given, with_value};
use super::listing::{Crumb, crumbs, natural_key};
use super::respond::html;
use crate::db::{STATUS_ACTIVE, folders, images};
use crate::http::{Request, Response};
use crate::library::name;
use crate::web::sign_in::Form;
use crate::web::{App, Error, in_words};

/// Things that the page shows.
const SHOWN: usize = 500;

/// Where the form for files is posted to.
const UPLOAD: &str = "/do/post/upload";

/// The most files whose names are told.
const MOST_RENAMED: usize = 100;

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
        UPLOAD => ("upload-title", ["upload-arrived", "upload-refused"], files(&f, data)?),
        "/do/post/admin/metadata" if data["outdated"] != true => {
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
            None => {
                let done = match kept_as(name, told) {
                    Some(kept) => f.s("upload-arrived-as", kept),
                    None => f.t("upload-arrived-one"),
                };
                (details(&told["src"]), done)
            }
        };
        let error = error.unwrap_or_default();
        Thing { number: String::new(), name: name.clone(), href, done, error }
    };
    Some(data.as_object()?.iter().map(thing).collect())
}

/// The name under which a file is kept, where it is not the one that was sent.
fn kept_as<'a>(sent: &str, told: &'a Value) -> Option<&'a str> {
    let kept = told["filename"].as_str()?;
    (name::composed(sent) != name::composed(kept)).then_some(kept)
}

/// Of an upload that went well: the ids of the pictures that are kept under other names than were sent, for the page
/// that it leads to; blank for none, and for other addresses.
pub fn renamed(request: &Request, data: &Value) -> String {
    let files = data.as_object().filter(|_| request.path.trim_end_matches('/') == UPLOAD);
    let renamed = files.into_iter().flatten().filter(|(sent, told)| kept_as(sent, told).is_some());
    let ids = renamed.filter_map(|(_, told)| told["id"].as_i64());
    ids.take(MOST_RENAMED).map(|id| id.to_string()).collect::<Vec<_>>().join(",")
}

/// A picture that is kept under another name than was sent.
pub struct Renamed {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
}

/// Those of such ids that a visitor may see.
pub fn renamed_ones(
    app: &App,
    ids: &str,
    sees: impl Fn(&str) -> bool,
) -> Result<Vec<Renamed>, Error> {
    let ids: Vec<i64> =
        ids.split(',').filter_map(|id| id.parse().ok()).take(MOST_RENAMED).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut images = images::by_ids(&app.db, &ids)?;
    images
        .retain(|image| image.status == STATUS_ACTIVE && sees(&folders::parent_path(&image.path)));
    images.sort_by_cached_key(|image| natural_key(&image.path));
    let renamed = |image: images::ImageRow| Renamed {
        name: image.path.rsplit('/').next().unwrap_or_default().to_owned(),
        href: with_value("/details", "src", &image.path),
    };
    Ok(images.into_iter().map(renamed).collect())
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
