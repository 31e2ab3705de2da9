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
