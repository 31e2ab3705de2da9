//! What an installation tells its administrators of itself, and what they begin.

use halftone::db::STATUS_ACTIVE;
use halftone::db::tasks::{self, NewTask};
use halftone::db::users;

use super::Api;
use crate::site::BOTH;
use crate::support::wait;

#[test]
fn settings_are_told_with_their_origin_and_without_secrets() {
    let secret = "hush-0123456789-0123456789-0123456789-hush";
    let api = Api::on(crate::site::Backend::Sqlite, &format!("secret = '{secret}'\nthreads = 7"));
    assert_eq!(api.status("GET", "/admin/settings", &api.jo, &[]), 403);
    let answer = api.call("GET", "/admin/settings", &api.admin, &[]);
    assert!(!answer.text().contains(secret), "{}", answer.text());
    let settings = crate::people::data(&answer);
    let find = |name: &str| {
        settings.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
    };
    let threads = find("threads");
    assert_eq!((&threads["value"], &threads["given"]), (&"7".into(), &"file".into()));
    assert!(threads["origin"].as_str().unwrap().ends_with("halftone.toml:5"), "{threads}");
    assert!(find("secret")["value"].is_null() && find("database")["value"].is_null());
    let polled = find("task_poll_ms");
    assert_eq!((&polled["given"], &polled["value"]), (&"default".into(), &polled["default"]));
    assert_eq!(find("listen")["given"], "command line");
}

#[test]
fn acts_are_listed_by_who_did_what() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        assert_eq!(api.status("GET", "/admin/audit", &api.jo, &[]), 403);
        let fields = [("name", "Subjects"), ("tags", "")];
        api.ok("POST", "/admin/tag-lists/", &api.admin, &fields);
        let mut group = super::group("Press", "2", &["access_reports"]);
        api.ok("POST", "/admin/groups/", &api.admin, &group);
        group[0].1 = "Press office";
        let id = api.get("/admin/groups/", &api.admin);
        let id =
            id.as_array().unwrap().iter().find(|one| one["name"] == "Press").unwrap()["id"].clone();
        api.ok("PUT", &format!("/admin/groups/{id}/"), &api.admin, &group);
        let listed = |query: &str| api.get(&format!("/admin/audit?{query}"), &api.admin);
        let groups = listed("action=group.&username=admin");
        let actions: Vec<_> =
            groups.as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["group.change", "group.create"], "{groups}");
        assert_eq!(groups[0]["object"], "Press");
        assert_eq!(groups[0]["detail"], "name \"Press\" -> \"Press office\"");
        assert_eq!(listed("username=nobody"), serde_json::json!([]));
        let part = api.call("GET", "/admin/audit?action=group.&limit=1", &api.admin, &[]);
        assert_eq!(part.header("x-total-count"), Some("2"));
        assert_eq!(listed("action=group.&start=1&limit=1")[0]["action"], "group.create");
        // What looks like a pattern is none.
        assert_eq!(listed("action=%25"), serde_json::json!([]));
    }
}

#[test]
fn caches_tell_how_full_they_are() {
    let api = Api::on(crate::site::Backend::Sqlite, "");
    assert_eq!(api.status("GET", "/admin/cache", &api.jo, &[]), 403);
    api.site.ok("/image?src=a/one.jpg&width=20");
    let cache = api.get("/admin/cache", &api.admin);
    assert!(cache["memory"]["puts"].as_i64().unwrap() >= 1, "{cache}");
    assert!(cache["disk"]["limit_bytes"].as_i64().unwrap() > 0, "{cache}");
    assert_eq!(cache["memcached"], serde_json::json!([]));
}

#[test]
fn accounts_are_made_active_again() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let path = format!("/admin/users/{}/restore", api.maker_id);
        assert_eq!(api.status("POST", &path, &api.admin, &[]), 409);
        api.ok("DELETE", &format!("/admin/users/{}/", api.maker_id), &api.admin, &[]);
        assert_eq!(api.status("GET", "/admin/users/", &api.maker, &[]), 401);
        assert_eq!(api.status("POST", &path, &api.jo, &[]), 403);
        assert_eq!(api.ok("POST", &path, &api.admin, &[])["status"], 1);
        let user = users::by_id(api.site.db(), api.maker_id).unwrap().unwrap();
        assert_eq!(user.status, STATUS_ACTIVE);
        // The old token stays ended.
        assert_eq!(api.status("GET", "/admin/users/", &api.maker, &[]), 401);
        assert_eq!(api.status("POST", "/admin/users/999999/restore", &api.admin, &[]), 404);
    }
}

#[test]
fn waiting_tasks_are_run_when_somebody_says_so() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let held = NewTask {
            params: r#"{"before_ms":1}"#.into(),
            delay_ms: 10 * 365 * 24 * 3_600_000,
            ..NewTask::new("purge_image_stats")
        };
        let (id, _) = tasks::enqueue(api.site.db(), &held).unwrap();
        assert_eq!(tasks::not_before(api.site.db(), 365 * 24 * 3_600_000).unwrap(), [id]);
        let run = format!("/admin/tasks/{id}/run");
        assert_eq!(api.status("POST", &run, &api.jo, &[]), 403);
        api.ok("POST", &run, &api.admin, &[]);
        wait::until("the task is done", || {
            api.get(&format!("/admin/tasks/{id}/"), &api.admin)["status"] == 2
        });
        assert_eq!(api.status("POST", &run, &api.admin, &[]), 409);
        assert_eq!(tasks::not_before(api.site.db(), 0).unwrap(), [0_i64; 0]);
    }
}

#[test]
fn pictures_are_made_anew_when_somebody_says_so() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let etag = |src: &str| {
            let answer = api.site.ok(&format!("/image?src={src}&width=20"));
            answer.header("etag").unwrap().to_owned()
        };
        let (one, three) = (etag("a/one.jpg"), etag("b/three.jpg"));
        let path = "/admin/tasks/purge_made_pictures";
        assert_eq!(api.status("POST", path, &api.jo, &[("path", "/")]), 403);
        assert_eq!(api.status("POST", path, &api.admin, &[]), 400);
        assert_eq!(api.status("POST", path, &api.admin, &[("path", "no/such")]), 400);
        let task = api.ok("POST", path, &api.admin, &[("path", "/a/one.jpg")]);
        wait::until("it is made anew", || etag("a/one.jpg") != one);
        assert_eq!(etag("b/three.jpg"), three);
        let done = || api.get(&format!("/admin/tasks/{}/", task["id"]), &api.admin);
        wait::until("the task is done", || done()["status"] == 2);
        assert_eq!(done()["result"]["originals"], 1, "{}", done());
        // Everything, and what lies in the cache on disk goes too.
        let task = api.ok("POST", path, &api.admin, &[("path", "/")]);
        let done = || api.get(&format!("/admin/tasks/{}/", task["id"]), &api.admin);
        wait::until("the task is done", || done()["status"] == 2);
        assert!(done()["result"]["disk_entries"].as_i64().unwrap() >= 1, "{}", done());
        wait::until("all are made anew", || etag("b/three.jpg") != three);
        for (function, fields) in [
            ("sync", &[("yes", "true")][..]),
            ("read_metadata", &[]),
            ("prepare_folder", &[("path", "/a")]),
        ] {
            let path = format!("/admin/tasks/{function}");
            assert_eq!(api.status("POST", &path, &api.jo, fields), 403);
            assert_eq!(api.ok("POST", &path, &api.admin, fields)["funcname"], function);
        }
        assert_eq!(
            api.status("POST", "/admin/tasks/prepare_folder", &api.admin, &[("path", "x")]),
            400
        );
    }
}
