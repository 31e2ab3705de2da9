//! Where files are brought in.

use askama::Template;

use super::frame::{Frame, given, require_user, with_value};
use crate::auth::{Identity, Level, Rights};
use crate::db::STATUS_ACTIVE;
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
    let f = Frame::of(app, request, &identity);
    if !f.may_upload {
        return Err(Error::forbidden());
    }
    let rights = app.store.rights()?;
    let folders = offered(app, &rights, &identity)?;
    let path = match given(&query, "path") {
        "" => folders.first().cloned().unwrap_or_default(),
        path => folder_path(path)?,
    };
    let extensions = FORMATS.iter().filter(|row| row.read).flat_map(|row| row.extensions.iter());
    let accept: Vec<String> = extensions.map(|extension| format!(".{extension}")).collect();
    let limit = i64::try_from(app.library.options().max_file_bytes).unwrap_or(i64::MAX);
    let page = Upload {
        next: with_value("/browse", "path", &path),
        path,
        folders,
        accept: accept.join(","),
        limit: f.memory(limit),
        f,
    };
    Ok(page.f.send(&page))
}

/// The folders that somebody may upload to: the root and those in it; then, of those further below, each that lies in
/// one to which they may not.
fn offered(app: &App, rights: &Rights, identity: &Identity) -> Result<Vec<String>, Error> {
    let Some(root) = folders::by_path(&app.db, folders::ROOT)? else { return Ok(Vec::new()) };
    let may = |path: &str| rights.level(identity, path) >= Level::Upload;
    let which = rights.within(identity, &root.path, Level::Upload);
    let within = Within { parent_id: root.id, which: &which, named: "" };
    let below = within.page(&app.db, 0, MOST_OFFERED)?;
    let near = may(&root.path).then_some(root).into_iter().chain(below);
    let mut offered: Vec<String> = near.map(|folder| folder.path).collect();
    let recorded = rights.recorded_folders().filter(|path| path.contains('/') && may(path));
    let mut far: Vec<String> = recorded
        .filter(|path| !may(&folders::parent_path(path)))
        .map(folders::normal_path)
        .collect();
    far.sort_unstable();
    for path in far.iter().take(MOST_OFFERED.saturating_sub(offered.len())) {
        let folder = folders::by_path(&app.db, path)?;
        offered.extend(folder.filter(|folder| folder.status == STATUS_ACTIVE).map(|f| f.path));
    }
    Ok(offered)
}
