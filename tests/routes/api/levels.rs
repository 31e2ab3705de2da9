//! Every level of folder access × every action: what a level allows is what its number says.

use halftone::auth::Level;
use halftone::db::groups::{NORMAL_USERS, PUBLIC};

use super::Api;
use crate::people::basic;
use crate::site::{BOTH, within};
use crate::support::fixture::write_jpeg;
use std::time::Duration;

/// Actions on the folder "a", each with the level that it takes.
fn actions(image: i64, folder: i64) -> Vec<(&'static str, String, Level)> {
    let edit = format!("/admin/images/{image}/");
    vec![
        ("GET", "/list/?path=a".to_owned(), Level::View),
        ("GET", "/list/?path=a&attributes=1".to_owned(), Level::View),
        ("GET", "/details/?src=a/one.jpg".to_owned(), Level::View),
        ("GET", format!("/admin/images/{image}/"), Level::View),
        ("GET", "/admin/filesystem/folders/?path=a".to_owned(), Level::View),
        ("GET", format!("/admin/filesystem/folders/{folder}/"), Level::View),
        ("PATCH", edit.clone(), Level::Edit),
        ("PUT", edit, Level::Edit),
        ("GET", format!("/admin/images/{image}/history/"), Level::Edit),
    ]
}

#[test]
fn each_level_allows_what_its_number_says() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let details = api.get("/details/?src=a/one.jpg", &api.admin);
        let (image, folder) =
            (details["id"].as_i64().unwrap(), details["folder_id"].as_i64().unwrap());
        api.site.permit("/", PUBLIC, Level::None.access());
        api.site.permit("/", NORMAL_USERS, Level::None.access());
        let fields = [("title", "T"), ("description", "")];
        for level in Level::ALL {
            api.site.permit("/a", NORMAL_USERS, level.access());
            let trace = "/admin/permissions/trace/?path=a";
            within(Duration::from_secs(2), "the level is known", || {
                api.get(trace, &api.jo)["access"] == level.access()
            });
            for (method, path, needed) in actions(image, folder) {
                let sent: &[_] = if method == "PUT" { &fields } else { &[] };
                let expected = if level >= needed { 200 } else { 403 };
                let status = api.status(method, &path, &api.jo, sent);
                assert_eq!(status, expected, "{backend:?} {level:?}: {method} {path}");
                let nobody = api.status(method, &path, "", sent);
                assert!(matches!(nobody, 401 | 403), "{level:?}: {method} {path} by nobody");
                assert_eq!(api.status(method, &path, &api.admin, sent), 200, "{method} {path}");
            }
            if level >= Level::View {
                let told = api.get("/details/?src=a/one.jpg", &api.jo);
                assert_eq!(told["download"], level >= Level::Download, "{level:?}");
            }
            // Other folders are as closed as before.
            assert_eq!(api.status("GET", "/list/?path=b", &api.jo, &[]), 403);
        }
    }
}

/// What changes files, each with the level in the folder "a" that it takes. Every attempt has a file and
/// folders of its own, whose names begin with `own`, and there is a folder "a/sub" to move into.
const CHANGES: [(&str, Level); 9] = [
    ("tag a picture", Level::Edit),
    ("upload a picture", Level::Upload),
    ("rename a picture", Level::Upload),
    ("move a picture", Level::Delete),
    ("delete a picture", Level::Delete),
    ("make a folder", Level::CreateFolder),
    ("rename a folder", Level::CreateFolder),
    ("move a folder", Level::DeleteFolder),
    ("delete a folder", Level::DeleteFolder),
];

/// Attempts a change; gives its status, and whether it shows on the disk or in the rows.
fn attempt(api: &Api, change: &str, own: &str, who: &str) -> (u16, bool) {
    let file = format!("a/{own}.jpg");
    let folder = format!("a/{own}-folder");
    write_jpeg(&api.site.image(&file), 20, 10);
    let made = api.ok("POST", "/admin/filesystem/folders/", &api.admin, &[("path", &folder)]);
    let image = format!("/admin/filesystem/images/{}/", api.image_id(&file));
    let found = format!("/admin/filesystem/folders/{}/", made["id"]);
    let there = |path: &str| api.site.image(path).exists();
    let path = |path: String| [("path", path)];
    let send = |method: &str, target: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        api.status(method, target, who, &fields)
    };
    match change {
        "tag a picture" => {
            let tags = format!("/admin/images/{}/tags/", api.image_id(&file));
            let status = send("PUT", &tags, &[("tags", own.to_owned())]);
            (status, api.get(&tags, &api.admin).to_string().contains(own))
        }
        "upload a picture" => {
            let body = format!(
                "--B\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\na\r\n--B\r\n\
                 Content-Disposition: form-data; name=\"overwrite\"\r\n\r\nno\r\n--B\r\n\
                 Content-Disposition: form-data; name=\"files\"; filename=\"{own}-new.jpg\"\r\n\r\n"
            );
            let mut body = body.into_bytes();
            body.extend(std::fs::read(api.site.image(&file)).unwrap());
            body.extend(b"\r\n--B--\r\n");
            let kind = "multipart/form-data; boundary=B";
            let status = api.send("POST", "/upload/", who, kind, &body).status;
            (status, there(&format!("a/{own}-new.jpg")))
        }
        "rename a picture" => {
            let new = format!("a/{own}-renamed.jpg");
            (send("PUT", &image, &path(new.clone())), there(&new))
        }
        "move a picture" => {
            let new = format!("a/sub/{own}.jpg");
            (send("PUT", &image, &path(new.clone())), there(&new))
        }
        "delete a picture" => (send("DELETE", &image, &[]), !there(&file)),
        "make a folder" => {
            let new = format!("/a/{own}-made");
            (send("POST", "/admin/filesystem/folders/", &path(new.clone())), there(&new[1..]))
        }
        "rename a folder" => {
            let new = format!("/a/{own}-other");
            (send("PUT", &found, &path(new.clone())), there(&new[1..]))
        }
        "move a folder" => {
            let new = format!("/a/sub/{own}-folder");
            (send("PUT", &found, &path(new.clone())), there(&new[1..]))
        }
        "delete a folder" => (send("DELETE", &found, &[]), !there(&folder)),
        other => panic!("{other}"),
    }
}

#[test]
fn each_level_allows_the_changes_that_its_number_says() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        std::fs::create_dir(api.site.image("a/sub")).unwrap();
        api.image_id("a/one.jpg");
        api.site.permit("/", PUBLIC, Level::None.access());
        api.site.permit("/", NORMAL_USERS, Level::None.access());
        for level in Level::ALL {
            api.site.permit("/a", NORMAL_USERS, level.access());
            let trace = "/admin/permissions/trace/?path=a";
            within(Duration::from_secs(2), "the level is known", || {
                api.get(trace, &api.jo)["access"] == level.access()
            });
            let signed = basic(&api.jo, "");
            for (target, needed) in [
                ("/image?src=a/one.jpg", Level::View),
                ("/original?src=a/one.jpg", Level::Download),
            ] {
                let headers = [("Authorization", signed.as_str())];
                let status = api.site.get_with(target, &headers).status;
                assert_eq!(status, if level >= needed { 200 } else { 403 }, "{level:?} {target}");
                assert_eq!(api.site.status(target), 403, "{level:?} {target} by nobody");
            }
            for (number, (change, needed)) in CHANGES.into_iter().enumerate() {
                let own = format!("l{}-c{number}", level.access());
                let (status, done) = attempt(&api, change, &own, &api.jo);
                let expected = if level >= needed { 200 } else { 403 };
                let which = format!("{backend:?} {level:?}: {change}");
                assert_eq!(
                    (status, done),
                    (expected, expected == 200),
                    "{which}\n{}",
                    api.site.log()
                );
                if level == Level::DeleteFolder {
                    let (status, done) = attempt(&api, change, &format!("{own}-nobody"), "");
                    assert_eq!((status, done), (401, false), "{which} by nobody");
                }
            }
        }
    }
}

#[test]
fn folders_that_may_not_be_seen_are_not_told_of() {
    let api = Api::on(BOTH[0], "");
    for src in ["a/one.jpg", "b/three.jpg"] {
        api.image_id(src);
    }
    api.site.permit("/b", PUBLIC, Level::None.access());
    within(Duration::from_secs(2), "b is closed", || {
        api.status("GET", "/list/?path=b", &api.jo, &[]) == 403
    });
    let root = api.get("/admin/filesystem/folders/?path=/", &api.jo);
    assert_eq!(root["children"].as_array().unwrap().len(), 1, "{root}");
    assert_eq!(root["children"][0]["path"], "/a");
    assert!(root["parent"].is_null() && root["parent_id"].is_null());
    let all = api.get("/admin/filesystem/folders/?path=/", &api.admin);
    assert_eq!(all["children"].as_array().unwrap().len(), 2, "{all}");
    // Whether or not there is such a file or folder.
    for path in ["/details/?src=b/three.jpg", "/details/?src=b/none.jpg", "/list/?path=b/none"] {
        assert_eq!(api.status("GET", path, &api.jo, &[]), 403, "{path}");
    }
}
