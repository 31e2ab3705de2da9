//! The first page: what has come last, and where to go.

use askama::Template;

use super::frame::Frame;
use super::tiles::Tile;
use crate::auth::{Identity, Level};
use crate::db::image_views;
use crate::db::search::Query;
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::pixel::{FORMATS, Format};
use crate::web::api::Now;
use crate::web::{App, Error, who};

/// Pictures on the page.
const SHOWN: usize = 24;

/// Files that are looked at while no rows are known, those that only some may see among them.
const LOOKED_AT: usize = 200;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    f: Frame,
    tiles: Vec<Tile>,
    /// Whether addresses may be put together by anybody.
    free: bool,
    formats: Vec<&'static str>,
}

/// `GET /`
pub fn home(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let f = Frame::of(app, request, &identity);
    let page = Home {
        tiles: latest(app, &identity, SHOWN)?,
        free: app.protection.leaves_free(&identity),
        formats: FORMATS
            .iter()
            .filter(|row| row.is_written())
            .map(|row| row.extensions[0])
            .collect(),
        f,
    };
    Ok(page.f.send(&page))
}

/// The pictures that came last of those that somebody may see. While nobody has looked through the files
/// yet, those that are found first.
pub fn latest(app: &App, identity: &Identity, most: usize) -> Result<Vec<Tile>, Error> {
    let now = Now::of(app, identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    let query = Query { limit: u32::try_from(most).unwrap_or(1), ..Query::default() };
    let found = app.library.search(&caller, "", query)?;
    if found.total > 0 {
        let paths: Vec<String> = found.images.into_iter().map(|image| image.path).collect();
        let mut views = image_views::by_paths(&app.db, &paths)?;
        views.sort_by_key(|view| paths.iter().position(|path| *path == view.path));
        return Ok(views.iter().map(|view| Tile::of(app, view, false)).collect());
    }
    let rights = app.store.rights()?;
    let readable =
        |extension: &str| Format::from_extension(extension).is_some_and(|format| format.row().read);
    let paths = app.repository.list_pictures(LOOKED_AT, readable)?;
    let seen = paths.iter().filter(|path| rights.level(identity, path.folder()) >= Level::View);
    Ok(seen.take(most).map(|path| Tile::of_path(app, path.as_str(), None)).collect())
}
