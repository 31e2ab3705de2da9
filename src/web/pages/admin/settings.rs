//! The settings as they were loaded, each with where it was given.

use askama::Template;

use super::{Desk, Section, enter};
use crate::auth::SystemPermission;
use crate::config::{Group, Origin, Shown};
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::{Frame, given};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    /// Whether only those are shown that were given somewhere.
    is_given: bool,
    query: String,
    groups: Vec<Rows>,
    count: usize,
}

/// The settings of a group.
struct Rows {
    id: usize,
    title: String,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    /// As it is shown; blank for a secret.
    value: String,
    is_hidden: bool,
    is_default: bool,
    default: String,
    origin: String,
    doc: String,
    reload: bool,
}

/// `GET /admin/settings`
pub fn settings(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminAll)?;
    let form = Form::of_query(request)?;
    let (is_given, query) = (given(&form, "show") == "given", given(&form, "q").to_owned());
    let wanted = |setting: &&Shown| {
        let words = query.to_lowercase();
        let text = format!("{} {}", setting.name, f.texts().setting(setting).to_lowercase());
        (!is_given || setting.origin != Origin::Default)
            && words.split_whitespace().all(|word| text.contains(word))
    };
    let shown: Vec<&Shown> = app.settings.iter().filter(wanted).collect();
    let rows = |(id, group): (usize, Group)| Rows {
        id,
        title: f.texts().settings(group),
        rows: shown.iter().filter(|s| s.group == group).map(|setting| row(&f, setting)).collect(),
    };
    let mut groups: Vec<Rows> = Group::ALL.into_iter().enumerate().map(rows).collect();
    groups.retain(|group| !group.rows.is_empty());
    let page = Page { count: shown.len(), is_given, query, groups, sections, f };
    Ok(page.f.send(&page))
}

/// A value as it would stand in a settings file; of one that holds nothing that it does.
fn shown(f: &Frame, value: &str) -> String {
    match value {
        "\"\"" => f.t("settings-blank"),
        "[]" => f.t("settings-empty"),
        value => value.to_owned(),
    }
}

fn row(f: &Frame, setting: &Shown) -> Row {
    Row {
        name: setting.name,
        value: setting.value.as_deref().map(|value| shown(f, value)).unwrap_or_default(),
        is_hidden: setting.value.is_none(),
        is_default: setting.origin == Origin::Default,
        default: shown(f, &setting.default),
        origin: match &setting.origin {
            Origin::Default => f.t("settings-default"),
            Origin::File { path, line } => {
                let (path, line) = (path.display().to_string(), line.to_string());
                f.named("settings-file", &[("name", &path), ("line", &line)])
            }
            Origin::Environment(variable) => f.s("settings-environment", variable),
            Origin::CommandLine => f.t("settings-command-line"),
        },
        doc: f.texts().setting(setting),
        reload: setting.reload,
    }
}
