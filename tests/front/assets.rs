//! Scripts and style sheets through the front servers: from the disk, and where they are not there from
//! the program, with the same fields.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::support::files::{repository, temp_dir};
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::Pool;
use crate::support::http::{Client, Response};
use crate::support::recorder::{Behaviour, Recorder};

const FILE: &str = "js/viewer.0123456789abcdef.js";
const SCRIPT: &str = "console.log('ä');";

/// The fields that hold wherever a file comes from.
const FIELDS: [(&str, &str); 5] = [
    ("cache-control", "public, max-age=31536000, immutable"),
    ("access-control-allow-origin", "*"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("x-content-type-options", "nosniff"),
    ("vary", "Accept-Encoding"),
];

fn get(front: &Front, target: &str, encodings: &str) -> Response {
    let headers = [("Accept-Encoding", encodings)];
    Client::connect(front.http()).unwrap().request("GET", target.as_bytes(), &headers, b"").unwrap()
}

fn assert_fields(kind: Kind, response: &Response, what: &str) {
    assert_eq!(response.status, 200, "{kind:?} {what}");
    for (name, value) in FIELDS {
        assert_eq!(response.header(name), Some(value), "{kind:?} {what}: {name}");
    }
}

/// The test's own files, where a package would install those of the build.
fn install(folder: &Path) {
    fs::create_dir_all(folder.join("js")).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join(FILE), SCRIPT).unwrap();
    let gzip = flate2::Compression::best();
    let mut encoder = flate2::read::GzEncoder::new(SCRIPT.as_bytes(), gzip);
    let mut packed = Vec::new();
    encoder.read_to_end(&mut packed).unwrap();
    fs::write(folder.join(format!("{FILE}.gz")), packed).unwrap();
}

#[test]
fn files_on_the_disk_are_sent_without_asking() {
    for kind in BOTH {
        let dir = temp_dir();
        let socket = dir.path().join("halftone.sock");
        install(&dir.path().join("share/static"));
        let recorder = Recorder::start(&socket, Behaviour { body_len: 1000, hang_up: false });
        let front = Front::start(kind, &socket);
        let target = format!("/static/{FILE}");

        let plain = get(&front, &target, "identity");
        assert_fields(kind, &plain, "plain");
        assert_eq!(plain.text(), SCRIPT, "{kind:?}: {}", front.errors());
        assert_eq!(
            plain.header("content-type"),
            Some("text/javascript; charset=utf-8"),
            "{kind:?}"
        );
        assert_eq!(plain.header("content-encoding"), None, "{kind:?}");

        let packed = get(&front, &target, "deflate, gzip");
        assert_fields(kind, &packed, "gzip");
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{kind:?}");
        assert_eq!(packed.header("content-type"), plain.header("content-type"), "{kind:?}");
        let mut text = String::new();
        GzDecoder::new(packed.body.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, SCRIPT, "{kind:?}");

        assert_eq!(recorder.requests().len(), 0, "{kind:?}: nobody was asked");
        let absent = get(&front, "/static/js/viewer.ffffffffffffffff.js", "gzip");
        assert_eq!(absent.body.len(), 1000, "{kind:?}: the program answers");
        let plain_name = get(&front, "/static/manifest.json", "gzip");
        assert_eq!(plain_name.body.len(), 1000, "{kind:?}: the program answers");
        assert_eq!(recorder.requests().len(), 2, "{kind:?}");
    }
}

#[test]
fn files_of_the_program_pass_with_the_same_fields() {
    let json = fs::read(repository("web/dist/manifest.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let file = json["files"]["halftone.css"]["file"].as_str().unwrap();
    let pool = Pool::start(|_| {}, |config| config);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        for encodings in ["identity", "gzip", "gzip, br"] {
            let response = get(&front, &format!("/static/{file}"), encodings);
            assert_fields(kind, &response, encodings);
            assert_eq!(
                response.header("content-type"),
                Some("text/css; charset=utf-8"),
                "{kind:?}"
            );
        }
        let plain = get(&front, "/static/halftone.css", "identity");
        let content = fs::read(repository("web/dist").join(file)).unwrap();
        assert_eq!(plain.body, content, "{kind:?}");
    }
}
