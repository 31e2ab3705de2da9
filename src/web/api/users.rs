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
use super::was::{WAS, Was};
use crate::auth::accounts::{self, NewAccount};
use crate::auth::{Refused, SignedIn, SystemPermission, confirm_password, password};
use crate::db::users::{self, AUTH_LDAP, AUTH_PASSWORD, User};
use crate::db::{STATUS_ACTIVE, STATUS_DELETED, groups, system_permissions};
use crate::web::{Error, client};

const NAME_CHARS: usize = 120;

const FIRST_NAME: Field = blank("first_name", Kind::Line(NAME_CHARS), "The first name.");
const LAST_NAME: Field = blank("last_name", Kind::Line(NAME_CHARS), "The last name.");
const EMAIL: Field = blank("email", Kind::Line(255), "The email address.");
const USERNAME: Field = must("username", Kind::Line(120), NAME_ABOUT);
const NAME_ABOUT: &str = "The name to sign in with, stored in Unicode NFC. It must differ from others by \
    more than case, must not look like another, contain invisible characters, or mix scripts within a word.";
const PASSWORD: Field =
    optional("password", Kind::Password, "8 to 120 characters; unchanged if omitted.");
const CURRENT_PASSWORD: Field =
    optional("current_password", Kind::Password, "Your current password, to change your own.");
const AUTH_TYPE: Field = must(
    "auth_type",
    Kind::Whole(AUTH_PASSWORD, AUTH_LDAP),
    "Who manages the password: 1 this server, 2 the LDAP server.",
);
const ALLOW_API: Field =
    must("allow_api", Kind::Flag, "Whether the account may use API tokens and keys.");

const ADMIN: Access = Access::System(SystemPermission::AdminUsers, "");
const OWN: &str = "None for yourself; otherwise the permission admin_users.";
const CHANGE: &str = "None for your own names. For your own password, the current password, and neither a key nor \
    a web session made from a token. For allow_api and for other users, the permission admin_users; also \
    admin_permissions if the other user has that or admin_all, or to change the user name of an account \
    whose password the LDAP server manages.";
pub(super) const ABOVE: &str = "Also needs admin_permissions if the user has that or admin_all.";

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/users",
        title: "List users",
        access: ADMIN,
        fields: &[
            optional(
                "status",
                Kind::Choice(&["-1", "any", "0", "1"]),
                "Which users to list: 1 active (the default), 0 deleted, -1 or any for both.",
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
        title: "Create a user",
        access: ADMIN,
        fields: &[
            FIRST_NAME,
            LAST_NAME,
            EMAIL,
            USERNAME,
            optional("password", Kind::Password, "8 to 120 characters; required for auth_type 1."),
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
        title: "Get a user",
        access: Access::SignedIn(OWN),
        fields: &[],
        gives: gives::<UserShape>(),
        failures: &[403],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/users/{user_id}",
        title: "Update a user",
        access: Access::SignedIn(CHANGE),
        fields: &[
            FIRST_NAME,
            LAST_NAME,
            EMAIL,
            USERNAME,
            PASSWORD,
            CURRENT_PASSWORD,
            AUTH_TYPE,
            ALLOW_API,
            WAS,
        ],
        gives: gives::<UserShape>(),
        failures: &[403, 409, 429],
        handler: change,
    },
    Endpoint {
        method: Method::PATCH,
        path: "/admin/users/{user_id}",
        title: "Update parts of a user",
        access: Access::SignedIn(CHANGE),
        fields: &[
            optional("first_name", Kind::Line(NAME_CHARS), "The first name; unchanged if omitted."),
            optional("last_name", Kind::Line(NAME_CHARS), "The last name; unchanged if omitted."),
            optional("email", Kind::Line(255), "The email address; unchanged if omitted."),
            PASSWORD,
            CURRENT_PASSWORD,
            optional(
                "allow_api",
                Kind::Flag,
                "Whether the account may use API tokens and keys; unchanged if omitted.",
            ),
        ],
        gives: gives::<UserShape>(),
        failures: &[403, 409, 429],
        handler: amend,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/users/{user_id}",
        title: "Delete a user",
        access: Access::System(SystemPermission::AdminUsers, ABOVE),
        fields: &[],
        gives: gives::<UserShape>(),
        failures: &[409],
        handler: delete,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/users/{user_id}/restore",
        title: "Reactivate a deleted user",
        access: Access::System(
            SystemPermission::AdminUsers,
            "Also needs admin_permissions if one of the user's groups grants that or admin_all.",
        ),
        fields: &[],
        gives: gives::<UserShape>(),
        failures: &[409],
        handler: restore,
    },
];

/// A new user account with its groups.
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
    let password = call.opt_text("password").filter(|_| auth_type == AUTH_PASSWORD);
    if password.is_none() && auth_type == AUTH_PASSWORD {
        return Err(Error::parameter("password", "must be given"));
    }
    let new = NewAccount {
        username: call.text("username").to_owned(),
        password: password.map(str::to_owned),
        first_name: call.text("first_name").to_owned(),
        last_name: call.text("last_name").to_owned(),
        email: call.text("email").to_owned(),
        allow_api: call.flag("allow_api"),
        auth_type,
    };
    let id = accounts::create(call.db(), &call.actor(), &new)?;
    call.refresh()?;
    let user = users::by_id(call.db(), id)?.ok_or_else(|| Error::missing("user", id))?;
    let granted = system_permissions::all(call.db())?;
    let granted = |group: &groups::Group| {
        granted.iter().find(|(id, _)| *id == group.id).map_or([false; 7], |(_, set)| *set)
    };
    let groups = groups::of_user(call.db(), id)?;
    let groups = groups.iter().map(|group| GroupShape::new(group, granted(group), None));
    Reply::ok(&NewUserShape { user: UserShape::from(&user), groups: groups.collect() })
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

pub(super) fn find_active(call: &Call<'_>) -> Result<User, Error> {
    let user = find(call)?;
    if user.status == STATUS_ACTIVE { Ok(user) } else { Err(Error::missing("user", user.id)) }
}

/// Fails where an administrator of users would reach beyond what that permission is: who can change
/// the password of an account has all that the account has.
pub(super) fn require_not_above(call: &Call<'_>, user: &User) -> Result<(), Error> {
    let rights = call.rights()?;
    let above = rights
        .identity(user.id, SignedIn::Token)
        .is_some_and(|theirs| rights.has(&theirs, SystemPermission::AdminPermissions));
    if above { call.require(SystemPermission::AdminPermissions) } else { Ok(()) }
}

/// The account that the caller asks to change.
fn find_to_change(call: &Call<'_>) -> Result<User, Error> {
    require_own_or_admin(call)?;
    let old = find_active(call)?;
    if !is_own(call) {
        require_not_above(call, &old)?;
    }
    Ok(old)
}

/// `PATCH /admin/users/{user_id}`
fn amend(call: &Call<'_>) -> Result<Reply, Error> {
    let old = find_to_change(call)?;
    let text = |name: &str, kept: &str| call.opt_text(name).unwrap_or(kept).to_owned();
    let new = User {
        first_name: text("first_name", &old.first_name),
        last_name: text("last_name", &old.last_name),
        email: text("email", &old.email),
        allow_api: call.opt_flag("allow_api").unwrap_or(old.allow_api),
        ..old.clone()
    };
    save(call, &old, &new, None)
}

/// `PUT /admin/users/{user_id}`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    let old = find_to_change(call)?;
    if call.int("auth_type") != old.auth_type {
        return Err(Error::parameter("auth_type", "cannot be changed"));
    }
    let mut was = Was::of(call);
    let mut text = |name: &str, now: &String| was.settled(name, call.text(name).to_owned(), now);
    let new = User {
        username: text("username", &old.username),
        first_name: text("first_name", &old.first_name),
        last_name: text("last_name", &old.last_name),
        email: text("email", &old.email),
        allow_api: was.settled("allow_api", call.flag("allow_api"), &old.allow_api),
        ..old.clone()
    };
    match was.overtaken()? {
        Some(refused) => Ok(refused),
        None => save(call, &old, &new, was.is_given().then_some(&old)),
    }
}

/// Changes an account to `new`, with the password that is given; with `read`, unless it is no longer that.
fn save(call: &Call<'_>, old: &User, new: &User, read: Option<&User>) -> Result<Reply, Error> {
    // One's own account says who one is, not what one may do.
    if new.allow_api != old.allow_api {
        call.require(SystemPermission::AdminUsers)?;
    }
    if old.auth_type == AUTH_LDAP
        && new.username != old.username
        && users::name_key(&users::spelling(&new.username)) != users::name_key(&old.username)
    {
        // The directory gives groups by name: another name may be that of somebody with more rights.
        call.require(SystemPermission::AdminPermissions)?;
    }
    let password = call.opt_text("password");
    if let Some(text) = password {
        check_password(text)?;
        if is_own(call) {
            require_current_password(call, old)?;
        }
    }
    let new = match new == old {
        true => new.clone(),
        false => accounts::change(call.db(), &call.actor(), read, new)?,
    };
    if let Some(text) = password {
        accounts::set_password(call.db(), &call.actor(), old.id, text)?;
    }
    call.refresh()?;
    Reply::ok(&UserShape::from(&new))
}

/// Fails unless the caller, whose own account this is, knows its password: who has found a key, a
/// token or an open session must not become the account's owner by it.
fn require_current_password(call: &Call<'_>, own: &User) -> Result<(), Error> {
    if let Some(SignedIn::Key { .. } | SignedIn::TokenSession(_)) = call.identity.via() {
        return Err(Error::refused(
            "password: this takes signing in; a key, or a web session made of a token, cannot.",
        ));
    }
    let Some(current) = call.opt_text("current_password") else {
        return Err(Error::parameter("current_password", "must be given to change the password"));
    };
    let address = client::address(call.app, call.request);
    match confirm_password(call.db(), &own.username, current, address) {
        Err(Refused::Wrong) => Err(Error::parameter("current_password", "is wrong")),
        other => Ok(other?),
    }
}

/// Fails for a password that would be refused, before anything else is changed.
fn check_password(text: &str) -> Result<(), Error> {
    let allowed = password::MIN_CHARS..=password::MAX_CHARS;
    match allowed.contains(&text.chars().count()) {
        true => Ok(()),
        false => Err(Error::parameter("password", password::PasswordError::Length)),
    }
}

/// `DELETE /admin/users/{user_id}`
fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let user = find_active(call)?;
    if is_own(call) {
        return Err(Error::conflict("The account that is signed in cannot be deleted."));
    }
    require_not_above(call, &user)?;
    accounts::disable(call.db(), &call.actor(), user.id)?;
    call.refresh()?;
    Reply::ok(&UserShape::from(&User { status: STATUS_DELETED, ..user }))
}

/// `POST /admin/users/{user_id}/restore`
fn restore(call: &Call<'_>) -> Result<Reply, Error> {
    let user = find(call)?;
    if user.status == STATUS_ACTIVE {
        return Err(Error::conflict("The account is active."));
    }
    // Nobody has rights yet by an account that is not active: its groups tell what it will have.
    let above = [SystemPermission::AdminPermissions, SystemPermission::AdminAll];
    for group in groups::of_user(call.db(), user.id)? {
        let granted = system_permissions::of_group(call.db(), group.id)?;
        if above.into_iter().any(|permission| granted[permission as usize]) {
            call.require(SystemPermission::AdminPermissions)?;
        }
    }
    accounts::enable(call.db(), &call.actor(), user.id)?;
    call.refresh()?;
    Reply::ok(&UserShape::from(&User { status: STATUS_ACTIVE, ..user }))
}
