//! Folders, pictures and search: who sees what.

use std::time::Duration;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;
use halftone::db::{self, folder_permissions, folders};

use super::forms::post;
use super::{IN_FORCE, library_of_three};
use crate::people::{Browser, account};
use crate::site::{Site, within};
use crate::support::halftone::ADMIN_PASSWORD;

/// Files that were found are read by then.
const READ: Duration = Duration::from_secs(20);

#[test]
fn everybody_sees_what_they_may_and_no_more() {
    let site = library_of_three();
    // The first walk through the files may be under way.
    within(READ, "the folder below is known", || {
        site.get("/browse?path=open").text().contains("/browse?path=open/deep")
    });
    let open = site.get("/browse?path=open");
    assert_eq!(open.status, 200);
    let text = open.text();
    for there in ["one.png", "two.png", "/browse?path=open/deep", "2 pictures"] {
        assert!(text.contains(there), "{there} is missing in {text}");
    }
    assert!(!text.contains("popovertarget=\"new-folder\"") && !text.contains("data-choice"));
    // What is there and what is not are one to who may not look.
    let (there, missing) =
        (site.get("/details?src=closed/four.png"), site.get("/details?src=closed/none.png"));
    assert_eq!((there.status, missing.status), (403, 403));
    // Who may not comes last, when what is there has long been found by others.
    for (name, status) in [("editor", 200), ("reader", 200), ("stranger", 403)] {
        let mut browser = Browser::signed_in(&site, name);
        for page in ["/browse?path=closed", "/details?src=closed/four.png"] {
            assert_eq!(browser.status(page), status, "{name} {page}");
        }
        let mut finds = || browser.get("/search?q=four").text().contains("closed/four.png");
        match status {
            200 => within(READ, "the picture is found", &mut finds),
            _ => assert!(!finds(), "{name}"),
        }
        let root = browser.get("/browse").text();
        assert_eq!(root.contains("path=closed"), status == 200, "{name}");
    }
}

#[test]
fn the_tree_leads_down_to_a_folder() {
    let site = library_of_three();
    for path in ["open/deep/er/est", "open/aside 2", "open/aside 10"] {
        std::fs::create_dir_all(site.image(path)).unwrap();
        halftone::db::folders::seen(site.db(), &format!("/{path}")).unwrap();
    }
    let tree = |page: String| -> Vec<String> {
        let (_, rest) = page.split_once("<aside class=\"tree\">").unwrap();
        let rows = rest.split_once("</aside>").unwrap().0.split("<li class=\"").skip(1);
        let row = |row: &str| {
            let name = row.split_once("<bdi>").unwrap().1.split_once("</bdi>").unwrap().0;
            let here = if row.contains("aria-current") { " here" } else { "" };
            format!("{} {name}{here}", &row[..row.find('"').unwrap()])
        };
        rows.map(row).collect()
    };
    // What lies beside each step, in the order of numbers; not what may not be seen.
    let expected =
        ["d0 Library", "d1 open", "d2 aside 2", "d2 aside 10", "d2 deep", "d3 er here", "d4 est"];
    assert_eq!(tree(site.get("/browse?path=open/deep/er").text()), expected);
    let mut editor = Browser::signed_in(&site, "editor");
    within(READ, "the closed folder is known", || {
        tree(editor.get("/browse").text()) == ["d0 Library here", "d1 closed", "d1 open"]
    });
    let root = site.get("/browse").text();
    assert_eq!(tree(root), ["d0 Library here", "d1 open"]);
}

#[test]
fn fields_for_tags_offer_those_that_there_are() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let id = |page: &str| {
        let (_, rest) = page.split_once("action=\"/do/put/admin/images/").unwrap();
        rest.split_once('?').unwrap().0.to_owned()
    };
    let set = |browser: &mut Browser, src: &str, fields: &[(&str, &str)]| {
        let id = id(&browser.get(&format!("/details?src={src}")).text());
        let answer = post(browser, &format!("/do/put/admin/images/{id}/tags?next=/"), fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
    };
    let offered = |page: &str| -> Vec<String> {
        let (_, rest) = page.split_once("<datalist id=\"tags\">").expect("the page has a list");
        let list = rest.split_once("</datalist>").unwrap().0;
        let values = list.split("value=\"").skip(1);
        values.map(|value| value.split_once('"').unwrap().0.to_owned()).collect()
    };
    set(&mut editor, "open/one.png", &[("tags", "Sea\n<b>Land")]);
    set(&mut editor, "closed/four.png", &[("tags", "Secret")]);
    let page = editor.get("/details?src=open/two.png").text();
    assert_eq!(offered(&page), ["&#60;b&#62;Land", "Sea", "Secret"]);
    assert!(page.contains("name=\"add\" list=\"tags\""), "{page}");
    assert_eq!(offered(&editor.get("/search").text()).len(), 3);
    // Of many pictures the fields ask by a script, which they need anyway.
    let many = editor.get("/browse?path=open").text();
    for name in ["add", "remove"] {
        assert!(many.contains(&format!("name=\"{name}\" data-tags=\"many\"")), "{name}: {many}");
    }
    // Nobody is told of tags of pictures that they may not see.
    let search = site.get("/search").text();
    assert_eq!(offered(&search), ["&#60;b&#62;Land", "Sea"]);
    // Names repeat in other folders.
    let told = "<bdi>one.png</bdi><bdi class=\"in\">open</bdi>";
    assert!(search.contains(told), "{search}");
    assert!(!site.get("/browse?path=open").text().contains("class=\"in\""));
    // One more is added to those that there are, without a script.
    set(&mut editor, "open/one.png", &[("tags", "Sea"), ("add", "secret, Sand ,")]);
    let page = editor.get("/details?src=open/one.png").text();
    for name in ["Sand", "Sea", "Secret"] {
        assert!(page.contains(&format!("<bdi>{name}</bdi></a></li>")), "{name}: {page}");
    }
    assert!(!page.contains("Land</bdi></a>"), "{page}");
    // However many there are, a page brings so many and no more; a script asks for others.
    let names: Vec<String> = (0..450).map(|number| format!("tag {number:03}")).collect();
    halftone::db::Sql::execute(site.db(), "DELETE FROM image_tags", &[]).unwrap();
    let one = halftone::db::images::by_path(site.db(), "open/one.png").unwrap().unwrap().id;
    halftone::db::tags::set_of_image(site.db(), one, &names).unwrap();
    for page in ["/search", "/details?src=open/two.png"] {
        let offered = offered(&editor.get(page).text());
        assert_eq!(offered.len(), 200, "{page}");
        assert_eq!((&*offered[0], &*offered[199]), ("tag 000", "tag 199"), "{page}");
    }
    let more = editor.get("/api/v1/tags?q=tag+44&limit=20").text();
    assert_eq!(more.matches("\"tag 44").count(), 10, "{more}");
}

#[test]
fn only_who_may_is_offered_to_change_anything() {
    let site = library_of_three();
    let offers = ["popovertarget=\"edit\"", "popovertarget=\"rename\"", "popovertarget=\"delete\""];
    for (name, offered) in [("reader", false), ("editor", true)] {
        let mut browser = Browser::signed_in(&site, name);
        let page = browser.get("/details?src=closed/four.png").text();
        for offer in offers {
            assert_eq!(page.contains(offer), offered, "{name} {offer}");
        }
        assert_eq!(browser.status("/upload"), if offered { 200 } else { 403 }, "{name}");
    }
    assert_eq!(site.status("/upload"), 401);
    // As the setting has it, 1024 MB.
    let page = Browser::signed_in(&site, "editor").get("/upload").text();
    assert!(page.contains("Up to 1\u{a0}GB per file."), "{page}");
}

#[test]
fn the_page_for_uploads_begins_with_a_folder_that_takes_them() {
    let site = library_of_three();
    let folder = |page: &str| {
        let (_, rest) = page.split_once("name=\"path\" value=\"").expect("the page has a field");
        rest.split_once('"').unwrap().0.to_owned()
    };
    let mut editor = Browser::signed_in(&site, "editor");
    assert_eq!(folder(&editor.get("/upload").text()), "/");
    assert_eq!(folder(&editor.get("/upload?path=open").text()), "/open");
    // Whoever may upload only far below begins with the first folder of those.
    let group = db::groups::insert(site.db(), "photographers", "", 2).unwrap();
    let photographer = account(&site, "photographer", false);
    db::groups::add_member(site.db(), group, photographer).unwrap();
    for path in ["open/deep/er", "open/aside"] {
        std::fs::create_dir_all(site.image(path)).unwrap();
    }
    for (path, level) in [
        ("/open/deep", Level::Upload),
        ("/open/deep/er", Level::CreateFolder),
        ("/open/aside", Level::Upload),
        ("/closed", Level::Edit),
    ] {
        site.permit(path, group, level.access());
    }
    let mut photographer = Browser::signed_in(&site, "photographer");
    within(IN_FORCE, "rights hold", || photographer.get("/upload").text().contains("/open/aside"));
    let page = photographer.get("/upload").text();
    assert_eq!(folder(&page), "/open/aside");
    let offered = "<datalist id=\"folders\"><option value=\"/open/aside\"></option>\
                   <option value=\"/open/deep\"></option></datalist>";
    assert!(page.contains(offered), "{page}");
    assert_eq!(folder(&photographer.get("/upload?path=/").text()), "/");
}

#[test]
fn who_deletes_a_folder_reads_how_many_pictures_go_with_it() {
    let site = library_of_three();
    std::fs::create_dir_all(site.image("open/empty")).unwrap();
    halftone::db::folders::seen(site.db(), "/open/empty").unwrap();
    let mut editor = Browser::signed_in(&site, "editor");
    for (folder, told) in [
        ("open", "It contains 3 pictures."),
        ("open/deep", "It contains one picture."),
        ("open/empty", "It contains no pictures."),
    ] {
        let question = format!("/browse/delete?path={folder}");
        within(READ, "the pictures are known", || editor.get(&question).text().contains(told));
        // They are counted for who asks, and not for who looks.
        let page = editor.get(&format!("/browse?path={folder}")).text();
        let link = format!("href=\"{question}\"");
        assert!(page.contains(&link) && !page.contains("It contains"), "{page}");
    }
    let page = editor.get("/browse/delete?path=open").text();
    let target = "method=\"post\" action=\"/do/delete/admin/filesystem/folders/";
    assert!(page.contains(target) && page.contains("<h1>Delete open?</h1>"), "{page}");
    assert!(page.contains("next=/browse&amp;done=folder-deleted\""), "{page}");
    assert!(page.contains("href=\"/browse?path=open\" data-cancel"), "{page}");
    assert!(!site.get("/browse?path=open").text().contains("/browse/delete"));
}

#[test]
fn the_question_before_a_folder_is_deleted_is_for_who_may() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    for (query, status) in [
        ("?path=open", 200),
        ("?path=open/none", 404),
        ("?path=../x", 403),
        ("?path=/", 403),
        ("", 403),
    ] {
        assert_eq!(editor.status(&format!("/browse/delete{query}")), status, "{query}");
    }
    let mut reader = Browser::signed_in(&site, "reader");
    for path in ["open", "closed", "none"] {
        let question = format!("/browse/delete?path={path}");
        assert_eq!((reader.status(&question), site.status(&question)), (403, 401), "{path}");
    }
}

#[test]
fn a_picture_leads_to_its_neighbours() {
    let site = library_of_three();
    let page = site.get("/details?src=open/one.png").text();
    assert!(page.contains("rel=\"next\" href=\"/details?src=open/two.png\""), "{page}");
    assert!(!page.contains("rel=\"prev\""));
    let (_, way) = page.split_once("<nav class=\"way").unwrap();
    let way = way.split_once("</nav>").unwrap().0;
    assert!(way.contains("1 of 2") && way.contains("rel=\"next\""), "{way}");
    assert!(page.contains("60 × 40 (0.0 MP)"));
    for (target, status) in [
        ("/details", 400),
        ("/details?src=../etc/passwd", 403),
        ("/details?src=open/none.png", 404),
        ("/details?id=x", 400),
        ("/details?id=999999", 403),
        ("/browse?path=open/none", 404),
        ("/browse?path=../x", 403),
        ("/browse?path=open&page=99&sort=x&view=x", 200),
        ("/search?min_width=x", 200),
    ] {
        assert_eq!(site.status(target), status, "{target}");
    }
}

#[test]
fn numbers_of_pictures_do_not_tell_which_there_are() {
    let site = library_of_three();
    let mut reader = Browser::signed_in(&site, "reader");
    assert_eq!(reader.status("/details?src=closed/four.png"), 200);
    let closed = halftone::db::images::by_path(site.db(), "closed/four.png").unwrap().unwrap().id;
    assert_eq!(reader.status(&format!("/details?id={closed}")), 200);
    let mut stranger = Browser::signed_in(&site, "stranger");
    for (id, anonymous, signed_in) in [(closed, 403, 404), (999_999, 403, 404)] {
        assert_eq!(site.status(&format!("/details?id={id}")), anonymous, "{id}");
        assert_eq!(stranger.status(&format!("/details?id={id}")), signed_in, "{id}");
    }
}

#[test]
fn neighbours_follow_the_order_that_was_chosen() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    // The second by name is made the larger one.
    let file = std::fs::read(site.image("open/two.png")).unwrap();
    std::fs::write(site.image("open/two.png"), [file, vec![0; 100_000]].concat()).unwrap();
    let mut browse = || editor.get("/browse?path=open&sort=size").text();
    let first = |page: &str| {
        page.find("open/two.png&#38;sort=size") < page.find("open/one.png&#38;sort=size")
    };
    within(READ, "the order is that of lengths", || {
        // Its page reads the file anew.
        let _ = site.get("/details?src=open/two.png");
        first(&browse())
    });
    let page = editor.get("/details?src=open/two.png&sort=size").text();
    assert!(
        page.contains("rel=\"next\" href=\"/details?src=open/one.png&#38;sort=size\""),
        "{page}"
    );
    assert!(page.contains("1 of 2") && !page.contains("rel=\"prev\""), "{page}");
    let page = editor.get("/details?src=open/one.png&sort=none").text();
    assert!(page.contains("rel=\"next\" href=\"/details?src=open/two.png\""), "{page}");
}

#[test]
fn neighbours_are_those_that_were_found() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let target = "/search?q=png&order=path";
    let found = |text: &str| {
        let mut parts = text.split("<a href=\"/details?").skip(1);
        parts.by_ref().map(|part| part.split_once('"').unwrap().0.replace("&#38;", "&")).collect()
    };
    let mut links: Vec<String> = Vec::new();
    within(READ, "all pictures are found", || {
        links = found(&editor.get(target).text());
        links.len() >= 3
    });
    let (second, third) = (format!("/details?{}", links[1]), links[2].replace('&', "&#38;"));
    assert!(second.ends_with("&q=png&order=path&at=2"), "{second}");
    let page = editor.get(&second).text();
    assert!(page.contains(&format!("rel=\"next\" href=\"/details?{third}\"")), "{page}");
    let first = links[0].replace('&', "&#38;");
    assert!(page.contains(&format!("rel=\"prev\" href=\"/details?{first}\"")), "{page}");
    assert!(page.contains(&format!("2 of {}", links.len())), "{page}");
    // What does not stand there is shown among those of its folder.
    for wrong in ["1000000", "0", "x", "99999999999999999999"] {
        let page = editor.get(&second.replace("at=2", &format!("at={wrong}")));
        assert_eq!(page.status, 200, "{wrong}");
        assert!(!page.text().contains("at=3"), "{wrong}");
    }
}

/// Gives pictures their tags.
fn tag(site: &Site, tags: &[(&str, &[&str])]) {
    for (path, names) in tags {
        let view = halftone::db::image_views::by_path(site.db(), path).unwrap().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        halftone::db::tags::set_of_image(site.db(), view.id, &names).unwrap();
    }
}

#[test]
fn tags_are_put_on_and_taken_off_and_the_rest_of_the_question_stays() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let mut found = |target: &str| editor.get(target).text().replace("&#38;", "&");
    within(READ, "all pictures are found", || found("/search?q=png").contains("4 pictures"));
    let both: &[&str] = &["sea", "b & w"];
    tag(
        &site,
        &[("open/one.png", both), ("open/two.png", &["sea"]), ("closed/four.png", &["sea"])],
    );
    let page = found("/search?q=png&path=/open&order=path&tag=sea");
    assert!(page.contains("open/one.png") && page.contains("open/two.png"), "{page}");
    assert!(!page.contains("closed/four.png"), "{page}");
    // The one that is chosen can be taken off, the other one added.
    let rest = "/search?q=png&path=/open&order=path";
    assert!(page.contains(&format!("<a class=\"tag\" href=\"{rest}\" aria-current")), "{page}");
    let more = format!("{rest}&tag=sea&tag=b%20%26%20w");
    assert!(page.contains(&format!("<a class=\"tag\" href=\"{more}\">")), "{page}");
    let page = found(&more);
    assert!(page.contains("One picture") && page.contains("open/one.png"), "{page}");
    assert!(page.contains(&format!("<a class=\"tag\" href=\"{rest}&tag=sea\" aria-current")));
    assert!(page.contains("<input type=\"hidden\" name=\"tag\" value=\"sea\">"), "{page}");
    // Pages of what was found know the whole question, too.
    let details = page.split("<a href=\"").find(|part| part.starts_with("/details")).unwrap();
    assert!(details.contains("&tag=sea&tag=b%20%26%20w&at=1"), "{details}");
}

#[test]
fn a_page_beyond_the_end_of_what_is_found_is_the_last() {
    let site = Site::start("", |images| {
        for number in 0..103 {
            let name = images.join(format!("many/{number:03}.png"));
            crate::library::plain(&name, 4, 4, [200, 100, 50]);
        }
    });
    site.permit("/", PUBLIC, Level::View.access());
    within(READ * 3, "all pictures are found", || {
        site.get("/search?q=png").text().contains("103 pictures")
    });
    for page in ["2", "99", "1000000", "99999999999999999999999"] {
        let text = site.get(&format!("/search?q=png&order=path&page={page}")).text();
        assert!(text.contains("103 pictures") && !text.contains("No pictures found"), "{page}");
        let last = page.len() < 20;
        assert_eq!(text.contains("many/102.png"), last, "{page}: {text}");
        assert_eq!(text.contains("at=103"), last, "{page}");
    }
}

#[test]
fn found_pictures_say_what_may_be_done_with_them() {
    let site = library_of_three();
    let group = halftone::db::groups::insert(site.db(), "open", "", 2).unwrap();
    let user = crate::people::account(&site, "half", false);
    halftone::db::groups::add_member(site.db(), group, user).unwrap();
    site.permit("/open", group, Level::Edit.access());
    site.permit("/open/deep", group, Level::Delete.access());
    let item = |page: &str, path: &str| {
        let mark = format!("data-path=\"{path}\"");
        let found = page.split("<li class=\"tile ").find(|item| item.contains(&mark));
        let found = found.and_then(|item| item.split_once("data-may=\""));
        found.map(|(_, rest)| rest.split_once('"').unwrap().0.to_owned()).unwrap_or_default()
    };
    let mut half = Browser::signed_in(&site, "half");
    within(READ, "they say so", || {
        let page = half.get("/search?q=png").text();
        item(&page, "open/one.png") == "edit" && item(&page, "open/deep/three.png") == "edit delete"
    });
    let page = half.get("/search?q=png").text();
    assert!(page.contains("data-choice-edit") && page.contains("data-choice-delete"), "{page}");
    // Who may do neither anywhere is offered neither.
    let page = Browser::signed_in(&site, "reader").get("/search?q=png").text();
    assert_eq!(item(&page, "open/one.png"), "nothing", "{page}");
    assert!(page.contains("data-choice ") && !page.contains("data-choice-edit"), "{page}");
    assert!(!page.contains("data-choice-delete") && !page.contains("data-choice-move"), "{page}");
}

#[test]
fn a_folder_of_many_folders_leads_to_all_of_them() {
    let site = Site::start("", |images| {
        for number in 0..70 {
            std::fs::create_dir_all(images.join(format!("many/{number}"))).unwrap();
        }
    });
    site.permit("/", PUBLIC, Level::View.access());
    let row = "<a href=\"/browse?path=many\" data-folder=\"/many\">";
    within(READ, "all folders are known", || {
        site.get("/browse?path=many").text().contains("All 70")
    });
    let page = site.get("/browse?path=many/69").text();
    let (_, last) = page.rsplit_once(row).unwrap_or_else(|| panic!("there is no way in {page}"));
    assert!(last.split("</a>").next().unwrap().contains("All 70"), "{last}");
    // The page that it leads to has them all.
    let all = site.get("/browse?path=many").text();
    assert_eq!(all.matches("class=\"folder\"").count(), 70);
}

#[test]
fn very_many_folders_come_in_pages_and_are_found_by_name() {
    let site = Site::start("", |images| {
        for number in 0..230 {
            std::fs::create_dir_all(images.join(format!("many/{number}"))).unwrap();
        }
        std::fs::create_dir_all(images.join("many/Sea & <sun>")).unwrap();
    });
    site.permit("/", PUBLIC, Level::View.access());
    within(READ, "all folders are known", || {
        site.get("/browse?path=many").text().contains("231 folders")
    });
    let shown = |page: &str| page.matches("class=\"folder\"").count();
    let link = |page: &str, rel: &str| {
        let (_, rest) = page.split_once(&format!(">{rel}</a>")).map(|(a, b)| (b, a))?;
        let (_, href) = rest.rsplit_once("href=\"")?;
        Some(href.split('"').next().unwrap().replace("&#38;", "&").replace("#folders", ""))
    };
    let first = site.get("/browse?path=many").text();
    assert_eq!(shown(&first), 100);
    assert!(first.contains("Page 1 of 3") && link(&first, "Previous").is_none(), "{first}");
    let second = site.get(&link(&first, "Next").unwrap()).text();
    assert_eq!(shown(&second), 100);
    assert!(second.contains("data-folder=\"/many/100\""), "{second}");
    let third = site.get(&link(&second, "Next").unwrap()).text();
    assert_eq!(shown(&third), 31);
    assert!(link(&third, "Next").is_none() && third.contains("Page 3 of 3"), "{third}");
    assert_eq!(site.get(&link(&third, "Previous").unwrap()).text(), second);
    // By a part of the name, whatever its case; what is sought stays in the field and in the pages.
    let found = site.get("/browse?path=/many&folder=sEa+%26").text();
    assert_eq!(shown(&found), 1);
    assert!(found.contains("value=\"sEa &#38;\"") && !found.contains("Page 1 of"), "{found}");
    let ones = site.get("/browse?path=/many&folder=1").text();
    assert_eq!(shown(&ones), 100);
    let rest = site.get(&link(&ones, "Next").unwrap()).text();
    // Of 0 to 229: 19 below 100, all from 100 to 199, 12 above.
    assert_eq!(shown(&rest), 31);
    let none = site.get("/browse?path=/many&folder=%3Cb%3E").text();
    assert_eq!(shown(&none), 0);
    assert!(none.contains("No folder here has “&#60;b&#62;” in its name."), "{none}");
}

#[test]
fn of_thousands_of_folders_only_those_that_may_be_seen_are_counted() {
    let site = Site::start("", |images| {
        for number in 0..2000 {
            std::fs::create_dir_all(images.join(format!("many/{number}"))).unwrap();
        }
        for number in 0..9 {
            std::fs::create_dir_all(images.join(format!("closed/{number}"))).unwrap();
        }
    });
    site.permit("/", PUBLIC, Level::View.access());
    site.permit("/closed", PUBLIC, Level::None.access());
    site.permit("/closed/7", PUBLIC, Level::View.access());
    db::atomic(site.db(), |sql| {
        for number in 0..1000 {
            let folder = folders::seen(sql, &format!("/many/{number}"))?;
            folder_permissions::set(sql, folder, PUBLIC, Level::None.access())?;
        }
        Ok(())
    })
    .unwrap();
    within(READ, "all folders and records are known", || {
        let many = site.get("/browse?path=many").text();
        many.contains("1,000 folders") && many.contains("data-folder=\"/many/1000\"")
    });
    let first = site.get("/browse?path=many").text();
    assert!(first.contains("Page 1 of 10") && first.contains("All 1,000"), "{first}");
    assert!(!first.contains("data-folder=\"/many/999\""), "{first}");
    let last = site.get("/browse?path=many&folders=10").text();
    assert!(last.contains("data-folder=\"/many/1999\""), "{last}");
    // Found by name, too: of 999 and 1999 one may be seen.
    let found = site.get("/browse?path=many&folder=999").text();
    assert_eq!(found.matches("class=\"folder\"").count(), 1, "{found}");
    assert!(found.contains("data-folder=\"/many/1999\""), "{found}");
    // An open folder in a closed one is shown with nothing beside it.
    within(READ, "the open folder is known", || site.status("/browse?path=closed/7") == 200);
    let open = site.get("/browse?path=closed/7").text();
    assert!(!open.contains("data-folder=\"/closed/8\""), "{open}");
    // Who may see all of it has all of it.
    let mut admin = Browser::new(site.addr());
    assert_eq!(admin.login("admin", ADMIN_PASSWORD).status, 303, "{}", site.log());
    within(READ, "the others are known", || {
        let all = admin.get("/browse?path=many").text();
        all.contains("2,000 folders") && all.contains("Page 1 of 20")
    });
    let closed = admin.get("/browse?path=closed/7").text();
    assert!(closed.contains("data-folder=\"/closed/8\""), "{closed}");
}

#[test]
fn a_view_that_was_chosen_stays() {
    let site = library_of_three();
    let mut browser = Browser::new(site.addr());
    assert!(browser.get("/browse?path=open").text().contains("class=\"grid\""));
    assert!(browser.get("/browse?path=open&view=list").text().contains("<table class=\"list\">"));
    assert!(browser.get("/browse?path=open").text().contains("<table class=\"list\">"));
    assert!(browser.get("/browse?path=open&view=grid").text().contains("class=\"grid\""));
}
