//! Changing the library over the API: uploads, moves, deletion, folders, search.

use std::fs;

use halftone::auth::Level;
use halftone::db::groups::{NORMAL_USERS, PUBLIC};
use halftone::db::{Sql, folder_moves, images, tasks};
use serde_json::{Value, json};

use crate::library;
use crate::people::{account, basic, data, form, token};
use crate::site::{BOTH, Backend, Site, within};
use crate::support::http::{Client, Response};
use crate::support::process::is_alive;
use crate::support::wait;

/// Somebody who may do everything in the folder `open`, and look at the rest.
struct Editor {
    site: Site,
    authorization: String,
}

fn editor(site: Site) -> Editor {
    account(&site, "ed", true);
    site.permit("/", PUBLIC, Level::View.access());
    site.permit("/open", NORMAL_USERS, Level::DeleteFolder.access());
    let authorization = basic(&token(&site, "ed"), "");
    let editor = Editor { site, authorization };
    within(std::time::Duration::from_secs(5), "the rights are known", || {
        editor.form("POST", "/api/v1/admin/filesystem/folders", &[("path", "open/x")]).status != 403
    });
    editor
}

impl Editor {
    fn send(&self, method: &str, target: &str, kind: &str, body: &[u8]) -> Response {
        let headers = [("Authorization", self.authorization.as_str()), ("Content-Type", kind)];
        let mut client = Client::connect(self.site.addr()).unwrap();
        client.request(method, target.as_bytes(), &headers, body).unwrap()
    }

    fn form(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let kind = "application/x-www-form-urlencoded";
        self.send(method, target, kind, form(fields).as_bytes())
    }

    fn upload(&self, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Response {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!(
                "--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.bytes());
        }
        for (name, bytes) in files {
            let head = format!(
                "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            body.extend(head.bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--B--\r\n");
        self.send("POST", "/api/v1/upload/", "multipart/form-data; boundary=B", &body)
    }
}

fn prepare(images: &std::path::Path) {
    for path in ["open/a.png", "shut/b.png"] {
        library::plain(&images.join(path), 20, 10, [200, 100, 50]);
    }
}

fn picture(site: &Site) -> Vec<u8> {
    fs::read(site.image("open/a.png")).unwrap()
}

#[test]
fn files_are_uploaded_each_with_its_own_result() {
    for backend in BOTH {
        let ed = editor(Site::on(backend, "", prepare));
        let bytes = picture(&ed.site);
        let to = |overwrite| [("path", "open"), ("overwrite", overwrite)];
        let done = ed.upload(&to("no"), &[("new.png", &bytes), ("bad.png", b"no picture")]);
        assert_eq!(done.status, 415, "{}", done.text());
        let told = data(&done);
        assert_eq!(told["new.png"]["src"], "open/new.png");
        assert_eq!(
            (&told["new.png"]["width"], &told["new.png"]["height"]),
            (&json!(20), &json!(10))
        );
        assert_eq!(told["bad.png"]["error"]["status"], 415);
        assert_eq!(ed.site.status("/image?src=open/new.png"), 200);

        let done = ed.upload(&to("false"), &[("new.png", &bytes)]);
        assert_eq!((done.status, &data(&done)["new.png"]["error"]["status"]), (409, &json!(409)));
        let done = ed.upload(&to("rename"), &[("new.png", &bytes)]);
        assert_eq!(data(&done)["new.png"]["filename"], "new-001.png");
        let done = ed.upload(&to("yes"), &[("new.png", &bytes), ("cafe\u{301}.png", &bytes)]);
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(data(&done)["cafe\u{301}.png"]["filename"], "caf\u{e9}.png");

        // A number that stands for none leaves it to the path.
        for (at, index) in ["-1", "", " -1 "].into_iter().enumerate() {
            let fields = [("path_index", index), ("path", "open"), ("overwrite", "false")];
            let name = format!("counted-{at}.png");
            let done = ed.upload(&fields, &[(&name, &bytes)]);
            assert_eq!(done.status, 200, "{index}: {}", done.text());
            assert_eq!(data(&done)[&name]["src"], format!("open/{name}"));
        }

        for (fields, status) in [
            (&[("path_index", "-1"), ("overwrite", "no")][..], 400),
            (&[("path_index", "-2"), ("path", "open"), ("overwrite", "no")], 400),
            (&[("path_index", "0"), ("path", "open"), ("overwrite", "no")], 400),
            (&[("path", "shut"), ("overwrite", "no")], 403),
            (&[("path", "open/none"), ("overwrite", "no")], 404),
            (&[("overwrite", "no")], 400),
            (&[("path", "open"), ("overwrite", "perhaps")], 400),
            (&[("path_index", "0"), ("overwrite", "no")], 400),
        ] {
            let refused = ed.upload(fields, &[("x.png", &bytes)]);
            assert_eq!(refused.status, status, "{fields:?} {}", refused.text());
            assert_eq!(data(&refused), Value::Null);
        }
        // Who may not upload there reads where.
        for (path, told) in [("shut", "/shut"), ("/", "/"), ("shut/none/", "/shut/none")] {
            let refused = ed.upload(&[("path", path), ("overwrite", "no")], &[("x.png", &bytes)]);
            assert_eq!(refused.status, 403, "{path}");
            let told = format!("\"You may not upload to {told}.\"");
            assert!(refused.text().contains(&told), "{path}: {}", refused.text());
        }
        assert_eq!(ed.upload(&to("no"), &[]).status, 400);
        let anonymous = Editor { authorization: String::new(), site: ed.site };
        assert_eq!(anonymous.upload(&to("no"), &[("x.png", &bytes)]).status, 401);
    }
}

fn id_of(ed: &Editor, src: &str) -> i64 {
    data(&ed.site.get(&format!("/api/v1/details?src={src}")))["id"].as_i64().unwrap()
}

#[test]
fn files_are_moved_and_deleted() {
    for backend in BOTH {
        let ed = editor(Site::on(backend, "", prepare));
        let id = id_of(&ed, "open/a.png");
        let at = format!("/api/v1/admin/filesystem/images/{id}/");
        let moved = ed.form("PUT", &at, &[("path", "/open/x/b.png")]);
        assert_eq!(moved.status, 200, "{}", moved.text());
        let told = data(&moved);
        assert_eq!((&told["id"], &told["src"]), (&json!(id), &json!("open/x/b.png")));
        assert_eq!(ed.site.status("/image?src=open/x/b.png"), 200);
        assert_eq!(ed.site.status("/image?src=open/a.png"), 404);
        for (path, status) in
            [("shut/b.png", 403), ("open/none/b.png", 404), ("../b.png", 400), ("open/b.txt", 400)]
        {
            let refused = ed.form("PUT", &at, &[("path", path)]);
            assert_eq!(refused.status, status, "{path}: {}", refused.text());
        }
        let refused = ed.form("PUT", &at, &[("path", "open/x/b.jpg")]);
        assert_eq!(refused.status, 415);
        let why = "the image cannot be read: its content is PNG but its name says JPEG";
        assert!(refused.text().contains(why), "{}", refused.text());
        let other = id_of(&ed, "shut/b.png");
        let refused = ed.form("DELETE", &format!("/api/v1/admin/filesystem/images/{other}"), &[]);
        assert_eq!(refused.status, 403);
        let deleted = ed.form("DELETE", &at, &[]);
        assert_eq!((deleted.status, &data(&deleted)["status"]), (200, &json!(0)));
        assert_eq!(ed.form("DELETE", &at, &[]).status, 404);
        assert_eq!(ed.site.status("/image?src=open/x/b.png"), 404);
    }
}

#[test]
fn folders_are_made_moved_and_deleted() {
    for backend in BOTH {
        let ed = editor(Site::on(backend, "", prepare));
        let folders = "/api/v1/admin/filesystem/folders/";
        let made = ed.form("POST", folders, &[("path", "/open/new/")]);
        assert_eq!(made.status, 200, "{}", made.text());
        let told = data(&made);
        let id = told["id"].as_i64().unwrap();
        assert_eq!((&told["path"], &told["status"]), (&json!("/open/new"), &json!(1)));
        assert_eq!(ed.form("POST", folders, &[("path", "open/new")]).status, 409);
        // In what is shut nobody is told what there is.
        for (path, told) in [("shut/new", "/shut"), ("shut/a/b", "/shut/a"), ("new", "/")] {
            let refused = ed.form("POST", folders, &[("path", path)]);
            assert_eq!(refused.status, 403, "{path}");
            let told = format!("\"You may not create folders in {told}.\"");
            assert!(refused.text().contains(&told), "{path}: {}", refused.text());
        }
        let at = format!("{folders}{id}/");
        let moved = ed.form("PUT", &at, &[("path", "/open/renamed")]);
        assert_eq!(moved.status, 200, "{}", moved.text());
        assert_eq!(data(&moved)["path"], "/open/renamed");
        assert!(ed.site.image("open/renamed").is_dir());
        assert_eq!(ed.form("PUT", &at, &[("path", "/open/x")]).status, 409);
        assert_eq!(ed.form("PUT", &at, &[("path", "/shut/new")]).status, 403);
        fs::write(ed.site.image("open/file"), "in the way").unwrap();
        for (to, status) in [
            ("/open/file", 409),
            ("/open/nowhere/new", 404),
            ("/open/renamed/within", 400),
            ("/open/.hidden", 400),
            ("", 400),
        ] {
            let refused = ed.form("PUT", &at, &[("path", to)]);
            assert_eq!(refused.status, status, "{to}: {}", refused.text());
            assert!(ed.site.image("open/renamed").is_dir(), "{to}");
        }
        let deleted = ed.form("DELETE", &at, &[]);
        assert_eq!((deleted.status, &data(&deleted)["status"]), (200, &json!(0)));
        assert!(!ed.site.image("open/renamed").exists());
        assert_eq!(ed.form("DELETE", &at, &[]).status, 404);
    }
}

#[test]
fn a_folder_takes_its_rights_along() {
    for backend in BOTH {
        let ed = editor(Site::on(backend, "", |images| {
            prepare(images);
            library::plain(&images.join("open/closed/b.png"), 20, 10, [200, 100, 50]);
            library::plain(&images.join("open/kept/b.png"), 20, 10, [200, 100, 50]);
        }));
        ed.site.permit("/open/closed", PUBLIC, Level::None.access());
        ed.site.permit("/open/kept", NORMAL_USERS, Level::View.access());
        within(std::time::Duration::from_secs(5), "the rights are known", || {
            ed.site.status("/image?src=open/closed/b.png") == 403
        });
        let at = |path: &str| {
            let target = format!("/api/v1/admin/filesystem/folders?path={path}");
            format!(
                "/api/v1/admin/filesystem/folders/{}",
                data(&ed.form("GET", &target, &[]))["id"]
            )
        };
        let moved = ed.form("PUT", &at("/open/closed"), &[("path", "/open/renamed")]);
        assert_eq!(moved.status, 200, "{}", moved.text());
        within(std::time::Duration::from_secs(5), "the folder is closed again", || {
            ed.site.status("/image?src=open/renamed/b.png") == 403
        });
        // Rights to the folder above are not enough.
        let kept = at("/open/kept");
        assert_eq!(ed.form("PUT", &kept, &[("path", "/open/taken")]).status, 403);
        assert_eq!(ed.form("DELETE", &kept, &[]).status, 403);
        assert!(ed.site.image("open/kept/b.png").exists());
    }
}

/// The moment at which the server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Killed {
    /// The move was announced, and every worker learns of it.
    Waiting,
    /// The folder has its new name on disk.
    Moved,
}

#[test]
fn a_move_that_is_killed_opens_nothing() {
    for (backend, killed) in BOTH
        .into_iter()
        .flat_map(|backend| [Killed::Waiting, Killed::Moved].map(|killed| (backend, killed)))
    {
        let ed = editor(Site::on(backend, "task_wait_s = 0", |images| {
            prepare(images);
            library::plain(&images.join("open/closed/b.png"), 20, 10, [200, 100, 50]);
        }));
        let db = ed.site.db();
        ed.site.permit("/open/closed", PUBLIC, Level::None.access());
        within(std::time::Duration::from_secs(5), "the rights are known", || {
            ed.site.status("/image?src=open/closed/b.png") == 403
        });
        let id = id_of_folder(&ed, "/open/closed");
        let picture =
            data(&ed.form("GET", "/api/v1/details?src=open/closed/b.png", &[]))["id"].clone();
        let kill = || {
            let at = format!("/api/v1/admin/filesystem/folders/{id}/");
            assert_eq!(ed.form("PUT", &at, &[("path", "/open/renamed")]).status, 202);
            wait::until("the moment", || match killed {
                Killed::Waiting => !folder_moves::all(db).unwrap().is_empty(),
                Killed::Moved => ed.site.image("open/renamed").exists(),
            });
            let pid = ed.site.pid();
            kill_process(pid);
        };
        if (backend, killed) == (Backend::Postgres, Killed::Moved) {
            // Rows of folders cannot be changed as long as this holds: it dies between the two.
            db.transaction(|sql| {
                sql.execute("LOCK TABLE folders IN SHARE MODE", &[])?;
                kill();
                Ok(())
            })
            .unwrap();
            assert_eq!(folder_moves::all(db).unwrap().len(), 1);
        } else {
            kill();
        }
        // Nobody waits until the lease of a dead process is over.
        let expire = "UPDATE tasks SET lease_until_ms = 1 WHERE status = 1";
        db.execute(expire, &[]).unwrap();
        let (_process, addr) = ed.site.second();
        let status = |path: &str| {
            let mut client = Client::connect(addr).unwrap();
            client.get(&format!("/image?src=open/{path}/b.png")).unwrap().status
        };
        wait::until("the move is settled and done", || {
            for path in ["closed", "renamed"] {
                assert_ne!(status(path), 200, "{backend:?} {killed:?} {path}");
            }
            let task = tasks::newest(db, None, 0, 100).unwrap().0;
            let task = task.into_iter().find(|task| task.kind == "move_folder").unwrap();
            task.status == tasks::COMPLETE && folder_moves::all(db).unwrap().is_empty()
        });
        assert!(ed.site.image("open/renamed/b.png").exists(), "{backend:?} {killed:?}");
        assert!(!ed.site.image("open/closed").exists(), "{backend:?} {killed:?}");
        let image = images::by_path(db, "open/renamed/b.png").unwrap().unwrap();
        assert_eq!(json!(image.id), picture, "{backend:?} {killed:?}");
        assert_eq!(status("renamed"), 403);
        let rights = db.snapshot(|sql| halftone::auth::Rights::load(sql)).unwrap();
        assert_eq!(rights.public_level("open/renamed"), Level::None);
    }
}

fn id_of_folder(ed: &Editor, path: &str) -> i64 {
    let target = format!("/api/v1/admin/filesystem/folders?path={path}");
    data(&ed.form("GET", &target, &[]))["id"].as_i64().unwrap()
}

fn kill_process(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    wait::until("the end of the server", || !is_alive(pid));
}

#[test]
fn work_that_takes_long_is_a_task() {
    let ed = editor(Site::start("task_wait_s = 0\n", prepare));
    let x = data(&ed.form("GET", "/api/v1/admin/filesystem/folders?path=/open/x", &[]));
    let at = format!("/api/v1/admin/filesystem/folders/{}", x["id"]);
    let begun = ed.form("PUT", &at, &[("path", "/open/y")]);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let task = data(&begun);
    assert_eq!(task["funcname"], "move_folder");
    within(std::time::Duration::from_secs(20), "the folder is moved", || {
        ed.site.image("open/y").is_dir()
    });
    let target = format!("/api/v1/admin/tasks/{}", task["id"]);
    within(std::time::Duration::from_secs(20), "the task is complete", || {
        data(&ed.form("GET", &target, &[]))["status"] == 2
    });
}

#[test]
fn only_what_may_be_seen_is_found() {
    for backend in BOTH {
        let ed = editor(Site::on(backend, "", prepare));
        let bytes = picture(&ed.site);
        let fields = [("path", "open"), ("overwrite", "no")];
        ed.upload(&fields, &[("Tall lighthouse.png", &bytes), ("harbour.png", &bytes)]);
        let found = ed.site.get("/api/v1/search?q=LIGHT");
        assert_eq!(found.status, 200, "{}", found.text());
        assert_eq!(data(&found)[0]["src"], "open/Tall lighthouse.png");
        let id = id_of(&ed, "open/harbour.png");
        let tags = format!("/api/v1/admin/images/{id}/tags");
        let set = ed.form("PUT", &tags, &[("tags", "Sea\nlighthouses")]);
        assert_eq!(data(&set), json!(["lighthouses", "Sea"]));
        let both = data(&ed.site.get("/api/v1/search?q=light&order=path"));
        assert_eq!(both.as_array().unwrap().len(), 2);
        assert_eq!(data(&ed.site.get("/api/v1/search?tag=sea")).as_array().unwrap().len(), 1);
        let page = ed.site.get("/api/v1/search?q=light&limit=1&start=1");
        assert_eq!(data(&page).as_array().unwrap().len(), 1);
        assert_eq!(ed.site.status("/api/v1/search?q=light&limit=0"), 400);
        ed.site.permit("/open", PUBLIC, Level::None.access());
        within(std::time::Duration::from_secs(5), "the folder is closed", || {
            data(&ed.site.get("/api/v1/search?q=light")) == json!([])
        });
        let own = data(&ed.form("GET", "/api/v1/search?q=light", &[]));
        assert_eq!(own.as_array().unwrap().len(), 2);
    }
}
