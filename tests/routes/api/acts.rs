//! What administrators do over the API is noted: who, from where, what, to what. What was refused is not.

use halftone::db::audit_log;

use super::Api;
use crate::site::BOTH;

const FLAGS: [&str; 7] = [
    "access_folios",
    "access_reports",
    "access_admin_users",
    "access_admin_files",
    "access_admin_folios",
    "access_admin_permissions",
    "access_admin_all",
];

const PASSWORD: &str = "a password that nobody reads";

/// Does one of everything that is noted; gives the words by which that is.
fn do_all(api: &Api) -> Vec<&'static str> {
    let ok = |method: &str, path: &str, fields: &[(&str, &str)]| {
        api.ok(method, path, &api.admin, fields)["id"].to_string()
    };
    let folder = api.get("/details/?src=b/three.jpg", "")["folder_id"].to_string();
    let mut user = vec![
        ("first_name", "A"),
        ("last_name", "B"),
        ("email", "a@example.com"),
        ("username", "ann"),
        ("auth_type", "1"),
        ("allow_api", "true"),
        ("password", PASSWORD),
    ];
    let user_id = ok("POST", "/admin/users/", &user);
    user[0] = ("first_name", "Ann");
    let user_path = format!("/admin/users/{user_id}/");
    ok("PUT", &user_path, &user);

    let mut group = vec![("name", "Press"), ("description", ""), ("group_type", "2")];
    group.extend(FLAGS.map(|flag| (flag, "false")));
    let group_id = ok("POST", "/admin/groups/", &group);
    let group_path = format!("/admin/groups/{group_id}/");
    group[0] = ("name", "Press office");
    ok("PUT", &group_path, &group);
    ok("POST", &format!("{group_path}members/"), &[("user_id", &user_id)]);
    ok("DELETE", &format!("{group_path}members/{user_id}/"), &[]);

    let permission = [("folder_id", &*folder), ("group_id", &*group_id), ("access", "20")];
    let permission_path =
        format!("/admin/permissions/{}/", ok("POST", "/admin/permissions/", &permission));
    ok("PUT", &permission_path, &permission);
    ok("DELETE", &permission_path, &[]);

    let template =
        [("name", "Wide"), ("description", ""), ("template", r#"{"width":{"value":40}}"#)];
    let template_id = ok("POST", "/admin/templates/", &template);
    let template_path = format!("/admin/templates/{template_id}/");
    ok("PUT", &template_path, &template);
    let default = "/admin/properties/default_template/";
    ok("PUT", default, &[("value", "Wide")]);
    ok("PUT", default, &[("value", "Default")]);
    let holds = [
        ("folder_id", &*folder),
        ("group_id", &*group_id),
        ("required", "true"),
        ("template_id", &*template_id),
    ];
    ok("PUT", "/admin/folder-templates/", &holds);
    let which = format!("?folder_id={folder}&group_id={group_id}&required=1");
    ok("DELETE", &format!("/admin/folder-templates/{which}"), &[]);
    ok("DELETE", &template_path, &[]);
    ok("POST", "/admin/tasks/purge_system_stats/", &[("before_time", "2001-01-01")]);
    ok("DELETE", &group_path, &[]);
    ok("DELETE", &user_path, &[]);
    vec![
        "user.create",
        "user.change",
        "user.password",
        "group.create",
        "group.change",
        "group.add",
        "group.remove",
        "permission.create",
        "permission.change",
        "permission.delete",
        "template.create",
        "template.change",
        "property.change",
        "property.change",
        "folder_template.set",
        "folder_template.remove",
        "template.delete",
        "task.begin",
        "group.delete",
        "user.disable",
    ]
}

#[test]
fn every_act_is_noted_with_who_and_where_and_no_secret() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let latest = || audit_log::latest(api.site.db(), None, 200).unwrap();
        let before = latest().len();
        // What is refused, or cannot be, is not an act.
        assert_eq!(api.status("DELETE", "/admin/users/987654/", &api.admin, &[]), 404);
        assert_eq!(api.status("DELETE", "/admin/groups/3/", &api.jo, &[]), 403);
        assert_eq!(latest().len(), before);

        let expected = do_all(&api);
        let acts = latest();
        let acts: Vec<_> = acts[..acts.len() - before].iter().rev().collect();
        let words: Vec<&str> = acts.iter().map(|act| act.action.as_str()).collect();
        assert_eq!(words, expected, "{backend:?}");
        for act in acts {
            assert_eq!((act.username.as_str(), act.address.as_str()), ("admin", "127.0.0.1"));
            assert!(!act.object.is_empty(), "{}", act.action);
            assert!(!format!("{act:?}").contains(PASSWORD), "{}", act.action);
        }
    }
}
