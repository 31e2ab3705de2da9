//! The record of administrative acts.

use askama::Template;
use askama::filters::Safe;

use super::{Desk, Section, acts, enter};
use crate::auth::SystemPermission;
use crate::db::audit_log::{self, Entry, Wanted};
use crate::http::{Progress, Request, Response};
use crate::web::api::in_query;
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    username: String,
    /// Whether anything narrows the list.
    is_narrowed: bool,
    kinds: Vec<KindChoice>,
    rows: Vec<Row>,
    total: i64,
    pager: Pager,
}

/// Acts that can be chosen.
struct KindChoice {
    /// What their names begin with.
    value: String,
    title: String,
    is_here: bool,
}

struct Row {
    when: Safe<String>,
    who: String,
    address: String,
    act: String,
    object: String,
    details: Vec<String>,
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
        is_narrowed: !username.is_empty() || !action.is_empty(),
        kinds: kinds(&f, action),
        rows: found.into_iter().map(|entry| row(&f, entry)).collect(),
        total,
        pager,
        sections,
        f,
    };
    Ok(page.f.send(&page))
}

/// All kinds of acts, and the one that is chosen where it is none of them, such as a single act.
fn kinds(f: &Frame, chosen: &str) -> Vec<KindChoice> {
    let choice = |value: &str, title: String| KindChoice {
        is_here: value.trim_end_matches('.') == chosen.trim_end_matches('.'),
        value: value.to_owned(),
        title,
    };
    let known = acts::KINDS.iter().map(|(kind, key)| choice(kind, f.texts().get(key)));
    let mut kinds = vec![choice("", f.t("acts-all"))];
    kinds.extend(known);
    if !kinds.iter().any(|kind| kind.is_here) {
        kinds.push(choice(chosen, acts::act(f.texts(), chosen)));
    }
    kinds
}

fn row(f: &Frame, entry: Entry) -> Row {
    let texts = f.texts();
    Row {
        when: f.moment(entry.at_ms),
        who: acts::actor(texts, &entry.username),
        act: acts::act(texts, &entry.action),
        object: acts::object(texts, &entry),
        details: acts::details(f, &entry),
        address: entry.address,
    }
}
