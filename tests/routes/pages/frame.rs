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
fn errors_tell_what_to_do_and_nothing_of_the_inside() {
    let site = super::library_of_three();
    std::fs::write(site.image("open/text.png"), "no picture").unwrap();
    let mut reader = Browser::signed_in(&site, "reader");
    let mut admin = Browser::new(site.addr());
    assert_eq!(admin.login("admin", crate::support::halftone::ADMIN_PASSWORD).status, 303);
    // Something that cannot work and is nobody's fault.
    halftone::db::Sql::execute(site.db(), "DROP TABLE audit_log", &[]).unwrap();
    let mut browsers = [
        ("nobody", Browser::new(site.addr())),
        ("stranger", Browser::signed_in(&site, "stranger")),
        ("admin", admin),
    ];
    for (name, target, status, title, offers_sign_in) in [
        ("nobody", "/no/such/page", 404, "Not found", false),
        ("nobody", "/browse?path=closed", 403, "You do not have access to this", true),
        ("nobody", "/account", 401, "Please sign in", true),
        ("nobody", "/image?src=open/text.png", 415, "Not a picture", false),
        ("stranger", "/browse?path=closed", 403, "You do not have access to this", true),
        ("stranger", "/details?src=open/none.png", 404, "Not found", false),
        ("admin", "/admin/audit", 500, "Something went wrong", false),
    ] {
        let (_, who) = browsers.iter_mut().find(|(other, _)| *other == name).unwrap();
        let answer = who.get(target);
        crate::errors::assert_page(&site, &answer, status, target);
        let text = answer.text();
        assert!(text.contains(&format!("<h1>{title}</h1>")), "{target}: {text}");
        assert!(text.contains(&format!("<p class=\"status-number\">{status}</p>")), "{target}");
        let main = text.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
        assert!(main.contains("href=\"/\">Home<"), "{target}: {main}");
        let (_, below) = main.split_once("</h1>\n").unwrap();
        let told = below.strip_prefix("<p>").map(|told| told.split("</p>").next().unwrap());
        // Nothing is said where the heading says it.
        assert_eq!(told.is_none(), matches!(status, 401 | 403), "{target}: {main}");
        let is_sentence = |told: &str| told.starts_with(char::is_uppercase) && told.ends_with('.');
        assert!(told.is_none_or(is_sentence) || status == 404, "{target}: {told:?}");
        assert_eq!(main.contains("href=\"/login?next="), offers_sign_in, "{target}: {main}");
        // As another user, for whom one is not enough.
        let other = main.contains(">Sign in as another user<");
        assert_eq!(other, name == "stranger" && status == 403, "{target}: {main}");
        assert_eq!(main.contains(">Try again<"), status == 500, "{target}: {main}");
        let id = answer.header("x-request-id").unwrap();
        assert_eq!(main.contains(&format!("<code>{id}</code>")), status == 500, "{target}: {main}");
        for inside in ["audit_log", "panicked", "SELECT", "no such table", "at src"] {
            assert!(!text.contains(inside), "{target} tells {inside}: {text}");
        }
    }
    // What was sent leads back to the page that it was sent from.
    let csrf = reader.csrf();
    let body = form(&[("_csrf_token", &csrf), ("path", "/closed/new")]);
    let target = "/do/post/admin/filesystem/folders?next=/browse%3Fpath%3Dclosed";
    let answer = reader.send("POST", target, &[], &body);
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("href=\"/browse?path=closed\">Go back<"), "{}", answer.text());
}

#[test]
fn only_known_words_are_said_of_what_was_done() {
    let site = Site::start("", |_| {});
    let mut admin = Browser::new(site.addr());
    admin.login("admin", crate::support::halftone::ADMIN_PASSWORD);
    let saved = "The details have been saved.";
    assert!(admin.get("/?done=image-saved").text().contains(saved));
    let page = admin.get("/?done=%3Cb%3Eevil").text();
    assert!(!page.contains("evil") && !page.contains("role=\"status\">\n<b>"), "{page}");
    // Who is not signed in has done nothing but signed out.
    for address in ["/?done=image-saved", "/login?done=image-saved"] {
        assert!(!site.get(address).text().contains(saved), "{address}");
    }
    let ended = site.get("/login?done=sessions-ended").text();
    assert!(ended.contains("All sessions have been ended."), "{ended}");
}

#[test]
fn the_guide_is_the_last_of_the_places() {
    let site = Site::start("", |_| {});
    let mut admin = Browser::new(site.addr());
    admin.login("admin", crate::support::halftone::ADMIN_PASSWORD);
    for (page, is_at_desk) in
        [("/browse", false), ("/reports", true), ("/admin/tags", true), ("/help", false)]
    {
        let text = admin.get(page).text();
        let (_, nav) = text.split_once("<nav class=\"nav\"").unwrap();
        let nav = nav.split_once("</nav>").unwrap().0;
        let names: Vec<&str> =
            nav.split("</a>").filter_map(|link| Some(link.rsplit_once('>')?.1)).collect();
        assert_eq!(names.last(), Some(&"Help"), "{page}: {names:?}");
        assert_eq!(nav.matches("aria-current=\"page\"").count(), 1, "{page}: {nav}");
        // Where narrow screens show no such place, the button of the menu that has it is marked.
        assert_eq!(text.contains(" holds-here\""), is_at_desk, "{page}");
    }
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
