//! Templates: URL over template over default template, and no falling through.

use std::time::Duration;

use halftone::db;
use halftone::db::templates::Template;

use crate::library;
use crate::magick::{self, Facts};
use crate::site::{BOTH, Site, within};
use crate::support::wait;

const IN_FORCE: Duration = Duration::from_secs(2);

fn facts(site: &Site, query: &str) -> Facts {
    magick::facts(&site.ok(&format!("/image?{query}")).body)
}

fn site_with(templates: &[(&str, &str)]) -> Site {
    let site = Site::start("", library::make);
    for (name, json) in templates {
        site.template(name, json);
    }
    if let Some((name, _)) = templates.last() {
        wait::until("the templates are known", || {
            !site.get(&format!("/image?src=a/chart.png&tmp={name}")).text().contains("tmp: ")
        });
    }
    site
}

#[test]
fn a_template_sets_what_the_url_leaves_out() {
    let site = site_with(&[
        (
            "Half",
            r#"{"width": {"value": 200}, "format": {"value": "jpg"}, "rotation": {"value": 90}}"#,
        ),
        (
            "All",
            r##"{"page": {"value": 2}, "format": {"value": "png"}, "quality": {"value": 21},
            "width": {"value": 120}, "height": {"value": 120}, "size_fit": {"value": false},
            "align_h": {"value": "L0"}, "align_v": {"value": "T0"}, "rotation": {"value": 0},
            "flip": {"value": "h"}, "top": {"value": 0.0}, "left": {"value": 0.5},
            "bottom": {"value": 1.0}, "right": {"value": 1.0}, "crop_fit": {"value": false},
            "fill": {"value": "#112233"}, "strip": {"value": true}, "dpi_x": {"value": 300},
            "colorspace": {"value": "rgb"}, "attachment": {"value": true},
            "expiry_secs": {"value": 60}, "record_stats": {"value": true}}"##,
        ),
    ]);
    assert_eq!(facts(&site, "src=a/chart.png&tmp=Half").size, (200, 267));
    assert_eq!(facts(&site, "src=a/chart.png&tmp=half").format, "JPEG");
    assert_eq!(facts(&site, "src=a/chart.png&tmp=HALF&width=30").size, (30, 40));
    // 0 in the URL is said as well.
    assert_eq!(facts(&site, "src=a/chart.png&tmp=Half&width=0").size, (300, 400));
    assert_eq!(facts(&site, "src=a/chart.png&tmp=Half&angle=0").size, (200, 150));
    // A blank one is not.
    assert_eq!(facts(&site, "src=a/chart.png&tmp=Half&width=&angle=").size, (200, 267));
    assert_eq!(facts(&site, "src=a/chart.png&tmp=Half&format=png").format, "PNG");

    // Page 2 is 50×70, its right half 25×70, at the left top of a canvas as large as that.
    let response = site.ok("/image?src=a/pages.tif&tmp=All");
    let found = magick::facts(&response.body);
    assert_eq!((found.format.as_str(), found.size), ("PNG", (25, 70)));
    assert!((found.dpi.0 - 300.0).abs() < 0.5, "{found:?}");
    assert_eq!(response.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(response.header("content-disposition"), Some("attachment; filename=\"pages.png\""));
    let page = facts(&site, "src=a/pages.tif&tmp=All&page=3&left=0");
    assert_eq!(page.size, (80, 30));
    let open = site.ok("/image?src=a/pages.tif&tmp=All&attach=0");
    assert_eq!(open.header("content-disposition"), None);
}

#[test]
fn nothing_falls_through_to_the_default_template() {
    let site = site_with(&[
        ("Narrow", r#"{"width": {"value": 50}, "strip": {"value": false}}"#),
        ("Wide", r#"{"height": {"value": 60}}"#),
    ]);
    db::templates::set_default(site.db(), "Narrow").unwrap();
    wait::until("the default is another", || facts(&site, "src=a/chart.png").size.0 == 50);
    assert_eq!(facts(&site, "src=a/chart.png").size, (50, 38));
    assert_eq!(facts(&site, "src=a/chart.png&tmp=Wide").size, (80, 60));
    assert_eq!(facts(&site, "src=a/chart.png&height=20").size, (50, 20));
    assert_eq!(facts(&site, "src=a/chart.png&width=0&height=30").size, (40, 30));
    // The stock default strips, this one does not, and one that says nothing does not either.
    assert!(facts(&site, "src=a/sideways.jpg").profiles.contains("exif"));
    assert!(facts(&site, "src=a/sideways.jpg&tmp=Wide").profiles.contains("exif"));
    assert!(!facts(&site, "src=a/sideways.jpg&tmp=Default").profiles.contains("exif"));
}

#[test]
fn the_stock_templates() {
    let site = Site::start("", library::make);
    let response = site.ok("/image?src=a/photo.jpg&tmp=SmallJpeg");
    let found = magick::facts(&response.body);
    assert_eq!((found.format.as_str(), found.size), ("JPEG", (200, 200)));
    assert_eq!(response.header("cache-control"), Some("public, max-age=604800"));
    assert_eq!(facts(&site, "src=a/chart.png&tmp=smalljpeg").format, "JPEG");
    // Made for JPEG: its quality of 80 is not applied to PNG.
    let tag = |query: &str| site.ok(query).header("etag").unwrap().to_owned();
    let named = tag("/image?src=a/chart.png&tmp=SmallJpeg&format=png");
    assert_eq!(named, tag("/image?src=a/chart.png&tmp=SmallJpeg&format=png&quality=39"));
}

#[test]
fn a_change_is_in_force_within_two_seconds() {
    for backend in BOTH {
        let site = Site::on(backend, "", library::make);
        let id = site.template("Mine", r#"{"width": {"value": 40}}"#);
        let size = || {
            let response = site.get("/image?src=a/chart.png&tmp=Mine");
            (response.status == 200).then(|| magick::facts(&response.body).size)
        };
        within(IN_FORCE, "the template is known", || size() == Some((40, 30)));
        let first = site.ok("/image?src=a/chart.png&tmp=Mine");
        let changed = |name: &str, json: &str| {
            let (name, json) = (name.to_owned(), json.to_owned());
            let template = Template { id, name, description: String::new(), json };
            assert!(db::templates::update(site.db(), &template).unwrap());
        };
        changed("Mine", r#"{"width": {"value": 80}}"#);
        within(IN_FORCE, "the template is changed", || size() == Some((80, 60)));
        let second = site.ok("/image?src=a/chart.png&tmp=Mine");
        assert_ne!(first.header("etag"), second.header("etag"), "{backend:?}");
        let tag = [("If-None-Match", first.header("etag").unwrap())];
        assert_eq!(site.get_with("/image?src=a/chart.png&tmp=Mine", &tag).status, 200);

        changed("Yours", r#"{"width": {"value": 80}}"#);
        within(IN_FORCE, "the name is another", || {
            site.status("/image?src=a/chart.png&tmp=yours") == 200
        });
        assert_eq!(site.status("/image?src=a/chart.png&tmp=Mine"), 400);
        assert!(db::templates::remove(site.db(), id).unwrap());
        within(IN_FORCE, "the template is gone", || {
            site.status("/image?src=a/chart.png&tmp=yours") == 400
        });
    }
}

#[test]
fn a_template_that_cannot_be_read_is_the_servers_fault() {
    let site = Site::start("", library::make);
    for (name, json) in [
        ("NoJson", "{"),
        ("NoObject", "[]"),
        ("Plain", r#"{"width": 200}"#),
        ("Nested", r#"{"width": {"value": {"value": 200}}}"#),
        ("Unknown", r#"{"format": {"value": "exe"}}"#),
    ] {
        site.template(name, json);
        let target = format!("/image?src=a/chart.png&tmp={name}");
        wait::until("the template is known", || site.status(&target) != 400);
        crate::errors::assert_page(&site, &site.get(&target), 500, &target);
        assert!(site.log().contains(&format!("\"{name}\"")), "{}", site.log());
    }
    assert_eq!(site.status("/image?src=a/chart.png"), 200);
}

#[test]
fn fields_of_other_versions_are_passed_over() {
    let site = site_with(&[(
        "Old",
        r#"{"width": {"value": "50"}, "sharpness": {"value": 3}, "overlay_src": {"value": ""},
            "icc_profile": null, "page": null, "flip": {"value": ""}, "x": {"y": [1, {"z": 2}]}}"#,
    )]);
    assert_eq!(facts(&site, "src=a/chart.png&tmp=Old").size, (50, 38));
}

#[test]
fn names_are_found_whatever_their_letters() {
    let site = Site::start("", library::make);
    for name in ["Größe ÄÖ", "a+b & c", "quote'\"<x>"] {
        site.template(name, r#"{"width": {"value": 44}}"#);
        let target = format!("/image?src=a/chart.png&tmp={}", crate::site::encoded(name));
        wait::until("the template is known", || site.status(&target) == 200);
        let lower = crate::site::encoded(&name.to_lowercase());
        let found = facts(&site, &format!("src=a/chart.png&tmp={lower}"));
        assert_eq!(found.size, (44, 33), "{name}");
    }
}

#[test]
fn without_a_default_template_nothing_is_added() {
    let site = Site::start("", library::make);
    assert!(!facts(&site, "src=a/sideways.jpg").profiles.contains("exif"));
    db::templates::set_default(site.db(), "none of this name").unwrap();
    within(IN_FORCE, "nothing strips", || {
        facts(&site, "src=a/sideways.jpg").profiles.contains("exif")
    });
    assert_eq!(facts(&site, "src=a/chart.png&width=40").size, (40, 30));
}
