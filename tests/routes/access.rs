//! Who may see what. Rights are set in the database, as another process would.

use std::time::Duration;

use halftone::auth::Level;
use halftone::db::groups::{ADMINISTRATORS, NORMAL_USERS, PUBLIC};

use crate::errors::{assert_page, without_address};
use crate::library;
use crate::site::{BOTH, Site, within};
use crate::support::wait;

/// A change of rights holds everywhere after this time.
const IN_FORCE: Duration = Duration::from_secs(2);

fn library(images: &std::path::Path) {
    for path in ["open.png", "closed/a.png", "closed/inner/b.png", "Closed/c.png", "closed2/d.png"]
    {
        library::plain(&images.join(path), 20, 10, [200, 100, 50]);
    }
    std::fs::write(images.join("closed/text.jpg"), "no picture").unwrap();
}

fn close(site: &Site, folder: &str) {
    site.permit(folder, PUBLIC, Level::None.access());
}

#[test]
fn without_view_right_existing_and_missing_files_answer_alike() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        site.ok("/image?src=closed/a.png");
        close(&site, "/closed");
        within(IN_FORCE, "the folder is closed", || site.status("/image?src=closed/a.png") == 403);
        let expected = site.get("/image?src=closed/a.png");
        assert_page(&site, &expected, 403, "closed");
        for path in [
            "closed/a.png",
            "closed/none.png",
            "closed/inner/b.png",
            "closed/inner/none.png",
            "closed/none/none.png",
            "closed/text.jpg",
            "closed/inner",
            "/closed//a.png",
            "closed/.hidden.png",
            "closed/a.png/x.png",
        ] {
            for address in ["image", "original", "erez/erez"] {
                let response = site.get(&format!("/{address}?src={path}"));
                assert_eq!(response.status, 403, "{backend:?} {address} {path}");
                let (page, expected) = (without_address(&response), without_address(&expected));
                assert_eq!(page, expected, "{backend:?} {address} {path}");
                assert_eq!(response.header("etag"), None);
            }
        }
        // Neither a tag from before nor a parameter opens it.
        let any = [("If-None-Match", "*")];
        assert_eq!(site.get_with("/image?src=closed/a.png", &any).status, 403);
        assert_eq!(site.send("HEAD", b"/image?src=closed/a.png", &[]).status, 403);
        assert_eq!(site.status("/image?src=closed/a.png&page=77"), 403);
        // The folder itself lies in the root; only what is in it is closed.
        assert_eq!(site.status("/image?src=closed"), 404);
        assert_eq!(site.status("/image?src=open.png"), 200);
        // Other folders with a similar name are other folders.
        assert_eq!(site.status("/image?src=Closed/c.png"), 200);
        assert_eq!(site.status("/image?src=closed2/d.png"), 200);
    }
}

#[test]
fn a_permission_is_in_force_within_two_seconds() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let status = || site.status("/image?src=closed/a.png");
        assert_eq!(status(), 200);
        // Also for what is answered from memory.
        assert_eq!(status(), 200);
        for (level, expected) in [(Level::None, 403), (Level::View, 200), (Level::None, 403)] {
            site.permit("/closed", PUBLIC, level.access());
            within(IN_FORCE, "the permission holds", || status() == expected);
        }
        let folder = halftone::db::folders::by_path(site.db(), "/closed").unwrap().unwrap();
        halftone::db::folder_permissions::remove(site.db(), folder.id, PUBLIC).unwrap();
        within(IN_FORCE, "the folder is like its parent again", || status() == 200);
    }
}

#[test]
fn the_nearest_folder_decides() {
    let site = Site::start("", library);
    close(&site, "/");
    site.permit("/closed/inner", PUBLIC, Level::View.access());
    wait::until("the root is closed", || site.status("/image?src=open.png") == 403);
    assert_eq!(site.status("/image?src=closed/a.png"), 403);
    assert_eq!(site.status("/image?src=closed/inner/b.png"), 200);
    assert_eq!(site.status("/image?src=closed/inner/none.png"), 404);
    assert_eq!(site.status("/image?src=none.png"), 403);
    assert_eq!(site.status("/image?src=nowhere/none.png"), 403);
    // Outside is outside, and a wrong parameter is wrong, for everybody.
    assert_eq!(site.status("/image?src=../a.png"), 403);
    assert_eq!(site.status("/image?src=open.png&width=x"), 400);
}

#[test]
fn rights_of_others_are_not_those_of_the_public() {
    let site = Site::start("", library);
    close(&site, "/closed");
    for group in [NORMAL_USERS, ADMINISTRATORS] {
        site.permit("/closed", group, Level::DeleteFolder.access());
    }
    wait::until("the folder is closed", || site.status("/image?src=closed/a.png") == 403);
    // Claims about oneself that nobody has checked.
    for field in ["Remote-User", "X-Remote-User", "REMOTE_USER", "X-Forwarded-User", "X-User"] {
        let response = site.get_with("/image?src=closed/a.png", &[(field, "admin")]);
        assert_eq!(response.status, 403, "{field}");
    }
    let forwarded = [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", "localhost")];
    assert_eq!(site.get_with("/image?src=closed/a.png", &forwarded).status, 403);
}

#[test]
fn originals_need_the_right_to_download() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        assert_eq!(site.status("/image?src=open.png"), 200);
        assert_eq!(site.status("/original?src=open.png"), 403);
        assert_eq!(site.status("/original?src=none.png"), 403);
        site.permit("/", PUBLIC, Level::Download.access());
        within(IN_FORCE, "downloads are allowed", || site.status("/original?src=open.png") == 200);
        assert_eq!(site.status("/original?src=none.png"), 404);
    }
}

#[test]
fn the_first_page_shows_only_what_everybody_may_see() {
    let site = Site::start("", library);
    close(&site, "/closed");
    wait::until("the folder is closed", || !site.ok("/").text().contains("closed/a"));
    let page = site.ok("/").text();
    assert!(page.contains("open.png"), "{page}");
    assert!(!page.contains("inner"), "{page}");
    assert!(!page.contains(site.scratch().to_str().unwrap()), "{page}");
}
