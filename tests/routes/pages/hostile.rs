//! Names of files and folders are written by anybody, and must stay names.

use std::fs;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::library;
use crate::site::Site;

#[test]
fn names_stay_names() {
    let long = format!("{}.png", "w".repeat(240));
    let names = [
        "<script>alert(1)</script>.png".replace('/', "\u{2215}"),
        "\"><img src=x onerror=alert(1)>.png".into(),
        "' autofocus onfocus='x.png".into(),
        "gnp.\u{202e}exe.png".into(),
        "{{ 7*7 }}.png".into(),
        "a&b=c#d?e%20f.png".into(),
        long.clone(),
        "العربية.png".into(),
    ];
    let folder = "<b>&\"bold\"";
    let site = Site::start("", |images| {
        fs::create_dir(images.join(folder)).unwrap();
        for name in &names {
            library::plain(&images.join(folder).join(name), 20, 20, [1, 2, 3]);
        }
    });
    site.permit("/", PUBLIC, Level::View.access());
    let path = "/browse?path=%3Cb%3E%26%22bold%22";
    for view in ["grid", "list"] {
        let page = site.get(&format!("{path}&view={view}"));
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        for wrong in ["<script>alert", "<img src=x", "<b>&", "' autofocus", "onerror=alert(1)>\""] {
            assert!(!text.contains(wrong), "{view} has {wrong}");
        }
        assert!(text.contains("&#60;script&#62;alert(1)"), "{view}");
        assert!(text.contains("{{ 7*7 }}.png") && text.contains(&long), "{view}");
        // What turns the direction of writing ends with the name.
        assert!(text.contains("<bdi>gnp.\u{202e}exe.png</bdi>"), "{view}");
    }
    for name in &names {
        let src = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        let page = site.get(&format!("/details?src=%3Cb%3E%26%22bold%22/{src}"));
        assert_eq!(page.status, 200, "{name}: {}", page.text());
        assert!(!page.text().contains("<script>alert") && !page.text().contains("<img src=x"));
    }
    let found = site.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E");
    assert!(!found.text().contains("<script>alert"), "{}", found.text());
}
