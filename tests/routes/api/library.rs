//! Lists, details, titles.

use super::Api;
use crate::people::data;
use crate::site::BOTH;

#[test]
fn details_are_those_of_the_guide() {
    for backend in BOTH {
        let api = Api::on(backend, "public_base_url = 'https://images.example.com'");
        let told = api.get("/details/?src=/a//one.jpg", "");
        let folder = &told["folder"];
        assert_eq!(folder["path"], "/a");
        assert_eq!(folder["name"], "/a");
        assert_eq!(folder["status"], 1);
        assert_eq!(told["folder_id"], folder["id"]);
        for (name, expected) in [
            ("filename", "one.jpg"),
            ("src", "a/one.jpg"),
            ("title", ""),
            ("description", ""),
            ("url", "https://images.example.com/image?src=a/one.jpg"),
        ] {
            assert_eq!(told[name], expected, "{name}");
        }
        assert_eq!((&told["width"], &told["height"]), (&60.into(), &40.into()));
        assert_eq!((&told["supported"], &told["status"]), (&true.into(), &1.into()));
        // The public may view and not download.
        assert_eq!(told["download"], false);
        assert_eq!(api.get("/details/?src=a/one.jpg", &api.admin)["download"], true);
        assert_eq!(api.status("GET", "/details/?src=a/none.jpg", "", &[]), 404);
        assert_eq!(api.status("GET", "/details/?src=a/notes.txt", "", &[]), 415);
        assert_eq!(api.status("GET", "/details/?src=", "", &[]), 400);

        // A file that is replaced has another size.
        crate::support::fixture::write_jpeg(&api.site.image("a/one.jpg"), 80, 20);
        crate::support::wait::until("the new file is told of", || {
            let told = api.get("/details/?src=a/one.jpg", "");
            told["width"] == 80 && told["height"] == 20
        });
    }
}

#[test]
fn lists_are_sorted_and_come_in_parts() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let base = "http://localhost/image?tmp=Thumb&width=9&src=".to_string();
        let plain = api.call("GET", "/list/?path=a&tmp=Thumb&width=9", "", &[]);
        let listed = data(&plain);
        let expected = serde_json::json!([
            { "filename": "notes.txt", "supported": false, "url": "" },
            { "filename": "one.jpg", "supported": true, "url": format!("{base}a/one.jpg") },
            { "filename": "two.jpg", "supported": true, "url": format!("{base}a/two.jpg") },
        ]);
        assert_eq!(listed, expected);
        assert_eq!(plain.header("x-total-count"), Some("3"));

        let part = api.call("GET", "/list/?path=a&start=1&limit=1", "", &[]);
        assert_eq!(data(&part)[0]["filename"], "one.jpg");
        let link = part.header("link").unwrap();
        assert!(link.contains("?path=a&start=0&limit=1>; rel=\"prev\""), "{link}");
        assert!(link.contains("?path=a&start=2&limit=1>; rel=\"next\""), "{link}");
        assert_eq!(data(&api.call("GET", "/list/?path=a&start=3", "", &[])), serde_json::json!([]));

        let full = api.get("/list/?path=a&attributes=1", "");
        assert_eq!(full[0], expected[0]);
        assert_eq!(full[1]["width"], 60);
        assert_eq!(full[2]["height"], 60);
        assert_eq!(full[2], api.get("/details/?src=a/two.jpg", ""));
        let root = api.get("/list/?path=/", "");
        assert_eq!(root, serde_json::json!([]));
    }
}

#[test]
fn titles_are_changed_and_the_change_is_remembered() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let id = api.image_id("a/one.jpg");
        let path = format!("/admin/images/{id}/");
        let fields = [("title", "Fête \"1\""), ("description", "line\nline")];
        let changed = api.ok("PUT", &path, &api.admin, &fields);
        assert_eq!(changed["title"], "Fête \"1\"");
        assert_eq!(api.get(&path, &api.jo), {
            let mut told = changed;
            told["download"] = false.into();
            told
        });
        let history = api.get(&format!("/admin/images/{id}/history/"), &api.admin);
        assert_eq!(history[0]["action"], 3);
        assert_eq!(history[0]["image_id"], id);
        assert_eq!(history[0]["user_id"], 1);
        let time = history[0]["action_time"].as_str().unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
        for fields in [vec![("title", "x")], vec![("title", "a\nb"), ("description", "")]] {
            assert_eq!(api.status("PUT", &path, &api.admin, &fields), 400, "{fields:?}");
        }
        assert_eq!(api.status("PUT", "/admin/images/9999/", &api.admin, &fields), 404);
    }
}

#[test]
fn a_part_of_what_is_said_is_changed_and_the_rest_stays() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let id = api.image_id("a/one.jpg");
        let (path, tags) = (format!("/admin/images/{id}/"), format!("/admin/images/{id}/tags/"));
        let fields = [("title", "before"), ("description", "theirs")];
        api.ok("PUT", &path, &api.admin, &fields);
        api.ok("PUT", &tags, &api.admin, &[("tags", "Sea\nharbour")]);
        let changed = api.ok("PATCH", &path, &api.admin, &[("title", "after")]);
        assert_eq!(
            (&changed["title"], &changed["description"]),
            (&"after".into(), &"theirs".into())
        );
        let fields = [("description", "ours"), ("add", "boats\nHarbour"), ("remove", "sea\nnone")];
        let changed = api.ok("PATCH", &path, &api.admin, &fields);
        assert_eq!((&changed["title"], &changed["description"]), (&"after".into(), &"ours".into()));
        // A tag that it has is the same in capitals.
        assert_eq!(api.get(&tags, &api.admin), serde_json::json!(["boats", "harbour"]));
        let found = api.get("/search/?q=boats", &api.admin);
        assert_eq!(found[0]["id"], id, "it is found by what is new");
        let history = format!("/admin/images/{id}/history/");
        let before = api.get(&history, &api.admin);
        assert_eq!(before[0]["action_info"], "description, tags changed");
        // What changes nothing leaves no trace.
        api.ok("PATCH", &path, &api.admin, &[("add", "BOATS")]);
        assert_eq!(api.get(&history, &api.admin), before);
        let many: Vec<String> = (0..99).map(|number| format!("t{number}")).collect();
        for (fields, status) in [
            ([("add", many.join("\n").as_str())], 400),
            ([("title", "a\nb")], 400),
            ([("title", "x".repeat(256).as_str())], 400),
        ] {
            assert_eq!(api.status("PATCH", &path, &api.admin, &fields), status, "{fields:?}");
        }
        assert_eq!(api.get(&tags, &api.admin), serde_json::json!(["boats", "harbour"]));
        assert_eq!(api.status("PATCH", &path, &api.jo, &[("title", "jo's")]), 403);
        assert_eq!(api.status("PATCH", "/admin/images/9999/", &api.admin, &[]), 404);
    }
}

#[test]
fn names_in_every_script_are_told_of_as_they_are() {
    let names = [
        "two words.jpg".to_owned(),
        "\u{dc}n\u{ef}c\u{f6}d\u{e9}.jpg".to_owned(),
        "cafe\u{301}.jpg".to_owned(),
        "caf\u{e9}.jpg".to_owned(),
        "\u{65e5}\u{672c}\u{8a9e}.jpg".to_owned(),
        "\u{635}\u{648}\u{631}\u{629}.jpg".to_owned(),
        "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}.jpg".to_owned(),
        "\u{1f469}\u{200d}\u{1f467}.jpg".to_owned(),
        "it's \"so\".jpg".to_owned(),
        "a?b#c&d=e+f%20;g.jpg".to_owned(),
        "back\\slash.jpg".to_owned(),
        "<b>&amp;.jpg".to_owned(),
        format!("{}.jpg", "x".repeat(251)),
        format!("{}.jpg", "\u{e9}".repeat(125)),
    ];
    for backend in BOTH {
        let api = Api::on(backend, "");
        for (number, name) in names.iter().enumerate() {
            let width = 20 + number;
            crate::support::fixture::write_jpeg(&api.site.image(&format!("n/{name}")), width, 10);
        }
        let mut listed: Vec<String> = api
            .get("/list/?path=n", "")
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["filename"].as_str().unwrap().to_owned())
            .collect();
        let mut expected = names.to_vec();
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected, "{backend:?}");
        for (number, name) in names.iter().enumerate() {
            let src = crate::site::encoded(&format!("n/{name}"));
            let told = api.get(&format!("/details/?src={src}"), "");
            assert_eq!(told["filename"], name.as_str());
            assert_eq!(told["width"], 20 + number, "{name}: the two spellings are two files");
            let shown = told["url"].as_str().unwrap().split_once("/image?").unwrap().1;
            assert_eq!(api.site.status(&format!("/image?{shown}")), 200, "{shown}");
            let id = told["id"].as_i64().unwrap();
            let fields = [("title", name.as_str()), ("description", "")];
            // A title has at most 255 characters, as many as the longest of these.
            let changed = api.ok("PUT", &format!("/admin/images/{id}/"), &api.admin, &fields);
            assert_eq!(changed["title"], name.as_str());
        }
        // No such name can be asked for.
        for src in ["n%2Fline%0Abreak.jpg", "n%2Fnul%00.jpg", "n%2F%FF.jpg"] {
            assert_eq!(api.status("GET", &format!("/details/?src={src}"), "", &[]), 400, "{src}");
        }
    }
}
