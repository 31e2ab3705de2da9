//! What people and programs are told while the program is away.

use std::fs;

use crate::support::files::{repository, temp_dir};
use crate::support::front::{BOTH, Front, Kind};
use crate::support::http::{Client, Response};
use crate::support::recorder::{Behaviour, Recorder};

/// Where an installation has the page, for a front server whose files lie beside its socket.
fn install(home: &std::path::Path) {
    let folder = home.join("share/maintenance");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(repository("web/maintenance/maintenance.html"), folder.join("maintenance.html"))
        .unwrap();
}

fn send(front: &Front, method: &str, target: &str) -> Response {
    let mut client = Client::connect(front.http()).unwrap();
    client.request(method, target.as_bytes(), &[], b"").unwrap()
}

fn is_page(response: &Response) -> bool {
    response.text().contains("<h1>Back in a moment</h1>")
}

#[test]
fn people_are_shown_a_page_and_programs_are_not() {
    for kind in BOTH {
        let dir = temp_dir();
        install(dir.path());
        // Nobody listens there.
        let socket = dir.path().join("halftone.sock");
        let front = Front::start(kind, &socket);
        for target in ["/", "/browse?path=a", "/details?src=a.jpg", "/portfolios/x/", "/imagery"] {
            let page = send(&front, "GET", target);
            let what = format!("{kind:?} {target}: {} {}", page.text(), front.errors());
            assert_eq!(page.status, 503, "{what}");
            assert!(is_page(&page), "{what}");
            assert_eq!(page.header("retry-after"), Some("30"), "{what}");
            assert_eq!(page.header("cache-control"), Some("no-store"), "{what}");
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
            let policy = page.header("content-security-policy").unwrap_or_default();
            assert!(policy.starts_with("default-src 'none'"), "{what}");
            assert_eq!((page.header("etag"), page.header("last-modified")), (None, None), "{what}");
        }
        // What was posted is not lost without a word either.
        let posted = send(&front, "POST", "/do/put/admin/images/1");
        assert_eq!(posted.status, 503, "{kind:?}");
        assert!(is_page(&posted), "{kind:?}: {}", posted.text());
        for target in [
            "/image?src=a.jpg",
            "/erez5/erez?src=a.jpg",
            "/original?src=a.jpg",
            "/api/v1/list/?path=/",
            "/api/v1/uploads/1",
            "/static/halftone-zoom.js",
            "/healthz/ready",
            "/metrics",
        ] {
            let answer = send(&front, "GET", target);
            assert!(matches!(answer.status, 502 | 503), "{kind:?} {target}: {}", answer.status);
            assert!(!is_page(&answer), "{kind:?} {target}");
        }
    }
}

#[test]
fn the_page_is_for_nobody_while_the_program_is_there() {
    for kind in BOTH {
        let dir = temp_dir();
        install(dir.path());
        let socket = dir.path().join("halftone.sock");
        let recorder = Recorder::start(&socket, Behaviour { body_len: 1000, hang_up: false });
        let front = Front::start(kind, &socket);
        assert_eq!(send(&front, "GET", "/browse").body.len(), 1000, "{kind:?}");
        let own = send(&front, "GET", "/halftone-maintenance.html");
        assert!(!is_page(&own), "{kind:?}: {}", own.text());
        match kind {
            // An internal address is as if it were not there.
            Kind::Nginx => assert_eq!(own.status, 404),
            Kind::Apache => assert_eq!(
                recorder.last().param("REQUEST_URI").as_deref(),
                Some("/halftone-maintenance.html")
            ),
        }
    }
}
