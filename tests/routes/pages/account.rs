//! Somebody's own account: second step, keys and sessions, without any script.

use std::process::Command;

use super::forms::post;
use super::library_of_three;
use crate::people::{Browser, PASSWORD, account, basic};
use crate::site::{Site, within};
use crate::support::files::program;

/// The code of this moment, by another program.
fn code(secret: &str) -> String {
    let secret = secret.replace(' ', "");
    let output = Command::new(program("oathtool", "oathtool"))
        .args(["--totp", "--base32", &secret])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_second_step_is_set_up_and_taken_away() {
    let site = library_of_three();
    let mut reader = Browser::signed_in(&site, "reader");
    let begin = "/do/post/totp?next=/account%23second";
    assert_eq!(post(&mut reader, begin, &[]).header("location"), Some("/account#second"));
    let page = reader.get("/account").text();
    assert!(page.contains("<svg class=\"code\""), "{page}");
    let (_, rest) = page.split_once("Or enter this secret</span>").unwrap();
    let (_, rest) = rest.split_once("data-copy=\"").unwrap();
    let (secret, rest) = rest.split_once("\">").unwrap();
    let secret = secret.to_owned();
    let typed = rest.split_once("</code>").unwrap().0;
    assert!(typed.contains(' ') && typed.replace(' ', "") == secret, "{typed}: {secret}");
    assert!(page.contains(&format!("secret={secret}")), "the address has the same secret");
    // The button that gives it up stands in another form than its own.
    assert!(page.contains("form=\"second-given-up\"") && page.contains(" id=\"second-given-up\""));
    let confirm = "/do/put/totp?next=/account%23second&shown=recovery_codes";
    let wrong = post(&mut reader, confirm, &[("code", "1")]);
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("href=\"/account#second\""), "{}", wrong.text());
    let led = post(&mut reader, confirm, &[("code", &code(&secret))]);
    assert_eq!((led.status, led.header("location")), (303, Some("/once")));
    let shown = reader.get("/once");
    assert_eq!((shown.status, shown.header("cache-control")), (200, Some("no-store")));
    let text = shown.text();
    assert_eq!(text.matches("<li><code dir=\"ltr\">").count(), 10, "{text}");
    let (_, rest) = text.split_once("<li><code dir=\"ltr\">").unwrap();
    let recovery = rest.split_once('<').unwrap().0.to_owned();
    let page = reader.get("/account").text();
    assert!(page.contains("Signing in needs a code") && !page.contains(&secret), "{page}");
    let remove = "/do/delete/totp?next=/account%23second&done=second-off";
    let csrf = reader.csrf();
    let target = format!("{remove}&code=x");
    assert_eq!(
        reader.send("POST", &target, &[], &format!("_csrf_token={csrf}&code=no")).status,
        400
    );
    let gone = post(&mut reader, remove, &[("code", &recovery)]);
    assert_eq!(gone.status, 303, "{}", gone.text());
    assert!(reader.get("/account").text().contains("Set up two-step sign-in"));
}

#[test]
fn a_key_is_shown_once_and_taken_back() {
    let site = Site::start("", |_| {});
    account(&site, "jo", true);
    let mut jo = Browser::signed_in(&site, "jo");
    let make = "/do/post/keys?next=/account%23keys-title&shown=key";
    let fields = [("name", "A <script>"), ("scopes", "write"), ("expires_days", "90")];
    let led = post(&mut jo, make, &fields);
    assert_eq!((led.status, led.header("location")), (303, Some("/once")), "{}", led.text());
    let carried = led.header("set-cookie").unwrap().to_owned();
    let text = jo.get("/once").text();
    let (_, rest) = text.split_once("value=\"htk_").unwrap();
    let key = format!("htk_{}", rest.split_once('"').unwrap().0);
    assert!(text.contains("href=\"/account#keys-title\""), "{text}");
    assert!(!carried.contains(&key), "{carried}");
    // Loading the page again makes no other key, and nobody else opens what the cookie holds.
    assert!(jo.get("/once").text().contains(&key));
    account(&site, "other", true);
    let mut other = Browser::signed_in(&site, "other");
    let cookie = carried.split(';').next().unwrap();
    let theirs = other.send("GET", "/once", &[("Cookie", cookie)], "");
    assert_eq!((theirs.status, theirs.header("location")), (303, Some("/")), "{}", theirs.text());
    assert_eq!(site.status("/once"), 303);
    let page = jo.get("/account").text();
    assert_eq!(page.matches("action=\"/do/delete/keys/").count(), 1, "{page}");
    assert!(
        page.contains("A &#60;script&#62;") && page.contains("Read and write</span>"),
        "{page}"
    );
    assert!(!page.contains(&key));
    let field = basic(&key, "");
    let works =
        || site.get_with("/api/v1/admin/filesystem/folders/?path=/", &[("Authorization", &field)]);
    within(std::time::Duration::from_secs(5), "the key works", || works().status != 401);
    let (_, rest) = page.split_once("action=\"/do/delete/keys/").unwrap();
    let id = rest.split_once('?').unwrap().0;
    let delete = format!("/do/delete/keys/{id}?next=/account&done=key-deleted");
    assert_eq!(post(&mut jo, &delete, &[]).status, 303);
    within(std::time::Duration::from_secs(5), "the key is gone", || works().status == 401);
    // Who has no access for programs is offered none.
    account(&site, "al", false);
    let mut al = Browser::signed_in(&site, "al");
    assert!(!al.get("/account").text().contains("/do/post/keys"));
    assert_eq!(post(&mut al, make, &fields).status, 403);
    // Only what is made to be shown is.
    let told = post(&mut jo, "/do/post/keys?next=/account&shown=name", &fields);
    assert_eq!(told.status, 303);
}

#[test]
fn all_sessions_end_at_once() {
    let site = library_of_three();
    let mut here = Browser::signed_in(&site, "reader");
    let mut there = Browser::signed_in(&site, "reader");
    let end = "/do/delete/sessions?next=/login&done=sessions-ended";
    let done = post(&mut here, end, &[]);
    assert_eq!(done.header("location"), Some("/login?done=sessions-ended"), "{}", done.text());
    within(std::time::Duration::from_secs(5), "the other session ends", || {
        there.status("/account") == 401
    });
    assert_eq!(here.status("/account"), 401);
    assert_eq!(here.login("reader", PASSWORD).status, 303);
}
