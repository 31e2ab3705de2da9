//! One-time passwords over HTTP: set up, asked for, taken away, and sealed in the database.

use std::fs;
use std::path::Path;
use std::process::Command;

use halftone::auth::SystemPermission;
use halftone::db::{self, Db, Sql as _, audit_log};
use serde_json::Value;

use crate::api::{Api, grant};
use crate::people::{Browser, PASSWORD, account, ask_token, data, token};
use crate::sessions::library;
use crate::site::{BOTH, Backend, Site, launch};
use crate::support::files::temp_dir;
use crate::support::halftone::binary;
use crate::support::http::Response;
use crate::support::wait;

/// The secret of RFC 6238's appendix B, in Base32.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// The code of another moment, computed by oathtool. Codes are good for once and half a minute around
/// now, so that a test that needs two takes the present one and then the next.
fn code(secret: &str, when: &str) -> String {
    let output = Command::new("oathtool")
        .args(["--totp", "--base32", "--now", when, secret])
        .output()
        .expect("oathtool is installed by scripts/test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const NOW: &str = "now";
const NEXT: &str = "30 seconds";

/// What the database keeps for an account.
fn kept(db: &Db, user_id: i64) -> Option<String> {
    let values = [db::Value::from(user_id)];
    let row = db.query_opt("SELECT secret FROM user_totp WHERE user_id = $1", &values).unwrap();
    row.map(|row| row.text(0).unwrap())
}

fn call(browser: &mut Browser, method: &str, body: &str) -> Response {
    let csrf = browser.csrf();
    browser.send(method, "/api/v1/totp/", &[("X-CSRF-Token", &csrf)], body)
}

fn is_on(browser: &mut Browser) -> bool {
    data(&browser.get("/api/v1/totp/"))["on"].as_bool().unwrap()
}

/// Signs in with password and code at an address; the status of the second step.
fn enter(browser: &mut Browser, code: &str) -> u16 {
    let asked = browser.login("jo", PASSWORD);
    assert_eq!(asked.status, 200, "{}", asked.text());
    assert!(asked.text().contains("name=\"code\""), "{}", asked.text());
    browser.submit(&asked.text(), "/login", &[("code", code)]).status
}

#[test]
fn it_is_set_up_used_on_every_host_and_taken_away() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", true);
        let mut jo = Browser::signed_in(&site, "jo");
        assert!(!is_on(&mut jo));
        let csrf = jo.csrf();
        let nothing = jo.send("DELETE", "/api/v1/totp/?code=1", &[("X-CSRF-Token", &csrf)], "");
        assert_eq!(nothing.status, 404);
        assert_eq!(call(&mut jo, "PUT", "code=000000").status, 409, "it was not begun");
        let begun = data(&call(&mut jo, "POST", ""));
        let secret = begun["secret"].as_str().unwrap().to_owned();
        let uri = begun["uri"].as_str().unwrap();
        assert!(uri.starts_with("otpauth://totp/Halftone:jo?secret="), "{uri}");
        assert!(!is_on(&mut jo), "nothing changes before PUT");
        let sealed = kept(site.db(), id).unwrap();
        assert!(sealed.starts_with("sealed1:") && !sealed.contains(&secret), "{sealed}");
        // The password alone is enough until then.
        assert_eq!(Browser::new(site.addr()).login("jo", PASSWORD).status, 303);

        let wrong = call(&mut jo, "PUT", "code=12345");
        assert_eq!(wrong.status, 400);
        assert!(wrong.text().contains("code"), "{}", wrong.text());
        assert_eq!(call(&mut jo, "PUT", "").status, 400, "no code");
        let first = format!("code={}", code(&secret, NOW));
        let confirmed = call(&mut jo, "PUT", &first);
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        let recovery: Vec<Value> = data(&confirmed)["recovery_codes"].as_array().unwrap().clone();
        assert_eq!(recovery.len(), 10);
        assert!(is_on(&mut jo));
        for method in ["POST", "PUT"] {
            assert_eq!(call(&mut jo, method, &first).status, 409, "{method}: it is on already");
        }

        // The other host opens what this one sealed.
        let (_second, addr) = site.second();
        let mut there = Browser::new(addr);
        assert_eq!(enter(&mut there, "000000"), 403);
        assert_eq!(enter(&mut there, &code(&secret, NEXT)), 303, "{backend:?}: {}", site.log());
        assert_eq!(ask_token(addr, "jo", PASSWORD).status, 403, "a token takes the code too");

        assert_eq!(call(&mut jo, "DELETE", "").status, 400);
        let target = format!("/api/v1/totp/?code={}", recovery[0].as_str().unwrap());
        let csrf = jo.csrf();
        let wrong = jo.send("DELETE", "/api/v1/totp/?code=AAAA", &[("X-CSRF-Token", &csrf)], "");
        assert_eq!(wrong.status, 400);
        assert_eq!(jo.send("DELETE", &target, &[], "").status, 400, "without the text of the page");
        assert!(is_on(&mut jo));
        let removed = wait_for_turn(|| jo.send("DELETE", &target, &[("X-CSRF-Token", &csrf)], ""));
        assert_eq!(removed.status, 200, "{}", removed.text());
        assert!(!is_on(&mut jo));
        assert_eq!(kept(site.db(), id), None);
        assert_eq!(Browser::new(addr).login("jo", PASSWORD).status, 303);
        let acts = audit_log::latest(site.db(), None, 10).unwrap();
        let acts: Vec<&str> = acts.iter().rev().map(|act| act.action.as_str()).collect();
        assert_eq!(acts[acts.len() - 2..], ["totp.on", "totp.off"]);
    }
}

/// Asks again while it is answered 429.
fn wait_for_turn(mut ask: impl FnMut() -> Response) -> Response {
    let mut answer = None;
    wait::until("no delay is left", || {
        let response = ask();
        let waits = response.status == 429;
        answer = Some(response);
        !waits
    });
    answer.expect("asked at least once")
}

#[test]
fn a_set_up_that_was_begun_is_given_up_without_a_code_and_one_in_force_is_not() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", true);
        let mut jo = Browser::signed_in(&site, "jo");
        let csrf = jo.csrf();
        let delete = |jo: &mut Browser| {
            jo.send("DELETE", "/api/v1/totp/", &[("X-CSRF-Token", &csrf)], "").status
        };
        assert_eq!(delete(&mut jo), 404, "nothing was begun");
        data(&call(&mut jo, "POST", ""));
        assert_eq!(delete(&mut jo), 200);
        assert_eq!(kept(site.db(), id), None);
        assert_eq!(delete(&mut jo), 404, "twice");
        assert_eq!(call(&mut jo, "PUT", "code=000000").status, 409, "it was given up");
        let acts = audit_log::latest(site.db(), None, 10).unwrap();
        assert!(!acts.iter().any(|act| act.action.starts_with("totp")), "nothing was in force");

        let secret = data(&call(&mut jo, "POST", ""))["secret"].as_str().unwrap().to_owned();
        let first = format!("code={}", code(&secret, NOW));
        assert_eq!(call(&mut jo, "PUT", &first).status, 200);
        assert_eq!(delete(&mut jo), 400, "{backend:?}: a code is needed");
        assert!(is_on(&mut jo));
    }
}

#[test]
fn only_a_session_may_and_only_for_itself() {
    let site = Site::start("", library);
    account(&site, "jo", true);
    let bearer = format!("Bearer {}", token(&site, "jo"));
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let target = b"/api/v1/totp/?code=1";
        assert_eq!(site.send(method, target, &[]).status, 401, "{method}");
        let by_token = site.send(method, target, &[("Authorization", &bearer)]).status;
        let expected = if method == "PUT" { 400 } else { 403 };
        assert_eq!(by_token, expected, "{method}");
    }
}

#[test]
fn a_secret_that_was_kept_in_clear_is_sealed_when_it_is_next_used() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", true);
        db::totp::begin(site.db(), id, SECRET).unwrap();
        db::totp::confirm(site.db(), id, &[]).unwrap();
        assert_eq!(enter(&mut Browser::new(site.addr()), "000000"), 403);
        assert_eq!(kept(site.db(), id).as_deref(), Some(SECRET), "a wrong code changes nothing");
        assert_eq!(enter(&mut Browser::new(site.addr()), &code(SECRET, NOW)), 303);
        let sealed = kept(site.db(), id).unwrap();
        assert!(sealed.starts_with("sealed1:"), "{backend:?}: {sealed}");
        assert_eq!(enter(&mut Browser::new(site.addr()), &code(SECRET, NEXT)), 303, "{backend:?}");
        assert_eq!(kept(site.db(), id), Some(sealed), "it is sealed once");
    }
}

#[test]
fn under_another_secret_the_log_says_so_and_an_administrator_resets() {
    const OLD: &str = "secret = 'the first secret, of more than thirty-two bytes'";
    const NEW: &str = "secret = 'another secret, of more than thirty-two bytes'";
    let api = Api::on(Backend::Sqlite, OLD);
    let site = &api.site;
    let mut jo = Browser::signed_in(site, "jo");
    let begun = data(&call(&mut jo, "POST", ""));
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let confirmed = call(&mut jo, "PUT", &format!("code={}", code(&secret, NOW)));
    let recovery = data(&confirmed)["recovery_codes"][3].as_str().unwrap().to_owned();

    let config = fs::read_to_string(site.config()).unwrap();
    assert!(config.contains(OLD));
    fs::write(site.config(), config.replace(OLD, NEW)).unwrap();
    let (second, addr) = site.second();
    assert_eq!(enter(&mut Browser::new(addr), &code(&secret, NEXT)), 403);
    let log = second.output();
    assert!(log.contains("another secret") && log.contains("user totp jo --remove"), "{log}");
    assert!(!log.contains(&secret), "{log}");
    assert_eq!(enter(&mut Browser::new(addr), &recovery), 303, "recovery codes are no secret's");

    let path = format!("/admin/users/{}/totp/", api.jo_id);
    assert_eq!(api.status("DELETE", &path, "", &[]), 401);
    assert_eq!(api.status("DELETE", &path, &api.jo, &[]), 403, "not even one's own");
    // Who may change accounts, and no rights, cannot reach an administrator's.
    grant(site, api.maker_id, "Personnel", SystemPermission::AdminUsers);
    let admin = db::users::by_name(site.db(), "admin").unwrap().unwrap().0.id;
    let above = format!("/admin/users/{admin}/totp/");
    wait::until("the right is known", || api.status("DELETE", &path, &api.maker, &[]) == 200);
    assert_eq!(api.status("DELETE", &above, &api.maker, &[]), 403);
    assert_eq!(api.status("DELETE", &above, &api.admin, &[]), 404, "it has none");
    assert_eq!(api.status("DELETE", &path, &api.admin, &[]), 404, "twice");
    assert_eq!(Browser::new(addr).login("jo", PASSWORD).status, 303);
}

#[test]
fn a_backup_brings_it_back_under_the_same_secret() {
    const SETTINGS: &str = "secret = 'a secret of more than thirty-two bytes, kept'\n";
    let site = Site::start(SETTINGS, library);
    account(&site, "jo", true);
    let mut jo = Browser::signed_in(&site, "jo");
    let secret = data(&call(&mut jo, "POST", ""))["secret"].as_str().unwrap().to_owned();
    let first = format!("code={}", code(&secret, NOW));
    assert_eq!(call(&mut jo, "PUT", &first).status, 200);

    let file = site.scratch().join("backup.gz");
    done("backup", &file, &site.config());
    let mut text = String::new();
    let packed = fs::File::open(&file).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed), &mut text).unwrap();
    assert!(text.contains("sealed1:") && !text.contains(&secret));

    let dir = temp_dir();
    let config = dir.path().join("halftone.toml");
    let folder = dir.path().display();
    let text = format!(
        "images_dir = '{}'\ndata_dir = '{folder}/data'\n\
         database = 'sqlite:{folder}/test.db'\n{SETTINGS}",
        site.image("").display()
    );
    fs::write(&config, text).unwrap();
    done("restore", &file, &config);
    let (_process, addr) = launch("restored", dir.path());
    assert_eq!(enter(&mut Browser::new(addr), &code(&secret, NEXT)), 303);
}

fn done(command: &str, file: &Path, config: &Path) {
    let output = binary().arg(command).arg(file).arg("--config").arg(config).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
