//! Whom the front server has authenticated is signed in; whom a client claims to be is not.

use crate::support::files::{program, temp_dir};
use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::{Pool, run};
use crate::support::http::{Client, Response};
use crate::support::wait::until;

/// `jo:the front server's password`, as HTTP Basic authentication sends it.
const JO: &str = "Basic am86dGhlIGZyb250IHNlcnZlcidzIHBhc3N3b3Jk";
const JOS_PASSWORD: &str = "the front server's password";

fn pool() -> Pool {
    let library = |images: &std::path::Path| write_jpeg(&images.join("photo.jpg"), 90, 60);
    let pool = Pool::start_alone(library, |config| config.raw("remote_user", "true"));
    let config = pool.config();
    run(&["user", "add", "jo", "--config", config.to_str().unwrap()]);
    pool
}

fn logout_page(front: &Front, headers: &[(&str, &str)]) -> Response {
    let mut client = Client::connect(front.http()).unwrap();
    client.request("GET", b"/logout", headers, b"").unwrap()
}

/// Who is signed in, as the page for signing out tells.
fn is_jo(response: &Response) -> bool {
    response.text().contains("Signed in as jo")
}

/// Every way of writing the name that a front server might hand on as a parameter.
const NAMES: [&str; 14] = [
    "Remote-User",
    "REMOTE-USER",
    "Remote_User",
    "REMOTE_USER",
    "remote_user",
    "X-Remote-User",
    "X_Remote_User",
    "HTTP_REMOTE_USER",
    "Http-Remote-User",
    "X-Forwarded-User",
    "Auth-User",
    "X-Auth-Request-User",
    "Redirect-Remote-User",
    "REDIRECT_REMOTE_USER",
];

#[test]
fn a_name_in_a_header_field_signs_nobody_in() {
    let pool = pool();
    for kind in BOTH {
        // nginx passes names with an underscore on only when it is told to; it is here.
        let more = if kind == Kind::Nginx { "underscores_in_headers on;" } else { "" };
        for more in ["", more] {
            let front = Front::start_with(kind, &pool.socket(), more);
            for name in NAMES {
                let fields: [&[(&str, &str)]; 5] = [
                    &[(name, "jo")],
                    &[(name, "jo"), (name, "jo")],
                    &[(name, ""), (name, "jo")],
                    &[(name, "jo"), (name, "")],
                    &[(name, "")],
                ];
                for fields in fields {
                    let page = logout_page(&front, fields);
                    // Apache refuses some of these names outright.
                    assert!(matches!(page.status, 200 | 400), "{kind:?} {name}: {}", page.status);
                    assert!(!is_jo(&page), "{kind:?} {fields:?}: {}", page.text());
                }
            }
            assert_eq!(logout_page(&front, &[]).status, 200);
            // What nobody has checked is a token that is not good, and no user.
            let unchecked = logout_page(&front, &[("Authorization", JO)]);
            assert_eq!(unchecked.status, 401, "{kind:?}");
        }
    }
}

#[test]
fn the_user_whom_the_front_server_has_checked_is_signed_in() {
    let pool = pool();
    let dir = temp_dir();
    let file = dir.path().join("htpasswd");
    let hash = std::process::Command::new(program("openssl", "openssl"))
        .args(["passwd", "-apr1", JOS_PASSWORD])
        .output()
        .unwrap();
    assert!(hash.status.success());
    std::fs::write(&file, format!("jo:{}", String::from_utf8(hash.stdout).unwrap())).unwrap();
    for kind in BOTH {
        let front = Front::start_authenticating(kind, &pool.socket(), &file);
        assert_eq!(logout_page(&front, &[]).status, 401, "{kind:?}");
        let wrong = JO.replace("am86dGhl", "am86dGhk");
        assert_eq!(logout_page(&front, &[("Authorization", &wrong)]).status, 401, "{kind:?}");
        // Workers learn of a new account within a second.
        until("jo is signed in", || is_jo(&logout_page(&front, &[("Authorization", JO)])));
        for name in NAMES {
            for value in ["admin", ""] {
                let page = logout_page(&front, &[("Authorization", JO), (name, value)]);
                if page.status == 200 {
                    assert!(is_jo(&page), "{kind:?} {name}: {}", page.text());
                } else {
                    assert_eq!(page.status, 400, "{kind:?} {name}");
                }
            }
        }
    }
}
