//! What every page has: header fields, theme, session, words.

use crate::people::{Browser, form};
use crate::site::Site;

const PAGES: [&str; 12] = [
    "/",
    "/browse",
    "/search",
    "/portfolios",
    "/help",
    "/help/api",
    "/help/viewers",
    "/about",
    "/login",
    "/logout",
    "/basket",
    "/no/such/page",
];

#[test]
fn every_page_is_closed_to_what_is_not_ours() {
    let site = Site::start("", |_| {});
    for page in PAGES {
        let answer = site.get(page);
        let field = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        let policy = field("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(rule), "{page}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{page}: {policy}");
        assert_eq!(field("x-content-type-options"), "nosniff", "{page}");
        assert_eq!(field("cross-origin-opener-policy"), "same-origin", "{page}");
        assert!(
            field("referrer-policy").ends_with("-origin")
                || field("referrer-policy") == "no-referrer"
        );
        let text = answer.text();
        // Nothing that the policy would stop, nothing from elsewhere.
        for wrong in [" style=\"", " onclick=", "javascript:", "<script>", "src=\"http", "src=\"//"]
        {
            assert!(!text.contains(wrong), "{page} has {wrong}");
        }
        assert!(text.starts_with("<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\""), "{page}");
        assert!(text.contains("<main id=\"main\""), "{page}");
    }
}

#[test]
fn pages_come_in_light_and_dark_without_a_script() {
    let site = Site::start("", |_| {});
    let mut browser = Browser::new(site.addr());
    assert!(!browser.get("/").text().contains("data-theme="));
    for (theme, found) in [("dark", true), ("light", true), ("system", false)] {
        let target = "/preferences?next=/about%3Fx%3D1";
        let answer = browser.send("POST", target, &[], &form(&[("theme", theme)]));
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(answer.header("location"), Some("/about?x=1"));
        let page = browser.get("/about").text();
        assert_eq!(page.contains(&format!("data-theme=\"{theme}\"")), found, "{theme}");
    }
    let wrong = browser.send("POST", "/preferences", &[], "theme=x%22onload");
    assert_eq!(wrong.status, 400);
    let away = browser.send("POST", "/preferences?next=https://evil.example/", &[], "theme=dark");
    assert_eq!(away.status, 400);
}

#[test]
fn single_keys_can_be_switched_off() {
    let site = Site::start("", |_| {});
    let mut browser = Browser::new(site.addr());
    assert!(!browser.get("/").text().contains("data-keys="));
    for (keys, is_off) in [("off", true), ("on", false)] {
        let answer =
            browser.send("POST", "/preferences?next=/about", &[], &form(&[("keys", keys)]));
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(browser.get("/about").text().contains("data-keys=\"off\""), is_off, "{keys}");
    }
    for wrong in ["keys=maybe", "", "keys=on&theme=x"] {
        assert_eq!(browser.send("POST", "/preferences", &[], wrong).status, 400, "{wrong}");
    }
}

#[test]
fn only_known_words_are_said_of_what_was_done() {
    let site = Site::start("", |_| {});
    assert!(site.get("/?done=image-saved").text().contains("The details have been saved."));
    let page = site.get("/?done=%3Cb%3Eevil").text();
    assert!(!page.contains("evil") && !page.contains("role=\"status\">\n<b>"), "{page}");
}

#[test]
fn an_account_is_for_who_has_one() {
    let site = Site::start("", |_| {});
    crate::people::account(&site, "jo", false);
    let closed = site.get("/account");
    assert_eq!(closed.status, 401);
    assert!(closed.text().contains("href=\"/login?next=%2Faccount\""), "{}", closed.text());
    let mut jo = Browser::signed_in(&site, "jo");
    let page = jo.get("/account");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("value=\"jo\""));
    assert_eq!(page.header("cache-control"), Some("no-store"));
}
