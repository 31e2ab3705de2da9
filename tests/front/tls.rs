//! The sites for HTTPS, as they are shipped.

use crate::edge::{ask, grant, is_hit, library, pool};
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::{ADMIN_PASSWORD, Pool};
use crate::support::http::{Client, Response, get_over_tls};
use crate::support::wait;

const HSTS: &str = "strict-transport-security";

fn ask_tls(front: &Front, target: &str, headers: &[(&str, &str)]) -> Response {
    get_over_tls(front.https(), target, headers)
}

/// Asks twice at once until the second answer is a hit.
fn hit_tls(front: &Front, target: &str) -> Response {
    wait::until_some("the front server has kept it", || {
        let first = ask_tls(front, target, &[]);
        assert_eq!(first.status, 200, "{}", first.text());
        Some(ask_tls(front, target, &[])).filter(is_hit)
    })
}

/// The cookies of the first administrator, who has signed in by the page.
fn signed_in(front: &Front) -> String {
    let mut client = Client::connect(front.http()).unwrap();
    let page = client.get("/login").unwrap();
    let text = page.text();
    let (_, rest) = text.split_once("name=\"_csrf_token\" value=\"").expect("a form");
    let token = rest.split('"').next().unwrap();
    let cookies = |response: &Response| -> Vec<String> {
        let set = response.headers.iter().filter(|(name, _)| name == "set-cookie");
        set.map(|(_, value)| value.split(';').next().unwrap().to_owned()).collect()
    };
    let first = cookies(&page).join("; ");
    let headers =
        [("Cookie", first.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    let password = ADMIN_PASSWORD.replace(' ', "+");
    let form = format!("_csrf_token={token}&username=admin&password={password}");
    let answer = client.request("POST", b"/login", &headers, form.as_bytes()).unwrap();
    assert_eq!(answer.status, 303, "{}", answer.text());
    let session = cookies(&answer).into_iter().find(|it| it.starts_with("halftone_session="));
    session.expect("a session")
}

#[test]
fn what_everybody_may_see_is_kept_over_https_too() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/photo.jpg&width=12{}", kind as u8);
        let first = ask_tls(&front, &target, &[]);
        assert_eq!(first.status, 200, "{kind:?}: {}{}", first.text(), front.errors());
        let kept = hit_tls(&front, &target);
        assert!(kept.body == first.body, "{kind:?}");
        assert_eq!(kept.header("etag"), first.header("etag"), "{kind:?}");
        assert_eq!(kept.header("x-accel-expires"), None, "{kind:?}");
        // Nobody is told to come over HTTPS alone before that is turned on.
        assert_eq!(kept.header(HSTS), None, "{kind:?}");
        wait::until("it is asked for again", || {
            let response = ask_tls(&front, &target, &[]);
            assert_eq!(response.status, 200, "{kind:?}");
            response.header("x-cache").is_some_and(|it| it.starts_with("REVALIDATE"))
        });
        // The same copy over either.
        hit_tls(&front, &target);
        let plain = ask(&front, &target, &[]);
        assert!(plain.status == 200 && plain.body == first.body, "{kind:?}");
    }
}

#[test]
fn whoever_is_signed_in_is_never_answered_from_there() {
    let pool = pool();
    for kind in BOTH {
        grant(&pool, 10);
        let front = Front::start(kind, &pool.socket());
        let session = signed_in(&front);
        let target = format!("/image?src=a/photo.jpg&width=13{}", kind as u8);
        let cookie = [("Cookie", session.as_str())];
        wait::until("everybody may see it", || ask_tls(&front, &target, &[]).status == 200);
        for _ in 0..5 {
            hit_tls(&front, &target);
            let own = ask_tls(&front, &target, &cookie);
            assert!(own.status == 200 && !is_hit(&own), "{kind:?}: {own:?}");
        }
        // What the administrator alone may see is seen, and kept for nobody.
        grant(&pool, 0);
        wait::until("nobody else may see it", || {
            (0..20).all(|_| ask_tls(&front, &target, &[]).status == 403)
        });
        for _ in 0..5 {
            let own = ask_tls(&front, &target, &cookie);
            assert!(own.status == 200 && !is_hit(&own), "{kind:?}: {own:?}");
            let control = own.header("cache-control").unwrap_or_default();
            assert!(control.contains("private"), "{kind:?}: {control}");
            assert_eq!(ask_tls(&front, &target, &[]).status, 403, "{kind:?}");
            assert_eq!(ask(&front, &target, &[]).status, 403, "{kind:?}");
        }
    }
}

#[test]
fn once_it_is_turned_on_every_answer_says_that_https_is_wanted() {
    let pool = Pool::start(library, |config| {
        config.raw("edge_cache_s", "60").raw("front_sends_files", "true")
    });
    grant(&pool, 20);
    for kind in BOTH {
        let front = Front::start_with_hsts(kind, &pool.socket());
        let picture = format!("/image?src=a/photo.jpg&width=14{}", kind as u8);
        wait::until("originals may be had", || {
            (0..20).all(|_| ask(&front, "/original?src=a/photo.jpg", &[]).status == 200)
        });
        hit_tls(&front, &picture);
        for (target, status) in [
            (picture.as_str(), 200),
            ("/", 200),
            ("/original?src=a/photo.jpg", 200),
            ("/image?src=a/none.jpg", 404),
            ("/none", 404),
            ("/api/v1/none", 404),
        ] {
            let answer = ask_tls(&front, target, &[]);
            assert_eq!(answer.status, status, "{kind:?} {target}");
            let told: Vec<&str> = answer
                .headers
                .iter()
                .filter(|(name, _)| name == HSTS)
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(told, ["max-age=31536000"], "{kind:?} {target}");
            // Browsers believe it over HTTPS alone, and RFC 6797 has it said there alone.
            assert_eq!(ask(&front, target, &[]).header(HSTS), None, "{kind:?} {target}");
        }
        let tag = ask_tls(&front, &picture, &[]).header("etag").unwrap().to_owned();
        let unchanged = ask_tls(&front, &picture, &[("If-None-Match", &tag)]);
        assert_eq!(unchanged.status, 304, "{kind:?}");
        if kind == Kind::Nginx {
            assert_eq!(unchanged.header(HSTS), Some("max-age=31536000"));
        }
    }
}
