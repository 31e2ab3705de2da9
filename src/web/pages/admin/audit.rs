//! The record of administrative acts.

use askama::Template;
use askama::filters::Safe;

use super::{Desk, Section, enter};
use crate::auth::SystemPermission;
use crate::db::audit_log::{self, Entry, Wanted};
use crate::http::{Progress, Request, Response};
use crate::web::api::in_query;
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

/// Kinds of acts that can be chosen, by what their words begin with.
const ACTIONS: [&str; 10] = [
    "user",
    "group",
    "permission",
    "template",
    "folder_template",
    "property",
    "task",
    "key",
    "totp",
    "folder.",
];

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    username: String,
    action: String,
    actions: [&'static str; 10],
    rows: Vec<Row>,
    total: i64,
    pager: Pager,
}

struct Row {
    when: Safe<String>,
    username: String,
    address: String,
    action: String,
    object: String,
    detail: String,
}

/// `GET /admin/audit`
pub fn audit(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminAll)?;
    let form = Form::of_query(request)?;
    let (username, action) = (given(&form, "username").trim(), given(&form, "action").trim());
    let wanted = Wanted { username, action };
    let total = audit_log::part(&app.db, wanted, (0, 1))?.1;
    let address = |page: usize| {
        let (username, action) = (in_query(username), in_query(action));
        format!("/admin/audit?username={username}&action={action}&page={page}")
    };
    let count = usize::try_from(total).unwrap_or(0);
    let pager = Pager::of(count, given(&form, "page"), address);
    let part = (pager.start() as i64, PER_PAGE as i64);
    let (found, _) = audit_log::part(&app.db, wanted, part)?;
    let page = Page {
        username: username.to_owned(),
        action: action.to_owned(),
        actions: ACTIONS,
        rows: found.into_iter().map(|entry| row(&f, entry)).collect(),
        total,
        pager,
        sections,
        f,
    };
    Ok(page.f.send(&page))
}

fn row(f: &Frame, entry: Entry) -> Row {
    Row {
        when: f.moment(entry.at_ms),
        username: entry.username,
        address: entry.address,
        action: entry.action,
        object: entry.object,
        detail: entry.detail,
    }
}
