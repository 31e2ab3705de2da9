//! The recycle folder over HTTP, metadata, tags and lists of tags.

use halftone::auth::Level;
use halftone::db::groups::{NORMAL_USERS, PUBLIC};
use serde_json::{Value, json};

use super::Api;
use crate::people::data;
use crate::site::BOTH;
use crate::support::wait;

#[test]
fn what_was_deleted_is_listed_restored_and_ended() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let (one, two) = (api.image_id("a/one.jpg"), api.image_id("a/two.jpg"));
        let delete = |id| {
            let path = format!("/admin/filesystem/images/{id}/");
            assert_eq!(api.status("DELETE", &path, &api.admin, &[]), 200);
        };
        delete(one);
        delete(two);
        let list = "/admin/recycled/";
        assert_eq!(api.status("GET", list, "", &[]), 401);
        assert_eq!(api.get(list, &api.jo), json!([]));
        api.site.permit("/a", NORMAL_USERS, Level::Delete.access());
        wait::until("who may delete sees it", || api.get(list, &api.jo)[1]["path"] == "a/one.jpg");
        let part = api.call("GET", "/admin/recycled/?limit=1", &api.jo, &[]);
        assert_eq!(part.header("x-total-count"), Some("2"));
        let item = &data(&part)[0];
        assert_eq!((&item["path"], &item["image_id"]), (&"a/two.jpg".into(), &two.into()));
        assert_eq!((&item["is_folder"], &item["user_id"].is_i64()), (&false.into(), &true));
        let times = ["recycled_time", "expiry_time"].map(|name| item[name].as_str().unwrap());
        assert!(times[0] < times[1], "{item}");

        // Its own name is free.
        let restore = format!("/admin/recycled/{}/restore/", item["id"]);
        assert_eq!(api.status("POST", &restore, "", &[]), 401);
        assert_eq!(api.status("POST", &restore, &api.maker, &[]), 200);
        assert!(api.site.image("a/two.jpg").exists());
        assert_eq!(api.status("POST", &restore, &api.jo, &[]), 404);

        // The other's is taken by now.
        let other = api.get(list, &api.jo)[0]["id"].clone();
        crate::support::fixture::write_jpeg(&api.site.image("a/one.jpg"), 8, 8);
        let restore = format!("/admin/recycled/{other}/restore/");
        assert_eq!(api.status("POST", &restore, &api.jo, &[]), 409);
        assert_eq!(api.status("POST", &restore, &api.jo, &[("overwrite", "yes")]), 400);
        let back = api.ok("POST", &restore, &api.jo, &[("overwrite", "rename")]);
        assert_eq!(back["path"], "a/one-001.jpg");
        assert!(api.site.image("a/one-001.jpg").exists());

        // For ever.
        for id in [one, two] {
            delete(id);
        }
        let first = api.get(list, &api.admin)[0]["id"].clone();
        let path = format!("/admin/recycled/{first}/");
        for who in [&api.jo, &api.maker] {
            assert_eq!(api.status("DELETE", &path, who, &[]), 403);
            assert_eq!(api.status("DELETE", list, who, &[]), 403);
        }
        assert_eq!(api.ok("DELETE", &path, &api.admin, &[]), json!({ "removed": 1 }));
        assert_eq!(api.status("DELETE", &path, &api.admin, &[]), 404);
        assert_eq!(api.ok("DELETE", list, &api.admin, &[]), json!({ "removed": 1 }));
        assert_eq!(api.get(list, &api.admin), json!([]));
    }
}

#[test]
fn a_folder_is_put_back_by_a_task() {
    for (backend, wait_s) in [(BOTH[0], 20), (BOTH[1], 20), (BOTH[0], 0)] {
        let api = Api::on(backend, &format!("task_wait_s = {wait_s}"));
        for group in [PUBLIC, NORMAL_USERS] {
            api.site.permit("/b", group, Level::None.access());
        }
        let seen = |path: &str| api.site.status(&format!("/image?src={path}/three.jpg"));
        wait::until("the folder is closed", || seen("b") == 403);
        let details = api.get("/details/?src=b/three.jpg", &api.admin);
        let folder = format!("/admin/filesystem/folders/{}/", details["folder_id"]);
        api.call("DELETE", &folder, &api.admin, &[]);
        wait::until("it is deleted", || api.get("/admin/recycled/", &api.admin)[0].is_object());
        wait::until("its rows know", || api.status("DELETE", &folder, &api.admin, &[]) == 404);
        let item = api.get("/admin/recycled/", &api.admin)[0].clone();
        let restore = format!("/admin/recycled/{}/restore/", item["id"]);
        assert_eq!(api.status("POST", &restore, &api.jo, &[]), 403);
        // Another one stands there by now, and everybody may look.
        crate::support::fixture::write_jpeg(&api.site.image("b/three.jpg"), 8, 8);
        assert_eq!(api.status("POST", &restore, &api.admin, &[]), 409);
        for group in [PUBLIC, NORMAL_USERS] {
            api.site.permit("/b", group, Level::View.access());
        }
        wait::until("the other one is open", || seen("b") == 200);
        let back = api.call("POST", &restore, &api.admin, &[("overwrite", "rename")]);
        if wait_s == 0 {
            assert_eq!(back.status, 202, "{}", back.text());
            assert_eq!(data(&back)["funcname"], "restore_folder");
            let task = format!("/admin/tasks/{}/", data(&back)["id"]);
            wait::until("the folder is back", || api.get(&task, &api.admin)["status"] == 2);
            assert_eq!(api.get(&task, &api.admin)["result"], json!({ "path": "b-001" }));
        } else {
            assert_eq!((back.status, &data(&back)["path"]), (200, &"b-001".into()));
        }
        assert!(api.site.image("b-001/three.jpg").exists());
        assert_eq!((seen("b-001"), seen("b")), (403, 200), "it is as closed as it was");
        assert_eq!(api.status("POST", &restore, &api.admin, &[]), 404);
    }
}

#[test]
fn metadata_are_told_once_they_were_read() {
    let api = Api::on(crate::site::Backend::Sqlite, "");
    let path = format!("/admin/images/{}/metadata/", api.image_id("a/one.jpg"));
    assert_eq!(api.status("GET", &path, "", &[]), 401);
    for group in [NORMAL_USERS, PUBLIC] {
        api.site.permit("/a", group, Level::None.access());
    }
    wait::until("the right is gone", || api.status("GET", &path, &api.jo, &[]) == 403);
    crate::support::halftone::run(&["sync", "--config", api.site.config().to_str().unwrap()]);
    wait::until("the file was read", || !api.get(&path, &api.admin).is_null());
    let said = api.get(&path, &api.admin);
    assert_eq!((&said["format"], &said["pages"]), (&"jpg".into(), &1.into()), "{said}");
    assert_eq!((&said["readable"], &said["taken_time"]), (&true.into(), &Value::Null));
    assert_eq!(said["keywords"], json!([]));
}

#[test]
fn what_comes_back_under_another_name_is_found_by_it() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let found = |word: &str| {
            let pictures = api.get(&format!("/search/?q={word}"), &api.admin);
            let paths = pictures.as_array().unwrap().iter().map(|one| one["src"].clone());
            paths.collect::<Vec<_>>()
        };
        let picture = |src: &str| format!("/admin/filesystem/images/{}/", api.image_id(src));
        let one = api.site.image("a/one.jpg");
        let bytes = std::fs::read(&one).unwrap();
        api.ok("DELETE", &picture("a/one.jpg"), &api.admin, &[]);
        std::fs::write(&one, bytes).unwrap();
        let item = api.get("/admin/recycled/", &api.admin)[0]["id"].clone();
        let restore = format!("/admin/recycled/{item}/restore/");
        let back = api.ok("POST", &restore, &api.admin, &[("overwrite", "rename")]);
        assert_eq!(back["path"], "a/one-001.jpg");
        wait::until("it is found", || found("one").contains(&json!("a/one-001.jpg")));
        // One that nobody has noted is, once somebody has asked for it and a walk was made.
        crate::library::plain(&api.site.image("a/tapir.png"), 30, 20, [9, 9, 9]);
        api.image_id("a/tapir.png");
        crate::support::halftone::run(&["sync", "--config", api.site.config().to_str().unwrap()]);
        wait::until("it is found", || found("tapir") == ["a/tapir.png"]);
        assert_eq!(found("tapir&format=PNG"), ["a/tapir.png"]);
        assert!(found("tapir&format=jpeg").is_empty());
        assert_eq!(api.status("GET", "/search/?format=nonsense", &api.admin, &[]), 400);
    }
}

#[test]
fn where_a_file_was_is_told_to_who_may_look_there() {
    let api = Api::on(crate::site::Backend::Sqlite, "");
    let id = api.image_id("b/three.jpg");
    let path = format!("/admin/filesystem/images/{id}/");
    api.ok("PUT", &path, &api.admin, &[("path", "a/three.jpg")]);
    for (folder, level) in [("/a", Level::Edit), ("/b", Level::None)] {
        api.site.permit(folder, NORMAL_USERS, level.access());
        api.site.permit(folder, PUBLIC, Level::None.access());
    }
    let history = format!("/admin/images/{id}/history/");
    wait::until("the rights are known", || api.status("GET", &history, &api.jo, &[]) == 200);
    let told = |who: &str| api.get(&history, who)[0]["action_info"].clone();
    assert_eq!((told(&api.admin), told(&api.jo)), (json!("moved from b/three.jpg"), json!("")));
}

#[test]
fn where_a_folder_was_is_told_to_who_may_look_there() {
    let api = Api::on(crate::site::Backend::Sqlite, "");
    let id = api.image_id("b/three.jpg");
    let details = api.get("/details/?src=b/three.jpg", &api.admin);
    let folder = format!("/admin/filesystem/folders/{}/", details["folder_id"]);
    api.ok("POST", "/admin/filesystem/folders/", &api.admin, &[("path", "/shut")]);
    for target in ["/shut/names", "/a/moved"] {
        let moved = api.call("PUT", &folder, &api.admin, &[("path", target)]);
        assert!(moved.status == 200 || moved.status == 202, "{}", moved.text());
        wait::until("it has moved", || {
            api.site.image(&format!("{}/three.jpg", &target[1..])).exists()
                && api.status("GET", &format!("/details/?src={target}/three.jpg"), &api.admin, &[])
                    == 200
        });
    }
    for (folder, level) in [("/", Level::Edit), ("/shut", Level::None)] {
        api.site.permit(folder, NORMAL_USERS, level.access());
        api.site.permit(folder, PUBLIC, Level::None.access());
    }
    let history = format!("/admin/images/{id}/history/");
    wait::until("the rights are known", || {
        api.status("GET", &history, &api.jo, &[]) == 200
            && api.status("GET", "/admin/filesystem/folders/?path=/shut", &api.jo, &[]) == 403
    });
    let told = |who: &str| -> Vec<Value> {
        let all = api.get(&history, who);
        let moves = all.as_array().unwrap().iter().filter(|entry| entry["action"] == 4);
        moves.map(|entry| entry["action_info"].clone()).collect()
    };
    let from = |folder: &str| json!(format!("moved with its folder from {folder}"));
    assert_eq!(told(&api.admin), [from("/shut/names"), from("/b")]);
    assert_eq!(told(&api.jo), [json!(""), from("/b")]);
}

#[test]
fn tags_are_counted_where_the_caller_may_look() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let tag = |src: &str, tags: &str| {
            let path = format!("/admin/images/{}/tags/", api.image_id(src));
            api.ok("PUT", &path, &api.admin, &[("tags", tags)]);
        };
        tag("a/one.jpg", "Sea\nSky");
        tag("b/three.jpg", "sea\nSecret");
        let told = |who: &str, query: &str| {
            let response = api.call("GET", &format!("/tags/{query}"), who, &[]);
            let tags = data(&response);
            let tags: Vec<(String, i64)> = tags
                .as_array()
                .unwrap()
                .iter()
                .map(|tag| (tag["name"].as_str().unwrap().into(), tag["images"].as_i64().unwrap()))
                .collect();
            (tags, response.header("x-total-count").unwrap().to_owned())
        };
        let counted = |pairs: &[(&str, i64)]| {
            pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>()
        };
        let all = counted(&[("Sea", 2), ("Secret", 1), ("Sky", 1)]);
        assert_eq!(told(&api.admin, ""), (all, "3".into()));
        assert_eq!(
            told(&api.admin, "?q=SE&start=1&limit=1"),
            (counted(&[("Secret", 1)]), "2".into())
        );
        api.site.permit("/b", NORMAL_USERS, Level::None.access());
        api.site.permit("/b", PUBLIC, Level::None.access());
        let open = (counted(&[("Sea", 1), ("Sky", 1)]), "2".to_owned());
        wait::until("what is closed counts no more", || told(&api.jo, "") == open);
        wait::until("for the public neither", || told("", "") == open);

        // Lists.
        let lists = "/admin/tag-lists/";
        let fields = [("name", "Subjects"), ("tags", "sea\nLand\n")];
        assert_eq!(api.status("POST", lists, &api.jo, &fields), 403);
        let made = api.ok("POST", lists, &api.admin, &fields);
        assert_eq!(made["name"], "Subjects");
        let names = |list: &Value| -> Vec<String> {
            let tags = list["tags"].as_array().unwrap().iter();
            tags.map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&made), ["Land", "Sea"]);
        assert_eq!(api.status("POST", lists, &api.admin, &[("name", "SUBJECTS")]), 409);
        assert_eq!(api.get(lists, &api.jo), json!([made]));
        // Users are told of tags that wait to be used, the public is not.
        assert!(told(&api.jo, "?q=land").0 == counted(&[("Land", 0)]));
        assert!(told("", "?q=land").0.is_empty());
        let list = format!("{lists}{}/", made["id"]);
        let renamed = api.ok("PUT", &list, &api.admin, &[("name", "Themes")]);
        assert_eq!((&renamed["name"], names(&renamed).len()), (&"Themes".into(), 2));
        assert_eq!(api.status("PUT", "/admin/tag-lists/999/", &api.admin, &[("name", "x")]), 404);

        // A tag under another name is found by that one, and by the old one no more.
        let id = made["tags"][1]["id"].clone();
        let path = format!("/admin/tags/{id}/");
        assert_eq!(api.status("PUT", &path, &api.jo, &[("name", "Ocean")]), 403);
        assert_eq!(api.status("PUT", &path, &api.admin, &[("name", "sky")]), 409);
        let changed = api.ok("PUT", &path, &api.admin, &[("name", "Ocean")]);
        assert_eq!(changed, json!({ "images": 2 }));
        let found = |word: &str| {
            api.get(&format!("/search/?q={word}"), &api.admin).as_array().unwrap().len()
        };
        assert_eq!((found("ocean"), found("sea")), (2, 0));
        assert_eq!(api.ok("DELETE", &path, &api.admin, &[]), json!({ "images": 2 }));
        assert_eq!((found("ocean"), found("sky")), (0, 1));
        assert_eq!(api.status("DELETE", &path, &api.admin, &[]), 404);
        assert_eq!(api.status("DELETE", &list, &api.admin, &[]), 200);
        assert_eq!(api.get(lists, &api.admin), json!([]));
    }
}
