//! The recycle folder: what lies in it, putting it back, and ending it.
//!
//! The rules stand in [`crate::library`].

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, gives_or_begins, optional};
use super::files::{caller, now};
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::tasks;
use super::time::Moment;
use crate::auth::SystemPermission::AdminFiles;
use crate::db::recycled::Recycled;
use crate::db::tasks::COMPLETE;
use crate::web::Error;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/recycled",
        title: "List the recycle folder, newest first",
        access: Access::SignedIn(
            "Lists files from folders where you may delete files, and folders from folders where \
             you may delete folders.",
        ),
        fields: &[START, LIMIT],
        gives: gives::<Vec<RecycledShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/recycled",
        title: "Empty the recycle folder",
        access: Access::System(AdminFiles, ""),
        fields: &[],
        gives: gives_or_begins::<Removed>(),
        failures: &[409],
        handler: empty,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/recycled/{recycled_id}",
        title: "Delete an item from the recycle folder for good",
        access: Access::System(AdminFiles, ""),
        fields: &[],
        gives: gives_or_begins::<Removed>(),
        failures: &[409],
        handler: remove,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/recycled/{recycled_id}/restore",
        title: "Restore an item from the recycle folder",
        access: Access::SignedIn(
            "For a file, upload permission for its folder; for a folder, permission to create \
             folders in its parent folder.",
        ),
        fields: &[optional(
            "overwrite",
            Kind::Choice(&["no", "false", "0", "rename"]),
            "If the name is taken: no refuses (the default), rename uses another name.",
        )],
        gives: gives_or_begins::<Restored>(),
        failures: &[409],
        handler: restore,
    },
];

/// A file or folder in the recycle folder.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Recycled")]
struct RecycledShape {
    id: i64,
    /// The original path.
    path: String,
    is_folder: bool,
    /// The image's ID; null for folders and for files that are not images.
    image_id: Option<i64>,
    /// Who deleted or overwrote it; null for the server itself.
    user_id: Option<i64>,
    /// Size of a file; 0 for a folder.
    size_bytes: i64,
    recycled_time: Moment,
    /// When it is deleted for good.
    expiry_time: Moment,
}

impl RecycledShape {
    fn new(item: &Recycled, days: u32) -> Self {
        Self {
            id: item.id,
            path: item.path.clone(),
            is_folder: item.is_folder,
            image_id: item.image_id,
            user_id: item.user_id,
            size_bytes: item.size_bytes,
            recycled_time: Moment(item.recycled_ms),
            expiry_time: Moment(item.recycled_ms.saturating_add(i64::from(days) * DAY_MS)),
        }
    }
}

/// Where the item was restored.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Restored {
    path: String,
}

/// How much was removed.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Removed {
    removed: u64,
}

/// `GET /admin/recycled`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let (page, now) = (Page::of(call), now(call));
    let library = &call.app.library;
    let (items, total) = library.recycled(&caller(call, &now), page.start, page.limit)?;
    let days = library.options().recycle_days;
    let shapes: Vec<_> = items.iter().map(|item| RecycledShape::new(item, days)).collect();
    page.reply(call, &shapes, total)
}

/// `POST /admin/recycled/{recycled_id}/restore`
fn restore(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let rename = call.text("overwrite") == "rename";
    let (library, caller, id) = (&call.app.library, caller(call, &now), call.id("recycled_id"));
    if library.may_restore(&caller, id)?.0.is_folder {
        return Ok(Reply::when_done(library.queue_restore(&caller, id, rename)?, tell_restored));
    }
    Reply::ok(&Restored { path: library.restore(&caller, id, rename, &|| true)? })
}

fn tell_restored(call: &Call<'_>, task_id: i64) -> Result<Reply, Error> {
    let task = crate::db::tasks::by_id(call.db(), task_id)?;
    if task.is_some_and(|task| task.status == COMPLETE && task.error.is_some()) {
        // The plain reason, if it still holds.
        let now = now(call);
        let rename = call.text("overwrite") == "rename";
        call.app.library.can_restore(&caller(call, &now), call.id("recycled_id"), rename)?;
    }
    tasks::tell_result::<Restored>(call, task_id, "The folder could not be put back.")
}

/// `DELETE /admin/recycled`
fn empty(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let task = call.app.library.queue_empty(&caller(call, &now), None)?;
    Ok(Reply::when_done(task, tell_removed))
}

/// `DELETE /admin/recycled/{recycled_id}`
fn remove(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let id = call.id("recycled_id");
    let task = call.app.library.queue_empty(&caller(call, &now), Some(id))?;
    Ok(Reply::when_done(task, tell_removed))
}

fn tell_removed(call: &Call<'_>, task_id: i64) -> Result<Reply, Error> {
    tasks::tell_result::<Removed>(call, task_id, "Not all of it could be removed.")
}
