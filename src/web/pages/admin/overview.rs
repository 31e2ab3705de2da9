//! The first page of the administration: what there is, and how it does.

use askama::Template;

use super::{Desk, Section, is_offered, sit_down};
use crate::auth::SystemPermission;
use crate::db::{STATUS_ACTIVE, groups, images, tasks, users};
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::Frame;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    facts: Vec<Fact>,
}

/// A number that is worth a look.
struct Fact {
    key: &'static str,
    value: String,
    href: &'static str,
}

/// `GET /admin`
pub fn overview(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = sit_down(app, request)?;
    if !is_offered(&desk.rights, &desk.identity) {
        return Err(Error::forbidden());
    }
    let facts = facts(app, &desk)?;
    let Desk { f, sections, .. } = desk;
    let page = Page { f, sections, facts };
    Ok(page.f.send(&page))
}

fn facts(app: &App, desk: &Desk) -> Result<Vec<Fact>, Error> {
    let (f, has) = (&desk.f, |may| desk.rights.has(&desk.identity, may));
    let mut facts = Vec::new();
    let mut add = |key, value, href| facts.push(Fact { key, value, href });
    if has(SystemPermission::AdminFiles) {
        add("overview-originals", f.number(images::count(&app.db, STATUS_ACTIVE)?), "/browse");
    }
    if has(SystemPermission::AdminUsers) {
        let active = users::active(&app.db)?.len();
        add("overview-users", f.number(active), "/admin/users");
        add("overview-groups", f.number(groups::all(&app.db)?.len()), "/admin/groups");
    }
    if has(SystemPermission::AdminAll) {
        let count = |status| Ok::<_, Error>(tasks::newest(&app.db, Some(status), 0, 1)?.1);
        let running = f.number(count(tasks::ACTIVE)?);
        add("overview-running", running, "/admin/tasks?show=running");
        add("overview-waiting", f.number(count(tasks::PENDING)?), "/admin/tasks?show=waiting");
        let snapshot = app.meters.row().board().snapshot();
        add("overview-requests", f.number(snapshot.requests), "/status");
        if let Some((used, limit)) = app.cache.shared_fill() {
            let percent = (used.saturating_mul(100)).checked_div(limit).unwrap_or(0);
            add("overview-cache", f.percent(percent as f64), "/admin/cache");
        }
    }
    Ok(facts)
}
