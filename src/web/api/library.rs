//! What is in the library: folders' files, an image's details, its title and description.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, blank, gives, must, optional};
use super::files::{caller, now};
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::shape::{self, FolderShape, ImageShape, Teller};
use super::time::Moment;
use crate::auth::Level;
use crate::db::image_history;
use crate::db::image_views::{self, ImageView};
use crate::db::images::FocalPoint;
use crate::db::{STATUS_ACTIVE, folders, tags};
use crate::library::{self, Changes, Was};
use crate::pixel::decode::{Input, Opening};
use crate::source::{FolderError, PathError, SourceError, SourcePath, Stat};
use crate::web::image::{Subject, format_of};
use crate::web::{App, Error};

/// Time that one list may spend on files that nobody has asked for before.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// The longest path that is taken.
const PATH_CHARS: usize = 1024;

const BY_STATUS: &[&str] = &["-1", "any", "0", "1"];

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/list",
        title: "List the files in a folder",
        access: Access::Anyone("View permission for the folder."),
        fields: &[
            must("path", Kind::Line(PATH_CHARS), "The folder."),
            optional(
                "attributes",
                Kind::Flag,
                "Whether to include everything known about each image.",
            ),
            START,
            LIMIT,
        ],
        gives: gives::<Vec<Listed>>(),
        failures: &[403, 404],
        handler: list,
    },
    Endpoint {
        method: Method::GET,
        path: "/details",
        title: "Get an image by path",
        access: Access::Anyone("View permission for the image's folder."),
        fields: &[must("src", Kind::Line(PATH_CHARS), "The image's folder and file name.")],
        gives: gives::<ImageShape>(),
        failures: &[403, 404, 415],
        handler: details,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/images/{image_id}",
        title: "Get an image by ID",
        access: Access::SignedIn("View permission for the image's folder."),
        fields: &[],
        gives: gives::<ImageShape>(),
        failures: &[403],
        handler: image,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/images/{image_id}",
        title: "Update an image's title, description and tags",
        access: Access::SignedIn("Edit permission for the image's folder."),
        fields: &[
            blank("title", Kind::Line(255), "The title."),
            blank("description", Kind::Text(5_000), "The description."),
            optional(
                "tags",
                Kind::Text(20_000),
                "All tags, one per line. They replace the tags given in `was`; without tags in \
                 `was`, they are ignored.",
            ),
            optional("add", Kind::Text(20_000), "More tags, one per line or separated by commas."),
            optional(
                "was",
                Kind::Json,
                "Any of `title`, `description` and `tags` (a list) as you read them. Only what \
                 differs from them is then changed. If somebody else has changed the same one \
                 since, the answer is 409 with its current value.",
            ),
        ],
        gives: gives::<ImageShape>(),
        failures: &[403, 409],
        handler: describe,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/images/{image_id}/focal-point",
        title: "Set an image's focal point",
        access: Access::SignedIn("Edit permission for the image's folder."),
        fields: &[
            must(
                "x",
                Kind::Line(20),
                "Distance from the left edge, as a fraction of the width, from 0 to 1.",
            ),
            must(
                "y",
                Kind::Line(20),
                "Distance from the top edge, as a fraction of the height, from 0 to 1.",
            ),
        ],
        gives: gives::<()>(),
        failures: &[403],
        handler: set_focal_point,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/images/{image_id}/focal-point",
        title: "Remove an image's focal point",
        access: Access::SignedIn("Edit permission for the image's folder."),
        fields: &[],
        gives: gives::<()>(),
        failures: &[403],
        handler: remove_focal_point,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/images/{image_id}/history",
        title: "List an image's history, newest first",
        access: Access::SignedIn("Edit permission for the image's folder."),
        fields: &[LIMIT],
        gives: gives::<Vec<HistoryShape>>(),
        failures: &[403],
        handler: history,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/filesystem/folders",
        title: "Get a folder and its subfolders by path",
        access: Access::SignedIn("View permission for the folder."),
        fields: &[
            must("path", Kind::Line(PATH_CHARS), "The folder."),
            optional("status", Kind::Choice(BY_STATUS), STATUS_ABOUT),
        ],
        gives: gives::<FolderTree>(),
        failures: &[403, 404],
        handler: folder_by_path,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/filesystem/folders/{folder_id}",
        title: "Get a folder and its subfolders by ID",
        access: Access::SignedIn("View permission for the folder."),
        fields: &[optional("status", Kind::Choice(BY_STATUS), STATUS_ABOUT)],
        gives: gives::<FolderTree>(),
        failures: &[403],
        handler: folder_by_id,
    },
];

const STATUS_ABOUT: &str =
    "Which subfolders to include: 1 active (the default), 0 deleted, -1 or any for both.";

/// A file in a folder; with `attributes`, everything known about an image.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Listed {
    Plain(PlainFile),
    Image(Box<ImageShape>),
}

/// A file.
#[derive(Serialize, JsonSchema)]
struct PlainFile {
    filename: String,
    /// Whether its format can be shown.
    supported: bool,
    /// The URL that shows it; empty if its format is not supported.
    url: String,
}

/// A folder with its subfolders.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FolderTree")]
struct FolderTree {
    #[serde(flatten)]
    folder: FolderShape,
    children: Vec<FolderShape>,
    /// The parent folder; null for the root.
    parent: Option<FolderShape>,
}

/// `GET /list`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let folder = folder_path(call.text("path"))?;
    call.require_level(&folder, Level::View)?;
    let names = call.app.repository.files_in(&folder).map_err(of_folder)?;
    let page = Page::of(call);
    let part = page.slice(&names);
    let teller = Teller::new(call, &extra_parameters(&call.request.query));
    let listed = match call.flag("attributes") {
        true => with_attributes(call, &folder, part, &teller)?,
        false => part.iter().map(|name| plain(&folder, name, &teller)).collect(),
    };
    page.reply(call, &listed, i64::try_from(names.len()).unwrap_or(i64::MAX))
}

/// A folder's path with one slash in front and none at the end.
pub fn folder_path(text: &str) -> Result<String, Error> {
    match SourcePath::parse(text.trim_matches('/')) {
        Ok(path) => Ok(format!("/{}", path.as_str())),
        Err(PathError::Missing) => Ok(folders::ROOT.to_owned()),
        Err(PathError::Outside) => Err(Error::forbidden()),
        Err(error @ PathError::Invalid(_)) => Err(Error::parameter("path", error)),
    }
}

/// What is told of a folder that cannot be listed.
pub fn of_folder(error: FolderError) -> Error {
    match error {
        FolderError::Path(error) => error.into(),
        FolderError::Source(error) => error.into(),
    }
}

fn in_folder(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_matches('/')).trim_start_matches('/').to_owned()
}

fn plain(folder: &str, name: &str, teller: &Teller) -> Listed {
    let path = in_folder(folder, name);
    let supported = shape::supported(&path);
    let url = if supported { teller.url(&path) } else { String::new() };
    Listed::Plain(PlainFile { filename: name.to_owned(), supported, url })
}

/// What is asked for of the pictures rather than of the list, as it stands in the query.
fn extra_parameters(query: &[u8]) -> String {
    let query = String::from_utf8_lossy(query);
    let own = ["path", "attributes", "start", "limit", "src"];
    let others = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && !own.contains(&name)
    });
    others.collect::<Vec<_>>().join("&")
}

fn with_attributes(
    call: &Call<'_>,
    folder: &str,
    names: &[String],
    teller: &Teller,
) -> Result<Vec<Listed>, Error> {
    let level = call.rights()?.level(&call.identity, folder);
    let paths: Vec<String> = names.iter().map(|name| in_folder(folder, name)).collect();
    let known = image_views::by_paths(call.db(), &paths)?;
    let mut known: HashMap<String, ImageView> =
        known.into_iter().map(|view| (view.path.clone(), view)).collect();
    let until = Instant::now() + FIRST_LOOK;
    let mut listed = Vec::with_capacity(names.len());
    for (name, path) in names.iter().zip(paths) {
        let view = match known.remove(&path) {
            Some(view) if is_complete(&view) || Instant::now() > until => Some(view),
            Some(view) => look(call, &path)?.or(Some(view)),
            None if shape::supported(&path) => look(call, &path)?,
            None => None,
        };
        listed.push(match view {
            Some(view) => Listed::Image(Box::new(teller.image(&view, level))),
            None => plain(folder, name, teller),
        });
    }
    Ok(listed)
}

/// What has been seen and measured needs no look at the file.
fn is_complete(view: &ImageView) -> bool {
    view.status == STATUS_ACTIVE && view.width.is_some()
}

/// Looks at the file of an image that nothing is known of; none when it has gone meanwhile, or is no
/// picture.
fn look(call: &Call<'_>, path: &str) -> Result<Option<ImageView>, Error> {
    let Ok(path) = SourcePath::parse(path) else { return Ok(None) };
    match measured(call.app, &path) {
        Ok(view) => Ok(Some(view)),
        Err(error) if error.status().is_client_error() => Ok(None),
        Err(error) => Err(error),
    }
}

/// `GET /details`
fn details(call: &Call<'_>) -> Result<Reply, Error> {
    let path = SourcePath::parse(call.text("src"))?;
    call.require_level(path.folder(), Level::View)?;
    let view = current(call.app, &path)?;
    Reply::ok(&shape::image(call, &view)?)
}

/// The image at a path, its row in step with the file.
pub fn current(app: &App, path: &SourcePath) -> Result<ImageView, Error> {
    if let Ok(stat) = app.repository.stat(path)
        && let Some(view) = image_views::by_path(&app.db, path.as_str())?
        && is_complete(&view)
        && is_of(&view, &stat)
    {
        return Ok(view);
    }
    measured(app, path)
}

fn is_of(view: &ImageView, stat: &Stat) -> bool {
    view.size_bytes == i64::try_from(stat.size).ok() && view.mtime_ns == Some(stat.mtime_ns)
}

/// Brings an image's row in step with its file, its size in pixels included, and gives it back. A
/// file that cannot be read has no size.
fn measured(app: &App, path: &SourcePath) -> Result<ImageView, Error> {
    let subject = Subject::find(app, path)?;
    let missing = || Error::from(SourceError::NotFound);
    let view = image_views::by_id(&app.db, subject.id)?.ok_or_else(missing)?;
    if view.width.is_some() {
        return Ok(view);
    }
    let Some((width, height)) = displayed_size(app, path)? else { return Ok(view) };
    crate::db::images::set_size(&app.db, subject.id, width, height)?;
    let (width, height) = (Some(width.into()), Some(height.into()));
    Ok(ImageView { width, height, ..view })
}

fn displayed_size(app: &App, path: &SourcePath) -> Result<Option<(u32, u32)>, Error> {
    let file = app.repository.open_in_time(path)?;
    let len = Stat::of(&file)?.size;
    let input = Input::of_file(file, len, format_of(path));
    let opened = match input.and_then(|input| app.engine.open(input, &Opening::default())) {
        Ok(opened) => opened,
        Err(error) => {
            let error = Error::from(error);
            return if error.status().is_client_error() { Ok(None) } else { Err(error) };
        }
    };
    let info = opened.info();
    let turned = app.engine.sets_upright() && info.orientation.swaps_axes();
    Ok(Some(if turned { (info.height, info.width) } else { (info.width, info.height) }))
}

/// The image that a path names by its id, after the caller's access to its folder was looked at.
pub fn image_of(call: &Call<'_>, level: Level) -> Result<ImageView, Error> {
    let id = call.id("image_id");
    let found = image_views::by_id(call.db(), id)?;
    let view = found.ok_or_else(|| Error::missing("image", id))?;
    call.require_level(&view.folder.path, level)?;
    Ok(view)
}

/// `GET /admin/images/{image_id}`
fn image(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&shape::image(call, &image_of(call, Level::View)?)?)
}

/// `PUT /admin/images/{image_id}`
fn describe(call: &Call<'_>) -> Result<Reply, Error> {
    let view = image_of(call, Level::Edit)?;
    let was = was_of(call)?;
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let more = call.text("add").split(',').flat_map(lines);
    // Tags that are only added to have to be known.
    let known = match (&was.tags, call.opt_text("add")) {
        (None, Some(_)) => Some(tags::of_image(call.db(), view.id)?),
        _ => was.tags.clone(),
    };
    let names = match &was.tags {
        Some(_) => Some(lines(call.text("tags"))),
        None => known.clone(),
    };
    let changes = Changes {
        title: Some(call.text("title").to_owned()),
        description: Some(call.text("description").to_owned()),
        tags: names.map(|names| names.into_iter().chain(more).collect()),
        was: Was { tags: known, ..was },
    };
    let now = now(call);
    match call.app.library.change(&caller(call, &now), view.id, &changes) {
        Ok(image) => {
            let (title, description) = (image.title, image.description);
            Reply::ok(&shape::image(call, &ImageView { title, description, ..view })?)
        }
        Err(library::Error::Overtaken(fields)) => overtaken(call, view.id, &fields),
        Err(error) => Err(error.into()),
    }
}

/// What the caller says that it has read.
fn was_of(call: &Call<'_>) -> Result<Was, Error> {
    let Some(was) = call.json("was") else { return Ok(Was::default()) };
    let fault = || {
        Error::parameter("was", "its title and description must be text, its tags a list of text")
    };
    let text = |name: &str| match was.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(|text| Some(text.to_owned())).ok_or_else(fault),
    };
    let tags = was.get("tags").map(|tags| {
        let names = tags.as_array().ok_or_else(fault)?.iter();
        names.map(|name| name.as_str().map(str::to_owned).ok_or_else(fault)).collect()
    });
    Ok(Was { title: text("title")?, description: text("description")?, tags: tags.transpose()? })
}

/// What others have written where the caller has written, too.
fn overtaken(call: &Call<'_>, id: i64, fields: &[&str]) -> Result<Reply, Error> {
    let missing = || Error::missing("image", id);
    let view = image_views::by_id(call.db(), id)?.ok_or_else(missing)?;
    let now = fields.iter().map(|field| {
        let text = if *field == "title" { &view.title } else { &view.description };
        ((*field).to_owned(), text.as_str().into())
    });
    super::was::overtaken(&now.collect())
}

/// `PUT /admin/images/{image_id}/focal-point`
fn set_focal_point(call: &Call<'_>) -> Result<Reply, Error> {
    let fraction = |name: &str| {
        let value = call.text(name).parse().ok().filter(|value| (0.0..=1.0).contains(value));
        value.ok_or_else(|| Error::parameter(name, "must be a number from 0 to 1"))
    };
    let point = FocalPoint::new(fraction("x")?, fraction("y")?);
    focus(call, point)
}

/// `DELETE /admin/images/{image_id}/focal-point`
fn remove_focal_point(call: &Call<'_>) -> Result<Reply, Error> {
    focus(call, None)
}

fn focus(call: &Call<'_>, point: Option<FocalPoint>) -> Result<Reply, Error> {
    let now = now(call);
    call.app.library.focus(&caller(call, &now), call.id("image_id"), point)?;
    Reply::done()
}

/// An entry of an image's history.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImageHistory")]
struct HistoryShape {
    /// 0 deleted, 1 created, 2 replaced, 3 edited, 4 moved.
    action: i64,
    action_info: String,
    action_time: Moment,
    id: i64,
    image_id: i64,
    user_id: Option<i64>,
}

/// `GET /admin/images/{image_id}/history`
fn history(call: &Call<'_>) -> Result<Reply, Error> {
    let view = image_of(call, Level::Edit)?;
    let limit = call.opt_int("limit").and_then(|limit| u32::try_from(limit).ok()).unwrap_or(1000);
    let entries = image_history::of_image(call.db(), view.id, limit)?;
    let rights = call.rights()?;
    let sees = |folder: &str| rights.level(&call.identity, folder) >= Level::View;
    let shapes = entries.into_iter().map(|entry| HistoryShape {
        action: entry.action,
        action_info: if entry.is_for(sees) { entry.detail } else { String::new() },
        action_time: Moment(entry.at_ms),
        id: entry.id,
        image_id: view.id,
        user_id: entry.user_id,
    });
    Reply::ok(&shapes.collect::<Vec<_>>())
}

/// `GET /admin/filesystem/folders`
fn folder_by_path(call: &Call<'_>) -> Result<Reply, Error> {
    let path = folder_path(call.text("path"))?;
    call.require_level(&path, Level::View)?;
    let folder = match folders::by_path(call.db(), &path)? {
        Some(folder) => folder,
        // It may be on disk, and nobody has asked for it yet.
        None => call.app.library.folder_at(&caller(call, &now(call)), &path)?,
    };
    tell_of(call, folder)
}

/// `GET /admin/filesystem/folders/{folder_id}`
fn folder_by_id(call: &Call<'_>) -> Result<Reply, Error> {
    let id = call.id("folder_id");
    let folder = folders::by_id(call.db(), id)?.ok_or_else(|| Error::missing("folder", id))?;
    call.require_level(&folder.path, Level::View)?;
    tell_of(call, folder)
}

fn tell_of(call: &Call<'_>, folder: folders::Folder) -> Result<Reply, Error> {
    let rights = call.rights()?;
    let seen = |folder: &folders::Folder| rights.level(&call.identity, &folder.path) >= Level::View;
    let parent = folder.parent_id.map(|id| folders::by_id(call.db(), id)).transpose()?.flatten();
    let children = folders::children(call.db(), folder.id, status_filter(call))?;
    Reply::ok(&FolderTree {
        children: children.iter().filter(|child| seen(child)).map(FolderShape::from).collect(),
        parent: parent.filter(seen).as_ref().map(FolderShape::from),
        folder: FolderShape::from(&folder),
    })
}

/// Which rows a list tells of; none for all.
pub fn status_filter(call: &Call<'_>) -> Option<i64> {
    match call.opt_text("status") {
        None | Some("1") => Some(STATUS_ACTIVE),
        Some("0") => Some(crate::db::STATUS_DELETED),
        Some(_) => None,
    }
}
