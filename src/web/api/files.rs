//! Changing the library: uploads, moves, deletion, folders; and searching it.
//!
//! The rules stand in [`crate::library`]; what is here reads fields and gives shapes.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, gives_or_begins, must, optional};
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::shape::{self, FolderShape, ImageShape};
use super::{library as look, tasks as task_calls};
use crate::auth::{Identity, Rights, SignedIn, Unavailable};
use crate::db::search::{Order, Query};
use crate::db::tasks::{self, COMPLETE};
use crate::db::{folders, image_views};
use crate::library::{self, Amendment, Caller, Changes, Library, NewFile, Overwrite, RightsNow};
use crate::pixel::Format;
use crate::source::FolderPath;
use crate::web::{App, Error};

/// The longest path that is taken.
const PATH_CHARS: usize = 1024;

const OVERWRITE: &[&str] = &["yes", "true", "1", "no", "false", "0", "rename"];
const ORDERS: &[&str] = &["best", "path", "taken"];

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/upload",
        title: "Upload images",
        access: Access::SignedIn("Upload permission for the folder."),
        fields: &[
            must("files", Kind::Files, "The files."),
            optional("path", Kind::Line(PATH_CHARS), "The folder; it must exist."),
            optional(
                "path_index",
                Kind::Whole(-1, 9_999),
                "The index of a folder in the setting upload_targets, instead of path; -1 means \
                 path.",
            ),
            must(
                "overwrite",
                Kind::Choice(OVERWRITE),
                "If the name is taken: yes replaces the file, no refuses, rename uses another \
                 name.",
            ),
        ],
        gives: gives::<Map<String, Value>>(),
        failures: &[403, 404, 409, 413, 415],
        handler: upload,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/filesystem/images/{image_id}",
        title: "Move or rename an image",
        access: Access::SignedIn(
            "To rename, upload permission for the folder; to move, delete permission for the old \
             folder and upload permission for the new one.",
        ),
        fields: &[must("path", Kind::Line(PATH_CHARS), "The new folder and file name.")],
        gives: gives::<ImageShape>(),
        failures: &[403, 409, 415],
        handler: move_image,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/filesystem/images/{image_id}",
        title: "Delete an image",
        access: Access::SignedIn("Delete permission for the folder."),
        fields: &[],
        gives: gives::<ImageShape>(),
        failures: &[403],
        handler: delete_image,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/filesystem/folders",
        title: "Create a folder",
        access: Access::SignedIn(
            "Permission to create folders in the nearest existing parent folder.",
        ),
        fields: &[
            must(
                "path",
                Kind::Line(PATH_CHARS),
                "The path of the folder; with name, that of its parent folder.",
            ),
            optional(
                "name",
                Kind::Line(PATH_CHARS),
                "The name of the folder, in the folder of path.",
            ),
        ],
        gives: gives::<FolderShape>(),
        failures: &[403, 409],
        handler: make_folder,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/filesystem/folders/{folder_id}",
        title: "Move or rename a folder",
        access: Access::SignedIn(
            "Permission to create folders in the new parent folder; to move, also permission to \
             delete folders in the old one.",
        ),
        fields: &[must("path", Kind::Line(PATH_CHARS), "The new path.")],
        gives: gives_or_begins::<FolderShape>(),
        failures: &[403, 409],
        handler: move_folder,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/filesystem/folders/{folder_id}",
        title: "Delete a folder and everything in it",
        access: Access::SignedIn("Permission to delete folders in the parent folder."),
        fields: &[],
        gives: gives_or_begins::<FolderShape>(),
        failures: &[403, 409],
        handler: delete_folder,
    },
    Endpoint {
        method: Method::GET,
        path: "/search",
        title: "Search images",
        access: Access::Anyone("Only images that you may view are found."),
        fields: &[
            optional("q", Kind::Line(1000), "Words or their beginnings; all of them must match."),
            optional("path", Kind::Line(PATH_CHARS), "Only images in or below this folder."),
            optional("tag", Kind::Line(100), "Only images with this tag."),
            optional("format", Kind::Line(20), "Only images in this format, such as jpg."),
            optional("camera", Kind::Line(200), "Part of the camera's name."),
            optional("taken_from", Kind::Time, "Only images taken at this time or later."),
            optional("taken_before", Kind::Time, "Only images taken before this time."),
            optional("min_width", Kind::Whole(1, 1_000_000), "Minimum width in pixels."),
            optional("min_height", Kind::Whole(1, 1_000_000), "Minimum height in pixels."),
            optional("order", Kind::Choice(ORDERS), "The order. Default: best."),
            START,
            LIMIT,
        ],
        gives: gives::<Vec<ImageShape>>(),
        failures: &[],
        handler: search,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/images/{image_id}/tags",
        title: "List an image's tags",
        access: Access::SignedIn("View permission for the image's folder."),
        fields: &[],
        gives: gives::<Vec<String>>(),
        failures: &[403],
        handler: tags,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/images/{image_id}/tags",
        title: "Replace an image's tags",
        access: Access::SignedIn("Edit permission for the image's folder."),
        fields: &[
            optional("tags", Kind::Text(20_000), "All of its tags, one per line."),
            optional("add", Kind::Text(20_000), "More tags, separated by commas."),
        ],
        gives: gives::<Vec<String>>(),
        failures: &[403],
        handler: set_tags,
    },
    Endpoint {
        method: Method::PATCH,
        path: "/admin/images/{image_id}",
        title: "Update parts of an image's title, description and tags",
        access: Access::SignedIn("Edit permission for the image's folder."),
        fields: &[
            optional("title", Kind::Line(255), "The title; unchanged if omitted."),
            optional("description", Kind::Text(5_000), "The description; unchanged if omitted."),
            optional("add", Kind::Text(20_000), "Tags to add, one per line."),
            optional("remove", Kind::Text(20_000), "Tags to remove, one per line."),
        ],
        gives: gives::<ImageShape>(),
        failures: &[403],
        handler: amend,
    },
];

/// The rights of this moment, for who calls in the way it signed in.
pub struct Now<'a> {
    app: &'a App,
    via: SignedIn,
}

impl<'a> Now<'a> {
    /// For somebody.
    pub fn of(app: &'a App, identity: &Identity) -> Self {
        Self { app, via: identity.via().unwrap_or(SignedIn::Token) }
    }
}

impl RightsNow for Now<'_> {
    fn now(&self) -> Result<Arc<Rights>, Unavailable> {
        self.app.store.rights()
    }

    fn via(&self) -> SignedIn {
        self.via
    }
}

/// The rights by which a call is judged.
pub fn now<'a>(call: &Call<'a>) -> Now<'a> {
    Now::of(call.app, &call.identity)
}

/// Who calls, as the library knows it.
pub fn caller<'a>(call: &Call<'_>, now: &'a Now<'_>) -> Caller<'a> {
    Caller::Somebody { rights: now, user: call.user_id() }
}

fn image_reply(call: &Call<'_>, id: i64) -> Result<Reply, Error> {
    Reply::ok(&tell_of(call, id)?)
}

fn tell_of(call: &Call<'_>, id: i64) -> Result<ImageShape, Error> {
    let view = image_views::by_id(call.db(), id)?.ok_or_else(|| Error::missing("image", id))?;
    shape::image(call, &view)
}

/// `POST /upload`
fn upload(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let caller = caller(call, &now);
    let library = &call.app.library;
    let target = call.opt_int("path_index").filter(|index| *index != -1);
    let folder = match (call.opt_text("path"), target) {
        (Some(path), None) => upload_folder(library, &caller, path)?,
        (None, Some(index)) => {
            library.target_folder(&caller, usize::try_from(index).unwrap_or(usize::MAX))?
        }
        _ => return Err(Error::parameter("path", "give either path or path_index")),
    };
    let overwrite = Overwrite::parse(call.text("overwrite"))
        .ok_or_else(|| Error::parameter("overwrite", "must be yes, no or rename"))?;
    let mut files = call.files()?;
    let (mut told, mut first) = (Map::new(), None);
    while let Some((head, mut content)) = files.next_file()? {
        let name = head.file_name.unwrap_or_default();
        // A name that comes twice must not cost the file that came first.
        let again = told.contains_key(&name);
        let overwrite = if again { Overwrite::Rename } else { overwrite };
        let done = put(call, &caller, &folder, &name, overwrite, &mut content);
        let key = if again { free_key(&told, &name) } else { name };
        match done {
            Ok(image) => told.insert(key, image),
            Err(error) => {
                let data = json!({
                    "status": error.status().as_u16(), "message": error.message(), "data": null
                });
                first.get_or_insert(error);
                told.insert(key, json!({ "error": data }))
            }
        };
    }
    match first {
        None if told.is_empty() => Err(Error::parameter("files", "no file was sent")),
        None => Reply::ok(&told),
        Some(error) => Reply::new(error.status(), error.message(), &told),
    }
}

/// The folder that a caller named to upload to. Who may not is told of it by its name, which is their own word.
pub fn upload_folder(
    library: &Library,
    caller: &Caller<'_>,
    path: &str,
) -> Result<FolderPath, Error> {
    library.upload_folder(caller, path).map_err(|error| match error {
        library::Error::Denied { folder, .. } => {
            Error::refused(format!("You may not upload to {folder}."))
        }
        error => error.into(),
    })
}

fn put(
    call: &Call<'_>,
    caller: &Caller<'_>,
    folder: &FolderPath,
    name: &str,
    overwrite: Overwrite,
    content: &mut dyn std::io::Read,
) -> Result<Value, Error> {
    let new = NewFile { folder, name, overwrite };
    let image = call.app.library.put(caller, &new, content)?;
    serde_json::to_value(tell_of(call, image.id)?).map_err(Error::internal)
}

fn free_key(told: &Map<String, Value>, name: &str) -> String {
    let mut number = 2;
    while told.contains_key(&format!("{name} ({number})")) {
        number += 1;
    }
    format!("{name} ({number})")
}

/// `PUT /admin/filesystem/images/{image_id}`
fn move_image(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let id = call.id("image_id");
    call.app.library.move_image(&caller(call, &now), id, call.text("path"))?;
    image_reply(call, id)
}

/// `DELETE /admin/filesystem/images/{image_id}`
fn delete_image(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let id = call.id("image_id");
    call.app.library.delete_image(&caller(call, &now), id)?;
    image_reply(call, id)
}

/// `POST /admin/filesystem/folders`
fn make_folder(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let path = match call.opt_text("name").map(|name| name.trim_matches('/')) {
        None | Some("") => call.text("path").to_owned(),
        Some(name) => format!("{}/{name}", call.text("path").trim_end_matches('/')),
    };
    let made = call.app.library.make_folder(&caller(call, &now), &path);
    let folder = made.map_err(|error| match error {
        // Not the nearest folder that there is: that is not for everybody to know.
        library::Error::Denied { .. } => {
            let parent = folders::parent_path(&path);
            Error::refused(format!("You may not create folders in {parent}."))
        }
        error => error.into(),
    })?;
    Reply::ok(&FolderShape::from(&folder))
}

/// `PUT /admin/filesystem/folders/{folder_id}`
fn move_folder(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let id = call.id("folder_id");
    let task = call.app.library.queue_move_folder(&caller(call, &now), id, call.text("path"))?;
    Ok(Reply::when_done(task, tell_moved))
}

/// `DELETE /admin/filesystem/folders/{folder_id}`
fn delete_folder(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let id = call.id("folder_id");
    let task = call.app.library.queue_delete_folder(&caller(call, &now), id)?;
    Ok(Reply::when_done(task, tell_deleted))
}

fn tell_moved(call: &Call<'_>, task_id: i64) -> Result<Reply, Error> {
    tell_folder(call, task_id, |library, caller, id| {
        library.can_move_folder(caller, id, call.text("path")).map(drop)
    })
}

fn tell_deleted(call: &Call<'_>, task_id: i64) -> Result<Reply, Error> {
    tell_folder(call, task_id, |library, caller, id| {
        library.may_delete_folder(caller, id).map(drop)
    })
}

/// The folder when the task is done in time, else the task. When it has failed, `can` tells why it
/// cannot be done, if that still holds.
fn tell_folder(
    call: &Call<'_>,
    task_id: i64,
    can: impl Fn(&Library, &Caller<'_>, i64) -> crate::library::Result<()>,
) -> Result<Reply, Error> {
    let id = call.id("folder_id");
    let task = tasks::by_id(call.db(), task_id)?;
    let task = task.ok_or_else(|| Error::missing("task", task_id))?;
    if task.status != COMPLETE {
        return Reply::accepted(&task_calls::shape(call, &task)?);
    }
    if task.error.is_some() {
        let now = now(call);
        can(&call.app.library, &caller(call, &now), id)?;
        return Err(Error::conflict(
            "The folder could not be changed; it may have changed itself.",
        ));
    }
    let folder = folders::by_id(call.db(), id)?.ok_or_else(|| Error::missing("folder", id))?;
    Reply::ok(&FolderShape::from(&folder))
}

/// `GET /search`
fn search(call: &Call<'_>) -> Result<Reply, Error> {
    let page = Page::of(call);
    let size = |name| call.opt_int(name).and_then(|value| u32::try_from(value).ok());
    let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let list = |name| call.opt_text(name).map(str::to_owned).into_iter().collect();
    let folder = call.opt_text("path").map(look::folder_path).transpose()?;
    let formats = call.opt_text("format").map(|name| {
        let format = Format::from_extension(name);
        let format = format.ok_or_else(|| Error::parameter("format", "there is no such format"));
        Ok::<_, Error>(format?.extension().to_owned())
    });
    let formats = formats.transpose()?;
    let query = Query {
        words: Vec::new(),
        folder,
        tags: list("tag"),
        formats: formats.into_iter().collect(),
        camera: call.opt_text("camera").map(str::to_owned),
        taken_from_ms: call.time_ms("taken_from"),
        taken_before_ms: call.time_ms("taken_before"),
        min_width: size("min_width"),
        min_height: size("min_height"),
        within: None,
        order: match call.text("order") {
            "path" => Order::Path,
            "taken" => Order::Taken,
            _ => Order::Best,
        },
        start: count(page.start as usize),
        limit: count(page.limit as usize),
    };
    let now = now(call);
    let found = call.app.library.search(&caller(call, &now), call.text("q"), query)?;
    let shapes: Result<Vec<_>, _> =
        found.images.iter().map(|image| tell_of(call, image.id)).collect();
    page.reply(call, &shapes?, found.total)
}

/// `GET /admin/images/{image_id}/tags`
fn tags(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    Reply::ok(&call.app.library.tags_of(&caller(call, &now), call.id("image_id"))?)
}

/// `PUT /admin/images/{image_id}/tags`
fn set_tags(call: &Call<'_>) -> Result<Reply, Error> {
    let more = call.text("add").split(',').flat_map(str::lines);
    let names = call.text("tags").lines().chain(more).map(str::to_owned).collect();
    change(call, call.id("image_id"), &Changes { tags: Some(names), ..Changes::default() })?;
    tags(call)
}

/// `PATCH /admin/images/{image_id}`
fn amend(call: &Call<'_>) -> Result<Reply, Error> {
    let (now, id) = (now(call), call.id("image_id"));
    let lines = |name| call.text(name).lines().map(str::to_owned).collect();
    let part = Amendment {
        title: call.text("title").to_owned(),
        description: call.text("description").to_owned(),
        add: lines("add"),
        remove: lines("remove"),
    };
    call.app.library.amend(&caller(call, &now), id, &part)?;
    image_reply(call, id)
}

/// Changes what is said of an image.
pub fn change(call: &Call<'_>, id: i64, changes: &Changes) -> Result<(), Error> {
    let now = now(call);
    call.app.library.change(&caller(call, &now), id, changes)?;
    Ok(())
}
