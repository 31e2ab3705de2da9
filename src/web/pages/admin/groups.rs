//! Groups: the list of them, making one, what one grants and who belongs to it.

use std::collections::HashMap;

use askama::Template;
use serde_json::json;

use super::{Desk, Section, acts, enter, id_in_path};
use crate::auth::SystemPermission;
use crate::db::groups::{self, ADMINISTRATORS, Group, PUBLIC, TYPE_LDAP, TYPE_SYSTEM};
use crate::db::users::{self, User, name_key};
use crate::db::{STATUS_ACTIVE, system_permissions};
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::{Frame, given};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

/// Users that are offered as new members.
const OFFERED: usize = 20;

#[derive(Template)]
#[template(path = "admin/groups.html")]
struct List {
    f: Frame,
    sections: Vec<Section>,
    rows: Vec<Row>,
    may_change: bool,
}

struct Row {
    id: i64,
    name: String,
    description: String,
    type_key: &'static str,
    members: usize,
    is_public: bool,
    permissions: Vec<String>,
}

/// A system permission that a group may grant.
struct Grant {
    /// The field of forms.
    field: String,
    title: String,
    is_given: bool,
}

/// The text of a group's type.
pub fn type_key(group_type: i64) -> &'static str {
    match group_type {
        TYPE_SYSTEM => "group-system",
        TYPE_LDAP => "group-ldap",
        _ => "group-local",
    }
}

fn grants(f: &Frame, granted: [bool; 7]) -> Vec<Grant> {
    let grant = |permission: SystemPermission| Grant {
        field: format!("access_{}", permission.name()),
        title: acts::permission(f.texts(), permission),
        is_given: granted[permission as usize],
    };
    SystemPermission::ALL.into_iter().map(grant).collect()
}

/// `GET /admin/groups`
pub fn groups(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = enter(app, request, SystemPermission::AdminUsers)?;
    let granted: HashMap<i64, [bool; 7]> = system_permissions::all(&app.db)?.into_iter().collect();
    let mut members: HashMap<i64, usize> = HashMap::new();
    for (_, group) in groups::active_memberships(&app.db)? {
        *members.entry(group).or_default() += 1;
    }
    let mut all = groups::all(&app.db)?;
    all.sort_by_key(|group| (group.id > ADMINISTRATORS, name_key(&group.name)));
    let row = |group: Group| {
        let granted = granted.get(&group.id).copied().unwrap_or_default();
        let has = |permission: SystemPermission| granted[permission as usize];
        Row {
            id: group.id,
            type_key: type_key(group.group_type),
            members: members.get(&group.id).copied().unwrap_or(0),
            is_public: group.id == PUBLIC,
            permissions: acts::permissions(desk.f.texts(), has),
            name: group.name,
            description: group.description,
        }
    };
    let page = List {
        rows: all.into_iter().map(row).collect(),
        may_change: desk.rights.has(&desk.identity, SystemPermission::AdminPermissions),
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
}

#[derive(Template)]
#[template(path = "admin/group_new.html")]
struct NewPage {
    f: Frame,
    sections: Vec<Section>,
    grants: Vec<Grant>,
}

/// `GET /admin/groups/new`
pub fn new_group(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    enter(app, request, SystemPermission::AdminUsers)?;
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminPermissions)?;
    let page = NewPage { grants: grants(&f, [false; 7]), sections, f };
    Ok(page.f.send(&page))
}

#[derive(Template)]
#[template(path = "admin/group.html")]
struct GroupPage {
    f: Frame,
    sections: Vec<Section>,
    group: Group,
    type_key: &'static str,
    here: String,
    grants: Vec<Grant>,
    /// What stands in the fields of the form, by which it tells what has been changed.
    was: String,
    /// Whether this visitor may say what it grants.
    may_grant: bool,
    /// Whether this visitor may say who belongs to it.
    may_fill: bool,
    is_system: bool,
    is_public: bool,
    members: Vec<User>,
    /// What was looked for among those who are not members.
    query: String,
    offered: Vec<User>,
}

/// `GET /admin/groups/{group_id}`
pub fn group(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = enter(app, request, SystemPermission::AdminUsers)?;
    let id = id_in_path(request, 2)?;
    let group = groups::by_id(&app.db, id)?.ok_or_else(|| Error::missing("group", id))?;
    let granted = system_permissions::of_group(&app.db, id)?;
    let may_grant = desk.rights.has(&desk.identity, SystemPermission::AdminPermissions);
    let above = [SystemPermission::AdminPermissions, SystemPermission::AdminAll];
    let is_above = above.into_iter().any(|permission| granted[permission as usize]);
    let query = given(&Form::of_query(request)?, "q").to_owned();
    let members = users::of_group(&app.db, id)?;
    let page = GroupPage {
        type_key: type_key(group.group_type),
        here: format!("/admin/groups/{id}"),
        grants: grants(&desk.f, granted),
        was: was(&group, granted),
        may_grant,
        may_fill: (may_grant || !is_above) && id != PUBLIC,
        is_system: group.group_type == TYPE_SYSTEM,
        is_public: id == PUBLIC,
        offered: offered(app, &members, &query)?,
        members,
        query,
        group,
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
}

/// What a group's form has read.
fn was(group: &Group, granted: [bool; 7]) -> String {
    let mut fields = json!({
        "name": group.name, "description": group.description, "group_type": group.group_type
    });
    for permission in SystemPermission::ALL {
        let field = format!("access_{}", permission.name());
        fields[field] = granted[permission as usize].into();
    }
    fields.to_string()
}

/// Those who are not members and whose names hold what was looked for.
fn offered(app: &App, members: &[User], query: &str) -> Result<Vec<User>, Error> {
    if query.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut found = users::all(&app.db, Some(STATUS_ACTIVE))?;
    found.retain(|user| super::users::matches(user, query));
    found.retain(|user| members.iter().all(|member| member.id != user.id));
    found.truncate(OFFERED);
    Ok(found)
}
