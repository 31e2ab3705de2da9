//! The JSON forms of what the API tells of.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use crate::auth::{Identity, Level, SystemPermission};
use crate::db::folder_permissions::FolderPermission;
use crate::db::folders::Folder;
use crate::db::groups::Group;
use crate::db::image_views::ImageView;
use crate::db::users::User;
use crate::source::SourcePath;
use crate::web::Error;
use crate::web::image::format_of;
use crate::web::protection::Protection;

/// Everything but what stands for itself in the query of a URL (RFC 3986, section 3.4); slashes stay
/// readable.
const IN_QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b',');

/// Text as a value of a query.
pub fn in_query(text: &str) -> String {
    utf8_percent_encode(text, IN_QUERY).to_string()
}

/// A folder.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Folder")]
pub struct FolderShape {
    id: i64,
    /// The path, the same as `path`.
    name: String,
    /// The parent folder; null for the root.
    parent_id: Option<i64>,
    path: String,
    /// 1 active, 0 deleted.
    status: i64,
}

impl From<&Folder> for FolderShape {
    fn from(folder: &Folder) -> Self {
        Self {
            id: folder.id,
            name: folder.path.clone(),
            parent_id: folder.parent_id,
            path: folder.path.clone(),
            status: folder.status,
        }
    }
}

/// An image.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Image")]
pub struct ImageShape {
    description: String,
    /// Whether you may download the original.
    download: bool,
    filename: String,
    folder: FolderShape,
    folder_id: i64,
    /// Height in pixels as displayed; 0 if not known yet.
    height: i64,
    id: i64,
    /// The path, without a leading slash.
    src: String,
    /// 1 active, 0 deleted.
    status: i64,
    /// Whether its format can be shown.
    supported: bool,
    title: String,
    /// The URL that shows it.
    url: String,
    /// Width in pixels as displayed; 0 if not known yet.
    width: i64,
}

/// Tells of images to one caller.
pub struct Teller<'a> {
    /// What stands before addresses.
    base: String,
    /// What stands before the path in the query.
    query_start: String,
    /// Signs addresses, where that makes a difference and the caller is somebody who may have it done.
    protection: Option<&'a Protection>,
}

impl<'a> Teller<'a> {
    /// For a call; `extra` are parameters of the addresses, as they stand in a query.
    pub fn new(call: &Call<'a>, extra: &str) -> Self {
        let separator = if extra.is_empty() { "" } else { "&" };
        let known = matches!(call.identity, Identity::User { .. });
        Self {
            base: call.base_url(),
            query_start: format!("{extra}{separator}src="),
            protection: known.then_some(&call.app.protection),
        }
    }

    /// The address that shows a path.
    pub fn url(&self, path: &str) -> String {
        let query = format!("{}{}", self.query_start, in_query(path));
        match self.protection {
            Some(protection) => format!("{}{}", self.base, protection.address("/image", &query)),
            None => format!("{}/image?{query}", self.base),
        }
    }

    /// The form of an image in a folder where the caller has a level of access.
    pub fn image(&self, view: &ImageView, level: Level) -> ImageShape {
        ImageShape {
            description: view.description.clone(),
            download: level >= Level::Download,
            filename: view.file_name().to_owned(),
            folder: FolderShape::from(&view.folder),
            folder_id: view.folder.id,
            height: view.height.unwrap_or(0),
            id: view.id,
            src: view.path.clone(),
            status: view.status,
            supported: supported(&view.path),
            title: view.title.clone(),
            url: self.url(&view.path),
            width: view.width.unwrap_or(0),
        }
    }
}

/// Whether a name says that a file is of a format that can be read.
pub fn supported(path: &str) -> bool {
    SourcePath::parse(path).is_ok_and(|path| format_of(&path).is_some())
}

/// The form of an image for the caller.
pub fn image(call: &Call<'_>, view: &ImageView) -> Result<ImageShape, Error> {
    let level = call.rights()?.level(&call.identity, &view.folder.path);
    Ok(Teller::new(call, "").image(view, level))
}

/// A user account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub struct UserShape {
    /// Whether the account may use API tokens and keys.
    allow_api: bool,
    /// 1 password, 2 LDAP.
    auth_type: i64,
    email: String,
    first_name: String,
    id: i64,
    last_name: String,
    /// 1 active, 0 deleted.
    status: i64,
    username: String,
}

impl From<&User> for UserShape {
    fn from(user: &User) -> Self {
        Self {
            allow_api: user.allow_api,
            auth_type: user.auth_type,
            email: user.email.clone(),
            first_name: user.first_name.clone(),
            id: user.id,
            last_name: user.last_name.clone(),
            status: user.status,
            username: user.username.clone(),
        }
    }
}

/// What members of a group may do besides viewing images.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SystemPermissions")]
pub struct PermissionsShape {
    admin_all: bool,
    admin_files: bool,
    admin_folios: bool,
    admin_permissions: bool,
    admin_users: bool,
    folios: bool,
    group_id: i64,
    reports: bool,
}

/// A group.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Group")]
pub struct GroupShape {
    description: String,
    /// 1 system, 2 normal, 3 LDAP.
    group_type: i64,
    id: i64,
    name: String,
    permissions: PermissionsShape,
    /// The active members; only where a single group is returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<UserShape>>,
}

impl GroupShape {
    /// The form of a group with what it grants, and its members if they are to be told.
    pub fn new(group: &Group, granted: [bool; 7], users: Option<&[User]>) -> Self {
        let has = |permission: SystemPermission| granted[permission as usize];
        Self {
            description: group.description.clone(),
            group_type: group.group_type,
            id: group.id,
            name: group.name.clone(),
            permissions: PermissionsShape {
                admin_all: has(SystemPermission::AdminAll),
                admin_files: has(SystemPermission::AdminFiles),
                admin_folios: has(SystemPermission::AdminFolios),
                admin_permissions: has(SystemPermission::AdminPermissions),
                admin_users: has(SystemPermission::AdminUsers),
                folios: has(SystemPermission::Folios),
                group_id: group.id,
                reports: has(SystemPermission::Reports),
            },
            users: users.map(|users| users.iter().map(UserShape::from).collect()),
        }
    }
}

/// A group's access to a folder and everything below it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FolderPermission")]
pub struct FolderPermissionShape {
    /// 0 none, 10 view, 20 download, 30 edit, 40 upload, 50 delete, 60 create folders, 70 delete
    /// folders.
    access: i64,
    folder_id: i64,
    group_id: i64,
    id: i64,
}

impl From<&FolderPermission> for FolderPermissionShape {
    fn from(record: &FolderPermission) -> Self {
        Self {
            access: record.access,
            folder_id: record.folder_id,
            group_id: record.group_id,
            id: record.id,
        }
    }
}
