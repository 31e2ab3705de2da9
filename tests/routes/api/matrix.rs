//! Every address of the document by everybody: what the document says of access is what happens.

use serde_json::Value;

use super::Api;
use crate::site::BOTH;

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
            if path.starts_with("/token") || path.starts_with("/keys") || path.starts_with("/totp")
            {
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

#[test]
fn every_address_answers_in_all_its_spellings() {
    let api = Api::on(crate::site::Backend::Sqlite, "");
    for path in ["/api/v1/portfolios/", "/api/v1/portfolios", "/api/portfolios/", "/api/portfolios"]
    {
        let response = api.site.ok(path);
        assert_eq!(response.text(), r#"{"status":200,"message":"OK","data":[]}"#, "{path}");
    }
}
