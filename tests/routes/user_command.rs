//! `halftone user` and `halftone access`, one-time passwords, and passwords that come from elsewhere.

use std::io::Write as _;
use std::process::{Command, Stdio};

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;
use halftone::db::{self, audit_log, users};

use crate::people::{Browser, PASSWORD, account, ask_token};
use crate::sessions::{closed, library};
use crate::site::{BOTH, Site};
use crate::support::halftone::binary;

/// Runs a command of a site with lines for its standard input; whether it succeeded, and what it wrote.
fn run(site: &Site, arguments: &[&str], input: &str) -> (bool, String) {
    let mut command: Command = binary();
    command.args(arguments).arg("--config").arg(site.config());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    (output.status.success(), text)
}

#[track_caller]
fn done(site: &Site, arguments: &[&str], input: &str) -> String {
    let (success, text) = run(site, arguments, input);
    assert!(success, "{arguments:?}: {text}");
    text
}

fn shown_password(text: &str) -> String {
    text.split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn accounts_are_made_changed_listed_and_noted() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let made =
            done(&site, &["user", "add", "Jo", "--email", "jo@example.com", "--allow-api"], "");
        let password = shown_password(&made);
        assert_eq!(ask_token(site.addr(), "jo", &password).status, 200);
        let (success, said) = run(&site, &["user", "add", "JO"], "");
        assert!(!success && said.contains("already"), "{said}");
        let (success, said) = run(&site, &["user", "add", "x", "--password-stdin"], "short\n");
        assert!(!success && said.contains("8 to 120"), "{said}");
        let (success, said) = run(&site, &["user", "add", "x", "--group", "Nobody"], "");
        assert!(!success && said.contains("Nobody"), "{said}");

        done(&site, &["user", "passwd", "jo", "--password-stdin"], "another password\n");
        assert_eq!(ask_token(site.addr(), "jo", &password).status, 403);
        assert_eq!(ask_token(site.addr(), "jo", "another password").status, 200);
        done(&site, &["user", "disable", "jo"], "");
        assert_eq!(ask_token(site.addr(), "jo", "another password").status, 403);
        let listed = done(&site, &["user", "list"], "");
        assert!(listed.contains("Jo\tdeleted\tpassword\tapi\t"), "{listed}");
        assert!(
            listed.contains("admin\tactive\tpassword\t-\tNormal users, Administrators"),
            "{listed}"
        );
        done(&site, &["user", "enable", "JO"], "");
        let (success, said) = run(&site, &["user", "disable", "admin"], "");
        assert!(!success && said.contains("last"), "{said}");
        assert!(!run(&site, &["user", "passwd", "nobody"], "").0);

        let acts = audit_log::latest(site.db(), None, 100).unwrap();
        let acts: Vec<(&str, &str)> =
            acts.iter().rev().map(|act| (act.action.as_str(), act.object.as_str())).collect();
        let expected =
            ["user.create", "user.password", "user.disable", "user.enable"].map(|act| (act, "Jo"));
        assert_eq!(acts, expected, "{backend:?}");
        let log = done(&site, &["access", "log", "--last", "1"], "");
        assert!(log.contains("(command line)") && log.contains("user.enable"), "{log}");
    }
}

#[test]
fn records_of_a_folder_that_is_gone_are_given_to_another() {
    for backend in BOTH {
        let site = Site::on(backend, "", |images| {
            library(images);
            // Unlike any other file: that is how it is known again.
            crate::library::plain(&images.join("closed/b.png"), 33, 11, [1, 2, 3]);
        });
        closed(&site);
        done(&site, &["sync"], "");
        assert_eq!(done(&site, &["access", "orphans"], ""), "");
        std::fs::rename(site.image("closed"), site.image("renamed")).unwrap();
        done(&site, &["sync"], "");
        let mut orphans: Vec<String> =
            done(&site, &["access", "orphans"], "").lines().map(str::to_owned).collect();
        orphans.sort();
        assert_eq!(orphans, ["/closed\tNormal users\tView pictures", "/closed\tPublic\tNo access"]);
        // Closed by itself; who could enter is for an administrator to say.
        let said = done(&site, &["access", "explain", "-", "renamed"], "");
        assert!(said.contains("level   0 No access"), "{said}");
        for wrong in [["closed", "nowhere"], ["renamed", "renamed"], ["/", "renamed"]] {
            let (success, said) = run(&site, &["access", "move", wrong[0], wrong[1]], "");
            assert!(!success && said.contains('"'), "{wrong:?}: {said}");
        }
        let moved = done(&site, &["access", "move", "/closed", "renamed"], "");
        assert_eq!(moved, "2 records were moved\n");
        assert_eq!(done(&site, &["access", "orphans"], ""), "");
        account(&site, "jo", false);
        let said = done(&site, &["access", "explain", "jo", "renamed"], "");
        assert!(said.contains("level   10 View pictures"), "{said}");
        let log = done(&site, &["access", "log", "--last", "9"], "");
        for act in ["access.move\t/closed\t2 records, to renamed", "folder.gone\t/closed"] {
            assert!(log.contains(act), "{act}: {log}");
        }
    }
}

#[test]
fn a_decision_is_explained() {
    let site = Site::start("", library);
    account(&site, "jo", false);
    closed(&site);
    let explain = |user: &str, path: &str| done(&site, &["access", "explain", user, path], "");
    let said = explain("jo", "closed/a.png");
    assert!(said.contains("folder  /closed\n"), "{said}");
    assert!(said.contains("level   10 View pictures"), "{said}");
    assert!(
        said.contains("the record of the group \"Normal users\" for the folder /closed"),
        "{said}"
    );
    assert!(said.contains("group   Public: No access at /closed"), "{said}");
    let said = explain("-", "/closed");
    assert!(said.contains("level   0 No access"), "{said}");
    let said = explain("admin", "closed/deep/below");
    assert!(said.contains("level   70"), "{said}");
    assert!(said.contains("Administrators"), "{said}");
    site.permit("/", PUBLIC, Level::Download.access());
    let said = explain("jo", "open.png");
    assert!(
        said.contains("\"Public\" for the folder /\n") && said.contains("level   20"),
        "{said}"
    );
    assert!(!run(&site, &["access", "explain", "nobody", "/"], "").0);
}

#[test]
fn a_hash_of_the_old_server_is_verified_once_and_replaced() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        // RFC 2202, test case 2 of HMAC-SHA1; RFC 7914, section 11, for PBKDF2.
        for (username, password, stored) in [
            (
                "hmac",
                "what do ya want for nothing?",
                "sha1$Jefe$effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                "pbkdf2",
                "passwd",
                "pbkdf2:sha256:1$salt$55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
            ),
        ] {
            let id = account(&site, username, true);
            let sql = "UPDATE users SET password = $2 WHERE id = $1";
            let values = [db::Value::from(id), db::Value::from(stored)];
            db::Sql::execute(site.db(), sql, &values).unwrap();
            assert_eq!(ask_token(site.addr(), username, "wrong password").status, 403);
            let given = ask_token(site.addr(), username, password);
            assert_eq!(given.status, 200, "{}", given.text());
            let (_, hash) = users::by_name(site.db(), username).unwrap().unwrap();
            assert!(hash.unwrap().starts_with("$argon2id$"), "{backend:?}");
            assert_eq!(ask_token(site.addr(), username, password).status, 200);
            assert_eq!(ask_token(site.addr(), username, "wrong password").status, 403);
        }
    }
}

#[test]
fn a_second_proof_is_asked_for_and_good_for_once() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", true);
        // The secret of RFC 6238's appendix B, whose codes another implementation computes here.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        db::totp::begin(site.db(), id, secret).unwrap();
        let recovery = "ABCDEFGHIJKLMNOP";
        let hash = halftone::auth::key::hash(recovery);
        db::totp::confirm(site.db(), id, &[hash]).unwrap();

        let mut jo = Browser::new(site.addr());
        let asked = jo.login("jo", PASSWORD);
        assert_eq!(asked.status, 200);
        assert!(jo.cookie("halftone_session").is_none());
        assert!(asked.text().contains("name=\"code\""), "{}", asked.text());
        let wrong = jo.submit(&asked.text(), "/login", &[("code", "000000")]);
        assert_eq!(wrong.status, 403);
        let code = oathtool(secret);
        let entered = jo.submit(&asked.text(), "/login", &[("code", &code)]);
        assert_eq!(entered.status, 303, "{}", entered.text());
        let refused = Browser::new(site.addr()).submit(&asked.text(), "/login", &[("code", &code)]);
        assert_eq!(refused.status, 400, "another browser's form");
        let used = jo.submit(&asked.text(), "/login", &[("code", &code)]);
        assert_eq!(used.status, 403, "{backend:?}: a code is good for once");
        assert_eq!(ask_token(site.addr(), "jo", PASSWORD).status, 403);
        for expected in [303, 403] {
            let mut jo = Browser::new(site.addr());
            let asked = jo.login("jo", PASSWORD).text();
            let entered = jo.submit(&asked, "/login", &[("code", recovery)]);
            assert_eq!(entered.status, expected, "{backend:?}");
        }
        done(&site, &["user", "totp", "jo", "--remove"], "");
        crate::support::wait::until("no delay is left", || {
            Browser::new(site.addr()).login("jo", PASSWORD).status == 303
        });
    }
}

/// The present code, computed by oathtool.
fn oathtool(secret: &str) -> String {
    let output = Command::new("oathtool").args(["--totp", "--base32", secret]).output();
    let output = output.expect("oathtool is installed by scripts/test");
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn keys_are_made_listed_and_deleted() {
    let site = Site::start("", library);
    account(&site, "jo", false);
    closed(&site);
    let status = |key: &str| {
        let header = format!("Bearer {key}");
        site.get_with("/image?src=closed/a.png", &[("Authorization", &header)]).status
    };
    let add = ["user", "key", "add", "jo", "importer", "--scope", "write"];
    let (success, said) = run(&site, &add, "");
    assert!(!success && said.contains("halftone user allow-api jo"), "{said}");
    done(&site, &["user", "allow-api", "jo"], "");
    let made = done(&site, &add, "");
    let words: Vec<&str> = made.split_whitespace().collect();
    let (id, key) = (words[1], words[2]);
    // At once: a key that is not known is looked for before it is refused.
    assert_eq!(status(key), 200);
    assert_eq!(status(&format!("{key}x")), 401);
    let listed = done(&site, &["user", "key", "list", "jo"], "");
    assert!(
        listed.starts_with(&format!("{id}\timporter\tread,write\tdoes not run out\t")),
        "{listed}"
    );
    assert!(!listed.contains(key));
    done(&site, &["user", "allow-api", "jo", "--deny"], "");
    crate::support::wait::until("the account may have no keys", || status(key) == 401);
    done(&site, &["user", "allow-api", "JO"], "");
    crate::support::wait::until("it may again", || status(key) == 200);
    assert!(!run(&site, &["user", "allow-api", "nobody"], "").0);
    assert!(!run(&site, &["user", "key", "revoke", "admin", id], "").0, "another's");
    done(&site, &["user", "key", "revoke", "jo", id], "");
    crate::support::wait::until("the key is gone", || status(key) == 401);
    assert!(!run(&site, &["user", "key", "add", "jo", "x", "--scope", "root"], "").0);
}

#[test]
fn records_of_a_folder_whose_place_another_took_are_found_by_it() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        closed(&site);
        std::fs::remove_dir_all(site.image("closed")).unwrap();
        done(&site, &["sync"], "");
        db::folders::seen(site.db(), "/new").unwrap();
        db::moves::folder(site.db(), "/new", "/closed").unwrap();
        let listed = done(&site, &["access", "orphans"], "");
        let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.len(), 2, "{listed}");
        for line in &lines {
            assert_eq!(line[3..], ["was /closed, where another folder was moved to"], "{listed}");
        }
        std::fs::create_dir(site.image("closed")).unwrap();
        assert_eq!(
            done(&site, &["access", "move", lines[0][0], "/closed"], ""),
            "2 records were moved\n"
        );
        assert_eq!(done(&site, &["access", "orphans"], ""), "");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let site = Site::on(crate::site::Backend::Sqlite, "", library);
    for arguments in [&["user", "list"][..], &["config", "show"], &["tasks", "list"], &["formats"]]
    {
        let mut command: Command = binary();
        command.args(arguments);
        if arguments != ["formats"] {
            command.arg("--config").arg(site.config());
        }
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let told = command.stdout(writer).output().unwrap();
        let said = String::from_utf8(told.stderr).unwrap();
        assert_eq!(said, "", "{arguments:?}");
    }
}
