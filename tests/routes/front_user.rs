//! Users whom the front server has authenticated: the FastCGI parameter, and nothing else.

use std::time::Duration;

use halftone::auth::accounts::{self, NewAccount};
use halftone::auth::{Actor, Level};
use halftone::db::groups::{NORMAL_USERS, PUBLIC};
use halftone::db::{self, Db, DbOptions};

use crate::people::PASSWORD;
use crate::sessions::library;
use crate::site::within;
use crate::support::fcgi;
use crate::support::halftone::Pool;

const CLOSED: &str = "/image?src=closed/a.png";

/// The status of a request with further FastCGI parameters.
fn status(pool: &Pool, target: &str, params: &[(&str, &str)]) -> u16 {
    let mut stream = pool.connect();
    let answer = fcgi::exchange_with(&mut stream, target, params).unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split("Status: ").nth(1).map_or("200", |rest| &rest[..3]);
    status.parse().unwrap()
}

fn prepare(pool: &Pool, url: &str) -> Db {
    let db = Db::connect(&DbOptions { url: url.to_owned(), pool_size: 1, ..DbOptions::default() })
        .unwrap();
    let jo = NewAccount {
        username: "jo".into(),
        password: Some(PASSWORD.into()),
        ..NewAccount::default()
    };
    while let Err(accounts::AccountError::Busy) = accounts::create(&db, &Actor::server(), &jo) {
        std::thread::yield_now();
    }
    let folder = db::folders::seen(&db, "/closed").unwrap();
    db::folder_permissions::set(&db, folder, PUBLIC, Level::None.access()).unwrap();
    db::folder_permissions::set(&db, folder, NORMAL_USERS, Level::View.access()).unwrap();
    // Every worker has to know.
    for _ in 0..4 {
        within(Duration::from_secs(4), "the folder is closed", || status(pool, CLOSED, &[]) == 403);
    }
    db
}

fn url(pool: &Pool) -> String {
    let file = pool.config().parent().unwrap().join("data/halftone.db");
    format!("sqlite:{}", file.display())
}

#[test]
fn only_the_parameter_counts_and_only_when_the_settings_say_so() {
    let on = Pool::start_alone(library, |config| config.raw("remote_user", "true"));
    let db = prepare(&on, &url(&on));
    let told = |name: &str| status(&on, CLOSED, &[("REMOTE_USER", name)]);
    within(Duration::from_secs(2), "jo is known", || told("jo") == 200);
    assert_eq!(told("JO@EXAMPLE.COM"), 200);
    assert_eq!(told("nobody"), 403);
    assert_eq!(told(""), 403);
    // Header fields, as they arrive from a front server.
    for field in
        ["HTTP_REMOTE_USER", "HTTP_X_REMOTE_USER", "HTTP_X_FORWARDED_USER", "HTTP_AUTH_USER"]
    {
        assert_eq!(status(&on, CLOSED, &[(field, "jo")]), 403, "{field}");
    }
    // What the front server has checked is not taken for a token.
    let basic = crate::people::basic("jo", "the front server's own password");
    let both = [("REMOTE_USER", "jo"), ("HTTP_AUTHORIZATION", basic.as_str())];
    assert_eq!(status(&on, CLOSED, &both), 200);
    assert_eq!(status(&on, CLOSED, &[("HTTP_AUTHORIZATION", basic.as_str())]), 401);
    let other = [("REMOTE_USER", "someone"), ("HTTP_AUTHORIZATION", basic.as_str())];
    assert_eq!(status(&on, CLOSED, &other), 401);
    let (jo, _) = db::users::by_name(&db, "jo").unwrap().unwrap();
    accounts::disable(&db, &Actor::server(), jo.id).unwrap();
    within(Duration::from_secs(4), "deleted", || (0..4).all(|_| told("jo") == 403));

    let off = Pool::start_alone(library, |config| config);
    prepare(&off, &url(&off));
    for _ in 0..4 {
        assert_eq!(status(&off, CLOSED, &[("REMOTE_USER", "jo")]), 403);
    }
}

#[test]
fn a_pool_without_a_secret_does_not_start() {
    use crate::support::halftone::{binary, run};
    let dir = crate::support::files::temp_dir();
    for part in ["images", "data", "run", "log"] {
        std::fs::create_dir(dir.path().join(part)).unwrap();
    }
    let url = format!("sqlite:{}", dir.path().join("data/halftone.db").display());
    let config = dir.path().join("halftone.toml");
    let text = crate::support::config::Config::alone(dir.path(), &url).to_toml();
    std::fs::write(&config, &text).unwrap();
    run(&["migrate", "--config", config.to_str().unwrap()]);
    let secret = dir.path().join("data/secret");
    let made = std::fs::read_to_string(&secret).unwrap();
    assert!(made.trim().len() >= 32);
    std::fs::remove_file(&secret).unwrap();
    let output = binary().arg("fcgi").arg("--config").arg(&config).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("secret"), "{said}");
    std::fs::write(&config, format!("{text}secret = 'too short'\n")).unwrap();
    let output = binary().arg("fcgi").arg("--config").arg(&config).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("32 bytes") && !said.contains("too short"), "{said}");
}
