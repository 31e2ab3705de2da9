//! What groups may do in folders.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Field, Kind, gives, must, optional};
use super::library::folder_path;
use super::page::{LIMIT, START, paged};
use super::reply::Reply;
use super::shape::{FolderPermissionShape, FolderShape};
use crate::auth::audit::Changes;
use crate::auth::{Identity, Level, SignedIn, SystemPermission, audit, explain};
use crate::db::folder_permissions::{self, FolderPermission};
use crate::db::{self, folders, groups};
use crate::web::Error;

const ADMIN: Access = Access::System(SystemPermission::AdminPermissions, "");

const FIELDS: &[Field] = &[
    must("group_id", Kind::Whole(1, i64::MAX), "The group; cannot be changed later."),
    must("folder_id", Kind::Whole(1, i64::MAX), "The folder; cannot be changed later."),
    must(
        "access",
        Kind::Choice(&["0", "10", "20", "30", "40", "50", "60", "70"]),
        "0 none, 10 view, 20 download, 30 edit, 40 upload, 50 delete, 60 create folders, 70 delete \
         folders; each includes those before it.",
    ),
];

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/permissions/trace",
        title: "Explain a user's access to a folder",
        access: Access::SignedIn("None for yourself; otherwise the permission admin_permissions."),
        fields: &[
            must("path", Kind::Line(1024), "The folder."),
            optional(
                "user_id",
                Kind::Whole(0, i64::MAX),
                "The user; 0 for a visitor who is not signed in. Default: yourself.",
            ),
        ],
        gives: gives::<TraceShape>(),
        failures: &[403],
        handler: trace,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/permissions",
        title: "List folder permissions",
        access: ADMIN,
        fields: &[START, LIMIT],
        gives: gives::<Vec<FolderPermissionShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/permissions",
        title: "Create a folder permission",
        access: ADMIN,
        fields: FIELDS,
        gives: gives::<NewPermissionShape>(),
        failures: &[409],
        handler: create,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/permissions/{permission_id}",
        title: "Get a folder permission",
        access: ADMIN,
        fields: &[],
        gives: gives::<FolderPermissionShape>(),
        failures: &[],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/permissions/{permission_id}",
        title: "Update a folder permission",
        access: ADMIN,
        fields: FIELDS,
        gives: gives::<FolderPermissionShape>(),
        failures: &[],
        handler: change,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/permissions/{permission_id}",
        title: "Delete a folder permission",
        access: ADMIN,
        fields: &[],
        gives: gives::<()>(),
        failures: &[],
        handler: delete,
    },
];

/// A user's access to a folder, and the reason for it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PermissionTrace")]
struct TraceShape {
    /// The access level as a number.
    access: i64,
    /// The folder in question.
    path: String,
    /// The rule that decides, in words.
    rule: String,
    /// The access of each of the user's groups and of Public.
    steps: Vec<StepShape>,
    user_id: Option<i64>,
}

/// The access of one group.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PermissionStep")]
struct StepShape {
    /// The level of the group's nearest folder permission; null if there is none.
    access: Option<i64>,
    /// Whether its system permissions give full access.
    administers: bool,
    /// The folder of that permission.
    folder: Option<String>,
    group_id: i64,
    group_name: String,
}

/// `GET /admin/permissions/trace`
fn trace(call: &Call<'_>) -> Result<Reply, Error> {
    let path = folder_path(call.text("path"))?;
    let user_id = call.opt_int("user_id").or(call.user_id());
    if user_id != call.user_id() {
        call.require(SystemPermission::AdminPermissions)?;
    }
    let rights = call.rights()?;
    let identity = match user_id {
        Some(0) => Identity::Anonymous,
        id if id == call.user_id() => call.identity.clone(),
        id => id
            .and_then(|id| rights.identity(id, SignedIn::Token))
            .ok_or_else(|| Error::parameter("user_id", "there is no such user"))?,
    };
    let explained = explain(&rights, &identity, &path);
    let steps = explained.steps.into_iter().map(|step| StepShape {
        access: step.record.as_ref().map(|(_, level)| level.access()),
        administers: step.administers,
        folder: step.record.map(|(folder, _)| folder),
        group_id: step.group_id,
        group_name: step.group,
    });
    Reply::ok(&TraceShape {
        access: explained.level.access(),
        rule: explained.rule.to_string(),
        steps: steps.collect(),
        user_id: identity.user_id(),
        path,
    })
}

/// A new folder permission with its folder.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewFolderPermission")]
struct NewPermissionShape {
    #[serde(flatten)]
    permission: FolderPermissionShape,
    folder: FolderShape,
}

/// `GET /admin/permissions`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    paged(call, &folder_permissions::all(call.db())?, |record| FolderPermissionShape::from(record))
}

fn find(call: &Call<'_>) -> Result<FolderPermission, Error> {
    let id = call.id("permission_id");
    let found = folder_permissions::by_id(call.db(), id)?;
    found.ok_or_else(|| Error::missing("folder permission", id))
}

/// `GET /admin/permissions/{permission_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&FolderPermissionShape::from(&find(call)?))
}

/// The level's number; the row lets no other through.
fn access(call: &Call<'_>) -> i64 {
    Level::from_access(call.text("access").parse().unwrap_or(0)).access()
}

/// `POST /admin/permissions`
fn create(call: &Call<'_>) -> Result<Reply, Error> {
    let (folder_id, group_id) = (call.int("folder_id"), call.int("group_id"));
    let unknown = |name, what| Error::parameter(name, format!("there is no such {what}"));
    let folder = folders::by_id(call.db(), folder_id)?;
    let folder = folder.ok_or_else(|| unknown("folder_id", "folder"))?;
    let group = groups::by_id(call.db(), group_id)?;
    let group = group.ok_or_else(|| unknown("group_id", "group"))?;
    let access = access(call);
    let actor = call.actor();
    let made = db::atomic(call.db(), |sql| {
        let detail = format!("{} access {access}", audit::told_group(&group));
        audit::write(sql, &actor, "permission.create", &folder.path, &detail)?;
        folder_permissions::insert(sql, folder_id, group_id, access)
    });
    let id = made.map_err(|error: db::Error| match error.is_duplicate() {
        true => Error::conflict("The group has a permission for this folder already."),
        false => error.into(),
    })?;
    call.refresh()?;
    let folder_path = folder.path.clone();
    let record = FolderPermission { id, folder_id, folder_path, group_id, access };
    Reply::ok(&NewPermissionShape {
        permission: FolderPermissionShape::from(&record),
        folder: FolderShape::from(&folder),
    })
}

/// `PUT /admin/permissions/{permission_id}`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    let old = find(call)?;
    let record = FolderPermission { access: access(call), ..old.clone() };
    let actor = call.actor();
    db::atomic(call.db(), |sql| {
        let group = audit::group_of(sql, record.group_id)?;
        let change = Changes::default().value("access", old.access, record.access);
        let detail = format!("{group} {}", change.detail());
        audit::write(sql, &actor, "permission.change", &record.folder_path, detail.trim_end())?;
        folder_permissions::set(sql, record.folder_id, record.group_id, record.access)
    })?;
    call.refresh()?;
    Reply::ok(&FolderPermissionShape::from(&record))
}

/// `DELETE /admin/permissions/{permission_id}`
fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let record = find(call)?;
    let actor = call.actor();
    db::atomic(call.db(), |sql| {
        let detail = format!("{} access {}", audit::group_of(sql, record.group_id)?, record.access);
        audit::write(sql, &actor, "permission.delete", &record.folder_path, &detail)?;
        folder_permissions::remove(sql, record.folder_id, record.group_id)
    })?;
    call.refresh()?;
    Reply::done()
}
