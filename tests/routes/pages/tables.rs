//! Titles and tags by a table: shown first, then taken over, without any script.

use super::library_of_three;
use crate::people::Browser;
use crate::support::http::Response;

/// A form in parts with a table as a file, and one written into the field.
fn send(browser: &mut Browser, target: &str, fields: &[(&str, &str)], file: &str) -> Response {
    let mut body = String::new();
    for (name, value) in fields {
        body +=
            &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--b\r\nContent-Disposition: form-data; name=\"table\"; filename=\"t.csv\"\r\n\r\n";
    body += &format!("{file}\r\n--b--\r\n");
    let kind = [("Content-Type", "multipart/form-data; boundary=b")];
    browser.send_bytes("POST", target, &kind, body.as_bytes())
}

const TABLE: &str = "src,title,tags\nopen/one.png,\"<One> & only\",\"sea; big, sky\"\nopen/none.png,x,\nopen/two.png,,\n";

#[test]
fn a_table_is_shown_before_anything_changes() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let page = editor.get("/table?path=open").text();
    assert!(page.contains("/api/v1/admin/metadata?path=/open&#38;format=csv"), "{page}");
    let way = "<a href=\"/browse\"><bdi>Library</bdi></a></li><li><a href=\"/browse?path=open\"><bdi>open</bdi></a>";
    assert!(page.contains(way), "{page}");
    assert!(page.contains("Tags are separated by semicolons."), "{page}");
    assert!(editor.get("/browse?path=open").text().contains("href=\"/table?path=open\""));

    let shown = send(&mut editor, "/table?path=open", &[], TABLE);
    assert_eq!(shown.status, 200, "{}", shown.text());
    let text = shown.text();
    for there in [
        "One picture would change.",
        "One line cannot be used.",
        "One line changes nothing.",
        "&#60;One&#62; &#38; only",
        "<li class=\"tag\"><bdi>sea</bdi></li><li class=\"tag\"><bdi>big, sky</bdi></li>",
    ] {
        assert!(text.contains(there), "{there} is missing in {text}");
    }
    assert!(!editor.get("/details?src=open/one.png").text().contains("&#38; only"));

    // What the page shows is sent by its own form.
    let csrf = editor.csrf();
    let fields = [
        ("_csrf_token", csrf.as_str()),
        ("table", "src,title,tags\nopen/one.png,The one,\"sea; big, sky\"\n"),
    ];
    let target = "/do/post/admin/metadata?next=/browse%3Fpath%3Dopen&done=table-done";
    let done = send(&mut editor, target, &fields, "");
    assert_eq!(
        done.header("location"),
        Some("/browse?path=open&done=table-done"),
        "{}",
        done.text()
    );
    assert!(editor.get("/details?src=open/one.png").text().contains("The one"));
    assert!(editor.get("/search?tag=sea").text().contains("open/one.png"));
    // Lines that fail are told of, and the others have their effect.
    let fields = [("_csrf_token", csrf.as_str()), ("table", TABLE)];
    let partly = send(&mut editor, target, &fields, "");
    assert_eq!(partly.status, 409);
    let text = partly.text();
    for there in [
        "One picture was changed. One line cannot be used.",
        "<a href=\"/details?src=open/one.png\"><bdi>open/one.png</bdi></a></td><td>Changed: Title</td>",
        "<td class=\"number\">3</td><td><bdi>open/none.png</bdi></td>",
        "<a class=\"button main\" href=\"/browse?path=open\">",
    ] {
        assert!(text.contains(there), "{there} is missing in {text}");
    }
    assert!(text.contains(way), "{text}");
    assert!(!text.contains("class=\"notice\"") && !text.contains("stands in the way"), "{text}");
    assert!(editor.get("/details?src=open/one.png").text().contains("&#60;One&#62; &#38; only"));
}

#[test]
fn what_has_changed_since_it_was_shown_is_shown_anew() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let table = "src,title\nopen/one.png,Mine\n";
    let shown = send(&mut editor, "/table?path=open", &[], table).text();
    assert!(shown.contains("One picture would change."), "{shown}");
    let plan = |page: &str| {
        let (_, rest) = page.split_once("name=\"plan\" value=\"").expect("the form has a plan");
        rest.split_once('"').unwrap().0.to_owned()
    };
    let seen = plan(&shown);
    // Somebody else gives it another title.
    let csrf = editor.csrf();
    let target = "/do/post/admin/metadata?next=/browse%3Fpath%3Dopen&done=table-done";
    let theirs = [("_csrf_token", &*csrf), ("table", "src,title\nopen/one.png,Theirs\n")];
    assert_eq!(send(&mut editor, target, &theirs, "").status, 303);
    let fields = |plan| [("_csrf_token", &*csrf), ("plan", plan), ("table", table)];
    let anew = send(&mut editor, target, &fields(&seen), "");
    assert_eq!(anew.status, 409);
    let page = anew.text();
    for there in ["Nothing has been imported", ">Theirs</td>", ">Mine</td>", "One picture would"] {
        assert!(page.contains(there), "{there}: {page}");
    }
    assert!(page.contains("<bdi>open</bdi>") && !page.contains("have been imported."), "{page}");
    assert!(editor.get("/details?src=open/one.png").text().contains("Theirs"));
    let again = plan(&page);
    let done = send(&mut editor, target, &fields(&again), "");
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(editor.get("/details?src=open/one.png").text().contains("Mine"));
}

#[test]
fn what_was_pasted_stays_when_it_cannot_be_used() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let pasted = [("table", "title\nA <title>")];
    let page = send(&mut editor, "/table?path=open", &pasted, "").text();
    assert!(page.contains("role=\"alert\">Table: "), "{page}");
    assert!(page.contains(">\ntitle\nA &#60;title&#62;</textarea>"), "{page}");
    // A file has to be chosen again.
    let page = send(&mut editor, "/table?path=open", &[], "title\nA title").text();
    assert!(page.contains("role=\"alert\">Table: ") && !page.contains("A title"), "{page}");
    // How much is taken is told before.
    assert!(page.contains("At most 10,000 lines and 5,000,000 characters."), "{page}");
    let long = "x".repeat(5_000_001);
    let page = send(&mut editor, "/table?path=open", &[], &long).text();
    assert!(page.contains("must have at most 5000000 characters"), "{}", &page[..2000]);
}

#[test]
fn tables_are_for_who_may_edit() {
    let site = library_of_three();
    let mut visitor = Browser::new(site.addr());
    assert_eq!(visitor.status("/table"), 401);
    assert_eq!(send(&mut visitor, "/table", &[], TABLE).status, 401);
    let mut reader = Browser::signed_in(&site, "reader");
    assert!(!reader.get("/browse?path=open").text().contains("href=\"/table"));
    let offered = "name=\"table\"";
    assert!(!reader.get("/table?path=open").text().contains(offered));
    let shown = send(&mut reader, "/table?path=open", &[], TABLE).text();
    assert!(shown.contains("Nothing would change.") && shown.contains("3 lines cannot be used."));
    let mut editor = Browser::signed_in(&site, "editor");
    assert!(editor.get("/table?path=open").text().contains(offered));
    for wrong in ["", "title\nx\n", "\u{0}"] {
        let page = send(&mut editor, "/table", &[], wrong);
        assert_eq!(page.status, 200);
        assert!(page.text().contains("role=\"alert\">Table: "), "{}", page.text());
    }
}
