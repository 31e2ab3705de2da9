//! Why somebody may do what in a folder, in words.

use askama::Template;

use super::permissions::group_page;
use super::{Desk, Section, enter, level_key};
use crate::auth::{self, Identity, Level, Rule, SignedIn, Step, SystemPermission};
use crate::db::users::{self, name_key};
use crate::db::{STATUS_ACTIVE, image_views};
use crate::http::{Progress, Request, Response};
use crate::web::api::{folder_path, in_query};
use crate::web::pages::frame::{Frame, given};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

/// Names that are offered while one is typed.
const OFFERED: usize = 500;

#[derive(Template)]
#[template(path = "admin/explain.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    names: Vec<String>,
    user: String,
    path: String,
    /// What is wrong with what was asked for.
    fault: String,
    found: Option<Found>,
}

/// What came of a question.
struct Found {
    /// The folder that was asked about.
    folder: String,
    folder_href: String,
    level_key: &'static str,
    /// The rule that decides, in words.
    rule: String,
    allowed: Vec<Allowed>,
    steps: Vec<StepRow>,
}

/// Something that can be done in a folder.
struct Allowed {
    key: &'static str,
    is_allowed: bool,
}

struct StepRow {
    group: String,
    /// The group's page; blank for who may not open it.
    href: String,
    administers: bool,
    /// The folder of the record; blank for none.
    folder: String,
    folder_href: String,
    level_key: &'static str,
}

/// `GET /admin/permissions/explain`
pub fn explain(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = enter(app, request, SystemPermission::AdminPermissions)?;
    let form = Form::of_query(request)?;
    let (user, path) = (given(&form, "user").trim(), given(&form, "path"));
    let asked = form.text("path").is_some();
    let (found, fault) = match asked.then(|| answer(app, &desk, user, path)).transpose() {
        Ok(found) => (found, String::new()),
        Err(error) if error.status().is_client_error() => (None, error.in_words(desk.f.texts())),
        Err(error) => return Err(error),
    };
    let names = names(app, &desk)?;
    let page = Page {
        names,
        user: user.to_owned(),
        path: if asked { path.to_owned() } else { "/".to_owned() },
        fault,
        found,
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
}

/// The names of accounts, for who may list them.
fn names(app: &App, desk: &Desk) -> Result<Vec<String>, Error> {
    if !desk.rights.has(&desk.identity, SystemPermission::AdminUsers) {
        return Ok(Vec::new());
    }
    let mut names: Vec<String> = users::active(&app.db)?.into_iter().map(|u| u.username).collect();
    names.sort_by_cached_key(|name| name_key(name));
    names.truncate(OFFERED);
    Ok(names)
}

fn answer(app: &App, desk: &Desk, user: &str, path: &str) -> Result<Found, Error> {
    let mut folder = folder_path(path)?;
    // The path of a picture means its folder.
    if let Some(view) = image_views::by_path(&app.db, path)? {
        folder = view.folder.path;
    }
    let identity = match user {
        "" => Identity::Anonymous,
        name => {
            let known = users::named(&app.db, name)?.filter(|(u, _)| u.status == STATUS_ACTIVE);
            known
                .and_then(|(user, _)| desk.rights.identity(user.id, SignedIn::Token))
                .ok_or_else(|| Error::parameter("user", "there is no such account"))?
        }
    };
    let explained = auth::explain(&desk.rights, &identity, &folder);
    let f = &desk.f;
    let rule = match &explained.rule {
        Rule::Administrator { group } => f.s("explain-administrator", group),
        Rule::Record { group, folder: from } => {
            let key = match group_is_public(&explained.steps, group) {
                true => "explain-public",
                false => "explain-record",
            };
            f.named(key, &[("name", group), ("folder", from)])
        }
        Rule::NoRecord => f.t("explain-nothing"),
        Rule::KeyScopes => f.t("explain-key"),
    };
    let allowed =
        |level: &Level| Allowed { key: level_key(*level), is_allowed: *level <= explained.level };
    Ok(Found {
        level_key: level_key(explained.level),
        rule,
        allowed: Level::ALL[1..].iter().map(allowed).collect(),
        steps: explained.steps.into_iter().map(|step| row(desk, step)).collect(),
        folder_href: address(&folder),
        folder,
    })
}

/// Whether it is by the group of everybody that a rule holds.
fn group_is_public(steps: &[Step], group: &str) -> bool {
    let public = crate::db::groups::PUBLIC;
    steps.iter().any(|step| step.group_id == public && step.group == *group)
}

fn address(folder: &str) -> String {
    format!("/admin/permissions?path=/{}", in_query(folder.trim_matches('/')))
}

fn row(desk: &Desk, step: Step) -> StepRow {
    let (folder, level) = step.record.unwrap_or((String::new(), Level::None));
    StepRow {
        group: step.group,
        href: group_page(desk, step.group_id),
        administers: step.administers,
        folder_href: address(&folder),
        folder,
        level_key: level_key(level),
    }
}
