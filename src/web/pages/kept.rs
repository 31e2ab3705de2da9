//! What a form said whose sender's session had ended, shown once more before it is sent.

use askama::Template;
use http::StatusCode;

use super::admin::{acts, level_key};
use super::frame::Frame;
use super::respond::html;
use crate::auth::Level;
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
    /// What it says, as people read it; none where nobody has said it, which is sent all the same.
    said: Option<String>,
}

/// Fields that forms fill in by themselves: what was read before, numbers of what a form is about, parameters as
/// scripts write them.
const MACHINERY: [&str; 10] = [
    "was",
    "image_parameters",
    "image_ids",
    "image_id",
    "user_id",
    "group_id",
    "folder_id",
    "folio_id",
    "template_id",
    "index",
];

/// Choices of forms that are sent as words of programs: the field, the word, the text.
const CHOICES: [(&str, &str, &str); 17] = [
    ("auth_type", "1", "user-kept-here"),
    ("auth_type", "2", "user-kept-ldap"),
    ("group_type", "1", "group-system"),
    ("group_type", "2", "group-local"),
    ("group_type", "3", "group-ldap"),
    ("required", "true", "folder-template-required"),
    ("required", "false", "folder-template-default"),
    ("overwrite", "rename", "upload-rename"),
    ("overwrite", "no", "upload-refuse"),
    ("overwrite", "yes", "upload-replace"),
    ("public_access", "0", "portfolio-may-nothing"),
    ("public_access", "10", "portfolio-may-look"),
    ("public_access", "20", "portfolio-may-download"),
    ("internal_access", "0", "portfolio-may-nothing"),
    ("internal_access", "10", "portfolio-may-look"),
    ("internal_access", "20", "portfolio-may-download"),
    ("format", "pdf", "portfolio-pdf"),
];

/// What a field says, as people read it.
fn said(f: &Frame, name: &str, text: &str) -> Option<String> {
    if MACHINERY.contains(&name) {
        return None;
    }
    let choice = CHOICES.iter().find(|(field, word, _)| (*field, *word) == (name, text));
    Some(match (choice, name, text) {
        (Some((_, _, key)), ..) => f.t(key),
        (None, "access", text) => match text.parse() {
            Ok(access) => f.t(level_key(Level::from_access(access))),
            Err(_) => text.to_owned(),
        },
        (None, "scopes", text) => acts::scope(f.texts(), text),
        (None, _, "true") => f.t("yes"),
        (None, _, "false") => f.t("no"),
        (None, _, text) => text.to_owned(),
    })
}

/// The page that offers to send what was kept, to who has signed in; it leads to `next`, which was checked, where it is
/// not to be sent.
pub fn kept_page<'a>(f: Frame, status: StatusCode, kept: &'a Kept, next: &'a str) -> Response {
    let field = |(name, value): &'a (String, Value)| {
        let label = label(f.texts(), name).unwrap_or_else(|| name.clone());
        let said = match value {
            Value::Text(text) => said(&f, name, text),
            Value::Secret | Value::Files => None,
        };
        Field { name, label, value, said }
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
