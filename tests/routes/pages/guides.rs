//! The guides: every parameter, every call, every viewer.

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::library as pictures;
use crate::site::{Site, within};

use super::IN_FORCE;

/// A site whose pictures have these sizes.
fn site_of(sizes: &[(&str, u32, u32)]) -> Site {
    let site = Site::start("", |images| {
        for (name, width, height) in sizes {
            pictures::plain(&images.join(name), *width, *height, [200, 100, 50]);
        }
    });
    site.permit("/", PUBLIC, Level::View.access());
    site
}

#[test]
fn guides_show_pictures_that_are_large_enough() {
    let site =
        site_of(&[("b.png", 1, 1), ("d.png", 599, 900), ("c.png", 600, 700), ("e.png", 640, 600)]);
    let shown = |site: &Site, src: &str| {
        let imaging = site.ok("/help").text();
        let viewers = site.ok("/help/viewers").text();
        let of = |page: &str| page.matches(&format!("src={src}")).count();
        (of(&imaging), of(&viewers))
    };
    within(IN_FORCE, "the guides show a picture", || {
        // What is wider than high comes first, and stands alone for what parameters do.
        let (imaging, viewers) = shown(&site, "e.png");
        imaging > 30 && viewers > 0
    });
    assert_eq!(shown(&site, "c.png").0, 0);
    for small in ["b.png", "d.png"] {
        assert_eq!(shown(&site, small), (0, 0), "{small}");
    }
    // Others that come change nothing.
    pictures::plain(&site.image("a.png"), 2000, 600, [50, 100, 200]);
    assert_eq!(site.status("/details?src=a.png"), 200);
    let (imaging, _) = shown(&site, "e.png");
    assert!(imaging > 30 && shown(&site, "a.png").0 == 0, "{imaging}");
}

#[test]
fn a_logo_is_laid_over_the_picture_of_the_guide() {
    let site = site_of(&[("a.png", 800, 600), ("b.png", 800, 600)]);
    let over = |name: &str| site.ok("/help").text().matches(&format!("overlay={name}")).count();
    within(IN_FORCE, "another picture where there is no logo", || over("b.png") > 4);
    assert_eq!(over("a.png"), 0, "nothing is laid over itself");
    for folder in ["hidden", "marks"] {
        std::fs::create_dir(site.image(folder)).unwrap();
        let name = format!("{folder}/logo.png");
        pictures::plain(&site.image(&name), 60, 40, [20, 20, 20]);
        assert_eq!(site.status(&format!("/details?src={name}")), 200);
        if folder == "hidden" {
            site.permit("/hidden", PUBLIC, Level::None.access());
            within(IN_FORCE, "nobody may see it", || {
                site.status("/details?src=hidden/logo.png") == 403
            });
            assert_eq!(over("hidden"), 0);
        }
    }
    within(IN_FORCE, "the logo", || over("marks/logo.png") > 4);
    assert_eq!((over("b.png"), over("hidden")), (0, 0));
}

#[test]
fn guides_without_a_picture_have_their_words() {
    let site = site_of(&[("a.png", 1, 1), ("b.png", 2000, 20)]);
    for page in ["/help", "/help/viewers"] {
        assert_eq!(site.status("/details?src=a.png"), 200);
        let text = site.ok(page).text();
        assert!(text.contains("The examples need a picture that is at least"), "{page}: {text}");
        assert!(!text.contains("\"/image?src"), "{page}: {text}");
    }
    let viewers = site.ok("/help/viewers").text();
    assert!(viewers.contains("&lt;halftone-zoom src=") && !viewers.contains("<halftone-zoom"));
    assert!(viewers.contains("/image?src=products/coat.jpg"), "{viewers}");
}

#[test]
fn the_guides_tell_of_all_there_is() {
    let site = site_of(&[("large.png", 800, 600)]);
    let imaging = site.ok("/help").text();
    for name in ["width", "gravity", "ovopacity", "tmp", "colorspace"] {
        assert!(imaging.contains(&format!("id=\"p-{name}\"")), "{name}");
    }
    // The pictures of the guide can be had.
    let addresses: Vec<&str> =
        imaging.split("<img src=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
    assert!(addresses.len() > 30, "{}", addresses.len());
    for address in addresses {
        site.ok(&address.replace("&#38;", "&"));
    }
    let api = site.ok("/help/api").text();
    let document: serde_json::Value =
        serde_json::from_slice(&site.ok("/api/v1/openapi.json").body).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(api.contains(&format!("id=\"{id}\"")), "{path}");
        }
    }
    let viewers = site.ok("/help/viewers").text();
    for viewer in ["zoom", "gallery", "slideshow", "image"] {
        assert!(viewers.contains(&format!("<halftone-{viewer}")), "{viewer}");
        assert!(
            viewers.contains(&format!("&#60;halftone-{viewer}"))
                || viewers.contains(&format!("&lt;halftone-{viewer}"))
        );
    }
}
