//! Files that the front servers send themselves, because the program has said that they may: originals and
//! published portfolios.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::edge::{ask, grant};
use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::{Pool, binary};
use crate::support::http::{Client, Response};
use crate::support::nginx::Nginx;
use crate::support::process::Process;
use crate::support::wait;
use crate::uploads::{call_at, token_of};

/// What is to be the same, whoever sends the file.
const SAME: [&str; 8] = [
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-length",
    "content-security-policy",
    "content-type",
    "etag",
    "x-content-type-options",
];

/// Names as people give them, with the bytes that have a meaning in addresses, header fields and settings.
const ODD: [&str; 6] = [
    "caf\u{e9} 1/b+c?.jpg",
    "caf\u{e9} 1/50%.jpg",
    "caf\u{e9} 1/%41 #;&.jpg",
    "caf\u{e9} 1/\"quo'ted\\.jpg",
    " blank /two  blanks .jpg",
    "a  b=c&d/\u{65e5}\u{672c}.jpg",
];

fn library(images: &Path) {
    write_jpeg(&images.join("a/photo.jpg"), 600, 400);
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";
    std::fs::write(images.join("a/drawing.svg"), svg).unwrap();
    std::fs::write(images.join("a/empty.jpg"), "").unwrap();
    for (number, name) in ODD.iter().enumerate() {
        // Each of its own length.
        write_jpeg(&images.join(name), 30 + number, 20);
    }
}

fn pool() -> Pool {
    let pool = Pool::start(library, |config| config.raw("front_sends_files", "true"));
    grant(&pool, 20);
    pool
}

/// A front server to which the program gives the bytes.
fn given_to(pool: &Pool) -> Front {
    let line = ("fastcgi_param HALFTONE_SEND_FILES x-accel-redirect;", "");
    Front::Nginx(Nginx::start_changed(&pool.socket(), "", &[line]))
}

fn address(src: &str) -> String {
    let src = percent_encoding::utf8_percent_encode(src, percent_encoding::NON_ALPHANUMERIC);
    format!("/original?src={src}")
}

/// Asks for a file in every way in which one can.
fn check(kind: Kind, front: &Front, given: &Front, target: &str, file: &[u8]) {
    let sent = ask(front, target, &[]);
    assert_eq!(sent.status, 200, "{kind:?} {target}: {}{}", sent.text(), front.errors());
    assert!(sent.body == file, "{kind:?} {target}: {} of {} bytes", sent.body.len(), file.len());
    let expected = ask(given, target, &[]);
    for name in SAME {
        assert_eq!(sent.header(name), expected.header(name), "{kind:?} {target} {name}");
    }
    let told = sent.headers.iter().filter(|(name, _)| name == "accept-ranges").count();
    assert_eq!(told, 1, "{kind:?} {target}: {:?}", sent.headers);
    for name in ["x-accel-redirect", "x-sendfile"] {
        assert_eq!(sent.header(name), None, "{kind:?} {target}");
    }
    let mut client = Client::connect(front.http()).unwrap();
    let head = client.request("HEAD", target.as_bytes(), &[], b"").unwrap();
    // Apache leaves the length of nothing out.
    let length = head.header("content-length").unwrap_or("0");
    assert_eq!((head.status, length), (200, &*file.len().to_string()), "{kind:?} {target}");
    let tag = sent.header("etag").unwrap();
    assert_eq!(ask(front, target, &[("If-None-Match", tag)]).status, 304, "{kind:?} {target}");
    // Files are replaced without becoming younger: their time says nothing.
    let later = "Fri, 01 Jan 2100 00:00:00 GMT";
    let changed = ask(front, target, &[("If-Modified-Since", later)]);
    assert_eq!(changed.status, 200, "{kind:?} {target}");
    check_parts(kind, front, target, file, tag);
}

fn check_parts(kind: Kind, front: &Front, target: &str, file: &[u8], tag: &str) {
    if file.len() < 20 {
        return;
    }
    let end = file.len();
    for (range, from, to) in [
        ("bytes=5-9".to_owned(), 5, 10),
        ("bytes=-7".to_owned(), end - 7, end),
        (format!("bytes={}-", end - 3), end - 3, end),
    ] {
        let range = ("Range", range.as_str());
        for headers in [&[range][..], &[range, ("If-Range", tag)]] {
            let part = ask(front, target, headers);
            assert_eq!(part.status, 206, "{kind:?} {target} {headers:?}");
            assert!(part.body == file[from..to], "{kind:?} {target} {headers:?}");
            let told = format!("bytes {from}-{}/{end}", to - 1);
            assert_eq!(part.header("content-range"), Some(told.as_str()), "{kind:?} {target}");
        }
        let other = ask(front, target, &[range, ("If-Range", "\"other\"")]);
        assert_eq!((other.status, other.body.len()), (200, end), "{kind:?} {target}");
    }
    let beyond = format!("bytes={end}-");
    assert_eq!(ask(front, target, &[("Range", &beyond)]).status, 416, "{kind:?} {target}");
}

/// Whether Apache has sent it: its module adds the file's time.
fn is_apaches(response: &Response) -> bool {
    response.header("last-modified").is_some()
}

#[test]
fn originals_are_sent_by_the_front_server_when_it_may() {
    let pool = pool();
    let given = given_to(&pool);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let photo = address("a/photo.jpg");
        wait::until("originals may be had", || {
            (0..20).all(|_| ask(&front, &photo, &[]).status == 200)
        });
        for src in ["a/photo.jpg", "a/drawing.svg", "a/empty.jpg"].iter().chain(&ODD) {
            let file = std::fs::read(pool.images().join(src)).unwrap();
            check(kind, &front, &given, &address(src), &file);
        }
        if kind == Kind::Apache {
            assert!(is_apaches(&ask(&front, &photo, &[])), "the module is at work");
            // What cannot be told it without doubt the program sends.
            for src in [ODD[1], ODD[2]] {
                assert!(!is_apaches(&ask(&front, &address(src), &[])), "{src}");
            }
        }
        // Neither by an address of its own nor by a header field does anybody get at a file.
        for target in ["/halftone-files/images/a/photo.jpg", "/a/photo.jpg"] {
            let path = pool.images().join("a/photo.jpg").display().to_string();
            for headers in
                [&[][..], &[("X-Sendfile", &*path), ("Halftone-Send-Files", "x-sendfile")]]
            {
                assert_eq!(ask(&front, target, headers).status, 404, "{kind:?} {target}");
            }
        }
        grant(&pool, 10);
        wait::until("they may no longer be had", || {
            (0..20).all(|_| ask(&front, &photo, &[]).status == 403)
        });
        assert_eq!(ask(&front, &photo, &[("Range", "bytes=5-9")]).status, 403, "{kind:?}");
        grant(&pool, 20);
    }
}

/// What the API says, as the administrator.
struct Api {
    addr: SocketAddr,
    token: String,
}

impl Api {
    fn call(&self, method: &str, path: &str, form: &str) -> Value {
        let answer = call_at(self.addr, &self.token, method, path, form);
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        let mut told: Value = serde_json::from_slice(&answer.body).unwrap();
        told["data"].take()
    }

    /// Makes a portfolio of one picture and has it published; gives back the name of the file.
    fn publish(&self, human_id: &str, access: u8) -> String {
        let form = format!(
            "human_id={human_id}&name={human_id}&description=&internal_access={access}\
             &public_access={access}"
        );
        let folio = self.call("POST", "/portfolios/", &form)["id"].clone();
        let images = format!("/portfolios/{folio}/images/");
        self.call("POST", &images, "image_src=a%2Fphoto.jpg");
        let exports = format!("/portfolios/{folio}/exports/");
        let form = "description=all&originals=1&expiry_time=2999-01-01";
        let export = self.call("POST", &exports, form)["id"].clone();
        wait::until_some("it is published", || {
            let told = self.call("GET", &format!("{exports}{export}/"), "");
            told["filename"].as_str().filter(|name| !name.is_empty()).map(str::to_owned)
        })
    }
}

#[test]
fn published_portfolios_are_sent_by_the_front_server_when_it_may() {
    let pool = pool();
    let given = given_to(&pool);
    let mut command = binary();
    command.arg("tasks").arg("--config").arg(pool.config());
    let _runner = Process::start("tasks", &pool.run_dir(), &mut command);
    let token = token_of(|sql| pool.database().execute(sql), given.http());
    let api = Api { addr: given.http(), token };
    let name = api.publish("open", 20);
    let address = |human_id: &str, name: &str| format!("/portfolios/{human_id}/downloads/{name}");
    let (of_seen, of_closed) = (api.publish("seen", 10), api.publish("closed", 0));
    let open = address("open", &name);
    let (seen, closed) = (address("seen", &of_seen), address("closed", &of_closed));
    let folder = pool.run_dir().with_file_name("data").join("exports");
    let zip = std::fs::read(folder.join(&name)).unwrap();
    assert!(zip.starts_with(b"PK"));
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        check(kind, &front, &given, &open, &zip);
        let sent = ask(&front, &open, &[]);
        assert_eq!(sent.header("content-disposition"), Some("attachment; filename=\"open.zip\""));
        assert!(sent.header("cache-control").is_some_and(|it| it.contains("private")), "{sent:?}");
        if kind == Kind::Apache {
            assert!(is_apaches(&sent), "the module is at work");
        }
        for target in [&seen, &closed] {
            for headers in [&[][..], &[("Range", "bytes=5-9")]] {
                assert_eq!(ask(&front, target, headers).status, 403, "{kind:?} {target}");
            }
        }
        let stolen = address("open", &of_seen);
        for target in [&format!("/halftone-files/exports/{name}"), &stolen] {
            assert_eq!(ask(&front, target, &[]).status, 404, "{kind:?} {target}");
        }
    }
}
