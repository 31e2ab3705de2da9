//! Groups, what they grant, and who belongs to them.

use http::Method;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Field, Kind, blank, gives, must};
use super::page::{LIMIT, START, paged};
use super::reply::Reply;
use super::shape::GroupShape;
use super::was::{Was, with_was};
use crate::auth::accounts::{self, AccountError, with_an_administrator};
use crate::auth::audit::Changes;
use crate::auth::{Level, SystemPermission, audit, names};
use crate::db::groups::{self, Group, TYPE_LDAP, TYPE_SYSTEM};
use crate::db::{self, STATUS_ACTIVE, Sql, folder_permissions, system_permissions, users};
use crate::web::Error;

const ADMIN: Access = Access::System(SystemPermission::AdminUsers, "");
const FULL: Access = Access::System(SystemPermission::AdminUsers, "Also needs admin_permissions.");

const MEMBERS: Access = Access::System(
    SystemPermission::AdminUsers,
    "Also needs admin_permissions if the group grants that or admin_all.",
);

const FIELDS: &[Field] = &[
    must(
        "name",
        Kind::Line(120),
        "The name, stored in Unicode NFC. It must differ from other groups' names by more than \
         case, must not look like another, contain invisible characters, or mix scripts within a \
         word.",
    ),
    blank("description", Kind::Text(5_000), "What it is for."),
    must(
        "group_type",
        Kind::Whole(TYPE_SYSTEM, TYPE_LDAP),
        "1 system group, which cannot be deleted; 2 normal group; 3 LDAP group.",
    ),
    must("access_folios", Kind::Flag, "Whether members may create portfolios."),
    must("access_reports", Kind::Flag, "Whether members may see reports."),
    must("access_admin_users", Kind::Flag, "Whether members administer users."),
    must("access_admin_files", Kind::Flag, "Whether members may do everything in every folder."),
    must("access_admin_folios", Kind::Flag, "Whether members administer all portfolios."),
    must("access_admin_permissions", Kind::Flag, "Whether members administer permissions."),
    must("access_admin_all", Kind::Flag, "Whether members may do everything."),
];

/// The fields of a change.
const CHANGED: &[Field] = &with_was::<{ FIELDS.len() + 1 }>(FIELDS);

/// The fields of what a group grants, in the order of [`SystemPermission::ALL`].
const GRANTS: [&str; 7] = [
    "access_folios",
    "access_reports",
    "access_admin_users",
    "access_admin_files",
    "access_admin_folios",
    "access_admin_permissions",
    "access_admin_all",
];

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/groups",
        title: "List groups",
        access: ADMIN,
        fields: &[START, LIMIT],
        gives: gives::<Vec<GroupShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/groups",
        title: "Create a group",
        access: FULL,
        fields: FIELDS,
        gives: gives::<GroupShape>(),
        failures: &[409],
        handler: create,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/groups/{group_id}",
        title: "Get a group with its members",
        access: ADMIN,
        fields: &[],
        gives: gives::<GroupShape>(),
        failures: &[],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/groups/{group_id}",
        title: "Update a group",
        access: Access::System(
            SystemPermission::AdminUsers,
            "Also needs admin_permissions to change what the group grants or its type, and to \
             rename an LDAP group, Administrators, or a group that grants what you do not have.",
        ),
        fields: CHANGED,
        gives: gives::<GroupShape>(),
        failures: &[409],
        handler: change,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/groups/{group_id}",
        title: "Delete a group",
        access: FULL,
        fields: &[],
        gives: gives::<()>(),
        failures: &[409],
        handler: delete,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/groups/{group_id}/members",
        title: "Add a user to a group",
        access: MEMBERS,
        fields: &[must("user_id", Kind::Whole(1, i64::MAX), "The user.")],
        gives: gives::<()>(),
        failures: &[],
        handler: add,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/groups/{group_id}/members/{user_id}",
        title: "Remove a user from a group",
        access: MEMBERS,
        fields: &[],
        gives: gives::<()>(),
        failures: &[409],
        handler: take_out,
    },
];

/// `GET /admin/groups`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let mut all = groups::all(call.db())?;
    all.sort_by_key(|group| users::name_key(&group.name));
    let granted = system_permissions::all(call.db())?;
    let of =
        |id| granted.iter().find(|(group, _)| *group == id).map_or([false; 7], |(_, set)| *set);
    paged(call, &all, |group| GroupShape::new(group, of(group.id), None))
}

fn find(call: &Call<'_>) -> Result<Group, Error> {
    let id = call.id("group_id");
    groups::by_id(call.db(), id)?.ok_or_else(|| Error::missing("group", id))
}

fn reply(call: &Call<'_>, group: &Group) -> Result<Reply, Error> {
    let granted = system_permissions::of_group(call.db(), group.id)?;
    let members = users::of_group(call.db(), group.id)?;
    Reply::ok(&GroupShape::new(group, granted, Some(&members)))
}

/// `GET /admin/groups/{group_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    reply(call, &find(call)?)
}

fn given(call: &Call<'_>, id: i64) -> (Group, [bool; 7]) {
    let group = Group {
        id,
        name: call.text("name").to_owned(),
        description: call.text("description").to_owned(),
        group_type: call.int("group_type"),
    };
    (group, GRANTS.map(|name| call.flag(name)))
}

fn taken(error: AccountError) -> Error {
    match error {
        AccountError::Db(error) if error.is_duplicate() => {
            Error::conflict("name: there is a group of this name")
        }
        error => error.into(),
    }
}

/// Fails when a group's name, which was just written, cannot be told from another's.
fn require_own_look(sql: &dyn Sql, group: &Group) -> Result<(), AccountError> {
    let all = groups::all(sql)?;
    let others = all.iter().filter(|other| other.id != group.id).map(|other| other.name.as_str());
    match names::looks_like_another(&group.name, others) {
        true => Err(AccountError::LooksAlike("name")),
        false => Ok(()),
    }
}

/// What a group grants, for the record of administrative acts.
fn grants_text(granted: [bool; 7]) -> String {
    let named = SystemPermission::ALL.into_iter().filter(|one| granted[*one as usize]);
    named.map(SystemPermission::name).collect::<Vec<_>>().join(" ")
}

/// `POST /admin/groups`
fn create(call: &Call<'_>) -> Result<Reply, Error> {
    call.require(SystemPermission::AdminPermissions)?;
    let (mut group, granted) = given(call, 0);
    group.name = accounts::new_name("name", &group.name)?;
    let actor = call.actor();
    let made = accounts::transaction(call.db(), |sql| {
        let id = groups::insert(sql, &group.name, &group.description, group.group_type)?;
        require_own_look(sql, &Group { id, ..group.clone() })?;
        system_permissions::set(sql, id, granted)?;
        audit::write(sql, &actor, "group.create", &group.name, &grants_text(granted))?;
        Ok(id)
    });
    group.id = made.map_err(taken)?;
    call.refresh()?;
    reply(call, &group)
}

/// `PUT /admin/groups/{group_id}`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    let old = find(call)?;
    let (given, granted) = given(call, old.id);
    let grants = system_permissions::of_group(call.db(), old.id)?;
    let mut was = Was::of(call);
    let mut group = Group {
        name: was.settled("name", given.name, &old.name),
        description: was.settled("description", given.description, &old.description),
        group_type: was.settled("group_type", given.group_type, &old.group_type),
        ..given
    };
    let granted: [bool; 7] =
        std::array::from_fn(|at| was.settled(GRANTS[at], granted[at], &grants[at]));
    if let Some(refused) = was.overtaken()? {
        return Ok(refused);
    }
    let renamed = group.name != old.name;
    if renamed {
        group.name = accounts::new_name("name", &group.name)?;
    }
    if granted != grants
        || group.group_type != old.group_type
        || (renamed && stands_for_more(call, &old, grants)?)
    {
        call.require(SystemPermission::AdminPermissions)?;
    }
    if old.id <= groups::ADMINISTRATORS && group.group_type != TYPE_SYSTEM {
        return Err(Error::conflict("group_type: this group is needed and stays a system group"));
    }
    let changes = Changes::default()
        .text("name", &old.name, &group.name)
        .text("description", &old.description, &group.description)
        .value("group_type", old.group_type, group.group_type)
        .text("grants", &grants_text(grants), &grants_text(granted));
    let actor = call.actor();
    let changed = with_an_administrator(call.db(), |sql| {
        if was.is_given() {
            let held = groups::held(sql, old.id)?;
            if held.as_ref() != Some(&old) || system_permissions::of_group(sql, old.id)? != grants {
                return Err(AccountError::Overtaken);
            }
        }
        groups::update(sql, &group)?;
        if renamed {
            require_own_look(sql, &group)?;
        }
        system_permissions::set(sql, group.id, granted)?;
        Ok(audit::write(sql, &actor, "group.change", &old.name, changes.detail())?)
    });
    changed.map_err(taken)?;
    call.refresh()?;
    reply(call, &group)
}

/// Whether a group's name stands for more than the caller has. By the name of a group from LDAP the
/// directory says who its members are, so that a new name gives its rights to others; and what people
/// take for one group must not become another by its name.
fn stands_for_more(call: &Call<'_>, group: &Group, granted: [bool; 7]) -> Result<bool, Error> {
    if group.group_type == TYPE_LDAP || group.id == groups::ADMINISTRATORS {
        return Ok(true);
    }
    for permission in SystemPermission::ALL {
        if granted[permission as usize] && !call.has(permission)? {
            return Ok(true);
        }
    }
    let rights = call.rights()?;
    let records = folder_permissions::all(call.db())?;
    Ok(records.iter().filter(|record| record.group_id == group.id).any(|record| {
        Level::from_access(record.access) > rights.level(&call.identity, &record.folder_path)
    }))
}

/// Fails where an administrator of users would decide who administers permissions, or everything.
fn require_not_above(call: &Call<'_>, group: &Group) -> Result<(), Error> {
    let granted = system_permissions::of_group(call.db(), group.id)?;
    let above = [SystemPermission::AdminPermissions, SystemPermission::AdminAll];
    if above.into_iter().any(|permission| granted[permission as usize]) {
        call.require(SystemPermission::AdminPermissions)?;
    }
    Ok(())
}

/// `DELETE /admin/groups/{group_id}`
fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    call.require(SystemPermission::AdminPermissions)?;
    let group = find(call)?;
    if group.group_type == TYPE_SYSTEM {
        return Err(Error::conflict("A system group cannot be deleted."));
    }
    let actor = call.actor();
    with_an_administrator(call.db(), |sql| {
        let granted = system_permissions::of_group(sql, group.id)?;
        groups::remove(sql, group.id)?;
        Ok(audit::write(sql, &actor, "group.delete", &group.name, &grants_text(granted))?)
    })?;
    call.refresh()?;
    Reply::done()
}

/// `POST /admin/groups/{group_id}/members`
fn add(call: &Call<'_>) -> Result<Reply, Error> {
    let group = find(call)?;
    require_not_above(call, &group)?;
    let user_id = call.int("user_id");
    let user = users::by_id(call.db(), user_id)?.filter(|user| user.status == STATUS_ACTIVE);
    let Some(user) = user else {
        return Err(Error::parameter("user_id", "there is no such user"));
    };
    let actor = call.actor();
    db::atomic(call.db(), |sql| {
        groups::add_member(sql, group.id, user_id)?;
        audit::write(sql, &actor, "group.add", &group.name, &audit::told_user(&user))
    })?;
    call.refresh()?;
    Reply::done()
}

/// `DELETE /admin/groups/{group_id}/members/{user_id}`
fn take_out(call: &Call<'_>) -> Result<Reply, Error> {
    let (group, user_id) = (find(call)?, call.id("user_id"));
    require_not_above(call, &group)?;
    let actor = call.actor();
    let removed = with_an_administrator(call.db(), |sql| {
        let removed = groups::remove_member(sql, group.id, user_id)?;
        if removed && let Some(user) = users::by_id(sql, user_id)? {
            audit::write(sql, &actor, "group.remove", &group.name, &audit::told_user(&user))?;
        }
        Ok(removed)
    })?;
    if !removed {
        return Err(Error::missing("member", user_id));
    }
    call.refresh()?;
    Reply::done()
}
