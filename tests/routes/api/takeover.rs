//! Who has found a key, a token or a session does not come to own the account, and who administers users
//! does not come to administer everything.

use std::time::Duration;

use halftone::auth::{Actor, Scopes, SystemPermission, accounts, key};
use halftone::db::{folder_permissions, folders, groups, users};

use super::{Api, grant, group, password};
use crate::people::{Browser, ask_token, data, form, token};
use crate::site::{BOTH, Backend, within};
use crate::support::http::Response;

const NEW: &str = "a password of the thief's";
const IN_FORCE: Duration = Duration::from_secs(2);

/// The fields of an account of this name, with further ones.
fn user<'a>(username: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("first_name", "Jo"),
        ("last_name", ""),
        ("email", ""),
        ("username", username),
        ("auth_type", "1"),
        ("allow_api", "true"),
    ];
    fields.extend(more);
    fields
}

fn made_key(api: &Api, user: i64, scopes: Scopes) -> String {
    let made = key::create(api.site.db(), &Actor::server(), user, "k", scopes, None).unwrap().1;
    within(IN_FORCE, "the key is known", || {
        api.status("GET", "/admin/images/1/", &made, &[]) != 401
    });
    made
}

/// A browser with a session that was made of a token.
fn browser_of_token(api: &Api, token: &str) -> Browser {
    let mut browser = Browser::new(api.site.addr());
    assert_eq!(browser.get(&format!("/api/v1/tokenlogin/?token={token}")).status, 200);
    browser
}

/// Sends what a page of ours would.
fn write(browser: &mut Browser, method: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    let csrf = browser.csrf();
    let target = format!("/api/v1{path}");
    browser.send(method, &target, &[("X-CSRF-Token", &csrf)], &form(fields))
}

#[test]
fn the_password_of_the_own_account_takes_the_present_one() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let path = format!("/admin/users/{}/", api.jo_id);
        let without = user("jo", &[("password", NEW)]);
        let wrong = user("jo", &[("password", NEW), ("current_password", "not the present one")]);
        let right = user("jo", &[("password", NEW), ("current_password", password())]);
        // A key changes names, and whatever its scopes, no password.
        for scopes in ["write", "admin"] {
            let key = made_key(&api, api.jo_id, Scopes::parse([scopes]).unwrap());
            api.ok("PUT", &path, &key, &user("jo", &[]));
            for fields in [&without, &wrong, &right] {
                assert_eq!(api.status("PUT", &path, &key, fields), 403, "{scopes}");
            }
        }
        // Neither does a session that was made of a token.
        let mut of_token = browser_of_token(&api, &api.jo);
        assert_eq!(write(&mut of_token, "PUT", &path, &right).status, 403);
        assert_eq!(write(&mut of_token, "PUT", &path, &user("jo", &[])).status, 200);
        for fields in [&without, &wrong] {
            let refused = api.call("PUT", &path, &api.jo, fields);
            assert_eq!(refused.status, 400, "{backend:?}");
            assert!(refused.text().contains("current_password: "), "{}", refused.text());
        }
        assert_eq!(ask_token(api.site.addr(), "jo", NEW).status, 403);
        api.ok("PUT", &path, &api.jo, &right);
        assert_eq!(ask_token(api.site.addr(), "jo", NEW).status, 200);
        assert_eq!(ask_token(api.site.addr(), "jo", password()).status, 403);
        assert_eq!(of_token.status(&format!("/api/v1{path}")), 401, "all sessions have ended");
    }
}

#[test]
fn the_present_password_cannot_be_guessed_with_a_token() {
    let api = Api::on(Backend::Sqlite, "");
    let path = format!("/admin/users/{}/", api.maker_id);
    let guess = user("maker", &[("password", NEW), ("current_password", "a wrong guess")]);
    for attempt in 1..=5 {
        assert_eq!(api.status("PUT", &path, &api.maker, &guess), 400, "{attempt}");
    }
    let held = api.call("PUT", &path, &api.maker, &guess);
    assert_eq!(held.status, 429, "{}", held.text());
    assert!(held.header("retry-after").is_some());
}

#[test]
fn a_session_made_of_a_token_makes_no_key_and_ends_with_the_account_s_right() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let mut browser = browser_of_token(&api, &api.admin);
        assert_eq!(browser.status("/api/v1/admin/users/"), 200, "it is the administrator's");
        let key = [("name", "for ever"), ("scopes", "admin")];
        assert_eq!(write(&mut browser, "POST", "/keys/", &key).status, 403);
        assert_eq!(browser.status("/api/v1/keys/"), 403);
        assert_eq!(write(&mut browser, "DELETE", "/keys/1/", &[]).status, 403);
        for method in ["POST", "DELETE"] {
            assert_eq!(write(&mut browser, method, "/totp/?code=1", &[]).status, 403, "{method}");
        }
        assert_eq!(write(&mut browser, "PUT", "/totp/", &[("code", "123456")]).status, 403);
        assert_eq!(browser.status("/api/v1/totp/"), 403);
        // Who has signed in may do so.
        let mut person = Browser::signed_in(&api.site, "jo");
        assert_eq!(write(&mut person, "POST", "/keys/", &key).status, 200);

        let mut of_token = browser_of_token(&api, &api.jo);
        let own = format!("/api/v1/admin/users/{}/", api.jo_id);
        assert_eq!(of_token.status(&own), 200);
        set_allow_api(&api, api.jo_id, false);
        within(IN_FORCE, "nothing of a program's is left", || of_token.status(&own) == 401);
        assert_eq!(person.status(&own), 200, "{backend:?}");
    }
}

fn set_allow_api(api: &Api, id: i64, allow_api: bool) {
    let user = users::by_id(api.site.db(), id).unwrap().unwrap();
    let changed = users::User { allow_api, ..user };
    accounts::change(api.site.db(), &Actor::server(), None, &changed).unwrap();
}

#[test]
fn keys_are_refused_while_their_account_may_have_none() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let key = made_key(&api, api.jo_id, Scopes::READ);
        let own = format!("/admin/users/{}/", api.jo_id);
        assert_eq!(api.status("GET", &own, &key, &[]), 200);
        let mut fields = user("jo", &[]);
        fields.retain(|(name, _)| *name != "allow_api");
        fields.push(("allow_api", "false"));
        api.ok("PUT", &own, &api.admin, &fields);
        assert_eq!(api.status("GET", &own, &key, &[]), 401, "{backend:?}");
        assert_eq!(api.status("GET", "/list/?path=a", &key, &[]), 401);
        let mut jo = Browser::signed_in(&api.site, "jo");
        assert_eq!(write(&mut jo, "POST", "/keys/", &[("name", "another")]).status, 403);
        api.ok("PUT", &own, &api.admin, &user("jo", &[]));
        assert_eq!(api.status("GET", &own, &key, &[]), 200);
    }
}

#[test]
fn a_key_without_the_scope_administers_nothing() {
    let api = Api::on(Backend::Sqlite, "");
    set_allow_api(&api, api.jo_id, false);
    let key = made_key(&api, 1, Scopes::parse(["write"]).unwrap());
    let path = format!("/admin/users/{}/", api.jo_id);
    assert_eq!(api.status("PUT", &path, &key, &user("jo", &[("password", NEW)])), 403);
    assert_eq!(api.status("PUT", &path, &key, &user("jo", &[])), 403, "allow_api");
    assert_eq!(api.status("DELETE", &format!("{path}totp/"), &key, &[]), 403);
    let key = made_key(&api, 1, Scopes::ALL);
    api.ok("PUT", &path, &key, &user("jo", &[("password", NEW)]));
    assert_eq!(ask_token(api.site.addr(), "jo", NEW).status, 200);
}

#[test]
fn the_name_of_a_group_gives_nothing_away() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        grant(&api.site, api.jo_id, "User admins", SystemPermission::AdminUsers);
        let jo = token(&api.site, "jo");
        let make = |name: &str, kind: &str, granted: &[&str]| {
            let made = api.ok("POST", "/admin/groups/", &api.admin, &group(name, kind, granted));
            made["id"].as_i64().unwrap()
        };
        let put = |id: i64, name: &str, kind: &str, granted: &[&str]| {
            let path = format!("/admin/groups/{id}/");
            api.status("PUT", &path, &jo, &group(name, kind, granted))
        };
        let directory = make("LDAP admins", "3", &["access_admin_all"]);
        let plain_directory = make("LDAP staff", "3", &[]);
        let reporters = make("Reporters", "2", &["access_reports"]);
        let colleagues = make("Colleagues", "2", &["access_admin_users"]);
        let plain = make("Plain", "2", &[]);
        let trusted = make("Trusted", "2", &[]);
        let folder = folders::seen(api.site.db(), "/b").unwrap();
        folder_permissions::set(api.site.db(), folder, trusted, 70).unwrap();
        let viewers = make("Viewers", "2", &[]);
        folder_permissions::set(api.site.db(), folder, viewers, 10).unwrap();

        // The directory would put its own people there, or nobody.
        assert_eq!(put(directory, "Everybody", "3", &["access_admin_all"]), 403);
        assert_eq!(put(plain_directory, "Everybody", "3", &[]), 403);
        assert_eq!(put(plain, "Plain", "3", &[]), 403, "its kind");
        assert_eq!(api.status("POST", "/admin/groups/", &jo, &group("Own", "3", &[])), 403);
        let administrators = groups::ADMINISTRATORS;
        assert_eq!(put(administrators, "Guests", "1", &["access_admin_all"]), 403);
        assert_eq!(put(reporters, "Guests", "2", &["access_reports"]), 403, "a permission");
        assert_eq!(put(trusted, "Guests", "2", &[]), 403, "a folder");
        // What gives no more than the caller has can be renamed, and all described.
        assert_eq!(put(plain, "Plainer", "2", &[]), 200);
        assert_eq!(put(colleagues, "Peers", "2", &["access_admin_users"]), 200);
        assert_eq!(put(viewers, "Watchers", "2", &[]), 200);
        assert_eq!(put(directory, "LDAP admins", "3", &["access_admin_all"]), 200, "{backend:?}");
        let renamed = group("LDAP crew", "3", &[]);
        let path = format!("/admin/groups/{plain_directory}/");
        api.ok("PUT", &path, &api.admin, &renamed);
    }
}

#[test]
fn an_account_of_the_directory_keeps_its_name() {
    let api = Api::on(Backend::Sqlite, "");
    let account = accounts::NewAccount {
        username: "posy".to_owned(),
        allow_api: true,
        auth_type: users::AUTH_LDAP,
        ..accounts::NewAccount::default()
    };
    let id = accounts::create(api.site.db(), &Actor::server(), &account).unwrap();
    let key = made_key(&api, id, Scopes::ALL);
    let path = format!("/admin/users/{id}/");
    let named = |name| -> Vec<(&str, &str)> {
        let fields = user(name, &[]).into_iter();
        fields.map(|(name, value)| (name, if name == "auth_type" { "2" } else { value })).collect()
    };
    assert_eq!(api.status("PUT", &path, &key, &named("the director")), 403);
    assert_eq!(api.status("PUT", &path, &key, &named("Posy")), 200);
    api.ok("PUT", &path, &api.admin, &named("posy2"));
}

#[test]
fn who_administers_permissions_is_out_of_reach_of_who_administers_users() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        grant(&api.site, api.jo_id, "User admins", SystemPermission::AdminUsers);
        grant(&api.site, api.maker_id, "Keepers", SystemPermission::AdminPermissions);
        let (jo, maker) = (token(&api.site, "jo"), api.maker_id);
        let listed = api.get("/admin/groups/", &api.admin);
        let keepers =
            listed.as_array().unwrap().iter().find(|group| group["name"] == "Keepers").unwrap();
        let makers =
            listed.as_array().unwrap().iter().find(|group| group["name"] == "Makers").unwrap();
        let members = format!("/admin/groups/{}/members/", keepers["id"]);
        let member = format!("{members}{maker}/");
        let path = format!("/admin/users/{maker}/");
        assert_eq!(api.status("DELETE", &member, &jo, &[]), 403, "taken out");
        assert_eq!(api.status("DELETE", "/admin/groups/3/members/1/", &jo, &[]), 403);
        let own = api.jo_id.to_string();
        assert_eq!(api.status("POST", &members, &jo, &[("user_id", &own)]), 403, "joined");
        assert_eq!(api.status("DELETE", &path, &jo, &[]), 403, "deleted");
        assert_eq!(api.status("PUT", &path, &jo, &user("maker", &[("password", NEW)])), 403);
        assert_eq!(api.status("DELETE", &format!("{path}totp/"), &jo, &[]), 403);
        // Other groups are theirs, and the administrator may do all of it.
        let out = format!("/admin/groups/{}/members/{maker}/", makers["id"]);
        assert!(data(&api.call("DELETE", &out, &jo, &[])).is_null());
        assert_eq!(api.status("DELETE", &member, &api.admin, &[]), 200);
        assert_eq!(api.status("DELETE", &path, &jo, &[]), 200, "{backend:?}");
    }
}
