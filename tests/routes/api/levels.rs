//! Every level of folder access × every action: what a level allows is what its number says.

use halftone::auth::Level;
use halftone::db::groups::{NORMAL_USERS, PUBLIC};

use super::Api;
use crate::site::{BOTH, within};
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
