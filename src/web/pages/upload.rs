//! Where files are brought in.

use askama::Template;

use super::frame::{Frame, given, require_user, with_value};
use super::tree::Tree;
use crate::auth::Level;
use crate::db::folders;
use crate::http::{Progress, Request, Response};
use crate::pixel::FORMATS;
use crate::web::api::folder_path;
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

#[derive(Template)]
#[template(path = "upload.html")]
struct Upload {
    f: Frame,
    path: String,
    next: String,
    folders: Vec<String>,
    accept: String,
    limit: String,
}

/// `GET /upload`
pub fn upload(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    require_user(&identity)?;
    let query = Form::of_query(request)?;
    let path = folder_path(given(&query, "path"))?;
    let f = Frame::of(app, request, &identity);
    if !f.may_upload {
        return Err(Error::forbidden());
    }
    let rights = app.store.rights()?;
    let mut offered = Vec::new();
    if let Some(root) = folders::by_path(&app.db, folders::ROOT)? {
        offered.push(root.clone());
        offered.extend_from_slice(Tree::around(app, &root, |_| true)?.children());
    }
    offered.retain(|folder| rights.level(&identity, &folder.path) >= Level::Upload);
    let extensions = FORMATS.iter().filter(|row| row.read).flat_map(|row| row.extensions.iter());
    let accept: Vec<String> = extensions.map(|extension| format!(".{extension}")).collect();
    let limit = i64::try_from(app.library.options().max_file_bytes).unwrap_or(i64::MAX);
    let page = Upload {
        next: with_value("/browse", "path", &path),
        path,
        folders: offered.into_iter().map(|folder| folder.path).collect(),
        accept: accept.join(","),
        limit: f.bytes(limit),
        f,
    };
    Ok(page.f.send(&page))
}
