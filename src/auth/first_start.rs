//! What a new installation starts with: the three groups, an administrator, the root folder that
//! everybody may view, and two templates.

use serde_json::json;

use super::password::{self, PasswordError};
use super::permission::Level;
use crate::db::{self, Db, Sql, groups};

/// What the first start did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstStart {
    /// It was this call that set the installation up.
    pub done_now: bool,
    /// The generated password of the user `admin`, to be shown this once.
    pub generated_password: Option<String>,
}

/// Why an installation could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The database failed; nothing was written.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The given password of the administrator cannot be taken.
    #[error("the administrator's password: {0}")]
    Password(#[from] PasswordError),
}

/// Sets up a new installation, once ever: what an administrator has deleted since does not return.
/// Of several processes that start at once, one does it and the others wait for its end.
///
/// # Errors
/// See [`FirstStartError`].
pub fn first_start(db: &Db, admin_password: Option<&str>) -> Result<FirstStart, FirstStartError> {
    let before = FirstStart { done_now: false, generated_password: None };
    if db::properties::get(db, db::properties::FIRST_START_MS)?.is_some() {
        return Ok(before);
    }
    let generated = if admin_password.is_none() { Some(password::generate()?) } else { None };
    let admin_password = admin_password.or(generated.as_deref()).unwrap_or_default();
    let password_hash = password::hash(admin_password)?;
    let done_now = db.transaction(|sql| {
        let now = db::now_ms().to_string();
        if !db::properties::set_once(sql, db::properties::FIRST_START_MS, &now)? {
            return Ok(false);
        }
        db::properties::installation_id(sql)?;
        make_groups(sql)?;
        make_admin(sql, &password_hash)?;
        let root = db::folders::seen(sql, db::folders::ROOT)?;
        db::folder_permissions::set(sql, root, groups::PUBLIC, Level::View.access())?;
        make_templates(sql)?;
        Ok(true)
    })?;
    if !done_now {
        return Ok(before);
    }
    Ok(FirstStart { done_now, generated_password: generated })
}

fn make_groups(sql: &dyn Sql) -> db::Result<()> {
    for (id, name, description) in [
        (groups::PUBLIC, "Public", "Everybody, signed in or not"),
        (groups::NORMAL_USERS, "Normal users", "Everybody who has an account"),
        (groups::ADMINISTRATORS, "Administrators", "Those who may do everything"),
    ] {
        let (name, description) = (name.to_owned(), description.to_owned());
        let group_type = groups::TYPE_SYSTEM;
        groups::insert_with_id(sql, &groups::Group { id, name, description, group_type })?;
    }
    db::system_permissions::set(sql, groups::PUBLIC, [false; 7])?;
    db::system_permissions::set(sql, groups::NORMAL_USERS, [false; 7])?;
    db::system_permissions::set(sql, groups::ADMINISTRATORS, [true; 7])
}

fn make_admin(sql: &dyn Sql, password_hash: &str) -> db::Result<()> {
    let admin = db::users::insert(
        sql,
        &db::users::NewUser {
            username: "admin".into(),
            first_name: "Administrator".into(),
            password_hash: Some(password_hash.to_owned()),
            ..db::users::NewUser::default()
        },
    )?;
    groups::add_member(sql, groups::NORMAL_USERS, admin)?;
    groups::add_member(sql, groups::ADMINISTRATORS, admin)
}

fn make_templates(sql: &dyn Sql) -> db::Result<()> {
    let default = json!({
        "quality": { "value": 80 },
        "strip": { "value": true },
        "colorspace": { "value": "rgb" },
        "record_stats": { "value": true },
        "expiry_secs": { "value": 604_800 },
    });
    let mut small = default.clone();
    small["format"] = json!({ "value": "jpg" });
    small["width"] = json!({ "value": 200 });
    small["height"] = json!({ "value": 200 });
    let description = "What holds when no template is named";
    db::templates::insert(sql, "Default", description, &default.to_string())?;
    db::templates::insert(sql, "SmallJpeg", "A small JPEG", &small.to_string())?;
    db::templates::set_default(sql, "Default")
}
