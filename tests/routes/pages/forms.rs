//! Forms of pages are calls of the API, without any script.

use std::time::Duration;

use super::library_of_three;
use crate::people::{Browser, form};
use crate::site::within;
use crate::support::http::Response;

const TASK: Duration = Duration::from_secs(20);

pub fn post(browser: &mut Browser, target: &str, fields: &[(&str, &str)]) -> Response {
    let csrf = browser.csrf();
    let mut all = vec![("_csrf_token", csrf.as_str())];
    all.extend(fields);
    browser.send("POST", target, &[], &form(&all))
}

/// The id of a picture, from the address that its page's forms are posted to.
fn id_of(browser: &mut Browser, src: &str) -> String {
    let page = browser.get(&format!("/details?src={src}")).text();
    let (_, rest) = page.split_once("action=\"/do/put/admin/images/").expect("the page has a form");
    rest.split_once('?').unwrap().0.to_owned()
}

#[test]
fn a_picture_is_described_renamed_and_deleted() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let id = id_of(&mut editor, "open/one.png");
    let target =
        format!("/do/put/admin/images/{id}?next=/details%3Fsrc%3Dopen/one.png&done=image-saved");
    let saved = post(&mut editor, &target, &[("title", "The one"), ("description", "Of <two>")]);
    assert_eq!(saved.status, 303, "{}", saved.text());
    assert_eq!(saved.header("location"), Some("/details?src=open/one.png&done=image-saved"));
    let page = editor.get("/details?src=open/one.png").text();
    assert!(page.contains("The one") && page.contains("Of &#60;two&#62;"), "{page}");

    let tags = format!("/do/put/admin/images/{id}/tags?next=/");
    assert_eq!(post(&mut editor, &tags, &[("tags", "sea\nsummer")]).status, 303);
    assert!(editor.get("/search?tag=summer").text().contains("open/one.png"));

    let point = format!("/do/put/admin/images/{id}/focal-point?next=/");
    assert_eq!(post(&mut editor, &point, &[("x", "0.25"), ("y", "1.5")]).status, 400);
    assert_eq!(post(&mut editor, &point, &[("x", "0.25"), ("y", "0.75")]).status, 303);
    assert!(editor.get("/details?src=open/one.png").text().contains("25 % / 75 %"));
    let point = format!("/do/delete/admin/images/{id}/focal-point?next=/");
    assert_eq!(post(&mut editor, &point, &[]).status, 303);
    assert!(!editor.get("/details?src=open/one.png").text().contains("25 % / 75 %"));

    let rename = format!("/do/put/admin/filesystem/images/{id}?next=/browse");
    let taken = post(&mut editor, &rename, &[("path", "open/two.png")]);
    assert_eq!(taken.status, 409);
    assert!(taken.text().contains("href=\"/browse\"") && taken.text().contains("already exists"));
    assert_eq!(post(&mut editor, &rename, &[("path", "open/uno.png")]).status, 303);
    assert_eq!(editor.status("/details?src=open/uno.png"), 200);
    let delete = format!("/do/delete/admin/filesystem/images/{id}?next=/browse");
    assert_eq!(post(&mut editor, &delete, &[]).status, 303);
    assert_eq!(editor.status("/details?src=open/uno.png"), 404);
    assert!(!site.image("open/uno.png").exists());
}

#[test]
fn folders_are_made_renamed_and_deleted() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let make = "/do/post/admin/filesystem/folders?next=/browse&done=folder-made";
    assert_eq!(post(&mut editor, make, &[("path", "/open/new one")]).status, 303);
    assert!(site.image("open/new one").is_dir());
    let page = editor.get("/browse?path=open/new%20one").text();
    let (_, rest) = page.split_once("action=\"/do/put/admin/filesystem/folders/").unwrap();
    let id = rest.split_once('?').unwrap().0;
    let rename = format!("/do/put/admin/filesystem/folders/{id}?next=/browse");
    assert_eq!(post(&mut editor, &rename, &[("path", "/open/named")]).status, 303);
    within(TASK, "the folder has its name", || site.image("open/named").is_dir());
    let delete = format!("/do/delete/admin/filesystem/folders/{id}?next=/browse");
    assert_eq!(post(&mut editor, &delete, &[]).status, 303);
    within(TASK, "the folder is gone", || !site.image("open/named").exists());
}

#[test]
fn nobody_changes_what_they_may_not_nor_by_another_sites_form() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let id = id_of(&mut editor, "open/one.png");
    let target = format!("/do/delete/admin/filesystem/images/{id}?next=/");
    // Another site's form has the cookies, and not the text.
    assert_eq!(editor.send("POST", &target, &[], "").status, 400);
    assert_eq!(editor.send("POST", &target, &[], "_csrf_token=wrong").status, 400);
    assert_eq!(Browser::new(site.addr()).send("POST", &target, &[], "").status, 401);
    for name in ["reader", "stranger"] {
        let mut other = Browser::signed_in(&site, name);
        assert_eq!(post(&mut other, &target, &[]).status, 403, "{name}");
    }
    assert!(site.image("open/one.png").exists());
    // Only within this server, only by POST, only what changes something, and no credentials.
    let away = format!("/do/put/admin/images/{id}/tags?next=https://evil.example/");
    assert_eq!(post(&mut editor, &away, &[("tags", "x")]).status, 400);
    assert_eq!(editor.status(&target), 405);
    for nothing in ["/do/get/list", "/do/put/none", "/do/post/token", "/do/post/uploads", "/do/"] {
        assert_eq!(post(&mut editor, nothing, &[]).status, 404, "{nothing}");
    }
}

#[test]
fn files_are_uploaded_without_a_script() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let png = std::fs::read(site.image("open/one.png")).unwrap();
    let csrf = editor.csrf();
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head = part("_csrf_token", &csrf) + &part("path", "/open") + &part("overwrite", "rename");
    let file = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"up.png\"\r\n\r\n";
    let body = [head.as_bytes(), file.as_bytes(), &png, b"\r\n--b--\r\n"].concat();
    let kind = [("Content-Type", "multipart/form-data; boundary=b")];
    let target = "/do/post/upload?next=/browse%3Fpath%3Dopen&done=upload-done";
    let answer = editor.send_bytes("POST", target, &kind, &body);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), Some("/browse?path=open&done=upload-done"));
    assert!(site.image("open/up.png").exists());

    // Of a good file and a bad one, each is told of.
    let bad = "\r\n--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"<b>.png\"\r\n\r\nno picture";
    let body = [head.as_bytes(), file.as_bytes(), &png, bad.as_bytes(), b"\r\n--b--\r\n"].concat();
    let answer = editor.send_bytes("POST", target, &kind, &body);
    let page = answer.text();
    assert!((400..500).contains(&answer.status), "{} {page}", answer.status);
    for there in [
        "One file was uploaded. One file was refused.",
        "<bdi>up.png</bdi></a></td><td>Uploaded</td>",
        "<bdi>&#60;b&#62;.png</bdi></td><td><span class=\"fault\">",
        "<a class=\"button main\" href=\"/browse?path=open\">",
    ] {
        assert!(page.contains(there), "{there} is missing in {page}");
    }
    let (_, rest) = page.split_once("<a href=\"/details?src=").expect("there is a link");
    let (link, _) = rest.split_once('"').unwrap();
    assert_eq!(editor.status(&format!("/details?src={link}")), 200);
    assert!(!page.contains("class=\"notice\""), "{page}");
}

#[test]
fn what_failed_is_not_said_to_be_done() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let make = "/do/post/admin/filesystem/folders?next=/browse&done=folder-made";
    let refused = post(&mut editor, make, &[("path", "/../x")]);
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    assert!(!refused.text().contains("class=\"notice\""), "{}", refused.text());
    let missing = editor.get("/browse?path=none&done=folder-made");
    assert_eq!(missing.status, 404);
    assert!(!missing.text().contains("class=\"notice\""), "{}", missing.text());
    // Where it was done, it is said.
    assert!(editor.get("/browse?done=folder-made").text().contains("The folder has been made."));
}

#[test]
fn an_account_is_changed_by_its_owner() {
    let site = library_of_three();
    let mut reader = Browser::signed_in(&site, "reader");
    let page = reader.get("/account").text();
    let (_, rest) = page.split_once("action=\"/do/put/admin/users/").unwrap();
    let target = format!("/do/put/admin/users/{}?next=/account", rest.split_once('?').unwrap().0);
    let fields = [
        ("username", "reader"),
        ("first_name", "Ann"),
        ("last_name", "O\"Neil"),
        ("email", ""),
        ("auth_type", "1"),
        ("allow_api", "false"),
    ];
    assert_eq!(post(&mut reader, &target, &fields).status, 303);
    assert!(reader.get("/account").text().contains("value=\"O&#34;Neil\""));
    let mut other = Browser::signed_in(&site, "stranger");
    assert_eq!(post(&mut other, &target, &fields).status, 403);
}
