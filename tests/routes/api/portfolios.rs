//! Portfolios: rights, order, changes, publishing, the page.

use std::io::{Cursor, Read};
use std::time::Duration;

use halftone::auth::Level;
use halftone::db::Sql;
use halftone::db::groups::PUBLIC;
use serde_json::Value;

use super::Api;
use crate::magick;
use crate::people::{basic, data};
use crate::site::{BOTH, Backend, within};
use crate::support::wait;

pub fn folio<'a>(human_id: &'a str, internal: &'a str, public: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("human_id", human_id),
        ("name", "Spring <1>"),
        ("description", "The collection"),
        ("internal_access", internal),
        ("public_access", public),
    ]
}

pub fn make(api: &Api, human_id: &str, internal: &str, public: &str) -> i64 {
    let made = api.ok("POST", "/portfolios/", &api.maker, &folio(human_id, internal, public));
    made["id"].as_i64().unwrap()
}

#[test]
fn access_is_what_the_owner_grants() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let fields = folio("x", "0", "0");
        assert_eq!(api.status("POST", "/portfolios/", "", &fields), 403);
        assert_eq!(api.status("POST", "/portfolios/", &api.jo, &fields), 403);
        for (name, internal, public, jo, nobody) in [
            ("closed", "0", "0", 403, 403),
            ("inside", "10", "0", 200, 403),
            ("open", "0", "10", 200, 200),
        ] {
            let id = make(&api, name, internal, public);
            let paths = [
                format!("/portfolios/{id}/"),
                format!("/portfolios/?human_id={name}"),
                format!("/portfolios/{id}/images/"),
                format!("/portfolios/{id}/exports/"),
            ];
            for path in &paths {
                for (who, expected) in
                    [(&*api.jo, jo), ("", nobody), (&*api.maker, 200), (&*api.admin, 200)]
                {
                    assert_eq!(api.status("GET", path, who, &[]), expected, "{path}");
                }
            }
            let page = format!("/portfolios/{name}/");
            assert_eq!(api.site.status(&page), nobody, "{page}");
            let signed = basic(&api.jo, "");
            assert_eq!(api.site.get_with(&page, &[("Authorization", &signed)]).status, jo);
            // Looking is not changing.
            let path = format!("/portfolios/{id}/");
            for who in [&*api.jo, ""] {
                assert_eq!(api.status("PUT", &path, who, &folio(name, "20", "20")), 403);
                assert_eq!(api.status("DELETE", &path, who, &[]), 403);
            }
        }
        let names = |who: &str| {
            let listed = api.get("/portfolios/", who);
            let names = listed.as_array().unwrap().iter().map(|one| one["human_id"].clone());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(""), ["open"]);
        assert_eq!(names(&api.jo), ["inside", "open"]);
        assert_eq!(names(&api.admin), ["closed", "inside", "open"]);
        assert_eq!(api.status("POST", "/portfolios/", &api.maker, &folio("open", "0", "0")), 409);
        for bad in ["a/b", "a.b", "50%", "a?", "<a>", "a:b", "a&b"] {
            let status = api.status("POST", "/portfolios/", &api.maker, &folio(bad, "0", "0"));
            assert_eq!(status, 400, "{bad}");
        }
        let made = api.ok("POST", "/portfolios/", &api.maker, &folio("", "0", "0"));
        assert_eq!(made["human_id"].as_str().unwrap().len(), 16);
        assert_eq!(made["history"][0]["action"], 1);
        assert_eq!(made["history"][0]["user_id"], api.maker_id);
        assert_eq!(api.status("GET", "/portfolios/?human_id=none", "", &[]), 404);
        assert_eq!(api.site.status("/portfolios/none/"), 404);
    }
}

fn order(listed: &Value) -> Vec<String> {
    let images = listed.as_array().unwrap().iter();
    images.map(|one| one["image"]["filename"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn images_come_go_move_and_are_changed() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let id = make(&api, "spring", "10", "10");
        let images = format!("/portfolios/{id}/images/");
        let one = api.image_id("a/one.jpg");
        let added = api.ok("POST", &images, &api.maker, &[("image_id", &one.to_string())]);
        assert_eq!(added["image"]["src"], "a/one.jpg");
        assert_eq!(added["order_num"], 0);
        assert_eq!(added["parameters"], serde_json::json!({}));
        for src in ["a/two.jpg", "b/three.jpg"] {
            api.ok("POST", &images, &api.maker, &[("image_src", src)]);
        }
        assert_eq!(order(&api.get(&images, "")), ["one.jpg", "two.jpg", "three.jpg"]);
        let again = [("image_src", "a/one.jpg")];
        assert_eq!(api.status("POST", &images, &api.maker, &again), 409);
        assert_eq!(api.status("POST", &images, &api.jo, &again), 403);
        assert_eq!(api.status("POST", &images, &api.maker, &[]), 400);
        assert_eq!(api.status("POST", &images, &api.maker, &[("image_id", "99999")]), 400);
        assert_eq!(api.status("POST", &images, &api.maker, &[("image_src", "a/none.jpg")]), 404);

        let position = format!("{images}{one}/position/");
        let moved = api.ok("PUT", &position, &api.maker, &[("index", "1")]);
        assert_eq!(order(&moved), ["two.jpg", "one.jpg", "three.jpg"]);
        let moved = api.ok("PUT", &position, &api.maker, &[("index", "1000000")]);
        assert_eq!(order(&moved), ["two.jpg", "three.jpg", "one.jpg"]);
        let moved = api.ok("PUT", &position, &api.maker, &[("index", "-5")]);
        assert_eq!(order(&moved), ["one.jpg", "two.jpg", "three.jpg"]);

        let path = format!("{images}{one}/");
        let change = [
            ("filename", "first.jpg"),
            ("image_parameters", r#"{"width":{"value":20},"format":{"value":"png"}}"#),
        ];
        let changed = api.ok("PUT", &path, &api.maker, &change);
        let url = changed["url"].as_str().unwrap().to_owned();
        assert!(url.contains("width=20") && url.contains("format=png"), "{url}");
        let target = url.strip_prefix("http://localhost").unwrap();
        assert_eq!(magick::pixels(&api.site.ok(target).body).size.0, 20);
        for bad in [("filename", "../x.jpg"), ("image_parameters", r#"{"width":{"value":"x"}}"#)] {
            assert_eq!(api.status("PUT", &path, &api.maker, &[bad]), 400, "{bad:?}");
        }
        let page = api.site.ok("/portfolios/spring/").text();
        assert!(page.contains("Spring &#60;1&#62;") && page.contains("one.jpg"), "{page}");

        // What a caller may not see is left out.
        api.site.permit("/b", PUBLIC, Level::None.access());
        within(Duration::from_secs(2), "b is closed", || {
            order(&api.get(&images, "")) == ["one.jpg", "two.jpg"]
        });
        assert!(!api.site.ok("/portfolios/spring/").text().contains("three.jpg"));

        api.ok("DELETE", &path, &api.maker, &[]);
        assert_eq!(api.status("DELETE", &path, &api.maker, &[]), 404);
        let told = api.get(&format!("/portfolios/{id}/"), &api.admin);
        let history: Vec<_> =
            told["history"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
        assert_eq!(history, [1, 3, 3, 3, 3, 3, 3, 3, 3]);
    }
}

#[test]
fn people_are_told_of_to_who_is_signed_in() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let email = "UPDATE users SET email = $2, first_name = $3 WHERE id = $1";
        let values = [api.maker_id.into(), "maker@example.com".into(), "Mary".into()];
        assert_eq!(api.site.db().execute(email, &values).unwrap(), 1);
        let id = make(&api, "spring", "10", "10");
        let one = format!("/portfolios/{id}/");
        let told = |who: &str| {
            let listed = api.get("/portfolios/", who)[0].clone();
            assert!(listed.get("history").is_none());
            let by_name = api.get("/portfolios/?human_id=spring", who);
            let whole = api.get(&one, who);
            assert_eq!(by_name, whole);
            assert_eq!(listed["owner"], whole["owner"]);
            assert_eq!(whole["owner"], whole["history"][0]["user"]);
            for id in [&listed["owner_id"], &whole["owner_id"], &whole["history"][0]["user_id"]] {
                assert_eq!(*id, api.maker_id);
            }
            whole["owner"].clone()
        };
        let expected = |email: &str| {
            serde_json::json!({
                "allow_api": true, "auth_type": 1, "email": email, "first_name": "Mary",
                "id": api.maker_id, "last_name": "", "status": 1, "username": "maker",
            })
        };
        assert_eq!(told(""), Value::Null);
        assert_eq!(told(&api.jo), expected(""));
        for who in [&api.maker, &api.admin] {
            assert_eq!(told(who), expected("maker@example.com"));
        }
        // Nor does what changes a portfolio keep it back.
        let changed = api.ok("PUT", &one, &api.maker, &folio("spring", "10", "20"));
        assert_eq!(changed["owner"], expected("maker@example.com"));
        let nobodys = "UPDATE folios SET owner_id = NULL WHERE id = $1";
        assert_eq!(api.site.db().execute(nobodys, &[id.into()]).unwrap(), 1);
        let orphan = api.get(&one, &api.admin);
        assert_eq!((&orphan["owner"], &orphan["owner_id"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn the_history_tells_nobody_of_pictures_out_of_sight() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let id = make(&api, "spring", "10", "10");
        let images = format!("/portfolios/{id}/images/");
        let three = format!("{images}{}/", api.image_id("b/three.jpg"));
        for src in ["a/one.jpg", "b/three.jpg"] {
            api.ok("POST", &images, &api.maker, &[("image_src", src)]);
        }
        api.ok("PUT", &three, &api.maker, &[("filename", "x.jpg")]);
        api.ok("PUT", &format!("{three}position/"), &api.maker, &[("index", "0")]);
        api.ok("DELETE", &three, &api.maker, &[]);
        let other = "INSERT INTO folio_history (folio_id, user_id, action, detail, at_ms) \
             VALUES ($1, NULL, 3, 'Put in b/three.jpg', 1)";
        assert_eq!(api.site.db().execute(other, &[id.into()]).unwrap(), 1);
        api.site.permit("/b", PUBLIC, Level::None.access());
        within(Duration::from_secs(2), "b is closed", || {
            api.status("GET", "/details/?src=b/three.jpg", "", &[]) == 403
        });
        let told = |who: &str| -> Vec<String> {
            let whole = api.get(&format!("/portfolios/{id}/"), who);
            let entries = whole["history"].as_array().unwrap().iter();
            entries.map(|one| one["action_info"].as_str().unwrap().to_owned()).collect()
        };
        let all = [
            "",
            "a/one.jpg added",
            "b/three.jpg added",
            "b/three.jpg changed",
            "b/three.jpg moved to position 1",
            "b/three.jpg removed",
            "Put in b/three.jpg",
        ];
        assert_eq!(told(&api.admin), all);
        let open = ["", "a/one.jpg added", "", "", "", "", ""];
        assert_eq!(told(""), open);
    }
}

/// Names and contents of the files in a zip file.
pub fn unzip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().to_owned(), content)
        })
        .collect()
}

/// Publishes as the administrator, and waits for the file.
pub fn publish(api: &Api, id: i64, fields: &[(&str, &str)]) -> Value {
    let exports = format!("/portfolios/{id}/exports/");
    let asked = api.call("POST", &exports, &api.admin, fields);
    assert_eq!(asked.status, 202, "{}", asked.text());
    let export = data(&asked);
    assert_eq!(export["filename"], "");
    let path = format!("{exports}{}/", export["id"]);
    wait::until("the export is there", || {
        let task = api.get(&format!("/admin/tasks/{}/", export["task_id"]), &api.admin);
        assert!(task["result"]["exception"].is_null(), "{task}\n{}", api.site.log());
        api.get(&path, &api.admin)["filename"] != ""
    });
    let done = api.get(&path, &api.admin);
    assert!(done["task_id"].is_null());
    done
}

#[test]
fn names_in_a_zip_file_can_be_unpacked_on_every_system() {
    let api = Api::on(BOTH[0], "");
    let id = make(&api, "spring", "20", "10");
    let images = format!("/portfolios/{id}/images/");
    for (src, filename) in
        [("a/one.jpg", "Nul.exe"), ("b/three.jpg", "a: \"b\"?. "), ("a/two.jpg", "_nul.JPG")]
    {
        let fields = [("image_src", src), ("filename", filename)];
        api.ok("POST", &images, &api.admin, &fields);
    }
    let jo = basic(&api.jo, "");
    let names = |fields: [(&str, &str); 2]| {
        let given = [("description", ""), ("expiry_time", "2999-01-01"), fields[0], fields[1]];
        let done = publish(&api, id, &given);
        let target = done["url"].as_str().unwrap().strip_prefix("http://localhost").unwrap();
        let files = unzip(&api.site.get_with(target, &[("Authorization", &jo)]).body);
        files.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let as_they_are = names([("originals", "1"), ("image_parameters", "{}")]);
    assert_eq!(as_they_are, ["_Nul.jpg", "a_ _b__.jpg", "_nul-001.JPG"]);
    let made = names([("originals", "0"), ("image_parameters", r#"{"format":{"value":"png"}}"#)]);
    assert_eq!(made, ["_Nul.png", "a_ _b__.png", "_nul-001.png"]);
}

#[test]
fn a_portfolio_is_published_downloaded_and_expires() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let id = make(&api, "spring", "20", "10");
        let images = format!("/portfolios/{id}/images/");
        for src in ["a/one.jpg", "b/three.jpg", "a/two.jpg"] {
            api.ok("POST", &images, &api.maker, &[("image_src", src)]);
        }
        let two = format!("{images}{}/", api.image_id("a/two.jpg"));
        let own = [("filename", "one.jpg"), ("image_parameters", r#"{"width":{"value":10}}"#)];
        api.ok("PUT", &two, &api.maker, &own);

        // The maker may look at the pictures and not download them.
        let originals = [("description", "All"), ("originals", "1"), ("expiry_time", "2999-01-01")];
        let exports = format!("/portfolios/{id}/exports/");
        assert_eq!(api.status("POST", &exports, &api.maker, &originals), 403);
        assert_eq!(api.status("POST", &exports, &api.jo, &originals), 403);
        let past = [("description", ""), ("originals", "1"), ("expiry_time", "2001-01-01")];
        assert_eq!(api.status("POST", &exports, &api.admin, &past), 400);

        let done = publish(&api, id, &originals);
        let url = done["url"].as_str().unwrap();
        let target = url.strip_prefix("http://localhost").unwrap();
        assert_eq!(api.site.status(target), 403);
        let jo = basic(&api.jo, "");
        let get = |extra: &[(&str, &str)]| {
            let mut headers = vec![("Authorization", jo.as_str())];
            headers.extend(extra);
            api.site.get_with(target, &headers)
        };
        let whole = get(&[]);
        assert_eq!(whole.status, 200);
        assert_eq!(whole.header("content-type"), Some("application/zip"));
        assert_eq!(whole.body.len() as i64, done["filesize"].as_i64().unwrap());
        let files = unzip(&whole.body);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["one.jpg", "three.jpg", "one-001.jpg"]);
        for ((_, content), path) in files.iter().zip(["a/one.jpg", "b/three.jpg", "a/two.jpg"]) {
            assert_eq!(*content, std::fs::read(api.site.image(path)).unwrap(), "{path}");
        }
        let rest = get(&[("Range", "bytes=100-"), ("If-Range", whole.header("etag").unwrap())]);
        assert_eq!(rest.status, 206);
        assert_eq!(rest.body, whole.body[100..]);

        let small = [
            ("description", "Small"),
            ("originals", "0"),
            ("expiry_time", "2999-01-01T00:00:00"),
            ("image_parameters", r#"{"height":{"value":12},"format":{"value":"png"}}"#),
        ];
        let made = publish(&api, id, &small);
        let made =
            made["url"].as_str().unwrap().strip_prefix("http://localhost").unwrap().to_owned();
        let files = unzip(&api.site.get_with(&made, &[("Authorization", &jo)]).body);
        let sizes: Vec<_> = files
            .iter()
            .map(|(name, content)| (name.as_str(), magick::pixels(content).size))
            .collect();
        // Both sides are capped by the picture: 12 high; the one with a width of its own is padded.
        assert_eq!(sizes[0], ("one.png", (18, 12)));
        assert_eq!(sizes[1], ("three.png", (12, 12)));
        assert_eq!(sizes[2], ("one-001.png", (10, 12)));

        let document = [
            ("description", "Book"),
            ("originals", "0"),
            ("expiry_time", "2999-01-01"),
            ("format", "pdf"),
        ];
        let book = publish(&api, id, &document);
        let book =
            book["url"].as_str().unwrap().strip_prefix("http://localhost").unwrap().to_owned();
        let pdf = api.site.get_with(&book, &[("Authorization", &jo)]);
        assert_eq!(pdf.header("content-type"), Some("application/pdf"));
        assert!(pdf.body.starts_with(b"%PDF-"));
        let pages = pdf.body.windows(11).filter(|part| part == b"/Type /Page").count();
        // Each page, and the tree of them.
        assert_eq!(pages, 4);

        let told = api.get(&format!("/portfolios/{id}/"), &api.jo);
        assert_eq!(told["downloads"].as_array().unwrap().len(), 3);
        let actions = told["history"].as_array().unwrap();
        assert!(actions.iter().any(|one| one["action"] == 5 && one["user_id"] == api.jo_id));
        let export = format!("{exports}{}/", done["id"]);
        assert_eq!(api.status("DELETE", &export, &api.jo, &[]), 403);
        api.ok("DELETE", &export, &api.maker, &[]);
        assert_eq!(get(&[]).status, 404);
        assert_eq!(api.status("DELETE", &export, &api.maker, &[]), 404);
        api.ok("DELETE", &format!("/portfolios/{id}/"), &api.maker, &[]);
        assert_eq!(api.site.status("/portfolios/spring/"), 404);
        assert_eq!(std::fs::read_dir(api.site.data().join("exports")).unwrap().count(), 0);
    }
}

#[test]
fn names_from_outside_lead_to_no_other_file() {
    let api = Api::on(Backend::Sqlite, "");
    make(&api, "open", "20", "20");
    let folder = api.site.data().join("exports");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{}.zip", "0".repeat(32))), "another portfolio's").unwrap();
    for name in ["%2e%2e%2ftest.db", "..", &format!("{}.zip", "0".repeat(32)), "x.zip"] {
        let status = api.site.status(&format!("/portfolios/open/downloads/{name}"));
        assert_eq!(status, 404, "{name}");
    }
}
