//! Where files are brought in.

use askama::Template;

use super::frame::{Frame, given, require_user, with_value};
use crate::auth::Level;
use crate::db::folders::{self, Within};
use crate::http::{Progress, Request, Response};
use crate::pixel::FORMATS;
use crate::web::api::folder_path;
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

/// The most folders that are offered; any other can be typed.
const MOST_OFFERED: usize = 200;

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
        let which = rights.within(&identity, &root.path, Level::Upload);
        let within = Within { parent_id: root.id, which: &which, named: "" };
        let below = within.page(&app.db, 0, MOST_OFFERED)?;
        let at_root = rights.level(&identity, &root.path) >= Level::Upload;
        offered.extend(at_root.then_some(root).into_iter().chain(below));
    }
    let extensions = FORMATS.iter().filter(|row| row.read).flat_map(|row| row.extensions.iter());
    let accept: Vec<String> = extensions.map(|extension| format!(".{extension}")).collect();
    let limit = i64::try_from(app.library.options().max_file_bytes).unwrap_or(i64::MAX);
    let page = Upload {
        next: with_value("/browse", "path", &path),
        path,
        folders: offered.into_iter().map(|folder| folder.path).collect(),
        accept: accept.join(","),
        limit: f.memory(limit),
        f,
    };
    Ok(page.f.send(&page))
}
