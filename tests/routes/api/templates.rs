//! Templates, the default one, and those of folders.

use serde_json::json;

use super::Api;
use crate::magick;
use crate::site::BOTH;

#[test]
fn templates_are_made_used_changed_and_deleted() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let fields = |name: &'static str, template: &'static str| {
            [("name", name), ("description", "small"), ("template", template)]
        };
        let thumb = fields("Thumb", r#"{"width":{"value":15},"format":{"value":"png"}}"#);
        assert_eq!(api.status("POST", "/admin/templates/", &api.jo, &thumb), 403);
        let made = api.ok("POST", "/admin/templates/", &api.admin, &thumb);
        let id = made["id"].as_i64().unwrap();
        assert_eq!(
            made["template"],
            json!({ "width": { "value": 15 }, "format": { "value": "png" } })
        );
        assert_eq!(magick::pixels(&api.site.ok("/image?src=a/one.jpg&tmp=thumb").body).size.0, 15);
        assert_eq!(api.status("POST", "/admin/templates/", &api.admin, &thumb), 409);
        let path = format!("/admin/templates/{id}/");
        assert_eq!(api.get(&path, &api.jo), made);
        assert_eq!(api.status("GET", &path, "", &[]), 401);
        let wider = fields("Wider", r#"{"width":{"value":25},"format":{"value":"png"}}"#);
        api.ok("PUT", &path, &api.admin, &wider);
        assert_eq!(magick::pixels(&api.site.ok("/image?src=a/one.jpg&tmp=wider").body).size.0, 25);
        for (template, named) in [
            ("{", "template"),
            ("[]", "template"),
            (r#"{"width":5}"#, "width"),
            (r#"{"width":{"value":-5}}"#, "width"),
            (r#"{"src":{"value":"a"}}"#, "src"),
        ] {
            let refused = api.call("PUT", &path, &api.admin, &fields("Wider", template));
            assert_eq!(refused.status, 400, "{template}");
            assert!(refused.text().contains(named), "{}", refused.text());
        }
        let default = "/admin/properties/default_template/";
        assert_eq!(api.get(default, &api.admin)["value"], "Default");
        assert_eq!(api.status("PUT", default, &api.admin, &[("value", "None")]), 400);
        api.ok("PUT", default, &api.admin, &[("value", "Wider")]);
        assert_eq!(magick::pixels(&api.site.ok("/image?src=a/one.jpg").body).size.0, 25);
        // The default goes with its name, and cannot go.
        api.ok("PUT", &path, &api.admin, &fields("Renamed", r#"{"width":{"value":25}}"#));
        assert_eq!(api.get(default, &api.admin)["value"], "Renamed");
        assert_eq!(api.status("DELETE", &path, &api.admin, &[]), 409);
        api.ok("PUT", default, &api.admin, &[("value", "default")]);
        api.ok("DELETE", &path, &api.admin, &[]);
        assert_eq!(api.status("DELETE", &path, &api.admin, &[]), 404);
    }
}

#[test]
fn a_folder_has_a_template_of_its_own() {
    let api = Api::on(BOTH[0], "");
    let folder = api.get("/details/?src=b/three.jpg", "")["folder_id"].to_string();
    let small = api.ok("GET", "/admin/templates/", &api.jo, &[]);
    let small = small.as_array().unwrap().iter().find(|one| one["name"] == "SmallJpeg").unwrap();
    let id = small["id"].to_string();
    let set = [
        ("folder_id", folder.as_str()),
        ("group_id", "1"),
        ("required", "false"),
        ("template_id", id.as_str()),
    ];
    let path = "/admin/folder-templates/";
    assert_eq!(api.status("PUT", path, &api.jo, &set), 403);
    assert_eq!(api.ok("PUT", path, &api.admin, &set)["folder_path"], "/b");
    assert_eq!(api.get(path, &api.admin).as_array().unwrap().len(), 1);
    let template = format!("/admin/templates/{id}/");
    assert_eq!(api.status("DELETE", &template, &api.admin, &[]), 409);
    let remove = format!("{path}?folder_id={folder}&group_id=1&required=0");
    api.ok("DELETE", &remove, &api.admin, &[]);
    assert_eq!(api.status("DELETE", &remove, &api.admin, &[]), 404);
}
