//! The recipes of the template guide, run as they stand there, and the commands for templates.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::library;
use crate::magick;
use crate::people::{Browser, account};
use crate::site::{BOTH, Site, within};
use crate::support::halftone::{ADMIN_PASSWORD, binary};

const IN_FORCE: Duration = Duration::from_secs(2);

/// The shell blocks of the section with this heading, as one script.
fn script(heading: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/templates.md");
    let guide = fs::read_to_string(path).unwrap();
    let (_, section) = guide.split_once(&format!("## {heading}\n")).expect(heading);
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

/// Runs a script where `halftone` is the program under test on the site's settings.
#[track_caller]
fn run(site: &Site, folder: &Path, script: &str) -> String {
    let program = "halftone() { \"$PROGRAM\" \"$@\" --config \"$CONFIG\"; }";
    let output = Command::new("sh")
        .args(["-ec", &format!("{program}\n{script}")])
        .current_dir(folder)
        .env("PROGRAM", env!("CARGO_BIN_EXE_halftone"))
        .env("CONFIG", site.config())
        .env("SERVER", format!("http://{}", site.addr()))
        .env("PASSWORD", ADMIN_PASSWORD)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{said}\n{complaint}\n{}", site.log());
    said
}

/// Pictures to be marked: a grey one, and two whose corners differ, of which one lies on its side.
fn press(images: &Path) {
    library::plain(&images.join("press/photo.png"), 400, 300, [120, 120, 120]);
    let picture = images.join("press/rose.png");
    let draw = [
        "-size",
        "400x300",
        "xc:",
        "-sparse-color",
        "bilinear",
        "0,0 #102030 399,0 #e0d0c0 0,299 #20a040 399,299 #303030",
    ];
    magick::make(&[&draw[..], &[picture.to_str().unwrap()]].concat());
    library::sideways(&images.join("press/upright.jpg"));
}

#[test]
fn the_recipe_for_a_watermark_does_what_it_says() {
    let site = Site::start("", press);
    let folder = site.scratch();
    let mark = folder.join("mark.png");
    let draw = ["-size", "160x120", "xc:none", "-fill", "red", "-draw", "rectangle 80,0 159,119"];
    magick::make(&[&draw[..], &[mark.to_str().unwrap()]].concat());
    run(&site, folder, &script("A watermark that nobody takes off"));

    let at = |query: &str, x: u32, y: u32| {
        let made = magick::pixels(&site.ok(&format!("/image?src=press/photo.png{query}")).body);
        made.at(x, y)
    };
    let is_red = |[r, g, b, _]: [u8; 4]| r > 200 && g < 60 && b < 60;
    within(IN_FORCE, "the mark is there", || is_red(at("&format=png", 395, 295)));
    // 0.8 of pure red over grey, in the right half of the lowest two fifths.
    for (query, x, y) in [
        ("&format=png&width=200", 195, 145),
        ("&format=png&overlay=&ovopacity=0&ovsize=0", 395, 295),
        ("&format=png&overlay=press/photo.png", 395, 295),
        ("&format=png&ovpos=NW", 395, 295),
        ("&format=png&flip=h", 395, 295),
        ("&format=png&right=0.5&bottom=0.5", 395, 295),
        ("&format=png&tmp=Default", 395, 295),
        ("&format=png&angle=180", 395, 295),
    ] {
        assert!(is_red(at(query, x, y)), "{query}");
        assert_eq!(at(query, 10, 10), [120, 120, 120, 255], "{query}");
    }
    // No two addresses have the mark in two places: turned and mirrored, a picture in which no two
    // pixels are alike is the plain one, also when the file says how it is to be set upright.
    for name in ["rose.png", "upright.jpg"] {
        let address = format!("/image?src=press/{name}&format=png");
        let marked = magick::pixels(&site.ok(&address).body);
        let (width, height) = marked.size;
        let differ = marked.at(3, 3) != marked.at(width - 4, 3)
            && marked.at(3, 3) != marked.at(3, height - 4);
        let [r, g, b, _] = marked.at(width - 5, height - 5);
        assert!(differ && r > 200 && g < 100 && b < 100, "{name}");
        for query in [
            "angle=180",
            "angle=90",
            "angle=-90",
            "angle=7",
            "flip=h",
            "flip=v",
            "rotate=auto",
            "angle=180&flip=h&rotate=none",
            "rotate=none",
            "tmp=Default&angle=180",
        ] {
            let made = magick::pixels(&site.ok(&format!("{address}&{query}")).body);
            assert_eq!(made.size, marked.size, "{name}&{query}");
            let same = made.part(0, 0, width, height) == marked.part(0, 0, width, height);
            assert!(same, "{name}&{query}");
        }
    }
    assert_eq!(site.status("/original?src=press/photo.png"), 403);
    assert_eq!(site.status("/image?src=marks/mark.png"), 403);
    // Who signs in is free.
    account(&site, "jo", false);
    let mut jo = Browser::signed_in(&site, "jo");
    let made = jo.get("/image?src=press/photo.png&format=png");
    assert_eq!(magick::pixels(&made.body).at(395, 295), [120, 120, 120, 255]);
}

#[test]
fn the_commands_of_the_guide_work_in_their_order() {
    for backend in BOTH {
        let site = Site::on(backend, "", library::make);
        let said = run(&site, site.scratch(), &script("Making templates"));
        assert!(said.contains("Card\t-\tWhat cards show\n"), "{said}");
        assert!(said.contains("Default\tdefault\t"), "{said}");
        let kept: Value =
            serde_json::from_slice(&fs::read(site.scratch().join("card.json")).unwrap()).unwrap();
        assert_eq!(kept["fit"], json!({ "value": "cover" }));
        let left = run(&site, site.scratch(), "halftone template list");
        assert!(!left.contains("Card"), "{left}");
    }
}

#[test]
fn what_no_template_can_be_is_refused_by_name() {
    let site = Site::start("", library::make);
    let set = |name: &str, text: &str| {
        let file = site.scratch().join("template.json");
        fs::write(&file, text).unwrap();
        let mut command = binary();
        command.args(["template", "set", name]).arg(&file).arg("--config").arg(site.config());
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for (text, says) in [
        ("{", "valid JSON"),
        ("[]", "JSON object"),
        (r#"{"width": 5}"#, "width"),
        (r#"{"width": {"value": -5}}"#, "width"),
        (r#"{"src": {"value": "a"}}"#, "src"),
        (r#"{"overlay_scr": {"value": "a"}}"#, "overlay_scr"),
        (r#"{"flip": {"value": "h", "locked": 1}}"#, "flip"),
    ] {
        let (success, said) = set("Mine", text);
        assert!(!success && said.contains(says), "{text}: {said}");
    }
    let (success, said) = set(" ", "{}");
    assert!(!success && said.contains("name"), "{said}");
    assert_eq!(site.status("/image?src=a/chart.png&tmp=Mine"), 400);
    // What is there stays as it was; a good one is in force without a restart.
    assert!(set("Mine", r#"{"width": {"value": 40}}"#).0);
    assert!(!set("mine", r#"{"width": {"value": "wide"}}"#).0);
    let width = || {
        let made = site.get("/image?src=a/chart.png&tmp=Mine");
        (made.status == 200).then(|| magick::facts(&made.body).size.0)
    };
    within(IN_FORCE, "the template is known", || width() == Some(40));
    assert!(set("MINE", r#"{"width": {"value": 50}}"#).0);
    within(IN_FORCE, "the template is changed", || width() == Some(50));
    let mut delete = binary();
    delete.args(["template", "delete", "Default"]).arg("--config").arg(site.config());
    let output = delete.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("default template"), "{said}");
}
