//! What administrators do over the API is noted: who, from where, what, to what. What was refused is not.

use halftone::db::audit_log;

use super::{Api, group};
use crate::site::BOTH;

const PASSWORD: &str = "a password that nobody reads";

/// Does one of everything that is noted; gives how that is: by which word, of what, and what of it.
fn do_all(api: &Api) -> Vec<(&'static str, &'static str, String)> {
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
    user[3] = ("username", "anne");
    let user_path = format!("/admin/users/{user_id}/");
    ok("PUT", &user_path, &user);

    let mut group = group("Press", "2", &[]);
    let group_id = ok("POST", "/admin/groups/", &group);
    let group_path = format!("/admin/groups/{group_id}/");
    group[0] = ("name", "Press office");
    ok("PUT", &group_path, &group);
    ok("POST", &format!("{group_path}members/"), &[("user_id", &user_id)]);
    ok("DELETE", &format!("{group_path}members/{user_id}/"), &[]);

    let permission = [("folder_id", &*folder), ("group_id", &*group_id), ("access", "20")];
    let permission_path =
        format!("/admin/permissions/{}/", ok("POST", "/admin/permissions/", &permission));
    let wider = [permission[0], permission[1], ("access", "40")];
    ok("PUT", &permission_path, &wider);
    ok("DELETE", &permission_path, &[]);

    let template =
        [("name", "Wide"), ("description", ""), ("template", r#"{"width":{"value":40}}"#)];
    let template_id = ok("POST", "/admin/templates/", &template);
    let template_path = format!("/admin/templates/{template_id}/");
    let other = r#"{"width":{"value":50},"quality":{"value":70}}"#;
    ok("PUT", &template_path, &[("name", "Wider"), template[1], ("template", other)]);
    let default = "/admin/properties/default_template/";
    ok("PUT", default, &[("value", "Wider")]);
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
    let moved = ok("POST", "/admin/filesystem/folders/", &[("path", "/c")]);
    let folder_path = format!("/admin/filesystem/folders/{moved}/");
    ok("PUT", &folder_path, &[("path", "/b/d")]);
    ok("DELETE", &folder_path, &[]);
    ok("POST", "/admin/tasks/purge_system_stats/", &[("before_time", "2001-01-01")]);
    ok("DELETE", &group_path, &[]);
    ok("DELETE", &user_path, &[]);
    let press = format!("group {group_id} \"Press office\"");
    let ann = format!("user {user_id} \"anne\"");
    let names = r#"username "ann" -> "anne"; first_name "A" -> "Ann""#;
    let template = r#"name "Wide" -> "Wider"; width {"value":40} -> {"value":50}; quality none -> {"value":70}"#;
    let told = [
        ("user.create", "ann", ""),
        ("user.change", "ann", names),
        ("user.password", "anne", ""),
        ("group.create", "Press", ""),
        ("group.change", "Press", r#"name "Press" -> "Press office""#),
        ("group.add", "Press office", &ann),
        ("group.remove", "Press office", &ann),
        ("permission.create", "/b", &format!("{press} access 20")),
        ("permission.change", "/b", &format!("{press} access 20 -> 40")),
        ("permission.delete", "/b", &format!("{press} access 40")),
        ("template.create", "Wide", ""),
        ("template.change", "Wide", template),
        ("property.change", "default_template", r#"value "Default" -> "Wider""#),
        ("property.change", "default_template", r#"value "Wider" -> "Default""#),
        ("folder_template.set", "/b", &format!(r#"{press} required template none -> "Wider""#)),
        ("folder_template.remove", "/b", &format!(r#"{press} required template "Wider""#)),
        ("template.delete", "Wider", ""),
        ("folder.move", "/c", r#"path "/c" -> "/b/d""#),
        ("folder.delete", "/b/d", ""),
        ("task.begin", "purge_system_stats", r#"{"before_ms":978307200000}"#),
        ("group.delete", "Press office", ""),
        ("user.disable", "anne", ""),
    ];
    told.into_iter().map(|(action, object, detail)| (action, object, detail.to_owned())).collect()
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
        let words: Vec<(&str, &str, String)> = acts
            .iter()
            .map(|act| (act.action.as_str(), act.object.as_str(), act.detail.clone()))
            .collect();
        assert_eq!(words, expected, "{backend:?}");
        for act in acts {
            // Folders are moved and deleted as tasks, which know who wants it, and not from where.
            let address = if act.action.starts_with("folder.") { "" } else { "127.0.0.1" };
            assert_eq!((act.username.as_str(), act.address.as_str()), ("admin", address));
            assert!(!format!("{act:?}").contains(PASSWORD), "{}", act.action);
        }
    }
}
