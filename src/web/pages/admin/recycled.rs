//! The recycle folder: what lies in it, putting it back, and ending it.

use std::collections::HashMap;

use askama::Template;
use askama::filters::Safe;

use super::{Desk, Section, sit_down};
use crate::auth::{Level, SystemPermission};
use crate::db::recycled::Recycled;
use crate::db::users;
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::source::SourcePath;
use crate::web::api::Now;
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

const DAY_MS: i64 = 24 * 3600 * 1000;

#[derive(Template)]
#[template(path = "admin/recycled.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    here: String,
    rows: Vec<Row>,
    total: i64,
    days: u32,
    /// Whether things may be removed for ever.
    may_end: bool,
    pager: Pager,
}

struct Row {
    id: i64,
    path: String,
    is_folder: bool,
    size: String,
    who: String,
    when: Safe<String>,
    until: Safe<String>,
}

/// `GET /admin/recycled`
pub fn recycled(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let mut desk = sit_down(app, request)?;
    let now = Now::of(app, &desk.identity);
    let caller = Caller::Somebody { rights: &now, user: desk.identity.user_id() };
    let form = Form::of_query(request)?;
    if let Some(path) = form.text("told").filter(|path| is_seen(app, &desk, path)) {
        desk.f.done = desk.f.s("recycled-restored-as", path);
    }
    let total = app.library.recycled(&caller, 0, 1)?.1;
    let count = usize::try_from(total).unwrap_or(0);
    let address = |page: usize| format!("/admin/recycled?page={page}");
    let pager = Pager::of(count, given(&form, "page"), address);
    let (start, limit) = (pager.start() as i64, PER_PAGE as i64);
    let (items, _) = app.library.recycled(&caller, start, limit)?;
    let days = app.library.options().recycle_days;
    let page = Page {
        here: address(pager.page),
        rows: rows(app, &desk.f, items, days)?,
        total,
        days,
        may_end: desk.rights.has(&desk.identity, SystemPermission::AdminFiles),
        pager,
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
}

/// Whether there is something at a path, and the visitor may know it.
fn is_seen(app: &App, desk: &Desk, path: &str) -> bool {
    let path = path.trim_matches('/');
    let Ok(source) = SourcePath::parse(path) else { return false };
    let sees = |folder: &str| desk.rights.level(&desk.identity, folder) >= Level::View;
    (sees(source.folder()) && app.repository.stat(&source).is_ok())
        || (sees(path) && app.repository.files_in(path).is_ok())
}

fn rows(app: &App, f: &Frame, items: Vec<Recycled>, days: u32) -> Result<Vec<Row>, Error> {
    let mut names: HashMap<i64, String> = HashMap::new();
    let mut rows = Vec::new();
    for item in items {
        if let Some(id) = item.user_id
            && !names.contains_key(&id)
        {
            let name = users::by_id(&app.db, id)?.map(|user| user.username);
            names.insert(id, name.unwrap_or_default());
        }
        rows.push(Row {
            id: item.id,
            is_folder: item.is_folder,
            size: if item.is_folder { String::new() } else { f.bytes(item.size_bytes) },
            who: item.user_id.and_then(|id| names.get(&id)).cloned().unwrap_or_default(),
            when: f.moment(item.recycled_ms),
            until: f.moment(item.recycled_ms.saturating_add(i64::from(days) * DAY_MS)),
            path: item.path,
        });
    }
    Ok(rows)
}
