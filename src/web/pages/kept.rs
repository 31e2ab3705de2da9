//! What a form said whose sender's session had ended, shown once more before it is sent.

use askama::Template;
use http::StatusCode;

use super::admin::{acts, level_key, type_key};
use super::choices;
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
const MACHINERY: [&str; 11] = [
    "was",
    "plan",
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

/// What a field says, as people read it.
fn said(f: &Frame, name: &str, text: &str) -> Option<String> {
    if MACHINERY.contains(&name) {
        return None;
    }
    Some(match (choices::text_of(name, text), name, text) {
        (Some(key), ..) => f.t(key),
        // What a system group's form sends, and none offers.
        (None, "group_type", text) => match text.parse() {
            Ok(group_type) => f.t(type_key(group_type)),
            Err(_) => text.to_owned(),
        },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_told_in_the_words_of_the_form() {
        let f = Frame::for_tests();
        for (name, text, told) in [
            ("overwrite", "rename", Some("Keep both")),
            ("originals", "true", Some("Originals")),
            ("format", "zip", Some("Zip file")),
            ("group_type", "1", Some("System group")),
            ("group_type", "2", Some("Normal group")),
            ("group_type", "x", Some("x")),
            ("public_access", "20", Some("Download files")),
            ("allow_api", "true", Some("Yes")),
            ("title", "1", Some("1")),
            ("folder_id", "1", None),
        ] {
            assert_eq!(said(&f, name, text).as_deref(), told, "{name} {text}");
        }
    }
}
