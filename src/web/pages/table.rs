//! Where a table of titles, descriptions and tags is brought in. The page shows what it would change; that is
//! done by a form of its own.

use askama::Template;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::frame::{Frame, given, has_folder, require_user, with_value};
use super::listing::{Crumb, crumbs};
use super::respond::html;
use crate::auth::{Identity, Level};
use crate::http::{Progress, Request, Response};
use crate::web::api::metadata::{Line, MAX_LINES, MAX_TABLE_CHARS, digest, plan, sent};
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
    /// What was sent and can be read; blank before anything was.
    table: String,
    /// What was written into the field and cannot be used.
    typed: String,
    /// How long a table may be, in words.
    bounds: String,
    /// What stands for the changes that are shown.
    plan: String,
    /// Whether they are others than those that were shown before.
    is_anew: bool,
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
    let mut page = Page::of_folder(app, request, &identity, given(&query, "path"))?;
    if request.method == Method::POST {
        page.read(app, request, &identity)?;
    }
    Ok(page.f.send(&page))
}

/// The page once more, from an answer's `data`, where the changes have become others since it showed them; none where
/// that tells of nothing of the kind.
pub fn table_anew(app: &App, request: &Request, data: &Value, next: &str) -> Option<Response> {
    if request.path.trim_end_matches('/') != "/do/post/admin/metadata" || data["outdated"] != true {
        return None;
    }
    let identity = who::identify(app, request).ok()?;
    let query = next.strip_prefix("/browse").unwrap_or_default().trim_start_matches('?');
    let query = Form::of_pairs(query.as_bytes()).ok()?;
    let mut page = Page::of_folder(app, request, &identity, given(&query, "path")).ok()?;
    page.read(app, request, &identity).ok()?;
    // Nothing has been done.
    page.f.done.clear();
    page.is_anew = true;
    let response = html(StatusCode::CONFLICT, &page);
    Some(response.header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

impl Page {
    fn of_folder(
        app: &App,
        request: &Request,
        identity: &Identity,
        path: &str,
    ) -> Result<Self, Error> {
        let path = folder_path(path)?;
        let rights = app.store.rights()?;
        let f = Frame::of(app, request, identity);
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let bounds = [("lines", number(MAX_LINES)), ("characters", number(MAX_TABLE_CHARS))];
        Ok(Self {
            crumbs: crumbs(&path, f.t("library")),
            folder_href: with_value("/browse", "path", &path),
            out_href: format!("/api/v1/admin/metadata?path={}&format=csv", in_query(&path)),
            here: with_value("/table", "path", &path),
            table: String::new(),
            typed: String::new(),
            bounds: f.many("table-bounds", &bounds),
            plan: String::new(),
            is_anew: false,
            may_edit: has_folder(&rights, identity, Level::Edit),
            fault: String::new(),
            changed: Vec::new(),
            failed: Vec::new(),
            more_changed: 0,
            more_failed: 0,
            same: 0,
            f,
        })
    }

    /// Shows what the table that was sent would change, or what is wrong with it.
    fn read(&mut self, app: &App, request: &Request, identity: &Identity) -> Result<(), Error> {
        self.f.here.clone_from(&self.here);
        let fault = match sent(request) {
            Ok(table) => match table.bounded().and_then(|text| plan(app, identity, text)) {
                Ok(lines) => {
                    self.show(lines, table.text);
                    return Ok(());
                }
                Err(error) => {
                    if table.is_typed {
                        self.typed = table.text;
                    }
                    error
                }
            },
            Err(error) => error,
        };
        if !fault.status().is_client_error() {
            return Err(fault);
        }
        self.fault = fault.in_words(self.f.texts());
        Ok(())
    }

    fn show(&mut self, lines: Vec<Line>, table: String) {
        self.plan = digest(&lines);
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
