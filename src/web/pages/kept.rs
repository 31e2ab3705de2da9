//! What a form said whose sender's session had ended, shown once more before it is sent.

use askama::Template;
use http::StatusCode;

use super::frame::Frame;
use super::respond::html;
use crate::http::Response;
use crate::web::label;
use crate::web::sign_in::kept::{Kept, Value};

#[derive(Template)]
#[template(path = "kept.html")]
struct Page<'a> {
    f: Frame,
    action: &'a str,
    /// What it does, in a few words.
    title: String,
    fields: Vec<Field<'a>>,
    next: &'a str,
}

struct Field<'a> {
    name: &'a str,
    label: String,
    value: &'a Value,
}

/// The page that offers to send what was kept, to who has signed in; it leads to `next`, which was checked, where it is
/// not to be sent.
pub fn kept_page<'a>(f: Frame, status: StatusCode, kept: &'a Kept, next: &'a str) -> Response {
    let field = |(name, value): &'a (String, Value)| {
        let label = label(f.texts(), name).unwrap_or_else(|| name.clone());
        Field { name, label, value }
    };
    let page = Page {
        action: &kept.action,
        title: kept.title().map_or_else(|| f.t("table-title"), str::to_owned),
        fields: kept.fields.iter().map(field).collect(),
        next,
        f,
    };
    html(status, &page)
}
