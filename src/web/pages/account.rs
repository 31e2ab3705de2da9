//! Somebody's own account: names, password, second step, keys, what it may do.

mod codes;

use askama::Template;
use askama::filters::Safe;

use super::admin::{acts, was_of_user};
use super::frame::{Frame, require_user};
use crate::auth::{Scopes, SystemPermission};
use crate::db::api_keys::ApiKey;
use crate::db::users::AUTH_LDAP;
use crate::db::{api_keys, groups, now_ms, users};
use crate::http::{Progress, Request, Response};
use crate::web::{App, Error, who};
use codes::SecondStep;

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    f: Frame,
    id: i64,
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    auth_type: i64,
    /// What stands in the fields of the form, by which it tells what has been changed.
    was: String,
    /// Whether another server knows the password.
    is_foreign: bool,
    allow_api: bool,
    groups: Vec<String>,
    permissions: Vec<String>,
    /// Whether it is a person who has signed in: keys and the second step are nobody else's to change.
    is_person: bool,
    second: SecondStep,
    keys: Vec<Key>,
    /// After how many days a new key may run out.
    key_days: [u64; 3],
}

struct Key {
    id: i64,
    name: String,
    scopes: String,
    created: Safe<String>,
    /// Blank when it never runs out.
    expires: Safe<String>,
    is_over: bool,
    /// Blank when it was not used yet.
    last_used: Safe<String>,
}

impl Key {
    fn of(f: &Frame, key: &ApiKey) -> Self {
        let moment = |at: Option<i64>| at.map_or_else(|| Safe(String::new()), |at| f.moment(at));
        Self {
            id: key.id,
            name: key.name.clone(),
            scopes: scopes(f, Scopes::from_stored(key.scopes)),
            created: f.moment(key.created_ms),
            expires: moment(key.expires_ms),
            is_over: key.expires_ms.is_some_and(|at| at <= now_ms()),
            last_used: moment(key.last_used_ms),
        }
    }
}

/// What a key is good for; each of these words has those before it in it.
fn scopes(f: &Frame, scopes: Scopes) -> String {
    scopes.names().last().map(|name| acts::scope(f.texts(), name)).unwrap_or_default()
}

/// `GET /account`
pub fn account(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let id = require_user(&identity)?;
    let user = users::by_id(&app.db, id)?.ok_or_else(Error::not_found)?;
    let rights = app.store.rights()?;
    let has = |permission: SystemPermission| rights.has(&identity, permission);
    let is_person = who::require_person(&identity).is_ok();
    let f = Frame::of(app, request, &identity);
    let keys = api_keys::of_user(&app.db, id)?;
    let page = Account {
        id,
        is_foreign: user.auth_type == AUTH_LDAP,
        was: was_of_user(&user),
        groups: groups::of_user(&app.db, id)?.into_iter().map(|group| group.name).collect(),
        permissions: acts::permissions(f.texts(), has),
        is_person,
        second: SecondStep::read(app, id, &user.username, is_person)?,
        keys: keys.iter().map(|key| Key::of(&f, key)).collect(),
        key_days: [30, 90, 365],
        username: user.username,
        first_name: user.first_name,
        last_name: user.last_name,
        email: user.email,
        auth_type: user.auth_type,
        allow_api: user.allow_api,
        f,
    };
    Ok(page.f.send(&page))
}
