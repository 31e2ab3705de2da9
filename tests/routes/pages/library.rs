//! Folders, pictures and search: who sees what.

use std::time::Duration;

use super::library_of_three;
use crate::people::Browser;
use crate::site::within;

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
}

#[test]
fn a_picture_leads_to_its_neighbours() {
    let site = library_of_three();
    let page = site.get("/details?src=open/one.png").text();
    assert!(page.contains("rel=\"next\" href=\"/details?src=open/two.png\""), "{page}");
    assert!(!page.contains("rel=\"prev\""));
    assert!(page.contains("1 of 2"));
    assert!(page.contains("60 × 40 (0.0 MP)"));
    for (target, status) in [
        ("/details", 400),
        ("/details?src=../etc/passwd", 403),
        ("/details?src=open/none.png", 404),
        ("/details?id=x", 400),
        ("/details?id=999999", 404),
        ("/browse?path=open/none", 404),
        ("/browse?path=../x", 403),
        ("/browse?path=open&page=99&sort=x&view=x", 200),
        ("/search?min_width=x", 200),
    ] {
        assert_eq!(site.status(target), status, "{target}");
    }
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
