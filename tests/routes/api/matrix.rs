//! Every address of the document by everybody: what the document says of access is what happens.

use halftone::auth::Level;
use halftone::db::groups::{NORMAL_USERS, PUBLIC};
use serde_json::Value;

use super::{Api, portfolios};
use crate::site::BOTH;
use crate::support::fixture::write_jpeg;
use crate::support::wait;

/// A path with numbers and words that stand for nothing that is there.
fn filled(path: &str) -> String {
    let parts = path.trim_end_matches('/').split('/').map(|part| match part {
        "{function}" | "{key}" => "nothing-of-this-name",
        part if part.starts_with('{') => "987654",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/") + "/"
}

/// Every row of the document: method, path and what is said of it.
fn rows(document: &Value) -> Vec<(String, String, Value)> {
    let mut rows = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            rows.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    rows
}

#[test]
fn access_is_as_the_document_says() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let response = api.call("GET", "/openapi.json", "", &[]);
        let document: Value = serde_json::from_slice(&response.body).unwrap();
        let rows = rows(&document);
        assert!(rows.len() > 60, "{} rows", rows.len());
        let mut closed = 0;
        for (method, path, operation) in &rows {
            // These take a web session.
            if ["/token", "/keys", "/totp", "/sessions"].iter().any(|own| path.starts_with(own)) {
                continue;
            }
            let target = filled(path);
            let statuses = [("", "nobody"), (&*api.jo, "jo"), (&*api.admin, "admin")]
                .map(|(who, name)| (name, api.status(method, &target, who, &[])));
            let documented = |status: u16| operation["responses"].get(status.to_string()).is_some();
            for (name, status) in statuses {
                assert!(
                    documented(status),
                    "{method} {path} by {name}: {status} is not documented"
                );
            }
            let open = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .any(|way| way == &Value::Object(Default::default()));
            let [(_, nobody), (_, jo), (_, admin)] = statuses;
            if !open {
                assert_eq!(nobody, 401, "{method} {path}");
                closed += 1;
            }
            let rule = operation["description"].as_str().unwrap_or_default();
            let system = ["admin_", "reports"].iter().any(|name| {
                rule.strip_prefix("Permission: ").is_some_and(|rule| rule.starts_with(name))
            });
            if system {
                assert_eq!(jo, 403, "{method} {path}");
            }
            assert!(!matches!(admin, 401 | 403 | 405), "{method} {path} by admin: {admin}");
        }
        assert!(closed > 40, "{closed} addresses need somebody");
    }
}

/// What there is that is neither Jo's nor open to Jo, by the names that paths have for it.
struct Theirs(Vec<(&'static str, String)>);

impl Theirs {
    fn make(api: &Api) -> Self {
        let admin = &*api.admin;
        let id = |made: &Value| made["id"].to_string();
        let make = |path: &str, fields: &[(&str, &str)]| api.ok("POST", path, admin, fields);
        let image = api.image_id("b/three.jpg");
        write_jpeg(&api.site.image("b/old.jpg"), 8, 8);
        let old = api.image_id("b/old.jpg");
        api.ok("DELETE", &format!("/admin/filesystem/images/{old}/"), admin, &[]);
        let recycled = id(&api.get("/admin/recycled/", admin)[0]);
        let folder = id(&api.get("/admin/filesystem/folders/?path=b", admin));
        let groups = api.get("/admin/groups/", admin);
        let makers = groups.as_array().unwrap().iter().find(|group| group["name"] == "Makers");
        let group = id(makers.unwrap());
        let allowed = [("group_id", &*group), ("folder_id", &*folder), ("access", "10")];
        let permission = id(&make("/admin/permissions/", &allowed));
        let template = r#"{"width":{"value":30}}"#;
        let template = [("name", "theirs"), ("description", ""), ("template", template)];
        let template = id(&make("/admin/templates/", &template));
        let list = make("/admin/tag-lists/", &[("name", "Subjects"), ("tags", "Land")]);
        let folio = portfolios::make(api, "theirs", "0", "0");
        make(&format!("/portfolios/{folio}/images/"), &[("image_id", &image.to_string())]);
        let export = [("description", ""), ("originals", "1"), ("expiry_time", "2999-01-01")];
        let export = id(&portfolios::publish(api, folio, &export));
        let task = make("/admin/tasks/purge_image_stats/", &[("before_time", "2001-01-01")]);
        let task = id(&task);
        let done = || api.get(&format!("/admin/tasks/{task}/"), admin)["status"] == 2;
        wait::until("the task is done", done);
        for group in [PUBLIC, NORMAL_USERS] {
            api.site.permit("/b", group, Level::None.access());
        }
        wait::until("the folder is closed", || {
            api.status("GET", "/details/?src=b/three.jpg", &api.jo, &[]) == 403
        });
        Self(vec![
            ("{image_id}", image.to_string()),
            ("{recycled_id}", recycled),
            ("{folder_id}", folder),
            ("{group_id}", group),
            ("{user_id}", api.maker_id.to_string()),
            ("{permission_id}", permission),
            ("{template_id}", template),
            ("{list_id}", id(&list)),
            ("{tag_id}", id(&list["tags"][0])),
            ("{folio_id}", folio.to_string()),
            ("{export_id}", export),
            ("{task_id}", task.clone()),
            ("{key}", "default_template".into()),
            ("{function}", "purge_system_stats".into()),
        ])
    }

    fn path(&self, path: &str) -> String {
        let filled = self.0.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        assert!(!filled.contains('{'), "{path}: what is that?");
        filled
    }

    /// All of it as the administrator sees it.
    fn state(&self, api: &Api) -> Vec<Value> {
        [
            "/list/?path=b",
            "/admin/images/{image_id}/",
            "/admin/images/{image_id}/history/",
            "/admin/images/{image_id}/tags/",
            "/admin/recycled/",
            "/admin/filesystem/folders/{folder_id}/",
            "/admin/groups/",
            "/admin/groups/{group_id}/",
            "/admin/users/",
            "/admin/permissions/{permission_id}/",
            "/admin/properties/",
            "/admin/templates/",
            "/admin/tag-lists/",
            "/portfolios/{folio_id}/",
            "/portfolios/{folio_id}/exports/",
            "/admin/tasks/{task_id}/",
        ]
        .iter()
        .map(|path| api.get(&self.path(path), &api.admin))
        .collect()
    }
}

/// A body that is good for an operation: its required fields, with values that would change something.
fn body(operation: &Value, api: &Api, theirs: &Theirs) -> Vec<(String, String)> {
    let content = operation["requestBody"]["content"].as_object();
    let schema = content.and_then(|content| content.values().next()).map(|kind| &kind["schema"]);
    let required = schema.and_then(|schema| schema["required"].as_array());
    let names = required.into_iter().flatten().map(|name| name.as_str().unwrap());
    let value = |name: &str| match name {
        "user_id" => api.jo_id.to_string(),
        "group_id" => NORMAL_USERS.to_string(),
        "folder_id" => theirs.path("{folder_id}"),
        "access" => "70".into(),
        "internal_access" | "public_access" => "20".into(),
        "group_type" | "auth_type" | "allow_api" | "originals" => "1".into(),
        "template" => r#"{"width":{"value":31}}"#.into(),
        "expiry_time" => "2999-01-01".into(),
        "index" => "0".into(),
        "x" | "y" => "0.5".into(),
        "path" => "a/stolen.jpg".into(),
        name if name.starts_with("access_") => "1".into(),
        name => format!("stolen {}", name.replace('_', " ")),
    };
    names.map(|name| (name.to_owned(), value(name))).collect()
}

#[test]
fn what_is_somebody_elses_is_out_of_reach() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let theirs = Theirs::make(&api);
        let document = api.call("GET", "/openapi.json", "", &[]);
        let document: Value = serde_json::from_slice(&document.body).unwrap();
        let before = theirs.state(&api);
        let mut asked = 0;
        for (method, path, operation) in rows(&document) {
            // Resumable uploads and keys have callers and tests of their own (uploads, tokens).
            let elsewhere = path.starts_with("/uploads") || path.starts_with("/keys");
            // Everybody who is signed in may read templates.
            let open = (&*method, &*path) == ("GET", "/admin/templates/{template_id}/");
            if !path.contains('{') || elsewhere || open {
                continue;
            }
            let target = theirs.path(&path);
            let fields = body(&operation, &api, &theirs);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            for (who, refused) in [("", [401, 403, 404]), (&*api.jo, [403, 404, 404])] {
                let answer = api.call(&method, &target, who, &fields);
                let told = format!("{method} {target}: {}", answer.text());
                assert!(refused.contains(&answer.status), "{told}");
                let status = answer.status.to_string();
                assert!(operation["responses"].get(&status).is_some(), "undocumented: {told}");
            }
            asked += 1;
        }
        assert!(asked > 45, "{asked} addresses");
        for (before, after) in before.iter().zip(theirs.state(&api)) {
            assert_eq!(*before, after);
        }
        assert!(!api.site.image("a/stolen.jpg").exists());
        // The ids are those of what is there: who may, reaches each.
        for (name, path) in [
            ("DELETE", "/portfolios/{folio_id}/exports/{export_id}/"),
            ("DELETE", "/portfolios/{folio_id}/images/{image_id}/"),
            ("DELETE", "/admin/recycled/{recycled_id}/"),
            ("DELETE", "/admin/tags/{tag_id}/"),
            ("DELETE", "/admin/tag-lists/{list_id}/"),
            ("DELETE", "/admin/permissions/{permission_id}/"),
        ] {
            api.ok(name, &theirs.path(path), &api.admin, &[]);
        }
    }
}

#[test]
fn every_address_answers_in_all_its_spellings() {
    let api = Api::on(crate::site::Backend::Sqlite, "");
    for path in ["/api/v1/portfolios/", "/api/v1/portfolios", "/api/portfolios/", "/api/portfolios"]
    {
        let response = api.site.ok(path);
        assert_eq!(response.text(), r#"{"status":200,"message":"OK","data":[]}"#, "{path}");
    }
}
