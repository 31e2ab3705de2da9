//! The calls of the API guide: each one succeeds, in the order in which they stand there.

use std::process::Command;
use std::time::Duration;

use halftone::db::users;
use serde_json::Value;

use super::Api;
use crate::people::ask_token;
use crate::site::{Backend, within};
use crate::support::halftone::{ADMIN_PASSWORD, binary};

fn calls(guide: &str) -> Vec<&str> {
    guide.lines().filter(|line| line.starts_with("curl ")).collect()
}

/// The guide begins where an installation does: the first account may not use the API, until the
/// command that stands before the first call lets it.
fn let_admin(api: &Api, guide: &str) {
    let (admin, _) = users::by_name(api.site.db(), "admin").unwrap().unwrap();
    users::update(api.site.db(), &users::User { allow_api: false, ..admin }).unwrap();
    assert_eq!(ask_token(api.site.addr(), "admin", ADMIN_PASSWORD).status, 403);
    let command = guide.lines().find(|line| line.starts_with("halftone ")).unwrap();
    assert!(guide.find(command) < guide.find("curl "), "it comes first");
    let arguments = command.split_whitespace().skip(1);
    let status = binary().args(arguments).arg("--config").arg(api.site.config()).status().unwrap();
    assert!(status.success(), "{command}");
    // The token that the calls come with is good again.
    within(Duration::from_secs(2), "known", || {
        api.status("GET", "/admin/users/", &api.admin, &[]) == 200
    });
}

#[test]
fn every_call_of_the_guide_succeeds() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let calls = calls(&guide);
    assert!(calls.len() >= 25, "{} calls", calls.len());
    let api = Api::on(Backend::Sqlite, "");
    for src in ["a/one.jpg", "a/two.jpg"] {
        api.image_id(src);
    }
    let_admin(&api, &guide);
    for call in calls {
        let output = Command::new("sh")
            .args(["-c", &format!("{call} -w '\n%{{http_code}}'")])
            .env("SERVER", format!("http://{}", api.site.addr()))
            .env("PASSWORD", ADMIN_PASSWORD)
            .env("TOKEN", &api.admin)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').expect("curl tells the status");
        let bare = call.contains("/uploads/");
        let good =
            if bare { matches!(status, "201" | "204") } else { matches!(status, "200" | "202") };
        assert!(good, "{call}: {text}\n{}", api.site.log());
        if call.contains("/api/") && !bare {
            let value: Value = serde_json::from_str(body).unwrap();
            assert_eq!(value["status"].to_string(), status, "{call}");
        }
    }
}
