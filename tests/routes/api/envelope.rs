//! What all answers have in common.

use super::Api;
use crate::people::{Browser, PASSWORD, data, form};
use crate::site::{Backend, Site};
use crate::support::http::Client;

#[test]
fn every_failure_is_json() {
    let api = Api::on(Backend::Sqlite, "max_body_mb = 3");
    let nothing = api.call("GET", "/no/such/address", "", &[]);
    assert_eq!(nothing.status, 404);
    assert!(data(&nothing).is_null());
    let wrong = api.call("PATCH", "/list/", "", &[]);
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert!(data(&wrong).is_null());
    assert_eq!(api.status("GET", "/list/?path=/none", "", &[]), 404);
    assert_eq!(api.status("GET", "/list/?path=../etc", "", &[]), 403);
    assert_eq!(api.status("GET", "/list/", "", &[]), 400);
    let named = api.call("GET", "/list/?path=a&limit=1001", "", &[]);
    assert!(
        named.text().contains("limit: must be a whole number from 1 to 1000"),
        "{}",
        named.text()
    );
    assert_eq!(api.status("GET", "/list/?path=a%00b", "", &[]), 400);
    assert_eq!(api.status("GET", "/details?src=a/%ff.jpg", "", &[]), 400);

    // Larger than values may be together, and larger than any body may be.
    let large = vec![b'x'; (1 << 20) + 10];
    let refused = api.send("POST", "/admin/templates/", &api.admin, "application/json", &large);
    assert_eq!(refused.status, 413);
    assert!(data(&refused).is_null());
    let too_large = vec![b'x'; (3 << 20) + 10];
    let refused = api.send("POST", "/admin/templates/", &api.admin, "application/json", &too_large);
    assert_eq!(refused.status, 413);
    assert!(data(&refused).is_null());
    let other = api.send("POST", "/admin/templates/", &api.admin, "text/plain", b"name=x");
    assert_eq!(other.status, 415);
}

#[test]
fn forms_multipart_forms_and_json_are_read_alike() {
    let api = Api::on(Backend::Sqlite, "");
    let template = r#"{"width":{"value":50}}"#;
    let fields = [("name", "form ü+&"), ("description", ""), ("template", template)];
    let by_form = api.ok("POST", "/admin/templates/", &api.admin, &fields);
    let json = format!(r#"{{"name":"json","description":"","template":{template}}}"#);
    let by_json =
        api.send("POST", "/admin/templates/", &api.admin, "application/json", json.as_bytes());
    let part = |name: &str, value: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = part("name", "parts") + &part("description", "") + &part("template", template);
    let kind = "multipart/form-data; boundary=XX";
    let by_parts =
        api.send("POST", "/admin/templates/", &api.admin, kind, format!("{body}--XX--").as_bytes());
    assert_eq!(by_form["name"], "form ü+&");
    for made in [by_form, data(&by_json), data(&by_parts)] {
        assert_eq!(made["template"]["width"]["value"], 50, "{made}");
        assert_eq!(made["description"], "");
    }
    for body in ["[]", "{", "7", "\"x\"", "{\"name\":{}}"] {
        let refused =
            api.send("POST", "/admin/templates/", &api.admin, "application/json", body.as_bytes());
        assert_eq!(refused.status, 400, "{body}");
    }
    let cut = format!("{}--XX", part("name", "cut"));
    let refused = api.send("POST", "/admin/templates/", &api.admin, kind, cut.as_bytes());
    assert_eq!(refused.status, 400);
}

#[test]
fn a_session_needs_the_text_of_its_pages_to_write() {
    let api = Api::on(Backend::Sqlite, "");
    let mut browser = Browser::signed_in(&api.site, "maker");
    let fields =
        [("name", "Spring"), ("description", ""), ("internal_access", "0"), ("public_access", "0")];
    let refused = browser.send("POST", "/api/v1/portfolios/", &[], &form(&fields));
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("_csrf_token"), "{}", refused.text());
    let csrf = browser.csrf();
    let header = [("X-CSRF-Token", csrf.as_str())];
    let made = browser.send("POST", "/api/v1/portfolios/", &header, &form(&fields));
    assert_eq!(made.status, 200, "{}", made.text());
    let mut with_field = fields.to_vec();
    with_field.push(("_csrf_token", &csrf));
    let made = browser.send("POST", "/api/v1/portfolios/", &[], &form(&with_field));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(data(&browser.get("/api/v1/portfolios/")).as_array().unwrap().len(), 2);
    assert_eq!(PASSWORD, super::password());
}

#[test]
fn only_named_sites_pages_may_read_answers() {
    let origin = "https://www.example.com";
    let site = Site::start(&format!("cors_origins = ['{origin}']"), super::pictures);
    let ask = |method: &str, origin: &str| {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "POST")];
        let mut client = Client::connect(site.addr()).unwrap();
        client.request(method, b"/api/v1/list/?path=a", &headers, b"").unwrap()
    };
    for method in ["GET", "OPTIONS"] {
        let allowed = ask(method, origin);
        assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
        assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
        let refused = ask(method, "https://evil.example");
        assert_eq!(refused.header("access-control-allow-origin"), None);
        assert_eq!(refused.header("vary"), Some("Origin"));
    }
    let preflight = ask("OPTIONS", origin);
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("Authorization"));
}

#[test]
fn only_named_sites_pages_may_read_why_a_picture_did_not_come() {
    let origin = "https://www.example.com";
    let site = Site::start(&format!("cors_origins = ['{origin}']"), super::pictures);
    let ask = |target: &str, origin: &str| {
        let mut client = Client::connect(site.addr()).unwrap();
        client.request("GET", target.as_bytes(), &[("Origin", origin)], b"").unwrap()
    };
    for (target, status) in [("/image?src=a/none.png", 404), ("/image?src=", 400)] {
        let told = ask(target, origin);
        assert_eq!(told.status, status, "{target}");
        assert_eq!(told.header("access-control-allow-origin"), Some(origin), "{target}");
        assert!(told.header("access-control-expose-headers").unwrap().contains("Retry-After"));
        let refused = ask(target, "https://evil.example");
        assert_eq!(refused.header("access-control-allow-origin"), None, "{target}");
    }
    // Pages are not for other sites.
    assert_eq!(ask("/none", origin).header("access-control-allow-origin"), None);
}
