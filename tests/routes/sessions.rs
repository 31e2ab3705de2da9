//! Web sessions: signing in and out by the pages, and all that ends a session.

use std::time::Duration;

use halftone::auth::accounts::{self, AccountError};
use halftone::auth::{Actor, Level};
use halftone::db::groups::{ADMINISTRATORS, NORMAL_USERS, PUBLIC};
use halftone::db::{self, folios, groups};

use crate::library;
use crate::people::{Browser, PASSWORD, account, form, hidden};
use crate::site::{BOTH, Site, within};
use crate::support::halftone::ADMIN_PASSWORD;

/// A change holds everywhere after this time.
const IN_FORCE: Duration = Duration::from_secs(2);

const CLOSED: &str = "/image?src=closed/a.png";

/// A library whose folder "closed" is for people with an account.
pub fn closed(site: &Site) {
    site.permit("/closed", PUBLIC, Level::None.access());
    site.permit("/closed", NORMAL_USERS, Level::View.access());
    within(IN_FORCE, "the folder is closed", || site.status(CLOSED) == 403);
}

pub fn library(images: &std::path::Path) {
    for path in ["open.png", "closed/a.png"] {
        library::plain(&images.join(path), 20, 10, [200, 100, 50]);
    }
}

/// Sets a password as another process would.
fn set_password(site: &Site, id: i64, password: &str) {
    loop {
        match accounts::set_password(site.db(), &Actor::server(), id, password) {
            Err(AccountError::Busy) => std::thread::yield_now(),
            done => return done.unwrap(),
        }
    }
}

#[test]
fn who_signs_in_sees_what_the_groups_may_see_until_signing_out() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        account(&site, "Jo", false);
        closed(&site);
        let mut jo = Browser::new(site.addr());
        assert_eq!(jo.status(CLOSED), 403);
        for (username, password) in [("jo", "wrong password"), ("nobody", PASSWORD), ("", "")] {
            let refused = jo.login(username, password);
            assert_eq!(refused.status, 403, "{username}");
            assert!(jo.cookie("halftone_session").is_none());
        }
        // Names ignore case.
        let entered = jo.login(" JO", PASSWORD);
        assert_eq!(entered.status, 303, "{}", entered.text());
        assert_eq!(entered.header("location"), Some("/"));
        let cookie = entered.headers.iter().find(|(_, value)| value.contains("halftone_session"));
        let cookie = &cookie.unwrap().1;
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
        let seen = jo.get(CLOSED);
        assert_eq!(seen.status, 200, "{backend:?}");
        assert!(seen.header("cache-control").unwrap().contains("private"));
        assert_eq!(jo.status("/original?src=closed/a.png"), 403);
        // What was made for one is not given to others.
        assert_eq!(site.status(CLOSED), 403);
        assert!(jo.get("/").text().contains("closed"));
        assert!(jo.get("/logout").text().contains("Signed in as Jo"));

        let kept = jo.at(site.addr());
        assert_eq!(jo.logout().status, 303);
        assert!(jo.cookie("halftone_session").is_none());
        assert_eq!(jo.status(CLOSED), 403);
        // The cookie itself is worth nothing any more.
        let mut thief = kept;
        assert_eq!(thief.status(CLOSED), 403, "{backend:?}");
    }
}

#[test]
fn cookies_are_for_tls_alone_where_the_client_speaks_it() {
    // The tests' own address stands for a proxy that is trusted, or for one that is not.
    for (trusted, secure) in [("127.0.0.1", true), ("192.0.2.1", false)] {
        let site = Site::start(&format!("trusted_proxies = ['{trusted}']"), library);
        account(&site, "jo", false);
        for (protocol, expected) in [("https", secure), ("http", false)] {
            let mut jo = Browser::new(site.addr());
            jo.headers.push(("X-Forwarded-Proto".into(), protocol.into()));
            let entered = jo.login("jo", PASSWORD);
            assert_eq!(entered.status, 303, "{}", entered.text());
            let cookies = entered.headers.iter().filter(|(name, _)| name == "set-cookie");
            let found: Vec<bool> = cookies.map(|(_, value)| value.ends_with("; Secure")).collect();
            assert!(!found.is_empty());
            assert!(found.iter().all(|is| *is == expected), "{trusted} {protocol}: {found:?}");
        }
    }
}

#[test]
fn a_session_holds_on_every_host_and_ends_on_every_host() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", false);
        closed(&site);
        let (_second, addr) = site.second();
        let sign_in = || {
            let mut here = Browser::signed_in(&site, "jo");
            let mut there = here.at(addr);
            assert_eq!((here.status(CLOSED), there.status(CLOSED)), (200, 200));
            (here, there)
        };
        let both_out = |what: &str, here: &mut Browser, there: &mut Browser| {
            within(IN_FORCE, what, || here.status(CLOSED) == 403 && there.status(CLOSED) == 403);
        };

        let (mut here, mut there) = sign_in();
        let mut copy = here.at(site.addr());
        assert_eq!(here.logout().status, 303);
        both_out("signed out", &mut copy, &mut there);

        let (mut here, mut there) = sign_in();
        set_password(&site, id, PASSWORD);
        both_out("the password was changed", &mut here, &mut there);

        let (mut here, mut there) = sign_in();
        accounts::disable(site.db(), &Actor::server(), id).unwrap();
        both_out("the account was deleted", &mut here, &mut there);
        assert_eq!(Browser::new(site.addr()).login("jo", PASSWORD).status, 403);
        accounts::enable(site.db(), &Actor::server(), id).unwrap();
        // What was signed before stays ended.
        sign_in();
        assert_eq!((here.status(CLOSED), there.status(CLOSED)), (403, 403), "{backend:?}");
    }
}

#[test]
fn a_change_of_groups_and_permissions_is_in_force_on_every_host() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", false);
        closed(&site);
        let press = groups::insert(site.db(), "Press", "", groups::TYPE_LOCAL).unwrap();
        site.permit("/closed", press, Level::Download.access());
        let (_second, addr) = site.second();
        let mut here = Browser::signed_in(&site, "jo");
        let mut there = here.at(addr);
        let original = "/original?src=closed/a.png";
        let mut all = |what: &str, status: u16| {
            within(IN_FORCE, what, || {
                here.status(original) == status && there.status(original) == status
            });
        };
        all("not yet a member", 403);
        groups::add_member(site.db(), press, id).unwrap();
        all("a member", 200);
        site.permit("/closed", press, Level::View.access());
        all("the group may not", 403);
        site.permit("/closed", press, Level::Upload.access());
        all("the group may", 200);
        groups::remove_member(site.db(), press, id).unwrap();
        all("no longer a member", 403);
    }
}

#[test]
fn the_name_of_a_session_never_comes_from_the_browser() {
    let site = Site::start("", library);
    account(&site, "jo", false);
    account(&site, "eve", false);
    closed(&site);
    // Eve plants her own session in Jo's browser; signing in replaces it, and ends it.
    let mut eve = Browser::signed_in(&site, "eve");
    let planted = eve.cookie("halftone_session").unwrap().to_owned();
    let mut jo = Browser::new(site.addr());
    jo.cookies.push(("halftone_session".into(), planted.clone()));
    assert_eq!(jo.login("jo", PASSWORD).status, 303);
    assert_ne!(jo.cookie("halftone_session"), Some(planted.as_str()));
    assert!(jo.get("/logout").text().contains("Signed in as jo"));
    assert_eq!(eve.status(CLOSED), 403);
    // What was not signed here is nobody's, and harms nothing.
    for forged in ["", "x", "AAAA", &"A".repeat(108), &planted[..planted.len() - 2]] {
        let mut browser = Browser::new(site.addr());
        browser.cookies.push(("halftone_session".into(), forged.to_owned()));
        assert_eq!(browser.status(CLOSED), 403, "{forged}");
        assert_eq!(browser.status("/image?src=open.png"), 200, "{forged}");
    }
}

#[test]
fn sessions_run_out() {
    let site = Site::start("session_idle_min = 1\n", library);
    let id = account(&site, "jo", false);
    closed(&site);
    let secret = std::fs::read_to_string(site.data().join("secret")).unwrap();
    let signer = halftone::auth::Signer::new(secret.trim().as_bytes()).unwrap();
    let now_s = db::now_ms() / 1000;
    let session = halftone::auth::Session::begin(id, 0, now_s, false).unwrap();
    let with = |session: halftone::auth::Session| {
        let mut browser = Browser::new(site.addr());
        browser.cookies.push(("halftone_session".into(), session.sign(&signer)));
        browser
    };
    let status = |session| with(session).status(CLOSED);
    assert_eq!(status(session), 200);
    let mut old = session;
    old.seen_s = now_s - 61;
    assert_eq!(status(old), 403, "idle");
    let mut old = session;
    old.began_s = now_s - 7 * 24 * 3600 - 1;
    assert_eq!(status(old), 403, "too long");
    // One in use gets a cookie with a later time, but not with what caches may keep.
    let mut used = session;
    used.seen_s = now_s - 30;
    let mut browser = with(used);
    let before = browser.cookie("halftone_session").unwrap().to_owned();
    assert_eq!(browser.status("/image?src=open.png"), 200);
    assert_eq!(browser.cookie("halftone_session"), Some(before.as_str()));
    // What a page asks for by itself is no use.
    for target in [CLOSED, "/", "/api/v1/list?path=/"] {
        let answer = browser.send("GET", target, &[("Halftone-Unattended", "1")], "");
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(browser.cookie("halftone_session"), Some(before.as_str()), "{target}");
    }
    assert_eq!(browser.status(CLOSED), 200);
    assert_ne!(browser.cookie("halftone_session"), Some(before.as_str()));
}

#[test]
fn a_form_of_another_site_does_nothing() {
    let site = Site::start("", library);
    account(&site, "jo", false);
    let mut jo = Browser::signed_in(&site, "jo");
    assert_eq!(jo.send("POST", "/logout", &[], "").status, 400);
    assert_eq!(jo.send("POST", "/logout", &[], "_csrf_token=x").status, 400);
    // That of another session is as good as none.
    account(&site, "eve", false);
    let eves = Browser::signed_in(&site, "eve").csrf();
    let body = form(&[("_csrf_token", &eves)]);
    assert_eq!(jo.send("POST", "/logout", &[], &body).status, 400);
    assert!(jo.get("/logout").text().contains("Signed in as jo"));
    // As a header field it serves scripts.
    let csrf = jo.csrf();
    assert_eq!(jo.send("POST", "/logout", &[("X-CSRF-Token", &csrf)], "").status, 303);
    // Nobody is signed in by a form from elsewhere.
    let fields = form(&[("username", "jo"), ("password", PASSWORD)]);
    let mut fresh = Browser::new(site.addr());
    assert_eq!(fresh.send("POST", "/login", &[], &fields).status, 400);
    let stolen = hidden(&Browser::new(site.addr()).get("/login").text());
    let stolen = form(&[("username", "jo"), ("password", PASSWORD), ("_csrf_token", &stolen[0].1)]);
    assert_eq!(fresh.send("POST", "/login", &[], &stolen).status, 400);
}

#[test]
fn every_page_has_the_text_for_who_is_signed_in() {
    let site = Site::start("", library);
    let owner = account(&site, "jo", false);
    let folio = folios::NewFolio {
        human_id: "spring".into(),
        name: "Spring".into(),
        description: String::new(),
        internal_access: folios::ACCESS_VIEW,
        public_access: folios::ACCESS_VIEW,
    };
    folios::insert(site.db(), &folio, owner).unwrap();
    let pages = [
        ("GET", "/", 200),
        ("GET", "/login", 200),
        ("GET", "/logout", 200),
        ("GET", "/portfolios/spring/", 200),
        ("GET", "/portfolios/none/", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/image?src=none.png", 404),
        ("GET", "/image?src=open.png&width=x", 400),
        ("DELETE", "/", 405),
    ];
    let mut jo = Browser::signed_in(&site, "jo");
    for (method, page, status) in pages {
        let anonymous = Browser::new(site.addr()).send(method, page, &[], "");
        assert_eq!(anonymous.status, status, "{page}");
        assert_eq!(meta(&anonymous.text()), None, "{page}");
        let told = anonymous.header("cache-control").unwrap();
        assert!(["no-store", "private, no-cache"].contains(&told), "{page}: {told}");

        let signed_in = jo.send(method, page, &[], "");
        assert_eq!(signed_in.status, status, "{page}");
        assert_eq!(signed_in.header("cache-control"), Some("no-store"), "{page}");
        let csrf = meta(&signed_in.text()).unwrap_or_else(|| panic!("{page} has none"));
        assert_eq!(csrf, jo.csrf(), "{page}");
    }
    // It is what a write needs, and gone with the session.
    let csrf = meta(&jo.get("/").text()).unwrap();
    assert_eq!(jo.send("POST", "/logout", &[("X-CSRF-Token", &csrf)], "").status, 303);
    assert_eq!(meta(&jo.get("/").text()), None);
}

/// The text that a page has for scripts.
fn meta(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<meta name=\"csrf-token\" content=\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[test]
fn signing_in_leads_only_where_it_may() {
    let site = Site::start("login_next_hosts = ['app.example.com']", library);
    account(&site, "jo", false);
    let mut jo = Browser::new(site.addr());
    let page = jo.get("/login?next=https%3A%2F%2Fapp.example.com%2Fback");
    assert_eq!(page.status, 200);
    let entered = jo.submit(&page.text(), "/login", &[("username", "jo"), ("password", PASSWORD)]);
    assert_eq!(entered.header("location"), Some("https://app.example.com/back"));
    assert_eq!(jo.status("/login?next=/image%3Fsrc%3Dopen.png"), 200);
    for bad in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"] {
        let query = form(&[("next", bad)]);
        let refused = jo.get(&format!("/login?{query}"));
        assert_eq!(refused.status, 400, "{bad}");
        assert!(refused.text().contains("next"), "{}", refused.text());
    }
}

#[test]
fn guessing_is_slowed_down_for_everybody_alike() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        account(&site, "jo", false);
        let (_second, addr) = site.second();
        for username in ["jo", "nobody"] {
            let mut browser = Browser::new(site.addr());
            for attempt in 1..=5 {
                let refused = browser.login(username, "a wrong password");
                assert_eq!(refused.status, 403, "{username} {attempt}");
            }
            // The right password has to wait as well, on every host.
            for addr in [site.addr(), addr] {
                let refused = Browser::new(addr).login(username, PASSWORD);
                assert_eq!(refused.status, 429, "{backend:?} {username}");
                let wait_s: u64 = refused.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=2).contains(&wait_s), "{wait_s}");
                // The page says when, and has the form.
                let page = refused.text();
                assert!(
                    page.contains("try again in") && page.contains("name=\"password\""),
                    "{page}"
                );
            }
        }
        // Others are not held up, and after the delay the right password does it.
        account(&site, "other", false);
        Browser::signed_in(&site, "other");
        let mut jo = Browser::new(site.addr());
        crate::support::wait::until("the delay is over", || jo.login("jo", PASSWORD).status == 303);
    }
}

#[test]
fn an_administrator_may_do_everything() {
    let site = Site::start("", library);
    site.permit("/", PUBLIC, Level::None.access());
    within(IN_FORCE, "closed", || site.status(CLOSED) == 403);
    let mut admin = Browser::new(site.addr());
    assert_eq!(admin.login("ADMIN", ADMIN_PASSWORD).status, 303);
    assert_eq!(admin.status("/original?src=closed/a.png"), 200);
    // Somebody has to be left who may.
    let (id, _) = db::users::by_name(site.db(), "admin").unwrap().map(|(u, _)| (u.id, ())).unwrap();
    let refused = accounts::disable(site.db(), &Actor::server(), id);
    assert!(matches!(refused, Err(AccountError::LastAdministrator)), "{refused:?}");
    assert_eq!(admin.status("/original?src=closed/a.png"), 200);
    let jo = account(&site, "jo", false);
    groups::add_member(site.db(), ADMINISTRATORS, jo).unwrap();
    accounts::disable(site.db(), &Actor::server(), id).unwrap();
    within(IN_FORCE, "deleted", || admin.status("/original?src=closed/a.png") == 403);
}

#[test]
fn pictures_for_who_is_signed_in_cost_no_query_while_nothing_changes() {
    const TABLES: [&str; 8] = [
        "users",
        "user_groups",
        "groups",
        "folder_permissions",
        "api_keys",
        "ended_sessions",
        "folders",
        "images",
    ];
    for backend in BOTH {
        let site = Site::on(backend, "log_level = 'trace'", library);
        account(&site, "jo", true);
        closed(&site);
        let mut jo = Browser::signed_in(&site, "jo");
        let basic = crate::people::basic(&crate::people::token(&site, "jo"), "");
        let asked = || {
            let log = site.log();
            let statements = log.lines().filter(|line| line.contains("statement: "));
            statements
                .filter(|line| {
                    line.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(|word| TABLES.contains(&word))
                })
                .count()
        };
        assert_eq!(jo.status(CLOSED), 200);
        let before = asked();
        assert!(before > 0, "statements are written down");
        for _ in 0..100 {
            assert_eq!(jo.status(CLOSED), 200);
            assert_eq!(site.get_with(CLOSED, &[("Authorization", &basic)]).status, 200);
        }
        assert_eq!(asked(), before, "{backend:?}");
    }
}
