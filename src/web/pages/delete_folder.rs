//! The question before a folder is deleted, which says how much goes with it.

use askama::Template;

use super::browse::row_of;
use super::deleting::Deleting;
use super::frame::{Frame, given, require_user, with_value};
use super::listing::{Crumb, crumbs};
use crate::auth::Level;
use crate::db::{folders, images};
use crate::http::{Progress, Request, Response};
use crate::web::api::folder_path;
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

/// Of more pictures than these it is only said that there are more.
const MOST_COUNTED: i64 = 10_000;

#[derive(Template)]
#[template(path = "delete_folder.html")]
struct DeleteFolder {
    f: Frame,
    folder_id: i64,
    crumbs: Vec<Crumb>,
    title: String,
    /// How many pictures go with it.
    holds: String,
    deleting: Deleting,
    here_href: String,
    parent_href: String,
}

/// `GET /browse/delete`
pub fn delete_folder(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    require_user(&identity)?;
    let path = folder_path(given(&Form::of_query(request)?, "path"))?;
    who::require(app, &identity, &path, Level::DeleteFolder)?;
    if path == folders::ROOT {
        return Err(Error::forbidden());
    }
    let folder = row_of(app, &identity, &path)?;
    let parent = folders::parent_path(&path);
    let may_put_back = app.store.rights()?.level(&identity, &parent) >= Level::CreateFolder;
    let f = Frame::of(app, request, &identity);
    let page = DeleteFolder {
        folder_id: folder.id,
        crumbs: crumbs(&path, f.t("library")),
        title: f.s("folder-delete-title", &folder.name),
        holds: holds(app, &f, &path)?,
        deleting: Deleting::folder(app, may_put_back),
        here_href: with_value("/browse", "path", &path),
        parent_href: with_value("/browse", "path", &parent),
        f,
    };
    Ok(page.f.send(&page))
}

/// How many pictures there are in a folder and in those below it, in words.
fn holds(app: &App, f: &Frame, path: &str) -> Result<String, Error> {
    let count = images::count_below(&app.db, path, MOST_COUNTED + 1)?;
    Ok(match count > MOST_COUNTED {
        true => f.n("folder-delete-holds-more", MOST_COUNTED),
        false => f.n("folder-delete-holds", count),
    })
}
