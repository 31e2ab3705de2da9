//! `halftone import qis` from a database as Quru Image Server 4 has it.

use std::fs;

use halftone::auth::{Actor, accounts};
use halftone::db::users::{self, User};
use halftone::db::{self, bulk, folder_permissions, groups, images, templates};

use crate::people::ask_token;
use crate::site::{BOTH, Backend, Site, encoded};
use crate::support::database::Database;
use crate::support::fixture::write_jpeg;
use crate::support::halftone::{ADMIN_PASSWORD, binary};
use crate::support::http;
use crate::support::qis::TABLES;

/// HMAC-SHA1 of RFC 2202, test case 2: the key is the salt, the data the password.
const OLD_HASH: &str = "sha1$Jefe$effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
const OLD_PASSWORD: &str = "what do ya want for nothing?";

const PICTURE: &str = "a/b\u{fc}cher/\u{65e5}\u{672c}.jpg";

/// What the server holds, with rows that nothing belongs to, as years leave them behind.
fn rows() -> String {
    format!(
        "
INSERT INTO users VALUES
    (1, 'Ada', 'Admin', 'ada@example.com', 'admin', '{OLD_HASH}', 1, TRUE, 1),
    (2, 'M\u{ed}a', 'Nu\u{f1}ez', NULL, 'M\u{ed}a', '{OLD_HASH}', 1, TRUE, 1),
    (3, 'Gone', '', '', 'gone', '{OLD_HASH}', 1, FALSE, 0),
    (7, 'Li', '', '', 'ldapper', '', 2, FALSE, 1),
    (8, 'Ba', '', '', 'bad', 'md5$x$y', 1, FALSE, 1),
    (9, 'Mi', '', '', 'M\u{cd}A', '{OLD_HASH}', 1, TRUE, 1),
    (10, 'Look', '', '', '\u{430}\u{441}\u{435}', '{OLD_HASH}', 1, TRUE, 1),
    (11, 'Alike', '', '', 'Ace', '{OLD_HASH}', 1, TRUE, 1),
    (12, 'Wide', '', '', '\u{ff41}dmin', '{OLD_HASH}', 1, TRUE, 1);
INSERT INTO groups VALUES (1, 'Public', 'All', 1), (2, 'Normal users', '', 1),
    (3, 'Administrators', '', 1), (4, '\u{420}\u{435}\u{434}', '', 2), (5, 'Editors', NULL, 2),
    (6, 'editors', '', 3);
INSERT INTO usergroups VALUES (1, 3), (2, 4), (2, 99), (98, 4);
INSERT INTO syspermissions VALUES
    (1, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE),
    (2, TRUE, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE),
    (3, TRUE, TRUE, TRUE, TRUE, TRUE, TRUE, TRUE),
    (4, FALSE, TRUE, FALSE, FALSE, FALSE, FALSE, FALSE);
INSERT INTO folders VALUES (1, '', '/', NULL, 1), (2, 'a', '/a', 1, 1),
    (3, 'b\u{fc}cher', '/a/b\u{fc}cher', 2, 1), (4, 'old', '/old', 1, 0);
INSERT INTO folderpermissions VALUES (1, 1, 1, 0), (2, 3, 1, 20), (3, 2, 4, 50), (4, 99, 1, 10),
    (5, 2, 5, 25);
INSERT INTO images VALUES
    (10, '{PICTURE}', 3, 'Titel ''x''', 'Zwei\nZeilen', 300, 200, 1),
    (11, 'a/x.jpg', 2, '', NULL, 0, 0, 1), (12, 'old/gone.jpg', 4, '', '', 10, 10, 0),
    (13, '../etc/passwd', 1, '', '', 1, 1, 1), (14, 'nowhere/y.jpg', 77, '', '', 1, 1, 1);
INSERT INTO imagesaudit VALUES (1, 10, 2, 1, 'made', '2020-01-02 03:04:05.678'),
    (2, 10, 98, 3, NULL, '2020-01-02 03:04:06'), (3, 999, 2, 1, '', '2020-01-02 03:04:07');
INSERT INTO imagetemplates VALUES
    (1, 'default', 'stock', '{{\"quality\": {{\"value\": 70}}, \"expiry_secs\": {{\"value\": 60}}}}'),
    (2, 'Small', '', '{{\"width\": {{\"value\": 40}}, \"magic\": {{\"value\": {{\"a\": [1]}}}},
        \"rotation\": {{\"value\": \"much\"}}}}'),
    (3, 'small', '', '{{}}'), (4, 'Broken', '', '[1]');
INSERT INTO imagestats VALUES
    (1, 10, 5, 4, 3, 2, 1000, 1.5, 0.25, '2020-01-01 00:00', '2020-01-01 01:00'),
    (2, 999, 5, 4, 3, 2, 1000, 1.5, 0.25, '2020-01-01 00:00', '2020-01-01 01:00');
INSERT INTO systemstats VALUES
    (1, 50, 4, 3, 2, 1000, 2.5, 0.5, 12.5, 50, NULL, '2020-01-01 00:00', '2020-01-01 01:00');
INSERT INTO folios VALUES (1, 'spring', 'Fr\u{fc}hling', '', 2, '2020-02-03 04:05:06.789'),
    (2, 'lost', 'Lost', NULL, 98, NULL);
INSERT INTO folioimages VALUES
    (1, 1, 10, '{{\"width\": {{\"value\": 200}}, \"magic\": {{\"value\": 1}}}}', 'one.jpg', 3),
    (2, 1, 999, '{{}}', '', 1);
INSERT INTO foliopermissions VALUES (1, 1, 1, 20);
INSERT INTO foliosaudit VALUES (1, 1, 2, 1, '', '2020-02-03 04:05:06');
INSERT INTO folioexports VALUES
    (1, 1, 'all', TRUE, '{{}}', 5, 'x.zip', 123, '2020-02-03', '2020-03-03 01:02:03');
INSERT INTO properties VALUES ('db_migration_version', '12'),
    ('pubimage_default_template', 'default');
"
    )
}

fn there() -> Database {
    let database = Database::create();
    database.execute(TABLES);
    database.execute(&rows());
    database
}

/// An installation whose server does not run: what it does in the background would change rows
/// between comparisons.
fn here(backend: Backend) -> Site {
    let mut site = Site::on(backend, "sync_every_h = 0\nwatch_library = false", |images| {
        write_jpeg(&images.join(PICTURE), 60, 40);
        write_jpeg(&images.join("a/x.jpg"), 60, 40);
    });
    site.halt();
    site
}

/// Runs the command; whether it succeeded, and what it wrote.
fn import(site: &Site, arguments: &[&str]) -> (bool, String) {
    let output = binary()
        .args(["import", "qis"])
        .args(arguments)
        .arg("--config")
        .arg(site.config())
        .output()
        .unwrap();
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    (output.status.success(), text)
}

#[track_caller]
fn done(site: &Site, arguments: &[&str]) -> String {
    let (success, text) = import(site, arguments);
    assert!(success, "{arguments:?}: {text}");
    text
}

/// New, taken over, here, left out.
#[track_caller]
fn counts(report: &str, kind: &str) -> [u64; 4] {
    let line = report.lines().find(|line| line.starts_with(&format!("{kind} ")));
    let line = line.unwrap_or_else(|| panic!("nothing about {kind}: {report}"));
    let numbers: Vec<u64> =
        line[kind.len()..].split_whitespace().map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// Every row of every table.
fn dump(site: &Site) -> String {
    let mut text = String::new();
    for table in bulk::TABLES {
        let columns = bulk::columns(site.db(), table.name).unwrap();
        let page = bulk::page(site.db(), table, &columns, None, 10_000).unwrap();
        text += &format!("{} {:#?}\n", table.name, page.rows);
    }
    text
}

const FIRST: [(&str, [u64; 4]); 16] = [
    ("users", [8, 1, 0, 0]),
    ("groups", [3, 3, 0, 0]),
    ("memberships", [1, 0, 1, 2]),
    ("system permissions", [1, 3, 0, 0]),
    ("folders", [4, 0, 1, 0]),
    ("folder permissions", [3, 0, 0, 2]),
    ("images", [4, 0, 0, 1]),
    ("image history", [2, 0, 0, 1]),
    ("templates", [2, 1, 0, 1]),
    ("portfolios", [2, 0, 0, 0]),
    ("portfolio permissions", [1, 0, 0, 0]),
    ("portfolio pictures", [1, 0, 0, 1]),
    ("portfolio history", [1, 0, 0, 0]),
    ("portfolio exports", [0, 0, 0, 1]),
    ("image statistics", [1, 0, 0, 1]),
    ("system statistics", [1, 0, 0, 0]),
];

#[test]
fn an_installation_comes_over_and_again_only_what_is_new() {
    for backend in BOTH {
        let (there, site) = (there(), here(backend));
        let url = there.url();
        let before = dump(&site);
        let dry = done(&site, &["--database", &url, "--dry-run"]);
        assert_eq!(dump(&site), before);

        let real = done(&site, &["--database", &url]);
        for (kind, expected) in FIRST {
            assert_eq!(counts(&dry, kind), expected, "{kind}: {dry}");
            assert_eq!(counts(&real, kind), expected, "{kind}: {real}");
        }
        for told in
            ["orient_from_exif = false", "x.zip", "M\u{cd}A (2)", "editors (2)", "bad", "magic"]
        {
            assert!(real.contains(told), "{told}: {real}");
        }
        for told in [
            "users: names that look alike; rename one (2)",
            "Ace and \u{430}\u{441}\u{435}",
            "\u{ff41}dmin and admin",
        ] {
            assert!(real.contains(told), "{told}: {real}");
        }
        rows_are_here(&site);

        let after = dump(&site);
        let again = done(&site, &["--database", &url]);
        assert_eq!(dump(&site), after);
        for (kind, _) in FIRST {
            assert_eq!(counts(&again, kind)[..2], [0, 0], "{kind}: {again}");
        }

        there.execute("INSERT INTO images VALUES (15, 'a/new.jpg', 2, 'New', '', 1, 1, 1)");
        assert_eq!(counts(&done(&site, &["--database", &url]), "images"), [1, 0, 4, 1]);
        let new = images::by_path(site.db(), "a/new.jpg").unwrap().unwrap();
        assert_eq!((new.id, new.title.as_str()), (15, "New"));

        people_sign_in(&site);
    }
}

fn rows_are_here(site: &Site) {
    let db = site.db();
    let user = |name: &str| users::by_name(db, name).unwrap().unwrap();
    let (mia, hash) = user("m\u{ed}a");
    assert_eq!((mia.id, mia.last_name.as_str(), mia.email.as_str()), (2, "Nu\u{f1}ez", ""));
    assert_eq!(hash.as_deref(), Some(OLD_HASH));
    assert_eq!(user("gone").0.status, db::STATUS_DELETED);
    assert_eq!((user("ldapper").0.auth_type, user("ldapper").1), (users::AUTH_LDAP, None));
    assert_eq!(user("bad").1, None);
    assert_eq!(user("M\u{cd}A (2)").0.id, 9);
    let names: Vec<(i64, String)> =
        groups::of_user(db, 2).unwrap().into_iter().map(|group| (group.id, group.name)).collect();
    assert_eq!(names, [(4, "\u{420}\u{435}\u{434}".to_owned())]);

    let permissions: Vec<(String, i64, i64)> = folder_permissions::all(db)
        .unwrap()
        .into_iter()
        .map(|permission| (permission.folder_path, permission.group_id, permission.access))
        .collect();
    let at = |path: &str, group, access| (path.to_owned(), group, access);
    assert_eq!(permissions, [at("/", 1, 0), at("/a/b\u{fc}cher", 1, 20), at("/a", 4, 50)]);

    let picture = images::by_path(db, PICTURE).unwrap().unwrap();
    assert_eq!((picture.id, picture.folder_id, picture.title.as_str()), (10, 3, "Titel 'x'"));
    assert_eq!(picture.description, "Zwei\nZeilen");
    assert_eq!(images::by_path(db, "old/gone.jpg").unwrap().unwrap().status, db::STATUS_DELETED);
    assert!(images::by_path(db, "etc/passwd").unwrap().is_none());
    let history = db::image_history::of_image(db, 10, 10).unwrap();
    let history: Vec<_> =
        history.iter().map(|entry| (entry.user_id, entry.action, entry.at_ms)).collect();
    // date -u -d '2020-01-02 03:04:05' +%s
    assert_eq!(history, [(None, 3, 1_577_934_246_000), (Some(2), 1, 1_577_934_245_678)]);

    let all = templates::all(db).unwrap();
    let json = |name: &str| -> serde_json::Value {
        let template = all.iter().find(|template| template.name == name).unwrap();
        serde_json::from_str(&template.json).unwrap()
    };
    assert_eq!(json("default")["quality"]["value"], 70);
    assert_eq!(json("Small"), serde_json::json!({ "width": { "value": 40 } }));
    assert_eq!(json("small (2)"), serde_json::json!({}));

    let sum = db::stats::image_sum(db, 10, 0, i64::MAX).unwrap();
    assert_eq!((sum.requests, sum.request_us, sum.max_request_us), (5, 1_500_000, 250_000));
    assert_eq!(db::stats::system_sum(db, 0, 1_577_840_400_000).unwrap().requests, 50);
    let folio = db::folios::by_human_id(db, "spring").unwrap().unwrap();
    assert_eq!(folio.id, 1);
    let pictures = db::folio_images::of_folio(db, 1).unwrap();
    assert_eq!(pictures.len(), 1);
    assert_eq!((pictures[0].filename.as_str(), pictures[0].order_num), ("one.jpg", 3));
    assert_eq!(pictures[0].parameters, r#"{"width":{"value":200}}"#);
}

fn people_sign_in(site: &Site) {
    let (_process, addr) = site.second();
    let status = |target: &str| http::get(addr, target).unwrap().status;
    assert_eq!(status(&format!("/image?src={}", encoded(PICTURE))), 200);
    assert_eq!(status("/image?src=a/x.jpg"), 403);
    assert_eq!(ask_token(addr, "M\u{ed}a", OLD_PASSWORD).status, 200);
    let (_, hash) = users::by_name(site.db(), "m\u{ed}a").unwrap().unwrap();
    assert!(hash.unwrap().starts_with("$argon2"));
    assert_eq!(ask_token(addr, "M\u{ed}a", OLD_PASSWORD).status, 200);
    assert_ne!(ask_token(addr, "M\u{ed}a", "another one").status, 200);
    // Names that could not be given today go on to work, each for its own account.
    for name in ["\u{430}\u{441}\u{435}", "ace", "\u{ff41}dmin"] {
        assert_eq!(ask_token(addr, name, OLD_PASSWORD).status, 200, "{name}");
        let (user, _) = users::by_name(site.db(), name).unwrap().unwrap();
        let other = User { email: "new@example.com".into(), ..user.clone() };
        let changed = accounts::change(site.db(), &Actor::command_line(), None, &other).unwrap();
        assert_eq!(changed.username, user.username, "only another name would be looked at");
    }
    // The administrator of the first start is that of the old server now.
    assert_ne!(ask_token(addr, "admin", ADMIN_PASSWORD).status, 200);
    assert_eq!(ask_token(addr, "admin", OLD_PASSWORD).status, 200);
}

#[test]
fn an_import_that_fails_leaves_nothing() {
    for backend in BOTH {
        let (there, site) = (there(), here(backend));
        let before = dump(&site);
        there.execute("ALTER TABLE systemstats RENAME TO lost");
        let (success, said) = import(&site, &["--database", &there.url()]);
        assert!(!success && said.contains("systemstats"), "{said}");
        assert_eq!(dump(&site), before);
        there.execute("ALTER TABLE lost RENAME TO systemstats");
        for (change, back, told) in [
            (
                "UPDATE images SET id = 9223372036854775807 WHERE id = 11",
                "UPDATE images SET id = 11 WHERE id = 9223372036854775807",
                "table images, row 9223372036854775807: ids go up to 9007199254740991",
            ),
            (
                "UPDATE folderpermissions SET access = NULL WHERE id = 3",
                "UPDATE folderpermissions SET access = 50 WHERE id = 3",
                "table folderpermissions: ",
            ),
            (
                "UPDATE imagesaudit SET action_time = 'infinity' WHERE id = 1",
                "UPDATE imagesaudit SET action_time = '2020-01-02' WHERE id = 1",
                "table imagesaudit: ",
            ),
        ] {
            there.execute(change);
            let (success, said) = import(&site, &["--database", &there.url()]);
            assert!(!success && said.contains(told), "{said}");
            assert_eq!(dump(&site), before);
            there.execute(back);
        }

        let empty = Database::create();
        let (success, said) = import(&site, &["--database", &empty.url()]);
        assert!(!success && said.contains("no table \"users\""), "{said}");
        let (success, said) = import(&site, &["--database", "sqlite:/nowhere.db"]);
        assert!(!success && said.contains("PostgreSQL"), "{said}");
        let (success, _) = import(&site, &[]);
        assert!(!success);
    }
}

#[test]
fn settings_are_proposed_and_never_overwritten() {
    let site = here(Backend::Sqlite);
    let python = site.scratch().join("local_settings.py");
    fs::write(&python, "IMAGES_BASE_DIR = '/srv/images'\nSTATS_KEEP_DAYS = 30\n").unwrap();
    let python = python.to_str().unwrap();
    let proposed = site.config().with_file_name("conf.d").join("50-imported.toml");
    let told = done(&site, &["--settings", python, "--dry-run"]);
    for line in [
        "  IMAGES_BASE_DIR: images_dir = \"/srv/images\"",
        "  STATS_KEEP_DAYS: stats_keep_days = 30",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}: {told}");
    }
    assert!(!proposed.exists());
    done(&site, &["--settings", python]);
    let text = fs::read_to_string(&proposed).unwrap();
    for line in ["orient_from_exif = false", "images_dir = \"/srv/images\"", "stats_keep_days = 30"]
    {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let (success, said) = import(&site, &["--settings", python]);
    assert!(!success && said.contains("50-imported.toml"), "{said}");
    assert_eq!(fs::read_to_string(&proposed).unwrap(), text);
}
