//! The page where the address of a picture is put together: its controls, its faults, its code.

use std::time::Duration;

use halftone::auth::{Level, SystemPermission};
use halftone::db::groups::{NORMAL_USERS, PUBLIC};
use halftone::db::image_metadata::{self, ImageMetadata, ReadState};
use halftone::db::image_views;
use halftone::spec::PARAMS;

use super::library_of_three;
use crate::api::grant;
use crate::library as pictures;
use crate::magick;
use crate::people::{Browser, account};
use crate::site::{Site, encoded, within};
use crate::support::http::Response;

/// What was changed is known by then.
const READ: Duration = Duration::from_secs(20);

/// What a browser makes of text in a page.
fn plain(html: &str) -> String {
    let escapes = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    escapes.iter().fold(html.to_owned(), |text, (escape, c)| text.replace(escape, c))
}

/// What a browser makes of pasted code.
fn pasted(code: &str) -> String {
    let escapes = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    escapes.iter().fold(code.to_owned(), |text, (escape, c)| text.replace(escape, c))
}

/// What stands between two texts, after the first place of a third.
fn between(page: &str, after: &str, from: &str, to: &str) -> Option<String> {
    let (_, rest) = page.split_once(after)?;
    let (_, rest) = rest.split_once(from)?;
    Some(rest.split_once(to)?.0.to_owned())
}

/// The code of an output.
fn code(page: &Response, output: &str) -> String {
    let page = page.text();
    let found = between(&page, &format!("id=\"{output}\""), "<code>", "</code>");
    plain(&found.unwrap_or_else(|| panic!("there is no {output} in {page}")))
}

/// The control of a parameter, as it stands in a page.
pub(super) fn control(page: &str, name: &str) -> String {
    let mark = format!("data-control=\"{name}\"");
    let (_, rest) = page.split_once(&mark).unwrap_or_else(|| panic!("{name} has no control"));
    rest.split("data-control=").next().unwrap().to_owned()
}

/// The server by the name that the tests call it.
const BASE: &str = "http://localhost";

/// The path and query of an address of this server.
fn target(address: &str) -> String {
    address.strip_prefix(BASE).unwrap_or_else(|| panic!("{address} is not of {BASE}")).to_owned()
}

#[test]
fn it_is_for_whoever_may_see_the_picture() {
    let site = library_of_three();
    for (page, status) in [
        ("/publish?src=open/one.png", 200),
        ("/publish?src=open/none.png", 404),
        ("/publish?src=closed/four.png", 403),
        ("/publish?src=closed/none.png", 403),
        ("/publish", 400),
        ("/publish?src=../etc/passwd", 403),
    ] {
        assert_eq!(site.status(page), status, "{page}");
    }
    for (name, status) in [("reader", 200), ("stranger", 403)] {
        let mut browser = Browser::signed_in(&site, name);
        assert_eq!(browser.status("/publish?src=closed/four.png"), status, "{name}");
    }
    let mut reader = Browser::signed_in(&site, "reader");
    let page = reader.get("/publish?src=closed/four.png").text();
    assert!(page.contains("This picture is not public"), "{page}");
    let details = site.get("/details?src=open/one.png").text();
    assert!(details.contains("href=\"/publish?src=open/one.png\""), "{details}");
}

/// No version of the reader has read it.
const NOT_READ: ReadState =
    ReadState { reader: 0, size_bytes: 0, mtime_ns: 0, revision_counter: 0 };

#[test]
fn every_parameter_has_its_control() {
    let site = library_of_three();
    let page = site.get("/publish?src=open/one.png").text();
    for param in PARAMS.iter().filter(|param| param.in_urls() && param.about.name != "page") {
        assert!(page.contains(&format!("name=\"{}\"", param.about.name)), "{}", param.about.name);
    }
    // There is nothing to choose where a file has one page.
    let of_pages = |pages| {
        let view = image_views::by_path(site.db(), "open/one.png").unwrap().unwrap();
        let read = ImageMetadata { pages, ..ImageMetadata::default() };
        image_metadata::put(site.db(), view.id, &NOT_READ, &read).unwrap();
        site.get("/publish?src=open/one.png").text().contains("data-control=\"page\"")
    };
    assert!(!of_pages(1));
    let wrong = site.get("/publish?src=open/one.png&page=3").text();
    assert!(control(&wrong, "page").contains("value=\"3\""), "{wrong}");
    assert!(!page.contains("name=\"expires\""), "templates only");
    // Bounds come from the table and from the picture, which is 60 wide and 40 high.
    let width = control(&page, "width");
    assert!(width.contains("max=\"\"") || !width.contains("max=\""), "{width}");
    assert!(width.contains("data-slider=\"0 60 1\""), "{width}");
    assert!(control(&page, "angle").contains("min=\"-360\" max=\"360\""));
    let fit = control(&page, "fit");
    for word in ["contain", "cover", "inside", "fill"] {
        assert!(fit.contains(&format!("<option value=\"{word}\">")), "{fit}");
    }
    let format = control(&page, "format");
    assert_eq!(format.matches("value=\"jpg\"").count(), 1, "{format}");
    assert!(!format.contains("value=\"jpeg\"") && format.contains(">WebP<"), "{format}");
}

#[test]
fn galleries_are_made_of_a_folder_or_of_the_basket() {
    let site = library_of_three();
    let view = |path: &str| {
        within(READ, "the picture is known", || {
            let _ = site.get(&format!("/details?src={path}"));
            halftone::db::image_views::by_path(site.db(), path).unwrap().is_some()
        });
        halftone::db::image_views::by_path(site.db(), path).unwrap().unwrap()
    };
    let two = view("open/two.png");
    halftone::db::images::set_texts(site.db(), two.id, "The \"other\"", "").unwrap();
    let gallery = |browser: &mut Browser, of: &str| {
        let page = browser.get(&format!("/publish?src=open/one.png&width=30{of}"));
        (pasted(&code(&page, "output-gallery")), pasted(&code(&page, "output-slideshow")), page)
    };
    let mut reader = Browser::signed_in(&site, "reader");
    let (one, _, page) = gallery(&mut reader, "");
    assert!(one.matches("<img").count() == 1 && !one.contains("two.png"), "{one}");
    assert!(!page.text().contains("value=\"basket\""), "there is no basket");
    let (all, slides, _) = gallery(&mut reader, "&of=folder");
    for code in [&all, &slides] {
        assert_eq!(code.matches("<img").count(), 2, "{code}");
        let img = |name: &str| format!("<img src=\"{BASE}/image?src=open/{name}.png&width=30\"");
        assert!(code.contains(&img("one")) && code.contains(&img("two")), "{code}");
        assert!(code.contains("alt=\"The \"other\"\""), "{code}");
    }
    for img in all.split("<img ").skip(1) {
        let href = between(img, "src", "=\"", "\"").unwrap();
        site.ok(&target(&href));
    }
    // A basket holds pictures of any folder; of those that are closed to its owner nothing is told.
    let owner = halftone::db::users::by_name(site.db(), "reader").unwrap().unwrap().0.id;
    let new = halftone::db::folios::NewFolio {
        human_id: "b".to_owned(),
        name: "Basket".to_owned(),
        description: String::new(),
        internal_access: 0,
        public_access: 0,
    };
    let folio = halftone::db::folios::insert(site.db(), &new, owner).unwrap();
    halftone::db::baskets::set(site.db(), owner, folio).unwrap();
    let (empty, _, page) = gallery(&mut reader, "&of=basket");
    assert!(empty.matches("<img").count() == 1, "{empty}");
    assert!(page.text().contains("There are none; the code uses this picture."));
    for (path, place) in [("open/deep/three.png", 0), ("open/two.png", 1)] {
        let id = view(path).id;
        halftone::db::folio_images::insert(site.db(), (folio, id), "{}", "", place).unwrap();
    }
    let (basket, _, _) = gallery(&mut reader, "&of=basket");
    assert!(basket.find("three.png") < basket.find("two.png"), "{basket}");
    assert!(!basket.contains("one.png"), "{basket}");
    site.permit("/open/deep", PUBLIC, Level::None.access());
    site.permit("/open/deep", NORMAL_USERS, Level::None.access());
    within(READ, "the closed one is left out", || {
        let (basket, _, _) = gallery(&mut reader, "&of=basket");
        basket.contains("two.png") && !basket.contains("three.png")
    });
}

#[test]
fn what_is_chosen_is_compared_with_another_format() {
    let site = library_of_three();
    for (format, other) in [("jpg", "PNG"), ("png", "JPEG 85"), ("webp", "PNG")] {
        let page = site.get(&format!("/publish?src=open/one.png&format={format}")).text();
        assert_eq!(page.matches("data-first").count(), 1, "{format}: {page}");
        let row = between(&page, "data-first", ">", "</a>").unwrap();
        assert!(row.ends_with(&format!(">{other}")), "{format}: {row}");
    }
}

#[test]
fn the_code_shows_the_picture_that_was_asked_for() {
    let site = library_of_three();
    // Blank fields, as a form without scripts sends them, say nothing; nor does what holds anyway.
    let page = site.get("/publish?src=open/one.png&width=30&height=&fit=&angle=0&format=png&tmp=");
    assert_eq!(page.status, 200);
    let address = code(&page, "output-address");
    let expected = format!("{BASE}/image?src=open/one.png&format=png&width=30");
    assert_eq!(address, expected);
    let picture = site.ok(&target(&address));
    assert_eq!(picture.header("content-type"), Some("image/png"));
    // 60×40 at half its width.
    assert_eq!(magick::facts(&picture.body).size, (30, 20));
    assert!(page.text().contains("30 × 20 pixels"), "{}", page.text());

    let img = pasted(&code(&page, "output-img"));
    assert!(img.starts_with("<img src=\"http://"), "{img}");
    assert!(img.contains(" width=\"30\" height=\"20\""), "{img}");
    assert!(img.contains("width=30 1x,") && img.contains("&dpr=2 2x\""), "{img}");
    let picture = code(&page, "output-picture");
    assert!(picture.contains("<source type=\"image/avif\"") && picture.contains("format=webp"));
    let download = pasted(&code(&page, "output-download"));
    let href = between(&download, "<a", "href=\"", "\"").unwrap();
    let file = site.ok(&target(&href));
    assert_eq!(file.header("content-disposition").unwrap(), "attachment; filename=\"one.png\"");
    let markdown = code(&page, "output-markdown");
    assert_eq!(markdown, format!("![]({expected})"));
    let css = code(&page, "output-css");
    assert!(css.contains(&format!("background-image: url(\"{expected}\");")), "{css}");
    for viewer in ["image", "zoom", "gallery", "slideshow"] {
        let output = if viewer == "image" { "lazy" } else { viewer };
        let code = code(&page, &format!("output-{output}"));
        assert!(code.contains(&format!("<halftone-{viewer}")), "{code}");
        assert_eq!(site.status(&format!("/static/halftone-{viewer}.js")), 200, "{viewer}");
    }
}

#[test]
fn sizes_of_a_set_keep_the_shape() {
    let site = library_of_three();
    let query = "src=open/one.png&width=60&height=30&fit=cover&widths=20,%2040px,900&sizes=50vw";
    let page = site.get(&format!("/publish?{query}"));
    let img = pasted(&code(&page, "output-srcset"));
    assert!(img.contains(" sizes=\"50vw\""), "{img}");
    let set = between(&img, "<img", "srcset=\"", "\"").unwrap();
    // None is wider than the picture, which is 60 wide.
    for (width, height) in [(20, 10), (40, 20), (60, 30)] {
        let part = format!("width={width}&height={height}");
        let found = set.split(", ").find(|one| one.contains(&part));
        let found = found.unwrap_or_else(|| panic!("{part} is not in {set}"));
        assert!(found.contains(&format!(" {width}w")), "{found}");
    }
    assert_eq!(set.split(", ").count(), 3, "{set}");
    let wrong = site.get("/publish?src=open/one.png&widths=few").text();
    assert!(control(&wrong, "widths").contains("widths in pixels"), "{wrong}");
}

#[test]
fn what_is_wrong_is_said_at_its_field() {
    let site = library_of_three();
    let page = site.get("/publish?src=open/one.png&width=many&angle=999&tmp=none&height=20");
    assert_eq!(page.status, 200);
    let text = page.text();
    for (name, reason) in [
        ("width", "must be a whole number from 0 to 15000"),
        ("angle", "must be a number from -360 to 360"),
        ("tmp", "there is no template of this name"),
    ] {
        let control = control(&text, name);
        assert!(control.contains(reason), "{name}: {control}");
    }
    // What was written stays to be mended, and what is sound is no fault.
    let width = control(&text, "width");
    assert!(width.contains("value=\"many\"") && width.contains("type=\"text\""), "{width}");
    assert!(control(&text, "height").contains("type=\"number\""));
    assert_eq!(text.matches("Correct the marked fields").count(), 1);
    assert!(!control(&text, "height").contains("must"));
    assert!(!text.contains("id=\"output-address\"") && text.contains("Correct the marked fields"));
    // Two that do not go together.
    let crop = site.get("/publish?src=open/one.png&left=0.6&right=0.5").text();
    assert!(control(&crop, "left").contains("must leave something between left and right"));
    let profile = site.get("/publish?src=open/one.png&icc=no-such-profile").text();
    assert!(control(&profile, "icc").contains("there "), "{}", control(&profile, "icc"));
}

#[test]
fn a_template_shows_what_it_sets_and_what_it_locks() {
    let site = library_of_three();
    let template = r#"{"width": {"value": 24, "locked": true}, "format": {"value": "png"},
        "flip": {"value": null, "locked": true}}"#;
    site.template("Web <b>", template);
    let query = "/publish?src=open/one.png&tmp=web%20%3Cb%3E&width=50&flip=h&angle=90";
    within(std::time::Duration::from_secs(5), "the template is known", || {
        site.get(query).text().contains("Locked by the template")
    });
    let page = site.get(query);
    let text = page.text();
    let width = control(&text, "width");
    assert!(width.contains("value=\"24\"") && width.contains(" disabled"), "{width}");
    assert!(width.contains("Locked by the template “Web &#60;b&#62;”."), "{width}");
    assert!(control(&text, "flip").contains(" disabled"));
    assert!(control(&text, "dpr").contains(" disabled"), "it would undo the width");
    let format = control(&text, "format");
    assert!(format.contains("PNG (template)") && !format.contains(" disabled"), "{format}");
    let address = code(&page, "output-address");
    assert!(address.ends_with("src=open/one.png&tmp=web%20%3Cb%3E&angle=90"), "{address}");
    // A width that is locked bounds the scale: 60×40 at 24 wide is 24×16, and turned by a quarter 16×24.
    let picture = site.ok(&target(&address));
    assert_eq!(magick::facts(&picture.body).size, (16, 24));
    assert!(text.contains("16 × 24 pixels"), "{text}");
    assert!(!text.contains("id=\"output-srcset\""), "its width is not free");
}

#[test]
fn who_is_free_of_a_template_is_told_what_visitors_get() {
    let site = library_of_three();
    let editor = halftone::db::users::by_name(site.db(), "editor").unwrap().unwrap().0;
    grant(&site, editor.id, "Keepers", SystemPermission::AdminFiles);
    let small = site.template("Small", r#"{"width": {"value": 12, "locked": true}}"#);
    let folder = halftone::db::folders::seen(site.db(), "/open").unwrap();
    let set = |required: bool, template: Option<i64>| {
        halftone::db::folder_templates::set(site.db(), (folder, PUBLIC), required, template)
            .unwrap();
    };
    let mut editor = Browser::signed_in(&site, "editor");
    let mut told = |query: &str, text: &str| {
        let page = plain(&editor.get(&format!("/publish?src=open/one.png{query}")).text());
        page.contains(text)
    };
    let (advice, required) =
        ("Visitors get different templates", "The template “Small” is required for visitors");
    // A default gives way to what is chosen.
    set(false, Some(small));
    within(READ, "the default is known", || told("&width=30", advice));
    within(READ, "the template is known", || !told("&width=30&tmp=small", advice));
    // What is required does not.
    set(true, Some(small));
    within(READ, "the template is required", || told("&width=30", required));
    for query in ["&width=30", "&width=30&tmp=small"] {
        assert!(told(query, required) && !told(query, advice), "{query}");
    }
    site.template("Free", "{}");
    within(READ, "the other template is known", || !told("&tmp=free", "there is no template"));
    assert!(told("&width=30&tmp=free", required));
    let visitor = site.ok("/image?src=open/one.png&width=30&tmp=free");
    assert_eq!(magick::facts(&visitor.body).size, (12, 8), "it holds for visitors");
    // Who is bound by it as well has nothing to be told.
    let bound = Browser::signed_in(&site, "reader").get("/publish?src=open/one.png&width=30");
    assert!(!plain(&bound.text()).contains(required));
}

#[test]
fn an_overlay_that_visitors_may_not_have_is_told_of() {
    let site = library_of_three();
    let mut reader = Browser::signed_in(&site, "reader");
    let note = "The overlay is not public";
    for (query, is_told) in [
        ("", false),
        ("&overlay=open/two.png", false),
        ("&overlay=closed/four.png", true),
        ("&overlay=closed/none.png", true),
        // What does not show is not asked for.
        ("&overlay=closed/four.png&ovopacity=0", false),
    ] {
        let page = reader.get(&format!("/publish?src=open/one.png&width=30{query}"));
        assert_eq!(page.status, 200, "{query}");
        assert_eq!(page.text().contains(note), is_told, "{query}");
    }
    let address = "/image?src=open/one.png&width=30&overlay=closed/four.png";
    assert_eq!((reader.status(address), site.status(address)), (200, 403));
}

#[test]
fn names_and_values_stay_what_they_are() {
    let name = "\"><img src=x onerror=alert(1)>&a,b (1).png";
    let site = Site::start("", |images| pictures::plain(&images.join(name), 20, 10, [1, 2, 3]));
    site.permit("/", PUBLIC, Level::View.access());
    let evil = encoded("\"><script>alert(1)</script>[x](y)");
    let query = format!("src={}&alt={evil}&xref={evil}&fill={evil}&sizes={evil}", encoded(name));
    let page = site.get(&format!("/publish?{query}")).text();
    for wrong in ["<script>alert", "<img src=x", "alert(1)>\""] {
        assert!(!page.contains(wrong), "{wrong} in {page}");
    }
    assert!(control(&page, "fill").contains("must"), "a colour has at most 32 characters");
    let query = format!("src={}&alt={evil}&xref={evil}&width=10", encoded(name));
    let page = site.get(&format!("/publish?{query}"));
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    // In the code it is escaped once more, for whoever pastes it.
    let img = code(&page, "output-img");
    assert!(img.contains("alt=\"&quot;&gt;&lt;script&gt;"), "{img}");
    assert!(!img.contains("<script"), "{img}");
    let markdown = code(&page, "output-markdown");
    assert!(
        markdown.starts_with("![\">\\<script>alert(1)\\</script>\\[x\\](y)](http://"),
        "{markdown}"
    );
    let address = code(&page, "output-address");
    assert!(!address.contains(['"', '<', '>', '(', ')', ' ']), "{address}");
    assert_eq!(magick::facts(&site.ok(&target(&address)).body).size, (10, 5));
}

#[test]
fn addresses_are_signed_for_who_is_signed_in() {
    let rules = "signing_keys = ['k:0123456789abcdef0123456789abcdef']\nsignatures_for = ['/']";
    let site = Site::start(rules, |images| {
        pictures::plain(&images.join("a/one.png"), 60, 40, [200, 100, 50]);
    });
    site.permit("/", PUBLIC, Level::View.access());
    account(&site, "ann", false);
    // Whoever may not put addresses together has none signed here.
    assert_eq!(site.status("/publish?src=a/one.png&width=30"), 401);
    assert!(!site.get("/details?src=a/one.png").text().contains("/publish?"));
    let page = Browser::signed_in(&site, "ann").get("/publish?src=a/one.png&width=30");
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Addresses are signed"));
    let address = target(&code(&page, "output-address"));
    assert!(address.contains("signature="), "{address}");
    let picture = site.ok(&address);
    assert_eq!(magick::facts(&picture.body).size, (30, 20));
    assert_eq!(site.status(&address.replace("width=30", "width=31")), 403);
    let img = pasted(&code(&page, "output-img"));
    let twice = between(&img, "srcset=\"", ", ", " 2x").unwrap();
    assert_eq!(magick::facts(&site.ok(&target(&twice)).body).size, (60, 40));
}

#[test]
fn what_a_file_says_is_told_to_who_may_have_the_file() {
    let site = Site::start("", pictures::make);
    site.permit("/", PUBLIC, Level::View.access());
    within(std::time::Duration::from_secs(5), "rights hold", || {
        site.status("/original?src=a/sideways.jpg") == 403
    });
    let closed = site.get("/details?src=a/sideways.jpg&show=all").text();
    assert!(!closed.contains("row 0 at") && !closed.contains("id=\"all\""), "{closed}");
    site.permit("/", PUBLIC, Level::Download.access());
    within(std::time::Duration::from_secs(5), "originals may be had", || {
        site.status("/original?src=a/sideways.jpg") == 200
    });
    let short = site.get("/details?src=a/sideways.jpg").text();
    assert!(short.contains("show=all#all") && !short.contains("row 0 at"), "{short}");
    let all = site.get("/details?src=a/sideways.jpg&show=all").text();
    // What the fixture's Exif block has.
    let table = between(&all, "id=\"all\"", "<table", "</table>").unwrap();
    assert!(table.contains("Orientation"), "{table}");
    let none = site.get("/details?src=a/chart.png&show=all").text();
    assert!(none.contains("This file has no metadata."), "{none}");
}
