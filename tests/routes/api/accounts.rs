//! Users, groups, memberships and folder permissions.

use halftone::auth::SystemPermission;
use serde_json::json;

use super::{Api, grant, group};
use crate::people::{ask_token, data};
use crate::site::{BOTH, Backend};

fn user<'a>(username: &'a str, allow_api: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("first_name", "Ann"),
        ("last_name", ""),
        ("email", "ann@example.com"),
        ("username", username),
        ("auth_type", "1"),
        ("allow_api", allow_api),
    ]
}

#[test]
fn users_are_made_changed_and_deleted() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let mut fields = user("ann", "true");
        assert_eq!(api.status("POST", "/admin/users/", &api.admin, &fields), 400);
        fields.push(("password", "short"));
        assert_eq!(api.status("POST", "/admin/users/", &api.admin, &fields), 400);
        fields.pop();
        fields.push(("password", "a good password"));
        let made = api.ok("POST", "/admin/users/", &api.admin, &fields);
        let id = made["id"].as_i64().unwrap();
        assert_eq!(made["groups"][0]["name"], "Normal users");
        let expected = json!({
            "allow_api": true, "auth_type": 1, "email": "ann@example.com", "first_name": "Ann",
            "id": id, "last_name": "", "status": 1, "username": "ann",
        });
        let path = format!("/admin/users/{id}/");
        assert_eq!(api.get(&path, &api.admin), expected);
        assert_eq!(api.status("GET", &path, &api.jo, &[]), 403);
        assert_eq!(
            api.status("POST", "/admin/users/", &api.admin, &{
                let mut same = user("ANN", "true");
                same.push(("password", "a good password"));
                same
            }),
            409
        );
        let given = ask_token(api.site.addr(), "ann", "a good password");
        let ann = data(&given)["token"].as_str().unwrap().to_owned();

        // One's own names, and nothing else.
        assert_eq!(api.get(&path, &ann), expected);
        let own = api.ok("PUT", &path, &ann, &user("ann2", "true"));
        assert_eq!(own["username"], "ann2");
        assert_eq!(api.status("PUT", &path, &ann, &user("ann2", "false")), 403);
        assert_eq!(api.status("GET", "/admin/users/", &ann, &[]), 403);
        assert_eq!(api.status("DELETE", &path, &ann, &[]), 403);

        let gone = api.ok("DELETE", &path, &api.admin, &[]);
        assert_eq!(gone["status"], 0);
        assert_eq!(api.status("DELETE", &path, &api.admin, &[]), 404);
        assert_eq!(api.status("PUT", &path, &api.admin, &user("x", "true")), 404);
        assert_eq!(api.status("GET", &path, &ann, &[]), 401);
        let names = |query: &str| {
            let listed = api.get(&format!("/admin/users/{query}"), &api.admin);
            let names = listed.as_array().unwrap().iter().map(|user| user["username"].clone());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(""), ["admin", "jo", "maker"]);
        assert_eq!(names("?status=0"), ["ann2"]);
        assert_eq!(names("?status=any"), ["admin", "ann2", "jo", "maker"]);
        assert_eq!(names("?start=1&limit=1"), ["jo"]);
        assert_eq!(api.status("GET", "/admin/users/?status=2", &api.admin, &[]), 400);
    }
}

#[test]
fn names_that_look_like_others_are_refused() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let make = |name: &str| {
            let mut fields = user(name, "true");
            fields.push(("password", "a good password"));
            api.call("POST", "/admin/users/", &api.admin, &fields)
        };
        // Zero width space, bidi override, Cyrillic а among Latin letters.
        for name in ["adm\u{200b}in", "\u{202e}nimda", "\u{430}dmin"] {
            let refused = make(name);
            assert_eq!(refused.status, 400, "{name:?}");
            assert!(refused.text().contains("username: "), "{}", refused.text());
        }
        assert_eq!(make("\u{ff41}dmin").status, 409, "full-width letters are usual ones");
        assert_eq!(make("ace").status, 200);
        let alike = make("\u{430}\u{441}\u{435}");
        assert_eq!(alike.status, 409, "{backend:?}: Cyrillic letters alone");
        assert!(alike.text().contains("username: it looks"), "{}", alike.text());
        // Decomposed letters are composed, and both forms sign in.
        let made = make("jo\u{308}rg");
        assert_eq!(data(&made)["username"], "j\u{f6}rg");
        for name in ["j\u{f6}rg", "JO\u{308}RG"] {
            assert_eq!(ask_token(api.site.addr(), name, "a good password").status, 200, "{name}");
        }
        // Nor does one's own account get such a name.
        let me = format!("/admin/users/{}/", api.jo_id);
        for (name, status) in
            [("\u{410}\u{421}\u{415}", 409), ("j\u{43e}", 400), ("jo \u{2066}", 400), ("jo2", 200)]
        {
            assert_eq!(api.status("PUT", &me, &api.jo, &user(name, "true")), status, "{name:?}");
        }

        let make =
            |name: &str| api.call("POST", "/admin/groups/", &api.admin, &group(name, "2", &[]));
        let mixed = make("Administr\u{430}tors");
        assert_eq!(mixed.status, 400);
        assert!(mixed.text().contains("name: "), "{}", mixed.text());
        assert_eq!(make("Administrators\u{200d}").status, 400);
        assert_eq!(make("\u{ff2d}akers").status, 409);
        let other = data(&make("Отдел PR"))["id"].to_string();
        let path = format!("/admin/groups/{other}/");
        assert_eq!(data(&make("OCA"))["name"], "OCA");
        // ОСА, all Cyrillic.
        let renamed = group("\u{41e}\u{421}\u{410}", "2", &[]);
        assert_eq!(api.status("PUT", &path, &api.admin, &renamed), 409);
        assert_eq!(api.status("PUT", &path, &api.admin, &group("Отдел 2", "2", &[])), 200);
    }
}

#[test]
fn administering_users_is_not_administering_everything() {
    let api = Api::on(Backend::Sqlite, "");
    grant(&api.site, api.jo_id, "User admins", SystemPermission::AdminUsers);
    let jo = crate::people::token(&api.site, "jo");
    assert_eq!(api.status("GET", "/admin/users/", &jo, &[]), 200);
    // The administrator's password would be the way to everything.
    let mut fields = user("admin", "true");
    fields.push(("password", "a good password"));
    assert_eq!(api.status("PUT", "/admin/users/1/", &jo, &fields), 403);
    assert_eq!(api.status("DELETE", "/admin/users/1/", &jo, &[]), 403);
    assert_eq!(api.status("POST", "/admin/groups/", &jo, &group("G", "2", &[])), 403);
    let me = api.jo_id.to_string();
    assert_eq!(api.status("POST", "/admin/groups/3/members/", &jo, &[("user_id", &me)]), 403);
    let kept = group("Normal users", "2", &[]);
    let kept: Vec<_> = kept
        .into_iter()
        .map(|(name, value)| (name, if name == "group_type" { "1" } else { value }))
        .collect();
    assert_eq!(api.status("PUT", "/admin/groups/2/", &jo, &kept), 200);
    let more = group("Normal users", "2", &["access_admin_all"]);
    assert_eq!(api.status("PUT", "/admin/groups/2/", &jo, &more), 403);
    assert_eq!(api.status("GET", "/admin/permissions/", &jo, &[]), 403);
    assert_eq!(api.status("GET", "/admin/permissions/trace/?path=a&user_id=1", &jo, &[]), 403);
}

#[test]
fn groups_and_members_are_kept() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let made =
            api.ok("POST", "/admin/groups/", &api.admin, &group("Press", "2", &["access_reports"]));
        let id = made["id"].as_i64().unwrap();
        assert_eq!(made["users"], json!([]));
        assert_eq!(
            made["permissions"],
            json!({
                "admin_all": false, "admin_files": false, "admin_folios": false,
                "admin_permissions": false, "admin_users": false, "folios": false, "group_id": id,
                "reports": true,
            })
        );
        assert_eq!(
            api.status("POST", "/admin/groups/", &api.admin, &group("PRESS", "2", &[])),
            409
        );
        assert_eq!(api.status("GET", "/admin/statistics/system/", &api.jo, &[]), 403);
        let members = format!("/admin/groups/{id}/members/");
        let jo = api.jo_id.to_string();
        assert!(api.ok("POST", &members, &api.admin, &[("user_id", &jo)]).is_null());
        assert_eq!(api.status("POST", &members, &api.admin, &[("user_id", "9999")]), 400);
        let told = api.get(&format!("/admin/groups/{id}/"), &api.admin);
        assert_eq!(told["users"][0]["username"], "jo");
        assert_eq!(api.status("GET", "/admin/statistics/system/", &api.jo, &[]), 200);
        let member = format!("{members}{jo}/");
        assert!(api.ok("DELETE", &member, &api.admin, &[]).is_null());
        assert_eq!(api.status("DELETE", &member, &api.admin, &[]), 404);
        assert_eq!(api.status("GET", "/admin/statistics/system/", &api.jo, &[]), 403);
        assert!(api.ok("DELETE", &format!("/admin/groups/{id}/"), &api.admin, &[]).is_null());
        assert_eq!(api.status("DELETE", &format!("/admin/groups/{id}/"), &api.admin, &[]), 404);
        // What the server relies on stays, and so does somebody who administers.
        assert_eq!(api.status("DELETE", "/admin/groups/2/", &api.admin, &[]), 409);
        assert_eq!(api.status("DELETE", "/admin/groups/3/members/1/", &api.admin, &[]), 409);
        assert_eq!(api.status("DELETE", "/admin/users/1/", &api.admin, &[]), 409);
        let listed = api.get("/admin/groups/", &api.admin);
        let names: Vec<_> =
            listed.as_array().unwrap().iter().map(|group| group["name"].clone()).collect();
        assert_eq!(names, ["Administrators", "Makers", "Normal users", "Public"]);
    }
}

#[test]
fn folder_permissions_hold_at_once() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let folder = api.get("/details/?src=b/three.jpg", "")["folder_id"].to_string();
        let fields = [("group_id", "1"), ("folder_id", folder.as_str()), ("access", "0")];
        let made = api.ok("POST", "/admin/permissions/", &api.admin, &fields);
        let id = made["id"].as_i64().unwrap();
        assert_eq!(made["folder"]["path"], "/b");
        assert_eq!(api.status("GET", "/list/?path=b", "", &[]), 403);
        assert_eq!(api.status("POST", "/admin/permissions/", &api.admin, &fields), 409);
        let path = format!("/admin/permissions/{id}/");
        let wider = [("group_id", "9"), ("folder_id", "9"), ("access", "20")];
        let changed = api.ok("PUT", &path, &api.admin, &wider);
        let folder_id: i64 = folder.parse().unwrap();
        assert_eq!(
            changed,
            json!({ "access": 20, "folder_id": folder_id, "group_id": 1, "id": id })
        );
        assert_eq!(api.get("/details/?src=b/three.jpg", "")["download"], true);
        let trace = api.get("/admin/permissions/trace/?path=b&user_id=0", &api.admin);
        assert_eq!(trace["access"], 20);
        assert_eq!(trace["steps"][0]["folder"], "/b");
        assert!(api.ok("DELETE", &path, &api.admin, &[]).is_null());
        assert_eq!(api.status("GET", &path, &api.admin, &[]), 404);
        assert_eq!(api.get("/details/?src=b/three.jpg", "")["download"], false);
        for (name, value) in [("group_id", "9999"), ("folder_id", "9999"), ("access", "15")] {
            let wrong = fields.map(|field| if field.0 == name { (name, value) } else { field });
            let refused = api.call("POST", "/admin/permissions/", &api.admin, &wrong);
            assert_eq!(refused.status, 400);
            assert!(refused.text().contains(&format!("{name}: ")), "{}", refused.text());
        }
    }
}
