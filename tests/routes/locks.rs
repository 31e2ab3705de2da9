//! Templates that a folder requires, and what they lock: no address gets round them.

use std::path::Path;
use std::time::Duration;

use halftone::db;

use crate::library;
use crate::magick;
use crate::site::{BOTH, Site, within};
use crate::support::halftone::binary;

const IN_FORCE: Duration = Duration::from_secs(2);
const PUBLIC: i64 = db::groups::PUBLIC;

/// The usual library, and another folder with a picture of 80×60.
fn pictures(images: &Path) {
    library::make(images);
    library::plain(&images.join("b/plain.png"), 80, 60, [9, 9, 9]);
}

/// Requires (or frees of) a template in a folder.
fn require(site: &Site, folder: &str, template: Option<i64>) {
    let folder = db::folders::seen(site.db(), folder).unwrap();
    db::folder_templates::set(site.db(), (folder, PUBLIC), true, template).unwrap();
}

fn size(site: &Site, query: &str) -> (u32, u32) {
    magick::facts(&site.ok(&format!("/image?{query}")).body).size
}

/// `a/chart.png` is 400×300.
#[test]
fn what_is_locked_wins_over_url_and_other_templates() {
    for backend in BOTH {
        let site = Site::on(backend, "", pictures);
        site.template("Big", r#"{"width": {"value": 390}, "rotation": {"value": 90}}"#);
        let small = site.template(
            "Small",
            r#"{"width": {"value": 100, "locked": true}, "format": {"value": "jpg", "locked": true},
                "flip": {"value": null, "locked": true}, "height": {"value": 50}}"#,
        );
        require(&site, "/a", Some(small));
        within(IN_FORCE, "the template is required", || size(&site, "src=a/chart.png").0 < 400);

        // Its other values are defaults; what is locked is not the URL's to say.
        assert_eq!(size(&site, "src=a/chart.png"), (100, 50));
        assert_eq!(size(&site, "src=a/chart.png&width=400&height=0"), (100, 75));
        assert_eq!(size(&site, "src=a/chart.png&width=&height=0"), (100, 75));
        // Another template comes between: its turn is taken, its width is not. The height of a
        // picture that is turned may be at most that of the whole at the locked scale.
        assert_eq!(size(&site, "src=a/chart.png&tmp=Big&height=0"), (75, 100));
        for query in ["", "&format=png", "&tmp=Big&format=gif", "&flip=h"] {
            let answer = site.ok(&format!("/image?src=a/chart.png{query}"));
            assert_eq!(answer.header("content-type"), Some("image/jpeg"), "{query}");
        }
        let tag =
            |query: &str| site.ok(&format!("/image?{query}")).header("etag").unwrap().to_owned();
        assert_eq!(
            tag("src=a/chart.png"),
            tag("src=a/chart.png&flip=h"),
            "a mirror cannot be given"
        );
        // No part shows more of the picture than the whole does, and no tile.
        assert_eq!(size(&site, "src=a/chart.png&left=0.5&top=0.5&height=0"), (50, 38));
        assert_eq!(size(&site, "src=a/chart.png&height=0&tile=1:4"), (50, 37));
        // The old addresses obey too, and the original is not to be had.
        let old = site.ok("/erez/erez?src=a/chart.png&width=400&height=0");
        assert_eq!(magick::facts(&old.body).size, (100, 75));
        assert_eq!(site.status("/original?src=a/chart.png"), 403);

        // Elsewhere nothing has changed, and a folder further down can be freed.
        assert_eq!(size(&site, "src=b/plain.png&width=40").0, 40);
        require(&site, "/a", None);
        within(IN_FORCE, "the folder is free", || size(&site, "src=a/chart.png") == (400, 300));
    }
}

#[test]
fn a_bound_leaves_smaller_sizes_alone() {
    let site = Site::start("", pictures);
    let bound = site.template("Bound", r#"{"max_width": {"value": 200, "locked": true}}"#);
    require(&site, "/", Some(bound));
    within(IN_FORCE, "the template is required", || size(&site, "src=a/chart.png") == (200, 150));
    assert_eq!(size(&site, "src=a/chart.png&width=120"), (120, 90));
    assert_eq!(size(&site, "src=a/chart.png&width=400&maxwidth=4000"), (200, 150));
    assert_eq!(size(&site, "src=a/chart.png&right=0.5&width=400"), (100, 150));
    // Without a lock, a bound is a parameter like any other.
    require(&site, "/", None);
    within(IN_FORCE, "the folder is free", || size(&site, "src=a/chart.png") == (400, 300));
    assert_eq!(size(&site, "src=a/chart.png&maxwidth=100&width=200&left=0.5"), (50, 75));
    assert_eq!(site.status("/image?src=a/chart.png&maxwidth=-1"), 400);
}

/// The mark is 80×60 and dark, the chart 400×300 and coloured.
#[test]
fn no_address_gets_a_picture_out_from_under_its_mark() {
    const MARK: [u8; 3] = [9, 9, 9];
    let site = Site::start("", pictures);
    site.permit("/b", PUBLIC, 0);
    let marked = site.template(
        "Marked",
        r#"{"overlay_src": {"value": "b/plain.png", "locked": true}, "overlay_pos": {"value": "se"},
            "overlay_size": {"value": 0.2}}"#,
    );
    require(&site, "/a", Some(marked));
    let pixels =
        |query: &str| magick::pixels(&site.ok(&format!("/image?src=a/chart.png{query}")).body);
    within(IN_FORCE, "it is marked", || pixels("").at(399, 299)[..3] == MARK);
    assert_eq!(site.status("/image?src=b/plain.png"), 403, "the mark itself is nobody's");
    assert_eq!(
        site.status("/image?src=a/chart.png&overlay=b/plain.png"),
        200,
        "not the URL's wish"
    );

    for (query, x, y) in [
        // Neither by saying otherwise, nor by another template.
        ("&overlay=a/logo.png&ovpos=nw&ovopacity=0&ovsize=0", 390, 290),
        ("&overlay=", 390, 290),
        // In the part where it lies, and in what a shape leaves of it.
        ("&left=0.5&top=0.5", 195, 145),
        ("&width=100&height=100&fit=cover&gravity=se", 98, 98),
        // Beside the picture, or above it, it would hide nothing.
        ("&width=200&height=300", 190, 215),
        ("&width=200&height=300&valign=T0", 190, 140),
        ("&width=400&height=150&halign=L0", 190, 140),
        // The right half, 67×100 in the middle of 200×100.
        ("&left=0.5&width=200&height=100", 128, 95),
    ] {
        pixels(query).assert(x, y, MARK, 1, query);
    }
    pixels("&left=0.5&width=200&height=100").assert(140, 95, [255; 3], 0, "what is filled");
    let tiles = pixels("&tile=4:4");
    tiles.assert(190, 140, MARK, 1, "the last tile");
    // Crops do not thin it out: they are parts of the whole.
    let whole = pixels("");
    pixels("&right=0.5&bottom=0.5").assert(195, 145, library::QUARTERS[0], 0, "without a mark");
    for (column, row) in (0..4u32).flat_map(|column| (0..3u32).map(move |row| (column, row))) {
        let edges = [f64::from(column) / 4.0, f64::from(column + 1) / 4.0];
        let (top, bottom) = (f64::from(row) / 3.0, f64::from(row + 1) / 3.0);
        let query = format!("&left={}&right={}&top={top}&bottom={bottom}", edges[0], edges[1]);
        let part = pixels(&query);
        assert_eq!(part.size, (100, 100), "{query}");
        let expected = whole.part(100 * column, 100 * row, 100, 100);
        assert!(part.part(0, 0, 100, 100) == expected, "{query}");
    }
    // Turned or mirrored under its mark, two of its pictures would be one without.
    site.known_template("Tilted", r#"{"rotation": {"value": 45}, "flip": {"value": "v"}}"#);
    let plain = site.ok("/image?src=a/chart.png").body;
    for query in ["angle=45", "angle=90", "angle=180", "flip=h", "flip=v", "tmp=tilted"] {
        let made = site.ok(&format!("/image?src=a/chart.png&{query}")).body;
        assert!(made == plain, "{query}");
    }
}

/// Who prescribes the part as well means a mark on that part.
#[test]
fn a_part_that_is_prescribed_has_its_mark() {
    const MARK: [u8; 3] = [9, 9, 9];
    let site = Site::start("", pictures);
    let marked = site.template(
        "Marked",
        r#"{"overlay_src": {"value": "b/plain.png", "locked": true}, "overlay_pos": {"value": "se"},
            "overlay_size": {"value": 0.2}, "right": {"value": 0.5, "locked": true},
            "left": {"value": 0, "locked": true}, "top": {"value": null, "locked": true},
            "bottom": {"value": 0.5, "locked": true}}"#,
    );
    require(&site, "/a", Some(marked));
    let pixels =
        |query: &str| magick::pixels(&site.ok(&format!("/image?src=a/chart.png{query}")).body);
    within(IN_FORCE, "the part is prescribed", || pixels("").size == (200, 150));
    for query in ["", "&right=1&bottom=1", "&width=200&height=200&autocropfit=1&autosizefit=1"] {
        let found = pixels(query);
        assert_eq!(found.size, (200, 150), "{query}");
        found.assert(195, 145, MARK, 1, query);
        found.assert(155, 145, library::QUARTERS[0], 1, query);
    }
    // A shape that the request asks for cuts it: 150×150 of the left.
    let shaped = pixels("&width=150&height=150&fit=cover&gravity=w");
    shaped.assert(145, 145, library::QUARTERS[0], 1, "beside the mark");
}

#[test]
fn no_picture_leaves_its_folder_as_an_overlay() {
    let site = Site::start("", pictures);
    let bound = site.template("Bound", r#"{"max_width": {"value": 100, "locked": true}}"#);
    site.template("Shows", r#"{"overlay_src": {"value": "a/chart.png"}}"#);
    let over = "/image?src=b/plain.png&overlay=a/chart.png";
    assert_eq!(site.status(over), 200);
    require(&site, "/a", Some(bound));
    within(IN_FORCE, "it is bound", || size(&site, "src=a/chart.png") == (100, 75));
    for query in ["", "&ovsize=0.5", "&width=20", "&format=png"] {
        let refused = site.get(&format!("{over}{query}"));
        assert_eq!(refused.status, 403, "{query}");
        assert!(refused.text().contains("overlay: "), "{}", refused.text());
    }
    // A template that shows it is the administrator's wish.
    within(IN_FORCE, "the template is known", || {
        site.status("/image?src=b/plain.png&tmp=shows") == 200
    });
    require(&site, "/a", None);
    within(IN_FORCE, "the folder is free", || site.status(over) == 200);
}

#[test]
fn a_folder_has_a_default_of_its_own() {
    let site = Site::start("", pictures);
    let own = site.template("Own", r#"{"width": {"value": 60}}"#);
    site.template("Other", r#"{"height": {"value": 30}}"#);
    let folder = db::folders::seen(site.db(), "/a").unwrap();
    db::folder_templates::set(site.db(), (folder, PUBLIC), false, Some(own)).unwrap();
    within(IN_FORCE, "the default is known", || size(&site, "src=a/chart.png") == (60, 45));
    assert_eq!(size(&site, "src=a/chart.png&width=80"), (80, 60));
    assert_eq!(size(&site, "src=a/chart.png&tmp=Other"), (40, 30));
    assert_eq!(site.status("/image?src=a/chart.png&tmp=None"), 400);
    // A default keeps nothing back.
    let folder = db::folders::seen(site.db(), "/").unwrap();
    db::folder_permissions::set(site.db(), folder, PUBLIC, 20).unwrap();
    within(IN_FORCE, "originals are open", || site.status("/original?src=a/chart.png") == 200);
    let locked = site.template("Locked", r#"{"strip": {"value": true, "locked": true}}"#);
    require(&site, "/a", Some(locked));
    within(IN_FORCE, "originals are closed", || site.status("/original?src=a/chart.png") == 403);
}

#[test]
fn the_command_line_sets_and_lists_them() {
    let site = Site::start("", pictures);
    site.template("Mark", r#"{"width": {"value": 90, "locked": true}}"#);
    let access = |arguments: &[&str]| {
        let mut command = binary();
        command.arg("access").args(arguments).arg("--config").arg(site.config());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout) + &text(output.stderr))
    };
    assert_eq!(access(&["template", "/a", "--template", "mark"]), (true, String::new()));
    assert!(access(&["template", "/b", "--group", "Normal users", "--free"]).0);
    let (_, list) = access(&["templates"]);
    assert_eq!(list, "/a\tPublic\trequired\tMark\n/b\tNormal users\trequired\t(free)\n");
    within(IN_FORCE, "it holds", || size(&site, "src=a/chart.png").0 == 90);
    for (arguments, says) in [
        (&["template", "/nowhere", "--free"][..], "no folder \"/nowhere\""),
        (&["template", "/../x", "--free"], "no folder"),
        (&["template", "/a", "--template", "None"], "no template \"None\""),
        (&["template", "/a", "--group", "None", "--free"], "no group \"None\""),
        (&["template", "/a", "--default", "--remove"], "no such record"),
        (&["template", "/a"], "--template"),
        (&["template", "/a", "--free", "--remove"], "cannot be used with"),
    ] {
        let (success, output) = access(arguments);
        assert!(!success && output.contains(says), "{arguments:?}: {output}");
    }
    assert!(access(&["template", "/a", "--remove"]).0);
    within(IN_FORCE, "it holds no more", || size(&site, "src=a/chart.png").0 == 400);
}
