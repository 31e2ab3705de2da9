//! Forms of pages are calls of the API, without any script.

use std::time::Duration;

use halftone::auth::Level;

use super::library_of_three;
use crate::people::{Browser, PASSWORD, form};
use crate::site::{Site, within};
use crate::support::halftone::ADMIN_PASSWORD;
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
    let told = "25% from the left, 75% from the top";
    assert!(editor.get("/details?src=open/one.png").text().contains(told));
    let point = format!("/do/delete/admin/images/{id}/focal-point?next=/");
    assert_eq!(post(&mut editor, &point, &[]).status, 303);
    assert!(!editor.get("/details?src=open/one.png").text().contains(told));

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

/// The hidden field that says what has been read.
pub fn was(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"was\" value=\"").expect("the form says what was read");
    let value = rest.split_once('"').unwrap().0;
    value.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

#[test]
fn one_form_saves_all_that_is_said_of_a_picture() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let id = id_of(&mut editor, "open/one.png");
    let target = format!("/do/put/admin/images/{id}?next=/");
    let read = was(&editor.get("/details?src=open/one.png").text());
    let all = [
        ("was", read.as_str()),
        ("title", "One"),
        ("description", "A\r\n\"line\" & <more>"),
        ("tags", "sea"),
        ("add", "sun, sand"),
    ];
    assert_eq!(post(&mut editor, &target, &all).status, 303);
    let page = editor.get("/details?src=open/one.png").text();
    for tag in ["sea", "sun", "sand"] {
        assert!(page.contains(&format!("/search?tag={tag}\"")), "{tag}: {page}");
    }
    // What is saved as it was read changes nothing; what is taken out of the field is taken off.
    let read = was(&page);
    let same = [
        ("was", read.as_str()),
        ("title", "One"),
        ("description", "A\r\n\"line\" & <more>"),
        ("tags", "sand\r\nsun"),
        ("add", ""),
    ];
    assert_eq!(post(&mut editor, &target, &same).status, 303);
    let page = editor.get("/details?src=open/one.png").text();
    assert!(!page.contains("/search?tag=sea\"") && page.contains("/search?tag=sun\""), "{page}");
    assert!(page.contains("alt=\"A"), "the description stands for the picture: {page}");
    // Programs may leave tags as they are, or only add some.
    let few = [("title", "One"), ("description", ""), ("add", "wind")];
    assert_eq!(post(&mut editor, &target, &few).status, 303);
    let page = editor.get("/details?src=open/one.png").text();
    assert!(page.contains("/search?tag=sun\"") && page.contains("/search?tag=wind\""), "{page}");
    let broken = [("title", "x"), ("description", ""), ("was", "{\"title\":1}")];
    assert_eq!(post(&mut editor, &target, &broken).status, 400);
}

#[test]
fn two_who_edit_one_picture_lose_nothing() {
    let site = library_of_three();
    let mut first = Browser::signed_in(&site, "editor");
    let mut second = Browser::signed_in(&site, "editor");
    let id = id_of(&mut first, "open/one.png");
    let target =
        format!("/do/put/admin/images/{id}?next=/details%3Fsrc%3Dopen/one.png&done=image-saved");
    let read = was(&first.get("/details?src=open/one.png").text());
    let save = |browser: &mut Browser, was: &str, said: [&str; 3]| {
        let [title, description, tags] = said;
        let fields = [("was", was), ("title", title), ("description", description), ("tags", tags)];
        post(browser, &target, &fields)
    };
    // Each has changed another field, and both the tags.
    assert_eq!(save(&mut first, &read, ["", "By the first", "one"]).status, 303);
    assert_eq!(save(&mut second, &read, ["By the second", "", "two"]).status, 303);
    let page = first.get("/details?src=open/one.png").text();
    for said in ["By the first", "By the second", "/search?tag=one\"", "/search?tag=two\""] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // Both have changed one: the page shows either, and saves what is sent then.
    let read = was(&page);
    let tags = "one\ntwo";
    assert_eq!(save(&mut first, &read, ["By the second", "Mine", tags]).status, 303);
    let told = save(&mut second, &read, ["A new title", "Yours & <b>", "one"]);
    assert_eq!(told.status, 409);
    let page = told.text();
    for said in ["Mine", "Yours &#38; &#60;b&#62;", "A new title", "image-saved"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let unchanged = first.get("/details?src=open/one.png").text();
    assert!(unchanged.contains("Mine") && !unchanged.contains("A new title"), "{unchanged}");
    let settled = save(&mut second, &was(&page), ["A new title", "Ours", "one"]);
    assert_eq!(settled.status, 303, "{}", settled.text());
    let page = first.get("/details?src=open/one.png").text();
    assert!(page.contains("A new title") && page.contains("Ours"), "{page}");
    assert!(!page.contains("/search?tag=two\""), "{page}");
}

#[test]
fn folders_are_made_renamed_and_deleted() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let make = "/do/post/admin/filesystem/folders?next=/browse&done=folder-made";
    assert_eq!(post(&mut editor, make, &[("path", "/open/new one")]).status, 303);
    assert!(site.image("open/new one").is_dir());
    // By its name and the folder that it lies in.
    let fields = [("path", "/open"), ("name", "named so")];
    assert_eq!(post(&mut editor, make, &fields).status, 303);
    assert!(site.image("open/named so").is_dir());
    assert_eq!(post(&mut editor, make, &fields).status, 409);
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
    assert_eq!(editor.status(&target), 303);
    assert!(site.image("open/one.png").exists());
    for nothing in ["/do/get/list", "/do/put/none", "/do/post/token", "/do/post/uploads", "/do/"] {
        assert_eq!(post(&mut editor, nothing, &[]).status, 404, "{nothing}");
    }
}

/// What browsers say of a form of a page of the same server.
const OWN: [(&str, &str); 1] = [("Sec-Fetch-Site", "same-origin")];

/// Where the form on the page that shows what was kept is sent.
fn action_of(page: &str) -> String {
    let (_, rest) = page.split_once("method=\"post\" action=\"/do/").expect("there is a form");
    format!("/do/{}", rest.split('"').next().unwrap().replace("&#38;", "&"))
}

/// A browser whose session has been ended elsewhere, and the text that its pages still have.
fn signed_out(site: &Site, name: &str, password: &str) -> (Browser, String) {
    let mut browser = Browser::new(site.addr());
    assert_eq!(browser.login(name, password).status, 303);
    let csrf = browser.csrf();
    assert_eq!(browser.clone().logout().status, 303);
    (browser, csrf)
}

#[test]
fn a_form_that_comes_after_the_session_is_sent_after_signing_in() {
    let site = library_of_three();
    let id = id_of(&mut Browser::signed_in(&site, "editor"), "open/one.png");
    let (mut editor, csrf) = signed_out(&site, "editor", PASSWORD);
    let target = format!("/do/put/admin/images/{id}?next=/details%3Fsrc%3Dopen/one.png&done=x");
    let body = form(&[
        ("_csrf_token", &csrf),
        ("title", "The \"one\" & <only>"),
        ("description", "First\r\nsecond"),
    ]);
    for told in [OWN, [("Origin", "http://localhost")]] {
        let refused = editor.send("POST", &target, &told, &body);
        assert_eq!(refused.status, 401);
        assert!(refused.header("www-authenticate").is_some());
        let page = refused.text();
        // That is no fault of anybody.
        let (before, _) = page.split_once("your entries are kept").unwrap();
        assert!(before.rsplit('<').next().unwrap().contains("class=\"notice\""), "{page}");
        // It stays through a wrong password.
        let wrong = [("username", "editor"), ("password", "wrong")];
        let wrong = editor.submit(&page, "/login", &wrong);
        assert_eq!(wrong.status, 403);
        assert!(wrong.text().contains("<p class=\"alert\""), "{}", wrong.text());
        let right = [("username", "editor"), ("password", PASSWORD)];
        let offered = editor.submit(&wrong.text(), "/login", &right);
        assert_eq!(offered.status, 200);
        let page = offered.text();
        assert!(page.contains("Send what you entered?"), "{page}");
        assert!(page.contains("The &#34;one&#34; &#38; &#60;only&#62;"), "{page}");
        // Nothing was changed by signing in.
        assert!(!editor.get("/details?src=open/one.png").text().contains("The &#34;one"));
        assert_eq!(action_of(&page), target);
        if told == OWN {
            assert_eq!(editor.clone().logout().status, 303);
            continue;
        }
        let sent = editor.submit(&page, &action_of(&page), &[]);
        assert_eq!(sent.status, 303, "{}", sent.text());
        assert_eq!(sent.header("location"), Some("/details?src=open/one.png&done=x"));
        let shown = editor.get("/details?src=open/one.png").text();
        assert!(shown.contains("The &#34;one&#34; &#38; &#60;only&#62;"), "{shown}");
        assert!(shown.contains("First") && shown.contains("second"), "{shown}");
    }
}

#[test]
fn a_form_is_not_shown_to_another_who_signs_in() {
    let site = library_of_three();
    let id = id_of(&mut Browser::signed_in(&site, "editor"), "open/one.png");
    let (mut editor, csrf) = signed_out(&site, "editor", PASSWORD);
    let target = format!("/do/put/admin/images/{id}?next=/details%3Fsrc%3Dopen/one.png");
    let body = form(&[("_csrf_token", &csrf), ("title", "A secret"), ("description", "")]);
    let page = editor.send("POST", &target, &OWN, &body).text();
    assert!(page.contains("name=\"kept\""), "{page}");
    let other = [("username", "reader"), ("password", PASSWORD)];
    let led = editor.submit(&page, "/login", &other);
    assert_eq!(led.status, 303, "{}", led.text());
    let next = led.header("location").unwrap().to_owned();
    assert_eq!(next, "/details?src=open/one.png&done=kept-dropped");
    let shown = editor.get(&next).text();
    assert!(shown.contains("has been discarded.") && !shown.contains("A secret"), "{shown}");
    // Whose form it was is not known where no cookie tells it.
    let mut nobody = Browser::new(site.addr());
    let page = nobody.send("POST", &target, &OWN, &body).text();
    assert!(!page.contains("A secret") && !page.contains("name=\"kept\""), "{page}");
}

#[test]
fn a_form_of_a_session_before_is_offered_once_more() {
    let site = library_of_three();
    let id = id_of(&mut Browser::signed_in(&site, "editor"), "open/one.png");
    let (mut editor, csrf) = signed_out(&site, "editor", PASSWORD);
    assert_eq!(editor.login("editor", PASSWORD).status, 303);
    let target = format!("/do/put/admin/images/{id}/tags?next=/browse");
    let body = form(&[("_csrf_token", &csrf), ("tags", "sea\nsummer")]);
    let refused = editor.send("POST", &target, &OWN, &body);
    assert_eq!(refused.status, 400);
    let page = refused.text();
    assert!(page.contains("Send what you entered?") && page.contains("href=\"/browse\""), "{page}");
    assert_eq!(editor.submit(&page, &action_of(&page), &[]).status, 303);
    assert!(editor.get("/search?tag=summer").text().contains("open/one.png"));
}

#[test]
fn what_forms_fill_in_by_themselves_is_sent_and_not_shown() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let id = id_of(&mut editor, "open/one.png");
    let read = was(&editor.get("/details?src=open/one.png").text());
    let (mut editor, csrf) = signed_out(&site, "editor", PASSWORD);
    let target = format!("/do/put/admin/images/{id}?next=/details%3Fsrc%3Dopen/one.png");
    let fields = [
        ("_csrf_token", &*csrf),
        ("was", &read),
        ("title", "A title"),
        ("description", ""),
        ("tags", "sea"),
    ];
    let page = editor.send("POST", &target, &OWN, &form(&fields)).text();
    let right = [("username", "editor"), ("password", PASSWORD)];
    let page = editor.submit(&page, "/login", &right).text();
    let (_, rest) = page.split_once("<dl class=\"facts\">").expect("what was filled in is shown");
    let shown = rest.split("</dl>").next().unwrap();
    assert!(shown.contains("A title") && shown.contains("sea"), "{shown}");
    assert!(!shown.contains("Previous values") && !shown.contains('{'), "{shown}");
    assert_eq!(shown.matches("<dt>").count(), 3, "{shown}");
    // It is sent along: what somebody else has written meanwhile is not overwritten.
    assert!(page.contains("<input type=\"hidden\" name=\"was\" value=\"{"), "{page}");
    let other = format!("/do/put/admin/images/{id}?next=/");
    let theirs = [("title", "Theirs"), ("description", "")];
    assert_eq!(post(&mut Browser::signed_in(&site, "editor"), &other, &theirs).status, 303);
    let told = editor.submit(&page, &action_of(&page), &[]);
    assert_eq!(told.status, 409, "{}", told.text());
    assert!(told.text().contains("Theirs"), "{}", told.text());
}

#[test]
fn choices_are_shown_in_words_before_they_are_sent_again() {
    let site = library_of_three();
    let (mut admin, csrf) = signed_out(&site, "admin", ADMIN_PASSWORD);
    let target = "/do/post/admin/permissions?next=/admin/permissions";
    let fields = [("_csrf_token", &*csrf), ("folder_id", "1"), ("group_id", "1"), ("access", "20")];
    let page = admin.send("POST", target, &OWN, &form(&fields)).text();
    let right = [("username", "admin"), ("password", ADMIN_PASSWORD)];
    let page = admin.submit(&page, "/login", &right).text();
    let (_, rest) = page.split_once("<dl class=\"facts\">").expect("what was filled in is shown");
    let shown = rest.split("</dl>").next().unwrap();
    assert!(shown.contains(">Download</dd>") && shown.matches("<dt>").count() == 1, "{shown}");
    assert!(page.contains("name=\"group_id\" value=\"1\""), "{page}");
}

#[test]
fn what_another_site_sends_is_not_kept() {
    let site = library_of_three();
    let id = id_of(&mut Browser::signed_in(&site, "editor"), "open/one.png");
    let (mut editor, csrf) = signed_out(&site, "editor", PASSWORD);
    let target = format!("/do/put/admin/images/{id}?next=/browse");
    let body = form(&[("_csrf_token", &csrf), ("title", "Not mine"), ("description", "")]);
    let evil = [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Sec-Fetch-Site", "none")],
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
    ];
    for told in evil.iter().map(|told| &told[..]).chain([&[][..]]) {
        let refused = editor.send("POST", &target, told, &body);
        assert_eq!(refused.status, 401, "{told:?}");
        let page = refused.text();
        assert!(!page.contains("Not mine") && page.contains("/login?next=%2Fbrowse"), "{page}");
    }
    assert_eq!(editor.login("editor", PASSWORD).status, 303);
    let refused = editor.send("POST", &target, &[("Sec-Fetch-Site", "cross-site")], &body);
    assert_eq!(refused.status, 400);
    let page = refused.text();
    assert!(page.contains("This form has expired."), "{page}");
    assert!(!page.contains("Not mine"), "{page}");
}

#[test]
fn passwords_and_files_are_not_kept() {
    let site = library_of_three();
    let (mut admin, csrf) = signed_out(&site, "admin", ADMIN_PASSWORD);
    let target = "/do/post/admin/users?next=/admin/users";
    let body = form(&[
        ("_csrf_token", &csrf),
        ("username", "newcomer"),
        ("password", "very secret 1"),
        ("auth_type", "1"),
    ]);
    let page = admin.send("POST", target, &OWN, &body).text();
    assert!(page.contains("newcomer") && !page.contains("very secret"), "{page}");
    let right = [("username", "admin"), ("password", ADMIN_PASSWORD)];
    let offered = admin.submit(&page, "/login", &right).text();
    assert!(offered.contains("<input type=\"password\" name=\"password\""), "{offered}");
    assert!(offered.contains("Passwords and codes are not kept."), "{offered}");
    // A password alone is nothing that would be lost.
    let (mut admin, csrf) = signed_out(&site, "admin", ADMIN_PASSWORD);
    let body = form(&[("_csrf_token", &csrf), ("password", "very secret 1")]);
    let page = admin.send("POST", "/do/put/admin/users/1?next=/account", &OWN, &body).text();
    assert!(!page.contains("name=\"kept\""), "{page}");
    // A table that was pasted is kept, one in a file is not.
    let part = |head: &str, text: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"table\"{head}\r\n\r\n{text}\r\n")
    };
    let pasted =
        part("; filename=\"\"", "") + &part("", "src,title\nopen/one.png,Pasted") + "--x--\r\n";
    let filed = part("; filename=\"a.csv\"", "src,title\nopen/one.png,Filed") + "--x--\r\n";
    let multipart = [("Content-Type", "multipart/form-data; boundary=x"), OWN[0]];
    let mut send = |body: &str| {
        admin.send_bytes("POST", "/table?path=open", &multipart, body.as_bytes()).text()
    };
    let page = send(&pasted);
    assert!(page.contains("Pasted") && page.contains("name=\"kept\""), "{page}");
    let page = send(&filed);
    assert!(!page.contains("Filed") && !page.contains("name=\"kept\""), "{page}");
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

    // Under another name than was sent, it is told under which: those that the visitor may see.
    let odd = file.replace("up.png", "100%25#?.png");
    let parts = [head.as_bytes(), file.as_bytes(), &png, b"\r\n", odd.as_bytes(), &png];
    let body = [&parts.concat()[..], b"\r\n--b--\r\n"].concat();
    let answer = editor.send_bytes("POST", target, &kind, &body);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let led = answer.header("location").unwrap().to_owned();
    let (before, ids) = led.split_once("&stored=").expect("they are told");
    assert_eq!(before, "/browse?path=open&done=upload-done");
    assert_eq!(ids.split("%2C").count(), 2, "{ids}");
    let told = "<span>Stored under another name: <a href=\"/details?src=open/100_25__.png\">\
                <bdi>100_25__.png</bdi></a>, <a href=\"/details?src=open/up-001.png\">";
    let page = editor.get(&led).text();
    assert!(page.contains(told) && !page.contains("next=/browse%3Fpath%3Dopen%26stored"), "{page}");
    let elsewhere = format!("/browse?path=open/deep&stored={ids},x,0,-1,99999999");
    assert!(site.get(&elsewhere).text().contains(told));
    site.permit("/open", halftone::db::groups::PUBLIC, Level::None.access());
    within(TASK, "rights hold", || site.status("/browse?path=open") == 403);
    assert!(!site.get(&format!("/browse?stored={ids}")).text().contains("Stored under"));

    // Of a good file and a bad one, each is told of.
    let bad = "\r\n--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"<b>.png\"\r\n\r\nno picture";
    let body = [head.as_bytes(), file.as_bytes(), &png, bad.as_bytes(), b"\r\n--b--\r\n"].concat();
    let answer = editor.send_bytes("POST", target, &kind, &body);
    let page = answer.text();
    assert!((400..500).contains(&answer.status), "{} {page}", answer.status);
    for there in [
        "One file was uploaded. One file was refused.",
        "<bdi>up.png</bdi></a></td><td>Uploaded, stored as up-002.png</td>",
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
fn the_address_of_a_form_leads_to_its_page() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let id = id_of(&mut editor, "open/one.png");
    let target = format!(
        "/do/delete/admin/filesystem/images/{id}?next=/browse%3Fpath%3Dopen&done=image-deleted"
    );
    // Nothing is done by going there, signed in or not, and nothing is said to be done.
    for browser in [&mut editor, &mut Browser::new(site.addr())] {
        let led = browser.get(&target);
        assert_eq!(led.status, 303, "{}", led.text());
        assert_eq!(led.header("location"), Some("/browse?path=open"));
        assert_eq!(led.header("cache-control"), Some("no-store"));
    }
    assert!(site.image("open/one.png").exists());
    let plain = format!("/do/put/admin/images/{id}");
    assert_eq!(editor.get(&plain).header("location"), Some("/"));
    for (other, status) in [
        (format!("{plain}?next=https://evil.example/"), 400),
        (format!("{plain}?next=//evil.example/"), 400),
        ("/do/put/none".to_owned(), 404),
        ("/do/get/list".to_owned(), 404),
        ("/do/post/token".to_owned(), 404),
    ] {
        assert_eq!(editor.status(&other), status, "{other}");
    }
    // What failed tells so at that address, and leads back.
    let rename = format!("/do/put/admin/filesystem/images/{id}?next=/browse%3Fpath%3Dopen");
    let taken = post(&mut editor, &rename, &[("path", "open/two.png")]);
    assert_eq!(taken.status, 409);
    assert!(taken.text().contains("href=\"/browse?path=open\""), "{}", taken.text());
    assert_eq!(editor.get(&rename).header("location"), Some("/browse?path=open"));
}

#[test]
fn who_has_deleted_something_is_told_where_to_bring_it_back() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let page = editor.get("/details?src=open/one.png").text();
    assert!(page.contains("You can restore the file from the recycle folder"), "{page}");
    assert!(page.contains("done=image-deleted\""), "{page}");
    let told = "You can restore it for a while: <a href=\"/admin/recycled\">Recycle folder</a>";
    for done in ["image-deleted", "folder-deleted"] {
        let page = editor.get(&format!("/browse?done={done}")).text();
        assert!(page.contains(told), "{done}: {page}");
    }
    assert!(!editor.get("/browse?done=image-saved").text().contains("Recycle folder</a></span>"));
    let reader = Browser::signed_in(&site, "reader").get("/browse?done=image-deleted").text();
    assert!(!reader.contains("/admin/recycled"), "{reader}");
    // Of a folder in which nothing may be put back, others can.
    assert!(editor.get("/browse/delete?path=open").text().contains("done=folder-deleted\""));
    let group = halftone::db::groups::insert(site.db(), "below", "", 2).unwrap();
    let user = crate::people::account(&site, "below", false);
    halftone::db::groups::add_member(site.db(), group, user).unwrap();
    site.permit("/open/deep", group, Level::DeleteFolder.access());
    let mut below = Browser::signed_in(&site, "below");
    within(TASK, "rights hold", || {
        below.get("/browse?path=open/deep").text().contains("/browse/delete?path=open/deep")
    });
    let page = below.get("/browse/delete?path=open/deep").text();
    assert!(page.contains("done=folder-deleted-others\""), "{page}");
    assert!(page.contains("An administrator can restore it for a while."), "{page}");
}

#[test]
fn what_is_gone_for_ever_is_said_to_be() {
    let site = Site::start("recycle_days = 0\n", |images| {
        crate::library::plain(&images.join("open/one.png"), 60, 40, [200, 100, 50]);
    });
    let mut admin = Browser::new(site.addr());
    assert_eq!(admin.login("admin", ADMIN_PASSWORD).status, 303);
    let question = "/browse/delete?path=open";
    for page in ["/details?src=open/one.png", "/browse?path=open", question, "/search"] {
        let text = admin.get(page).text();
        assert!(text.contains("This cannot be undone."), "{page}: {text}");
        assert!(!text.contains("restore it") && !text.contains("restore the file"), "{page}");
    }
    for done in ["image-deleted-ever", "folder-deleted-ever"] {
        let text = admin.get(&format!("/browse?done={done}")).text();
        assert!(text.contains("has been deleted.</span></p>"), "{text}");
    }
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
    assert!(editor.get("/browse?done=folder-made").text().contains("The folder has been created."));
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
