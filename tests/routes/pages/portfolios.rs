//! Portfolios put together, shown and published, and the basket, without any script.

use std::time::Duration;

use halftone::auth::{Level, SystemPermission};
use halftone::db::folio_exports::{self, NewExport};
use halftone::db::groups::PUBLIC;
use halftone::db::tasks::{self, NewTask};
use halftone::db::{folio_images, folios, images};
use halftone::spec::PARAMS;

use super::forms::post;
use super::library_of_three;
use super::publish::control;
use crate::api::grant;
use crate::magick;
use crate::people::Browser;
use crate::site::{Site, within};

const TASK: Duration = Duration::from_secs(30);

/// "editor" may make portfolios.
fn site_of_makers() -> Site {
    let site = library_of_three();
    let editor = halftone::db::users::by_name(site.db(), "editor").unwrap().unwrap().0;
    grant(&site, editor.id, "Makers", SystemPermission::Folios);
    let mut browser = Browser::signed_in(&site, "editor");
    within(TASK, "the permission holds", || browser.get("/").text().contains("href=\"/basket\""));
    site
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

fn ids_of(browser: &mut Browser, sources: &[&str]) -> Vec<String> {
    let page = |src: &&str| browser.get(&format!("/details?src={src}")).text();
    let pages: Vec<String> = sources.iter().map(page).collect();
    pages
        .iter()
        .map(|page| between(page, "action=\"/do/put/admin/images/", "?").to_owned())
        .collect()
}

/// The basket of "editor" with the two open pictures, and the path of its page.
fn filled(editor: &mut Browser) -> (String, Vec<String>) {
    let ids = ids_of(editor, &["open/one.png", "open/two.png"]);
    for id in &ids {
        let done =
            post(editor, "/do/post/basket/images?next=/browse&done=gathered", &[("image_ids", id)]);
        assert_eq!(done.header("location"), Some("/browse?done=gathered"), "{}", done.text());
    }
    let basket = editor.get("/basket");
    assert_eq!(basket.status, 303);
    (basket.header("location").unwrap().to_owned(), ids)
}

fn order(page: &str) -> Vec<&str> {
    let parts = page.split("<li data-image=\"").skip(1);
    parts.map(|part| part.split_once('"').unwrap().0).collect()
}

#[test]
fn a_basket_is_gathered_arranged_and_shown() {
    let site = site_of_makers();
    let mut editor = Browser::signed_in(&site, "editor");
    let empty = editor.get("/basket");
    assert!(empty.status == 200 && empty.text().contains("Your basket is empty"));
    let (href, ids) = filled(&mut editor);
    let page = editor.get(&href).text();
    assert!(page.contains("data-basket-count>2<"), "{page}");
    assert_eq!(order(&page), ids);
    // One step later, by the form that the page has for it.
    let target = between(&page, "<form method=\"post\" action=\"", "\" data-move=\"later\"");
    let target = target.rsplit("action=\"").next().unwrap().replace("&amp;", "&");
    let moved = post(&mut editor, &target, &[("index", "1")]);
    assert_eq!(moved.header("location"), Some(&*format!("{href}#i{}", ids[0])), "{}", moved.text());
    assert_eq!(order(&editor.get(&href).text()), [&*ids[1], &*ids[0]]);

    // Named, and opened for everybody.
    let folio = between(&page, "data-arrange=\"", "\"").to_owned();
    let fields = [
        ("human_id", "spring"),
        ("name", "Spring <b>"),
        ("description", "All of it"),
        ("internal_access", "10"),
        ("public_access", "10"),
    ];
    let mut visitor = Browser::new(site.addr());
    let target =
        format!("/do/put/portfolios/{folio}?next=/portfolios/spring/edit&done=portfolio-saved");
    assert_eq!(post(&mut editor, &target, &fields).status, 303);
    let shown = visitor.get("/portfolios/spring/");
    assert_eq!(shown.status, 200);
    let text = shown.text();
    assert!(
        text.contains("Spring &#60;b&#62;") && !text.contains("/portfolios/spring/edit"),
        "{text}"
    );
    assert_eq!(text.matches("class=\"tile ").count(), 2);
    let listed = visitor.get("/portfolios").text();
    assert!(
        listed.contains("href=\"/portfolios/spring\"") && listed.contains("Spring &#60;b&#62;")
    );
    assert!(!listed.contains("popovertarget=\"new-portfolio\""));
    assert_eq!(visitor.status("/portfolios/spring/edit"), 401);
    let mut stranger = Browser::signed_in(&site, "stranger");
    assert_eq!(stranger.status("/portfolios/spring/edit"), 403);
    assert_eq!(stranger.status("/basket"), 403);
    assert_eq!(visitor.status("/basket"), 401);

    let gone = format!("/do/delete/portfolios/{folio}/images/{}?next={href}", ids[0]);
    assert_eq!(post(&mut editor, &gone, &[]).status, 303);
    assert_eq!(visitor.get("/portfolios/spring/").text().matches("class=\"tile ").count(), 1);
    let copy = format!("/do/post/portfolios/{folio}/copies?next=/portfolios");
    assert_eq!(post(&mut editor, &copy, &[("name", "Again")]).status, 303);
    let own = editor.get("/portfolios").text();
    assert!(own.contains("Again") && own.contains("Yours"), "{own}");
    assert!(!visitor.get("/portfolios").text().contains("Again"));
    let delete = format!("/do/delete/portfolios/{folio}?next=/portfolios&done=portfolio-deleted");
    assert_eq!(post(&mut editor, &delete, &[]).status, 303);
    assert_eq!(visitor.status("/portfolios/spring/"), 404);
}

#[test]
fn a_long_portfolio_is_shown_page_by_page() {
    let site = library_of_three();
    let db = site.db();
    let folio = folios::NewFolio {
        human_id: "long".into(),
        name: "Long".into(),
        description: String::new(),
        internal_access: folios::ACCESS_VIEW,
        public_access: folios::ACCESS_VIEW,
    };
    let owner = halftone::db::users::by_name(db, "editor").unwrap().unwrap().0.id;
    let folio = folios::insert(db, &folio, owner).unwrap();
    for number in 0..103 {
        let image = images::seen(db, &format!("open/many {number:03}.png"), 1, 1).unwrap();
        images::set_texts(db, image.id, "Its title", "Its description").unwrap();
        folio_images::insert(db, (folio, image.id), "{}", "", number).unwrap();
    }
    let mut visitor = Browser::new(site.addr());
    let first = visitor.get("/portfolios/long").text();
    assert_eq!(first.matches("class=\"tile ").count(), 100);
    assert!(first.contains("103 pictures"), "{first}");
    assert!(first.contains("alt=\"Its description\""), "{first}");
    let next = between(&first, "rel=\"next\" href=\"", "\"");
    let last = visitor.get(next).text();
    assert_eq!(last.matches("class=\"tile ").count(), 3);
    assert!(last.contains("many%20102.png") && last.contains("rel=\"prev\""), "{last}");
    assert!(!last.contains("rel=\"next\""), "{last}");
}

#[test]
fn a_picture_is_changed_as_the_page_has_shown_it() {
    let site = site_of_makers();
    let mut editor = Browser::signed_in(&site, "editor");
    let (href, ids) = filled(&mut editor);
    let page = href.replace("/edit", &format!("/images/{}", ids[0]));
    let tried = editor.get(&format!("{page}?try=1&width=30&angle=90&flip=H&left=")).text();
    // A part is chosen of all of it, as it is turned.
    let whole = between(&tried, "data-whole=\"", "\"").replace("&#38;", "&");
    assert!(whole.contains("angle=90") && whole.contains("left=0&"), "{whole}");
    assert!(!whole.contains("width=30"), "{whole}");
    assert_eq!(editor.status(&whole), 200, "{whole}");
    let json = between(&tried, "name=\"image_parameters\" value=\"", "\"").replace("&#34;", "\"");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["width"]["value"].to_string().trim_matches('"'), "30", "{json}");
    assert_eq!(json["flip"]["value"], "h", "{json}");
    assert!(json.get("left").is_none() && json.get("rotation").is_some(), "{json}");
    // What cannot be done is said, and changes nothing.
    let wrong = editor.get(&format!("{page}?try=1&width=x")).text();
    assert!(control(&wrong, "width").contains("data-fault>must be"), "{wrong}");
    assert!(!wrong.contains("data-preview data-shown"), "{wrong}");
    assert!(wrong.contains("data-follows disabled>Save"), "{wrong}");
    let untried = editor.get(&page).text();
    assert!(untried.contains("value=\"{}\" data-follows"), "{untried}");
    assert!(untried.contains("data-follows>Save"), "{untried}");
    // So is what does not fit together.
    let wrong = editor.get(&format!("{page}?try=1&left=0.6&right=0.4")).text();
    let faults =
        ["left", "right"].map(|name| control(&wrong, name).contains("data-fault>must leave"));
    assert!(faults.contains(&true) && wrong.contains("data-follows disabled"), "{wrong}");

    let folio = between(&editor.get(&href).text(), "data-arrange=\"", "\"").to_owned();
    let keep = format!("/do/put/portfolios/{folio}/images/{}?next={href}", ids[0]);
    let fields = [("filename", "cover.png"), ("image_parameters", &*json.to_string())];
    assert_eq!(post(&mut editor, &keep, &fields).status, 303);
    let kept = editor.get(&href).text();
    assert!(kept.contains("Width: 30") && kept.contains("cover.png"), "{kept}");
    assert!(editor.get(&page).text().contains("value=\"30\""));
    for (target, status) in [
        (page.replace(&format!("/{}", ids[0]), "/999999"), 404),
        (page.replace(&format!("/{}", ids[0]), "/x"), 404),
        ("/portfolios/none/edit".to_owned(), 404),
    ] {
        assert_eq!(editor.status(&target), status, "{target}");
    }
    assert_eq!(Browser::signed_in(&site, "reader").status(&page), 403);
}

#[test]
fn a_changed_picture_is_shown_in_the_shape_that_it_is_published_in() {
    let site = site_of_makers();
    let mut editor = Browser::signed_in(&site, "editor");
    let (href, ids) = filled(&mut editor);
    let page = href.replace("/edit", &format!("/images/{}", ids[0]));
    // The picture is 60×40.
    for (query, size) in [
        ("", (60, 40)),
        ("width=30", (30, 20)),
        ("width=30&fit=cover", (30, 20)),
        ("width=40&height=20&fit=cover", (40, 20)),
        ("width=20&height=20", (20, 20)),
        ("width=30&height=30&fit=inside", (30, 20)),
        ("width=20&height=10&dpr=2&fit=cover", (40, 20)),
        ("width=3000&height=1000&fit=cover", (60, 20)),
        ("width=3000&height=1000&fit=fill", (60, 40)),
        ("width=3000&height=1000", (60, 40)),
    ] {
        let tried = editor.get(&format!("{page}?try=1&{query}")).text();
        let stage = between(&tried, "data-stage>", "data-preview ");
        let preview = between(stage, "src=\"", "\"").replace("&#38;", "&");
        let asked = format!("/image?src=open/one.png&{query}");
        for address in [&preview, &asked] {
            let picture = editor.get(address);
            assert_eq!(picture.status, 200, "{address}");
            assert_eq!(magick::facts(&picture.body).size, size, "{query}: {address}");
        }
    }
}

#[test]
fn who_owns_a_portfolio_is_told_what_visitors_do_not_see() {
    let site = site_of_makers();
    let mut editor = Browser::signed_in(&site, "editor");
    let ids = ids_of(&mut editor, &["open/one.png", "closed/four.png"]);
    let db = site.db();
    let new = |human_id: &str, public_access: i64| folios::NewFolio {
        human_id: human_id.into(),
        name: human_id.into(),
        description: String::new(),
        internal_access: folios::ACCESS_VIEW,
        public_access,
    };
    let owner = halftone::db::users::by_name(db, "editor").unwrap().unwrap().0.id;
    for folio in [new("shared", folios::ACCESS_VIEW), new("own", folios::ACCESS_NONE)] {
        let folio = folios::insert(db, &folio, owner).unwrap();
        for (place, id) in (0..).zip(&ids) {
            folio_images::insert(db, (folio, id.parse().unwrap()), "{}", "", place).unwrap();
        }
    }
    let note = "Visitors do not see one of these pictures";
    // Beside the pictures, and where a file of them is made.
    assert_eq!(editor.get("/portfolios/shared/edit").text().matches(note).count(), 2);
    assert_eq!(editor.get("/portfolios/shared").text().matches(note).count(), 1);
    for path in ["/portfolios/own/edit", "/portfolios/own"] {
        assert!(!editor.get(path).text().contains(note), "{path} is open to no visitor");
    }
    let mut reader = Browser::signed_in(&site, "reader");
    for browser in [&mut reader, &mut Browser::new(site.addr())] {
        let page = browser.get("/portfolios/shared");
        assert_eq!(page.status, 200);
        assert!(!page.text().contains(note), "{}", page.text());
    }
    site.permit("/closed", PUBLIC, Level::View.access());
    within(TASK, "the folder is open", || {
        !editor.get("/portfolios/shared/edit").text().contains(note)
    });
}

#[test]
fn a_picture_has_the_controls_of_the_publish_page() {
    let site = site_of_makers();
    let mut editor = Browser::signed_in(&site, "editor");
    let (href, ids) = filled(&mut editor);
    let page = href.replace("/edit", &format!("/images/{}", ids[0]));
    let (own, published) =
        (editor.get(&page).text(), editor.get("/publish?src=open/one.png").text());
    let (mut same, mut none) = (0, Vec::new());
    // Pages are not known before the file has been read, and there is one.
    let asked = |name: &str| !matches!(name, "src" | "page");
    for param in PARAMS.iter().filter(|param| param.in_urls() && asked(param.about.name)) {
        let name = param.about.name;
        if !own.contains(&format!("data-control=\"{name}\"")) {
            none.push(name);
            continue;
        }
        // What a folder's template says holds on one of them only.
        let theirs = control(&published, name);
        if !theirs.contains("(template)") {
            let end =
                |control: &str| control.split_once("</code></p></details>").unwrap().0.to_owned();
            assert_eq!(end(&control(&own, name)), end(&theirs), "{name}");
            same += 1;
        }
    }
    none.sort_unstable();
    assert_eq!(none, ["attach", "stats", "tile", "tmp", "xref"]);
    assert!(same > 20, "only {same} could be compared");
    // Nobody has to know names: words, bounds of this picture, what each does.
    assert!(
        control(&own, "format").contains(">Automatic: best for each browser</option>"),
        "{own}"
    );
    assert!(control(&own, "width").contains("data-slider=\"0 60 1\""), "{own}");
    // Groups in which something is said are open.
    let is_open = |page: &str, group: &str| page.contains(&format!("id=\"group-{group}\" open>"));
    assert!(is_open(&own, "size") && !is_open(&own, "turn"), "{own}");
    assert!(is_open(&editor.get(&format!("{page}?try=1&angle=90")).text(), "turn"));
    assert!(!own.contains("id=\"group-delivery\""), "{own}");
}

#[test]
fn a_portfolio_is_published_and_its_file_downloaded() {
    let site = site_of_makers();
    let mut editor = Browser::signed_in(&site, "editor");
    let (href, _) = filled(&mut editor);
    let folio = between(&editor.get(&href).text(), "data-arrange=\"", "\"").to_owned();
    let target = format!("/do/post/portfolios/{folio}/exports?next={href}&done=publish-begun");
    let fields = [
        ("description", "For <print>"),
        ("format", "zip"),
        ("originals", "false"),
        ("expiry_time", "2999-01-01"),
        ("image_parameters", ""),
    ];
    let past = fields
        .map(|(name, value)| (name, if name == "expiry_time" { "2001-01-01" } else { value }));
    assert_eq!(post(&mut editor, &target, &past).status, 400);
    assert_eq!(post(&mut editor, &target, &fields).status, 303);
    let mut page = String::new();
    within(TASK, "the file is there", || {
        page = editor.get(&href).text();
        page.contains("/downloads/")
    });
    assert!(page.contains("For &#60;print&#62;"), "{page}");
    // The day until which it is kept counts whole, and is no other one east of UTC.
    let day = "<time datetime=\"2999-01-01\" data-moment=\"day\">1 Jan 2999</time>";
    assert!(page.contains(day), "{page}");
    assert!(editor.get(href.trim_end_matches("/edit")).text().contains(day));
    let file = format!("/portfolios/{}", between(&page, "href=\"/portfolios/", "/downloads/"));
    let file = format!("{file}/downloads/{}", between(&page, "/downloads/", "\""));
    let file = file.rsplit("href=\"").next().unwrap();
    let zip = editor.get(&format!("/{}", file.trim_start_matches('/')));
    assert_eq!(zip.status, 200, "{file}");
    assert!(zip.body.starts_with(b"PK"));
    let mut visitor = Browser::new(site.addr());
    assert_eq!(visitor.status(file), 403, "it is for nobody else yet");
    let export = between(&page, &format!("/do/delete/portfolios/{folio}/exports/"), "?");
    let delete = format!("/do/delete/portfolios/{folio}/exports/{export}?next={href}");
    assert_eq!(post(&mut editor, &delete, &[]).status, 303);
    assert_eq!(editor.status(file), 404);
}

#[test]
fn a_browser_without_scripts_looks_for_the_file_for_a_while() {
    let site = site_of_makers();
    let mut editor = Browser::signed_in(&site, "editor");
    let (href, _) = filled(&mut editor);
    let folio = between(&editor.get(&href).text(), "data-arrange=\"", "\"").parse().unwrap();
    assert!(!editor.get(&href).text().contains("http-equiv"));
    let export = NewExport {
        folio_id: folio,
        description: String::new(),
        format: "zip",
        originals: false,
        parameters: "{}".into(),
        keep_until_ms: i64::MAX,
    };
    let export = folio_exports::insert(site.db(), &export).unwrap();
    // What has no description is called by its kind.
    assert!(editor.get(&href).text().contains("aria-label=\"Delete Zip file\""));
    let never = NewTask { delay_ms: 1 << 50, ..NewTask::new("export_folio") };
    let (task, _) = tasks::enqueue(site.db(), &never).unwrap();
    folio_exports::set_task(site.db(), export, task).unwrap();
    let again = |looked: u32| format!("content=\"5;url={href}?looked={looked}\"");
    assert!(editor.get(&href).text().contains(&again(1)));
    assert!(editor.get(&format!("{href}?looked=7")).text().contains(&again(8)));
    for end in ["120", "4294967295", "99999999999", "x"] {
        let page = editor.get(&format!("{href}?looked={end}")).text();
        assert!(page.contains("data-making") && !page.contains("http-equiv"), "{end}: {page}");
    }
}
