//! Resumable uploads.

use std::fs;

use halftone::auth::Level;
use halftone::db::Sql;
use halftone::db::groups::NORMAL_USERS;

use super::Api;
use crate::people::{Browser, data};
use crate::site::{BOTH, Backend};
use crate::support::tus::{Tus, bitmap};
use crate::support::wait;

const NEW: &[(&str, &str)] = &[("filename", "Füße.bmp"), ("path", "a"), ("ours", "x y")];

/// The pieces that the server takes a long body in.
const PIECE: usize = 8 << 20;

fn tus(api: &Api) -> Tus {
    Tus::new(api.site.addr(), &api.admin)
}

#[test]
fn an_empty_file_is_called_so() {
    let api = Api::on(Backend::Sqlite, "");
    let refused = tus(&api).create(0, NEW);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("The file is empty."), "{}", refused.text());
}

#[test]
fn the_protocol_is_told_of() {
    let api = Api::on(Backend::Sqlite, "max_upload_mb = 5");
    let told = api.site.send("OPTIONS", b"/api/v1/uploads/", &[]);
    assert_eq!(told.status, 204);
    for (name, value) in [
        ("tus-resumable", "1.0.0"),
        ("tus-version", "1.0.0"),
        ("tus-max-size", "5242880"),
        ("tus-extension", "creation,creation-with-upload,expiration,checksum,termination"),
        ("tus-checksum-algorithm", "sha1,sha256"),
    ] {
        assert_eq!(told.header(name), Some(value), "{name}");
    }
    let wrong = tus(&api).send("POST", "/api/v1/uploads", &[("Tus-Resumable", "0.2.2")], b"");
    assert_eq!((wrong.status, wrong.header("tus-version")), (412, Some("1.0.0")));
    assert!(data(&wrong).is_null());
}

#[test]
fn an_upload_comes_in_pieces() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let (tus, picture) = (tus(&api), bitmap(40));
        let upload = tus.begin(picture.len(), NEW);
        let told = tus.send("HEAD", &upload, &[], b"");
        assert_eq!(told.header("upload-length"), Some(picture.len().to_string().as_str()));
        // As it was sent, what the server has no use for included.
        let metadata = "filename RsO8w59lLmJtcA==,path YQ==,ours eCB5";
        assert_eq!(told.header("upload-metadata"), Some(metadata));
        assert_eq!(tus.offset(&upload), 0);

        let first = tus.patch(&upload, 0, &picture[..1000]);
        assert_eq!((first.status, first.header("upload-offset")), (204, Some("1000")));
        assert!(first.header("upload-expires").is_some());
        let again = tus.patch(&upload, 0, &picture[..1000]);
        assert_eq!((again.status, again.header("tus-resumable")), (409, Some("1.0.0")));
        let ahead = tus.patch(&upload, 2000, &picture[2000..]);
        assert_eq!(ahead.status, 409);
        assert_eq!(tus.offset(&upload), 1000);
        assert!(!api.site.image("a/Füße.bmp").exists());

        // Where only POST gets through.
        let headers = [("X-HTTP-Method-Override", "PATCH"), ("Upload-Offset", "1000")];
        let kind = [("Content-Type", "application/offset+octet-stream")];
        let headers = [&headers[..], &kind].concat();
        let last = tus.send("POST", &upload, &headers, &picture[1000..]);
        assert_eq!(last.status, 204, "{}", last.text());
        assert_eq!(last.header("upload-offset"), Some(picture.len().to_string().as_str()));
        assert_eq!(fs::read(api.site.image("a/Füße.bmp")).unwrap(), picture);
        let image = last.header("content-location").unwrap().strip_prefix("/api/v1").unwrap();
        let image = api.get(image, &api.admin);
        assert_eq!((&image["src"], &image["height"]), (&"a/Füße.bmp".into(), &40.into()));
        assert_eq!(tus.send("HEAD", &upload, &[], b"").status, 404);
    }
}

#[test]
fn the_first_bytes_come_with_the_beginning() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let (tus, picture) = (tus(&api), bitmap(40));
        let begun = tus.create_with(picture.len(), NEW, &picture[..1000], &[]);
        assert_eq!((begun.status, begun.header("upload-offset")), (201, Some("1000")));
        assert!(begun.header("upload-expires").is_some());
        let upload = begun.header("location").unwrap();
        assert_eq!(tus.offset(upload), 1000);
        let last = tus.patch(upload, 1000, &picture[1000..]);
        assert_eq!(last.status, 204, "{}", last.text());
        assert!(fs::read(api.site.image("a/Füße.bmp")).unwrap() == picture);

        // All of it at once. SHA-1 of "abc" (FIPS 180-2, appendix A.1) is not that of the picture.
        let all = [("filename", "all.bmp"), ("path", "a")];
        let sum = [("Upload-Checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")];
        let count = || {
            let rows = api.site.db().query("SELECT id FROM uploads", &[]).unwrap();
            (rows.len(), fs::read_dir(api.site.image("a")).unwrap().count())
        };
        let before = count();
        assert_eq!(before.0, 0);
        assert_eq!(tus.create_with(picture.len(), &all, &picture, &sum).status, 460);
        // More than was announced; another kind of body; no picture.
        assert_eq!(tus.create_with(picture.len() - 1, &all, &picture, &[]).status, 413);
        let other = [("Content-Type", "text/plain")];
        assert_eq!(tus.create_with(picture.len(), &all, &picture, &other).status, 415);
        assert_eq!(tus.create_with(3, &all, b"abc", &sum).status, 415);
        assert_eq!(count(), before, "nothing of them is left");
        let done = tus.create_with(picture.len(), &all, &picture, &[]);
        assert_eq!((done.status, done.header("upload-expires")), (201, None), "{}", done.text());
        assert_eq!(done.header("upload-offset"), Some(picture.len().to_string().as_str()));
        let image = done.header("content-location").unwrap().strip_prefix("/api/v1").unwrap();
        assert_eq!(api.get(image, &api.admin)["src"], "a/all.bmp");
        assert_eq!(tus.send("HEAD", done.header("location").unwrap(), &[], b"").status, 404);
        // An empty body is none.
        let none = tus.create_with(picture.len(), NEW, b"", &[]);
        assert_eq!((none.status, none.header("upload-offset")), (201, None));
        assert_eq!(tus.offset(none.header("location").unwrap()), 0);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let api = Api::on(Backend::Sqlite, "max_upload_mb = 1");
    let tus = tus(&api);
    let create = |len, metadata: &[(&str, &str)]| {
        let refused = tus.create(len, metadata);
        assert!(data(&refused).is_null());
        refused.status
    };
    assert_eq!(create((1 << 20) + 1, NEW), 413);
    assert_eq!(create(0, NEW), 400);
    assert_eq!(create(9, &[("path", "a")]), 400);
    assert_eq!(create(9, &[("filename", "x.bmp")]), 400);
    assert_eq!(create(9, &[("filename", "x.bmp"), ("path", "a"), ("path_index", "0")]), 400);
    assert_eq!(create(9, &[("filename", "x.bmp"), ("path_index", "7")]), 400);
    for none in ["-1", ""] {
        assert_eq!(create(9, &[("filename", "x.bmp"), ("path_index", none)]), 400, "{none}");
        let fields = [("filename", "x.bmp"), ("path", "a"), ("path_index", none)];
        let upload = tus.begin(9, &fields);
        assert_eq!(tus.send("DELETE", &upload, &[], b"").status, 204);
    }
    assert_eq!(create(9, &[("filename", "x.bmp"), ("path", "a"), ("overwrite", "perhaps")]), 400);
    assert_eq!(create(9, &[("filename", "x.bmp"), ("path", "nowhere")]), 404);
    assert_eq!(create(9, &[("filename", "x.exe"), ("path", "a")]), 415);
    let nobody = Tus::new(api.site.addr(), "").create(9, NEW);
    assert_eq!(nobody.status, 401);

    let upload = tus.begin(9, NEW);
    let other = [("Content-Type", "text/plain"), ("Upload-Offset", "0")];
    assert_eq!(tus.send("PATCH", &upload, &other, b"x").status, 415);
    assert_eq!(tus.patch(&upload, 0, b"ten bytes.").status, 413);
    assert_eq!(tus.offset(&upload), 0);
    // SHA-1 of "abc" (FIPS 180-2, appendix A.1).
    let sum = [("Upload-Checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")];
    assert_eq!(tus.patch_with(&upload, 0, b"abd", &sum).status, 460);
    assert_eq!(tus.offset(&upload), 0);
    assert_eq!(tus.patch_with(&upload, 0, b"abc", &sum).status, 204);
    assert_eq!(tus.patch_with(&upload, 3, b"x", &[("Upload-Checksum", "md5 eA==")]).status, 400);
    // All nine bytes are there, and they are no picture: the upload is over.
    assert_eq!(tus.patch(&upload, 3, b"defghi").status, 415);
    assert_eq!(tus.send("HEAD", &upload, &[], b"").status, 404);
    assert_eq!(fs::read_dir(api.site.image("a")).unwrap().count(), 3);
}

#[test]
fn uploads_end_and_expire() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let tus = tus(&api);
        let (ended, expired) = (tus.begin(9, NEW), tus.begin(9, NEW));
        assert_eq!(tus.send("DELETE", &ended, &[], b"").status, 204);
        assert_eq!(tus.send("DELETE", &ended, &[], b"").status, 404);
        let id = expired.rsplit('/').next().unwrap();
        let expire = "UPDATE uploads SET expires_ms = 1 WHERE id = $1";
        assert_eq!(api.site.db().execute(expire, &[id.into()]).unwrap(), 1);
        for upload in [ended, expired] {
            assert_eq!(tus.send("HEAD", &upload, &[], b"").status, 404);
            assert_eq!(tus.patch(&upload, 0, b"x").status, 404);
        }
    }
}

#[test]
fn uploads_are_of_whom_they_are() {
    let api = Api::on(Backend::Sqlite, "");
    let (tus, jo) = (tus(&api), Tus::new(api.site.addr(), &api.jo));
    api.site.permit("/a", NORMAL_USERS, Level::Edit.access());
    wait::until("editing is not uploading", || jo.create(9, NEW).status == 403);
    api.site.permit("/a", NORMAL_USERS, Level::Upload.access());
    wait::until("uploading is", || jo.create(9, NEW).status == 201);
    let upload = jo.begin(9, NEW);
    for other in [&tus, &Tus::new(api.site.addr(), &api.maker)] {
        assert_eq!(other.send("HEAD", &upload, &[], b"").status, 404);
        assert_eq!(other.patch(&upload, 0, b"x").status, 404);
        assert_eq!(other.send("DELETE", &upload, &[], b"").status, 404);
    }
    api.site.permit("/a", NORMAL_USERS, Level::Edit.access());
    wait::until("the right is gone", || jo.patch(&upload, 0, b"").status == 403);

    // A page of the site needs its own text, as for all that changes something.
    let mut browser = Browser::signed_in(&api.site, "jo");
    api.site.permit("/a", NORMAL_USERS, Level::Upload.access());
    wait::until("the right is back", || jo.create(9, NEW).status == 201);
    let told = [
        ("Tus-Resumable", "1.0.0"),
        ("Upload-Length", "9"),
        ("Upload-Metadata", "filename eC5ibXA=,path YQ=="),
    ];
    assert_eq!(browser.send("POST", "/api/v1/uploads/", &told, "").status, 400);
    let csrf = browser.csrf();
    let told = [&told[..], &[("X-CSRF-Token", csrf.as_str())]].concat();
    assert_eq!(browser.send("POST", "/api/v1/uploads/", &told, "").status, 201);
}

#[test]
fn a_broken_connection_keeps_what_came() {
    for backend in BOTH {
        // Longer than any one body may be.
        let api = Api::on(backend, "max_body_mb = 20");
        let (tus, picture) = (tus(&api), bitmap(6_000));
        assert!(picture.len() > 20 << 20);
        let upload = tus.begin(picture.len(), NEW);
        let half = PIECE + 1_000_000;
        let client = tus.patch_part(&upload, 0, picture.len(), &picture[..half]);
        // Whole pieces are safe while the request goes on, the rest of it when it breaks.
        wait::until("a piece has been written", || tus.offset(&upload) >= PIECE);
        drop(client);
        wait::until("all of it has been written", || tus.offset(&upload) == half);
        // Far less than a piece, as soon as nobody writes any more.
        let (ten, rest) = picture[half..].split_at(10);
        wait::until("ten bytes more", || {
            drop(tus.patch_part(&upload, half, 1000, ten));
            tus.offset(&upload) == half + 10
        });
        wait::until("nobody else writes", || {
            let last = tus.patch(&upload, half + 10, rest);
            assert!(matches!(last.status, 204 | 423), "{}\n{}", last.text(), api.site.log());
            last.status == 204
        });
        assert!(fs::read(api.site.image("a/Füße.bmp")).unwrap() == picture);
    }
}

#[test]
fn a_wrong_place_is_told_before_all_has_been_sent() {
    let api = Api::on(Backend::Sqlite, "");
    let (tus, picture) = (tus(&api), bitmap(6_000));
    let upload = tus.begin(picture.len(), NEW);
    let part = &picture[..PIECE + 100_000];
    let mut client = tus.patch_part(&upload, 77, picture.len(), part);
    assert_eq!(client.receive(false).unwrap().status, 409);
    assert_eq!(tus.offset(&upload), 0);
}

#[test]
fn of_two_at_once_one_is_told_to_wait() {
    let api = Api::on(Backend::Sqlite, "");
    let (tus, picture) = (tus(&api), bitmap(1_000));
    let upload = tus.begin(picture.len(), NEW);
    let mut statuses = std::thread::scope(|scope| {
        let send = || tus.patch(&upload, 0, &picture).status;
        let senders: Vec<_> = (0..6).map(|_| scope.spawn(send)).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
    });
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204);
    let late = |status: &u16| matches!(status, 404 | 409 | 423);
    assert!(statuses[1..].iter().all(late), "{statuses:?}");
    assert!(fs::read(api.site.image("a/Füße.bmp")).unwrap() == picture);
}
