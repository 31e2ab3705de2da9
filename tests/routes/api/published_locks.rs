//! What a folder's required template locks holds in published portfolios, too.

use std::time::Duration;

use halftone::auth::Level;
use halftone::db;
use halftone::db::groups::PUBLIC;
use serde_json::Value;

use super::Api;
use super::portfolios::{make, unzip};
use crate::library;
use crate::magick::{self, Pixels};
use crate::people::{basic, data};
use crate::site::{Backend, within};
use crate::support::wait;

const MARK: [u8; 3] = [9, 9, 9];
const GROUND: [u8; 3] = [240, 220, 20];

/// A portfolio of one picture of 400×300 in a folder whose template marks every picture at its lower
/// right and lets nobody have more than 200 of width. The mark itself may be seen by nobody.
fn marked() -> (Api, i64) {
    let api = Api::on(Backend::Sqlite, "");
    library::plain(&api.site.image("c/plain.png"), 400, 300, GROUND);
    library::plain(&api.site.image("marks/dark.png"), 80, 60, MARK);
    let template = api.site.template(
        "Marked",
        r#"{"overlay_src": {"value": "marks/dark.png", "locked": true},
            "overlay_pos": {"value": "se"}, "overlay_size": {"value": 0.2},
            "max_width": {"value": 200, "locked": true}}"#,
    );
    for (folder, level) in [("/marks", Level::None), ("/c", Level::Download)] {
        api.site.permit(folder, PUBLIC, level.access());
    }
    let folder = db::folders::seen(api.site.db(), "/c").unwrap();
    db::folder_templates::set(api.site.db(), (folder, PUBLIC), true, Some(template)).unwrap();
    within(Duration::from_secs(2), "the template is required", || {
        api.site.status("/original?src=c/plain.png") == 403
            && api.site.status("/image?src=marks/dark.png") == 403
    });
    let id = make(&api, "spring", "20", "10");
    let images = format!("/portfolios/{id}/images/");
    api.ok("POST", &images, &api.maker, &[("image_src", "c/plain.png")]);
    (api, id)
}

/// Publishes as the maker; the files of the zip file, or why there are none.
fn publish(
    api: &Api,
    id: i64,
    originals: &str,
    parameters: &str,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let exports = format!("/portfolios/{id}/exports/");
    let fields = [
        ("description", "All"),
        ("originals", originals),
        ("expiry_time", "2999-01-01"),
        ("image_parameters", parameters),
    ];
    let asked = api.call("POST", &exports, &api.maker, &fields);
    // What is forbidden by then is told of at once.
    if asked.status == 403 {
        return Err(asked.text());
    }
    assert_eq!(asked.status, 202, "{}", asked.text());
    let export = data(&asked);
    let path = format!("{exports}{}/", export["id"]);
    let mut failed = Value::Null;
    wait::until("the export is there or has failed", || {
        let task = api.get(&format!("/admin/tasks/{}/", export["task_id"]), &api.admin);
        failed = task["result"]["exception"].clone();
        !failed.is_null() || api.get(&path, &api.admin)["filename"] != ""
    });
    if !failed.is_null() {
        return Err(failed.to_string());
    }
    let url = api.get(&path, &api.admin)["url"].as_str().unwrap().to_owned();
    let target = url.strip_prefix("http://localhost").unwrap();
    let signed = basic(&api.maker, "");
    Ok(unzip(&api.site.get_with(target, &[("Authorization", &signed)]).body))
}

fn picture(api: &Api, id: i64, parameters: &str) -> Pixels {
    let files = publish(api, id, "0", parameters).unwrap();
    assert_eq!(files.len(), 1);
    magick::pixels(&files[0].1)
}

#[test]
fn a_published_picture_is_marked_and_no_larger_than_it_may_be() {
    let (api, id) = marked();
    for parameters in [
        r#"{"format": {"value": "png"}}"#,
        r#"{"format": {"value": "png"}, "width": {"value": 400}, "max_width": {"value": 4000}}"#,
        r#"{"format": {"value": "png"}, "overlay_src": {"value": ""},
            "overlay_opacity": {"value": 0}}"#,
        r#"{"format": {"value": "png"}, "overlay_src": {"value": "a/one.jpg", "locked": true},
            "overlay_size": {"value": 0}, "width": {"value": 400, "locked": true}}"#,
    ] {
        let made = picture(&api, id, parameters);
        assert_eq!(made.size, (200, 150), "{parameters}");
        made.assert(195, 145, MARK, 2, parameters);
        made.assert(20, 20, GROUND, 2, parameters);
    }
}

#[test]
fn what_a_portfolio_says_of_a_picture_does_not_free_it_either() {
    let (api, id) = marked();
    let image = format!("/portfolios/{id}/images/{}/", api.image_id("c/plain.png"));
    let change = |parameters: &str| {
        api.ok("PUT", &image, &api.maker, &[("image_parameters", parameters)]);
    };
    change(r#"{"width": {"value": 390}, "format": {"value": "png"}, "flip": {"value": "h"}}"#);
    let made = picture(&api, id, "{}");
    assert_eq!(made.size.0, 200);
    made.assert(195, 140, MARK, 2, "mirrored");
    // It lies as the template has it, whatever is asked for.
    for degrees in [45, 90, 180] {
        change(&format!(r#"{{"rotation": {{"value": {degrees}}}, "format": {{"value": "png"}}}}"#));
        let made = picture(&api, id, "{}");
        assert_eq!(made.size, (200, 150), "{degrees}");
        made.assert(195, 145, MARK, 2, "not turned");
    }
}

#[test]
fn originals_are_kept_back() {
    let (api, id) = marked();
    let other = make(&api, "other", "20", "10");
    let images = format!("/portfolios/{other}/images/");
    api.ok("POST", &images, &api.maker, &[("image_src", "b/three.jpg")]);
    let over = r#"{"overlay_src": {"value": "c/plain.png"}}"#;
    let refused = publish(&api, other, "0", over).unwrap_err();
    assert!(refused.contains("c/plain.png: the folder's template"), "{refused}");
    let over = r#"{"overlay_src": {"value": "marks/dark.png"}}"#;
    let refused = publish(&api, other, "0", over).unwrap_err();
    assert!(refused.contains("marks/dark.png: the publisher may not have it"), "{refused}");
    assert!(refused.contains("403"), "{refused}");
    let refused = publish(&api, id, "1", "{}").unwrap_err();
    assert!(refused.contains("keeps the original back"), "{refused}");
}
