//! Where a table of titles, descriptions and tags is brought in. The page shows what it would change; that is
//! done by a form of its own.

use askama::Template;
use http::Method;

use super::frame::{Frame, given, has_folder, require_user, with_value};
use super::listing::{Crumb, crumbs};
use crate::auth::Level;
use crate::http::{Progress, Request, Response};
use crate::web::api::metadata::{Line, plan, sent};
use crate::web::api::{folder_path, in_query};
use crate::web::sign_in::Form;
use crate::web::{App, Error, in_words, who};

/// Lines that the page shows of each kind.
const SHOWN: usize = 500;

#[derive(Template)]
#[template(path = "table.html")]
struct Page {
    f: Frame,
    crumbs: Vec<Crumb>,
    /// The folder's page.
    folder_href: String,
    /// This page, to begin anew.
    here: String,
    /// The folder's table.
    out_href: String,
    /// What was sent; blank before anything was.
    table: String,
    /// Whether there is a folder whose pictures may be changed.
    may_edit: bool,
    fault: String,
    changed: Vec<Line>,
    failed: Vec<Line>,
    /// How many lines are not shown of those that change something, and of those that cannot.
    more_changed: usize,
    more_failed: usize,
    /// Lines that say what is said already.
    same: usize,
}

/// `GET /table`, `POST /table`
pub fn table(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    require_user(&identity)?;
    let query = Form::of_query(request)?;
    let path = folder_path(given(&query, "path"))?;
    let here = with_value("/table", "path", &path);
    let rights = app.store.rights()?;
    let f = Frame::of(app, request, &identity);
    let mut page = Page {
        crumbs: crumbs(&path, f.t("library")),
        f,
        folder_href: with_value("/browse", "path", &path),
        out_href: format!("/api/v1/admin/metadata?path={}&format=csv", in_query(&path)),
        here,
        table: String::new(),
        may_edit: has_folder(&rights, &identity, Level::Edit),
        fault: String::new(),
        changed: Vec::new(),
        failed: Vec::new(),
        more_changed: 0,
        more_failed: 0,
        same: 0,
    };
    if request.method == Method::POST {
        let read = sent(request).and_then(|table| Ok((plan(app, &identity, &table)?, table)));
        match read {
            Ok((lines, table)) => page.show(lines, table),
            Err(error) if error.status().is_client_error() => {
                page.fault = error.in_words(page.f.texts());
            }
            Err(error) => return Err(error),
        }
        page.f.here.clone_from(&page.here);
    }
    Ok(page.f.send(&page))
}

impl Page {
    fn show(&mut self, lines: Vec<Line>, table: String) {
        let (mut failed, rest): (Vec<Line>, Vec<Line>) =
            lines.into_iter().partition(|line| !line.error.is_empty());
        for line in &mut failed {
            line.error = in_words(self.f.texts(), &line.error);
        }
        let (changed, same): (Vec<Line>, Vec<Line>) =
            rest.into_iter().partition(|line| !line.changes.is_empty());
        self.more_changed = changed.len().saturating_sub(SHOWN);
        self.more_failed = failed.len().saturating_sub(SHOWN);
        (self.changed, self.failed) = (changed, failed);
        self.changed.truncate(SHOWN);
        self.failed.truncate(SHOWN);
        (self.same, self.table) = (same.len(), table);
    }
}
