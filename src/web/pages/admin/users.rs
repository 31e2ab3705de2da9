//! Accounts: the list of them, making one, and all that belongs to one.

use std::collections::HashMap;

use askama::Template;
use serde_json::json;

use super::{Desk, Section, acts, enter, id_in_path};
use crate::auth::{SignedIn, SystemPermission, totp};
use crate::db::groups::{self, Group, PUBLIC};
use crate::db::users::{self, AUTH_LDAP, User};
use crate::db::{STATUS_ACTIVE, STATUS_DELETED, api_keys, system_permissions};
use crate::http::{Progress, Request, Response};
use crate::web::api::in_query;
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/users.html")]
struct List {
    f: Frame,
    sections: Vec<Section>,
    query: String,
    shows: [Show; 3],
    rows: Vec<Row>,
    total: usize,
    pager: Pager,
}

impl List {
    /// Whether there is anything in the last column.
    fn has_marks(&self) -> bool {
        self.rows.iter().any(|row| row.allow_api || row.is_foreign || row.is_deleted)
    }
}

/// Which accounts are shown.
struct Show {
    word: &'static str,
    key: &'static str,
    href: String,
    is_here: bool,
}

struct Row {
    id: i64,
    username: String,
    name: String,
    email: String,
    groups: Vec<String>,
    allow_api: bool,
    is_foreign: bool,
    is_deleted: bool,
}

const SHOWS: [(&str, &str, Option<i64>); 3] = [
    ("active", "users-active", Some(STATUS_ACTIVE)),
    ("deleted", "users-deleted", Some(STATUS_DELETED)),
    ("all", "users-all", None),
];

/// `GET /admin/users`
pub fn users(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminUsers)?;
    let form = Form::of_query(request)?;
    let (query, show) = (given(&form, "q").to_owned(), given(&form, "show"));
    let shown = SHOWS.into_iter().find(|(word, ..)| *word == show).unwrap_or(SHOWS[0]);
    let mut found = users::all(&app.db, shown.2)?;
    found.retain(|user| matches(user, &query));
    let address = |show: &str, page: usize| {
        format!("/admin/users?show={show}&q={}&page={page}", in_query(&query))
    };
    let pager = Pager::of(found.len(), given(&form, "page"), |page| address(shown.0, page));
    let part = found.iter().skip(pager.start()).take(PER_PAGE);
    let page = List {
        rows: rows(app, part)?,
        total: found.len(),
        shows: SHOWS.map(|(word, key, _)| Show {
            word,
            key,
            href: address(word, 1),
            is_here: word == shown.0,
        }),
        pager,
        query,
        sections,
        f,
    };
    Ok(page.f.send(&page))
}

/// Whether every word of a query stands in one of an account's names or in its address.
pub(super) fn matches(user: &User, query: &str) -> bool {
    let texts = [&user.username, &user.first_name, &user.last_name, &user.email];
    let texts = texts.map(|text| text.to_lowercase());
    query.to_lowercase().split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
}

fn rows<'a>(app: &App, part: impl Iterator<Item = &'a User>) -> Result<Vec<Row>, Error> {
    let names: HashMap<i64, String> =
        groups::all(&app.db)?.into_iter().map(|group| (group.id, group.name)).collect();
    let mut members: HashMap<i64, Vec<String>> = HashMap::new();
    for (user, group) in groups::active_memberships(&app.db)? {
        members.entry(user).or_default().extend(names.get(&group).cloned());
    }
    let row = |user: &User| Row {
        id: user.id,
        username: user.username.clone(),
        name: full_name(user),
        email: user.email.clone(),
        groups: members.remove(&user.id).unwrap_or_default(),
        allow_api: user.allow_api,
        is_foreign: user.auth_type == AUTH_LDAP,
        is_deleted: user.status == STATUS_DELETED,
    };
    Ok(part.map(row).collect())
}

fn full_name(user: &User) -> String {
    format!("{} {}", user.first_name, user.last_name).trim().to_owned()
}

#[derive(Template)]
#[template(path = "admin/user_new.html")]
struct NewPage {
    f: Frame,
    sections: Vec<Section>,
}

/// `GET /admin/users/new`
pub fn new_user(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminUsers)?;
    let page = NewPage { f, sections };
    Ok(page.f.send(&page))
}

#[derive(Template)]
#[template(path = "admin/user.html")]
struct UserPage {
    f: Frame,
    sections: Vec<Section>,
    user: User,
    name: String,
    here: String,
    /// What stands in the fields of the form, by which it tells what has been changed.
    was: String,
    is_own: bool,
    is_foreign: bool,
    is_deleted: bool,
    /// Whether the account has more rights than this visitor may give.
    is_above: bool,
    may_explain: bool,
    groups: Vec<Group>,
    others: Vec<Group>,
    permissions: Vec<String>,
    totp: bool,
    keys: usize,
}

/// `GET /admin/users/{user_id}`
pub fn user(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = enter(app, request, SystemPermission::AdminUsers)?;
    let id = id_in_path(request, 2)?;
    let user = users::by_id(&app.db, id)?.ok_or_else(|| Error::missing("user", id))?;
    let may_all = desk.rights.has(&desk.identity, SystemPermission::AdminPermissions);
    let theirs = desk.rights.identity(id, SignedIn::Token);
    let has =
        |permission| theirs.as_ref().is_some_and(|theirs| desk.rights.has(theirs, permission));
    let groups = groups::of_user(&app.db, id)?;
    let mut others = groups::all(&app.db)?;
    let granted = system_permissions::all(&app.db)?;
    let is_closed = |group: &Group| {
        let of_group = granted.iter().find(|(id, _)| *id == group.id).map(|(_, set)| *set);
        let above = [SystemPermission::AdminPermissions, SystemPermission::AdminAll];
        !may_all && above.into_iter().any(|one| of_group.is_some_and(|set| set[one as usize]))
    };
    others.retain(|group| {
        group.id != PUBLIC && !is_closed(group) && groups.iter().all(|own| own.id != group.id)
    });
    let page = UserPage {
        name: full_name(&user),
        here: format!("/admin/users/{id}"),
        was: was(&user),
        is_own: desk.identity.user_id() == Some(id),
        is_foreign: user.auth_type == AUTH_LDAP,
        is_deleted: user.status == STATUS_DELETED,
        is_above: !may_all && has(SystemPermission::AdminPermissions),
        may_explain: may_all,
        permissions: acts::permissions(desk.f.texts(), has),
        totp: totp::is_on(&app.db, id)?,
        keys: api_keys::of_user(&app.db, id)?.len(),
        groups,
        others,
        user,
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
}

/// What the form of an account has read.
pub fn was(user: &User) -> String {
    let fields = json!({
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "allow_api": user.allow_api,
    });
    fields.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_have_to_be_found_in_any_case() {
        let user = User {
            id: 1,
            username: "jdoe".into(),
            first_name: "Jané".into(),
            last_name: "Doe".into(),
            email: "jane@example.org".into(),
            auth_type: 1,
            allow_api: false,
            status: 1,
        };
        for (query, found) in [
            ("", true),
            ("JANÉ", true),
            ("example doe", true),
            ("jdoe smith", false),
            ("janet", false),
        ] {
            assert_eq!(matches(&user, query), found, "{query}");
        }
    }
}
