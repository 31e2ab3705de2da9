//! The rows that requests leave, and what goes on while the database is away.

use std::fs;

use halftone::db::{self, STATUS_ACTIVE, STATUS_DELETED};
use postgres::{Client, NoTls};

use crate::library;
use crate::magick;
use crate::site::{BOTH, Backend, Site};
use crate::support::database::{POSTGRES, from_environment};
use crate::support::wait;

const TARGET: &str = "/image?src=a/photo.jpg&width=110";

#[test]
fn images_and_folders_get_rows_when_first_seen() {
    for backend in BOTH {
        let quiet = "watch_library = false\nsync_every_h = 0";
        let site = Site::on(backend, quiet, |images| {
            library::plain(&images.join("x/y/z.png"), 20, 10, [1, 2, 3]);
        });
        assert!(db::images::by_path(site.db(), "x/y/z.png").unwrap().is_none());
        assert!(db::folders::by_path(site.db(), "/x/y").unwrap().is_none());
        assert_eq!(site.status("/image?src=x/y/none.png"), 404);
        assert!(db::images::by_path(site.db(), "x/y/none.png").unwrap().is_none(), "{backend:?}");
        site.ok("/image?src=x//y/z.png");
        let image = db::images::by_path(site.db(), "x/y/z.png").unwrap().expect("a row");
        let folder = db::folders::by_path(site.db(), "/x/y").unwrap().expect("a row");
        assert_eq!((image.status, image.folder_id), (STATUS_ACTIVE, folder.id), "{backend:?}");
        let len = fs::metadata(site.image("x/y/z.png")).unwrap().len();
        assert_eq!(image.size_bytes, Some(i64::try_from(len).unwrap()));
        assert_eq!(folder.status, STATUS_ACTIVE);
    }
}

#[test]
fn a_file_that_vanishes_is_marked_and_one_that_returns_is_the_same_image() {
    for backend in BOTH {
        let site = Site::on(backend, "", library::make);
        let (path, target) = ("a/chart.png", "/image?src=a/chart.png&width=80");
        let right = site.ok(target);
        let row = || db::images::by_path(site.db(), path).unwrap().expect("a row");
        let id = row().id;
        let aside = site.scratch().join("aside.png");
        fs::rename(site.image(path), &aside).unwrap();
        wait::until("the picture is gone", || site.status(target) == 404);
        wait::until("the row is marked", || row().status == STATUS_DELETED);
        fs::rename(&aside, site.image(path)).unwrap();
        wait::until("the picture is back", || site.status(target) == 200);
        wait::until("the row is in use", || row().status == STATUS_ACTIVE);
        assert_eq!(row().id, id, "{backend:?}");
        // Neither size nor time has changed.
        let again = site.ok(target);
        assert_eq!(again.header("etag"), right.header("etag"), "{backend:?}");
        assert_eq!(again.header("x-from-cache"), Some("True"), "{backend:?}");
    }
}

#[test]
fn known_pictures_go_on_while_postgres_is_away() {
    let settings = "database_connect_timeout_ms = 200\nrights_max_age_s = 3";
    let site = Site::on(Backend::Postgres, settings, library::make);
    let right = site.ok(TARGET);
    site.ok("/image?src=a/chart.png&width=50");
    let name: String = {
        let row = db::Sql::query_one(site.db(), "SELECT current_database()::text", &[]).unwrap();
        row.text(0).unwrap()
    };
    let mut admin = Client::connect(&from_environment(POSTGRES), NoTls).unwrap();
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).unwrap();
    let cut = || {
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    };
    admin.batch_execute(&cut()).unwrap();
    // What is in the cache, what is known but has to be made, what nobody has asked for yet.
    assert!(site.ok(TARGET).body == right.body);
    assert_eq!(site.status("/image?src=a/photo.jpg&width=111"), 200);
    let unknown = site.get("/image?src=a/logo.png");
    crate::errors::assert_page(&site, &unknown, 503, "unknown");
    assert!(unknown.header("retry-after").is_some());
    // It can be asked for again, and the log knows it by its number.
    let (text, id) = (unknown.text(), unknown.header("x-request-id").unwrap().to_owned());
    assert!(text.contains("href=\"/image?src=a/logo.png\">Try again<"), "{text}");
    assert!(text.contains(&format!("<code>{id}</code>")), "{id}: {text}");
    assert_eq!(site.status("/image?src=../x.jpg"), 403);
    wait::until("what is known of rights is too old", || site.status(TARGET) == 503);
    assert!(site.get(TARGET).header("retry-after").is_some());

    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).unwrap();
    wait::until("everything answers again", || {
        site.status(TARGET) == 200 && site.status("/image?src=a/logo.png") == 200
    });
    assert_eq!(site.ok(TARGET).header("etag"), right.header("etag"));
}

#[test]
fn known_pictures_go_on_without_the_sqlite_file() {
    let site = Site::start("", library::make);
    let right = site.ok(TARGET);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(site.scratch().join(format!("test.db{suffix}")));
    }
    for width in 110..120 {
        let response = site.ok(&format!("/image?src=a/photo.jpg&width={width}"));
        assert_eq!(magick::facts(&response.body).size.0, width);
    }
    assert_eq!(site.ok(TARGET).header("etag"), right.header("etag"));
}

#[test]
fn many_at_once_see_a_new_folder_as_one_row() {
    for backend in BOTH {
        let site = Site::on(backend, "", |images| {
            for number in 0..8 {
                let path = images.join(format!("p/q/r/{number}.png"));
                library::plain(&path, 10, 10, [number, 0, 0]);
            }
        });
        std::thread::scope(|scope| {
            for number in 0..32 {
                let site = &site;
                scope.spawn(move || site.ok(&format!("/image?src=p/q/r/{}.png", number % 8)));
            }
        });
        let count = |table: &str| {
            let query = format!("SELECT COUNT(*) FROM {table}");
            db::Sql::query_one(site.db(), &query, &[]).unwrap().int(0).unwrap()
        };
        assert_eq!(count("images"), 8, "{backend:?}");
        assert_eq!(count("folders"), 4, "{backend:?}");
    }
}
