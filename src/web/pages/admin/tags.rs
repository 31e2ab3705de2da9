//! Tags and the lists of them.

use askama::Template;

use super::{Desk, Section, enter};
use crate::auth::SystemPermission;
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::web::api::{Now, in_query};
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/tags.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    here: String,
    query: String,
    rows: Vec<Row>,
    lists: Vec<List>,
    total: i64,
    pager: Pager,
}

impl Page {
    /// Whether any of the tags is of a list.
    fn has_lists(&self) -> bool {
        self.rows.iter().any(|row| !row.list.is_empty())
    }
}

struct Row {
    id: i64,
    name: String,
    list: String,
    images: i64,
    href: String,
}

struct List {
    id: i64,
    name: String,
    /// Its tags, one a line.
    tags: String,
    count: usize,
}

/// `GET /admin/tags`
pub fn tags(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { identity, f, sections, .. } = enter(app, request, SystemPermission::AdminFiles)?;
    let form = Form::of_query(request)?;
    let query = given(&form, "q").to_owned();
    let now = Now::of(app, &identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    let total = app.library.counted_tags(&caller, &query, (0, 1))?.1;
    let address = |page: usize| format!("/admin/tags?q={}&page={page}", in_query(&query));
    let count = usize::try_from(total).unwrap_or(0);
    let pager = Pager::of(count, given(&form, "page"), address);
    let part = (pager.start() as i64, PER_PAGE as i64);
    let (found, _) = app.library.counted_tags(&caller, &query, part)?;
    let rows = found.into_iter().map(|(tag, images)| Row {
        id: tag.id,
        href: format!("/search?tag={}", in_query(&tag.name)),
        name: tag.name,
        list: tag.list.unwrap_or_default(),
        images,
    });
    let page = Page {
        here: address(pager.page),
        rows: rows.collect(),
        lists: lists(app)?,
        total,
        pager,
        query,
        sections,
        f,
    };
    Ok(page.f.send(&page))
}

fn lists(app: &App) -> Result<Vec<List>, Error> {
    let tags = app.library.tags()?;
    let list = |(id, name): (i64, String)| {
        let of_list = tags.iter().filter(|tag| tag.list.as_ref() == Some(&name));
        let names: Vec<&str> = of_list.map(|tag| tag.name.as_str()).collect();
        List { id, count: names.len(), tags: names.join("\n"), name }
    };
    Ok(app.library.tag_lists()?.into_iter().map(|one| list((one.id, one.name))).collect())
}
