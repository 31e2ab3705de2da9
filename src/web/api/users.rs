//! Accounts.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Field, Kind, blank, gives, must, optional};
use super::library::status_filter;
use super::page::{LIMIT, START, paged};
use super::reply::Reply;
use super::shape::{GroupShape, UserShape};
use crate::auth::{Identity, SystemPermission, password};
use crate::db::users::{self, AUTH_LDAP, AUTH_PASSWORD, NewUser, User};
use crate::db::{self, STATUS_ACTIVE, STATUS_DELETED, Sql, groups, system_permissions};
use crate::web::Error;

const NAME_CHARS: usize = 120;

const FIRST_NAME: Field = blank("first_name", Kind::Line(NAME_CHARS), "The first name.");
const LAST_NAME: Field = blank("last_name", Kind::Line(NAME_CHARS), "The last name.");
const EMAIL: Field = blank("email", Kind::Line(255), "The e-mail address.");
const USERNAME: Field =
    must("username", Kind::Line(120), "The name to sign in with; no two differ only in case.");
const AUTH_TYPE: Field = must(
    "auth_type",
    Kind::Whole(AUTH_PASSWORD, AUTH_LDAP),
    "Who knows the password: 1 this server, 2 the LDAP server.",
);
const ALLOW_API: Field = must("allow_api", Kind::Flag, "Whether it may ask for API tokens.");

const ADMIN: Access = Access::System(SystemPermission::AdminUsers, "");
const OWN: &str = "Nothing for the caller's own account, else the permission admin_users.";
const ABOVE: &str = "Besides, admin_permissions for an account that has it or admin_all.";

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/users",
        title: "List accounts",
        access: ADMIN,
        fields: &[
            optional(
                "status",
                Kind::Choice(&["-1", "any", "0", "1"]),
                "Which to tell of: 1 active ones (if left out), 0 deleted ones, -1 or any for both.",
            ),
            START,
            LIMIT,
        ],
        gives: gives::<Vec<UserShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/users",
        title: "Make an account, a member of Normal users",
        access: ADMIN,
        fields: &[
            FIRST_NAME,
            LAST_NAME,
            EMAIL,
            USERNAME,
            optional("password", Kind::Password, "8 to 120 characters; needed for auth_type 1."),
            AUTH_TYPE,
            ALLOW_API,
        ],
        gives: gives::<NewUserShape>(),
        failures: &[409],
        handler: create,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/users/{user_id}",
        title: "Tell of an account",
        access: Access::SignedIn(OWN),
        fields: &[],
        gives: gives::<UserShape>(),
        failures: &[403],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/users/{user_id}",
        title: "Change an account",
        access: Access::SignedIn(OWN),
        fields: &[
            FIRST_NAME,
            LAST_NAME,
            EMAIL,
            USERNAME,
            optional("password", Kind::Password, "8 to 120 characters; kept if left out."),
            AUTH_TYPE,
            ALLOW_API,
        ],
        gives: gives::<UserShape>(),
        failures: &[403, 409],
        handler: change,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/users/{user_id}",
        title: "Mark an account deleted",
        access: Access::System(SystemPermission::AdminUsers, ABOVE),
        fields: &[],
        gives: gives::<UserShape>(),
        failures: &[409],
        handler: delete,
    },
];

/// A new account with its groups.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewUser")]
struct NewUserShape {
    #[serde(flatten)]
    user: UserShape,
    groups: Vec<GroupShape>,
}

/// `GET /admin/users`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    paged(call, &users::all(call.db(), status_filter(call))?, |user| UserShape::from(user))
}

/// `POST /admin/users`
fn create(call: &Call<'_>) -> Result<Reply, Error> {
    let auth_type = call.int("auth_type");
    let password_hash = match (call.opt_text("password"), auth_type) {
        (Some(password), AUTH_PASSWORD) => Some(hash(password)?),
        (None, AUTH_PASSWORD) => return Err(Error::parameter("password", "must be given")),
        _ => None,
    };
    let new = NewUser {
        username: call.text("username").to_owned(),
        first_name: call.text("first_name").to_owned(),
        last_name: call.text("last_name").to_owned(),
        email: call.text("email").to_owned(),
        password_hash,
        auth_type,
        allow_api: call.flag("allow_api"),
    };
    let made = db::atomic(call.db(), |sql| {
        let id = users::insert(sql, &new)?;
        groups::add_member(sql, groups::NORMAL_USERS, id)?;
        Ok((users::by_id(sql, id)?, groups::of_user(sql, id)?, system_permissions::all(sql)?))
    });
    let (user, groups, granted) = made.map_err(taken)?;
    call.refresh()?;
    let user = user.ok_or_else(|| Error::missing("user", call.text("username")))?;
    let granted = |group: &groups::Group| {
        granted.iter().find(|(id, _)| *id == group.id).map_or([false; 7], |(_, set)| *set)
    };
    let groups = groups.iter().map(|group| GroupShape::new(group, granted(group), None));
    Reply::ok(&NewUserShape { user: UserShape::from(&user), groups: groups.collect() })
}

fn hash(password: &str) -> Result<String, Error> {
    password::hash(password).map_err(|error| match error {
        password::PasswordError::Length => Error::parameter("password", error),
        password::PasswordError::Failed => Error::unavailable(error),
    })
}

fn taken(error: db::Error) -> Error {
    if error.is_duplicate() {
        return Error::conflict("username: there is an account of this name");
    }
    error.into()
}

/// `GET /admin/users/{user_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    require_own_or_admin(call)?;
    Reply::ok(&UserShape::from(&find(call)?))
}

fn is_own(call: &Call<'_>) -> bool {
    call.user_id() == Some(call.id("user_id"))
}

fn require_own_or_admin(call: &Call<'_>) -> Result<(), Error> {
    if is_own(call) { Ok(()) } else { call.require(SystemPermission::AdminUsers) }
}

fn find(call: &Call<'_>) -> Result<User, Error> {
    let id = call.id("user_id");
    users::by_id(call.db(), id)?.ok_or_else(|| Error::missing("user", id))
}

fn find_active(call: &Call<'_>) -> Result<User, Error> {
    let user = find(call)?;
    if user.status == STATUS_ACTIVE { Ok(user) } else { Err(Error::missing("user", user.id)) }
}

/// Fails where an administrator of users would reach beyond what that permission is: who can change
/// the password of an account has all that the account has.
fn require_not_above(call: &Call<'_>, user: &User) -> Result<(), Error> {
    let rights = call.rights()?;
    let above = rights
        .identity(user.id)
        .is_some_and(|theirs| rights.has(&theirs, SystemPermission::AdminPermissions));
    if above { call.require(SystemPermission::AdminPermissions) } else { Ok(()) }
}

/// `PUT /admin/users/{user_id}`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    require_own_or_admin(call)?;
    let old = find_active(call)?;
    let new = User {
        username: call.text("username").to_owned(),
        first_name: call.text("first_name").to_owned(),
        last_name: call.text("last_name").to_owned(),
        email: call.text("email").to_owned(),
        auth_type: call.int("auth_type"),
        allow_api: call.flag("allow_api"),
        ..old.clone()
    };
    if !is_own(call) {
        require_not_above(call, &old)?;
    }
    // One's own account says who one is, not what one may do.
    if (new.auth_type, new.allow_api) != (old.auth_type, old.allow_api) {
        call.require(SystemPermission::AdminUsers)?;
    }
    let hash = call.opt_text("password").map(hash).transpose()?;
    let changed = db::atomic(call.db(), |sql| {
        if let Some(hash) = &hash {
            users::set_password(sql, old.id, hash)?;
        }
        users::update(sql, &new)
    });
    changed.map_err(taken)?;
    call.refresh()?;
    Reply::ok(&UserShape::from(&new))
}

/// `DELETE /admin/users/{user_id}`
fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let user = find_active(call)?;
    if call.identity != Identity::Anonymous && is_own(call) {
        return Err(Error::conflict("The account that is signed in cannot be deleted."));
    }
    require_not_above(call, &user)?;
    let deleted = db::atomic(call.db(), |sql| {
        users::set_status(sql, user.id, STATUS_DELETED)?;
        someone_administers(sql)
    });
    deleted.map_err(nobody_left)?;
    call.refresh()?;
    Reply::ok(&UserShape::from(&User { status: STATUS_DELETED, ..user }))
}

/// Fails in a transaction after which nobody would be left who may do everything.
pub fn someone_administers(sql: &dyn Sql) -> db::Result<()> {
    match system_permissions::administrators(sql)? {
        0 => Err(db::Error::Constraint(db::Constraint::Check)),
        _ => Ok(()),
    }
}

/// What a client is told when [`someone_administers`] failed.
pub fn nobody_left(error: db::Error) -> Error {
    match error {
        db::Error::Constraint(db::Constraint::Check) => {
            Error::conflict("Nobody would be left who may administer everything.")
        }
        error => error.into(),
    }
}
