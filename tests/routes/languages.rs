//! Pages in another language than English: whose texts hold, and what is English all the same.

use std::fs;
use std::path::Path;

use halftone::auth::Level;
use halftone::config::SETTINGS;
use halftone::db::groups::PUBLIC;
use halftone::spec::PARAMS;
use tempfile::TempDir;

use crate::library as pictures;
use crate::people::{Browser, form};
use crate::site::{Site, within};
use crate::support::files::temp_dir;
use crate::support::halftone::{ADMIN_PASSWORD, binary, run};

/// A text of each kind: of a page, a parameter, a group of parameters, a setting, a group of settings, a field
/// and an error of the API.
const GERMAN: &str = "\
nav-browse = Stöbern
parameter-width = Breite des Ergebnisses. `width` allein behält das Seitenverhältnis.
params-size = Größe
takes-whole-largest = ganze Zahl, { $least } bis zur Einstellung max_image_dimension
setting-workers = Wie viele Prozesse Anfragen beantworten.
settings-of-caches = Zwischenspeicher
field-folder-id = Ordner
viewer-zoom-in = Größer
reason-must-be-given = muss angegeben werden
reason-whole-between = muss eine ganze Zahl von { $least } bis { $most } sein
";

/// Files that were found are read by then.
const READ: std::time::Duration = std::time::Duration::from_secs(20);

const ASKS_FOR_GERMAN: (&str, &str) = ("Accept-Language", "de-AT, en;q=0.5");

fn german() -> TempDir {
    let dir = temp_dir();
    fs::write(dir.path().join("de.ftl"), GERMAN).unwrap();
    fs::write(dir.path().join("notes.txt"), "no language").unwrap();
    dir
}

fn site(texts: &TempDir, prepare: impl FnOnce(&Path)) -> Site {
    Site::start(&format!("text_dir = '{}'", texts.path().display()), prepare)
}

fn one_picture(images: &Path) {
    pictures::plain(&images.join("one.png"), 60, 40, [200, 100, 50]);
}

fn doc(name: &str) -> String {
    let param = PARAMS.iter().find(|param| param.about.name == name).unwrap();
    param.about.doc.replace('`', "")
}

#[test]
fn viewers_speak_the_language_of_the_page() {
    let texts = german();
    let site = site(&texts, |images| {
        pictures::plain(&images.join("one.png"), 900, 700, [200, 100, 50]);
    });
    site.permit("/", PUBLIC, Level::View.access());
    let page =
        |language: &str| site.get_with("/help/viewers", &[("Accept-Language", language)]).text();
    within(READ, "the picture is known", || page("en").contains("<halftone-zoom src"));
    let words = "data-halftone-texts>{\"zoom-in\":\"Größer\"}</script><link";
    assert!(page("de").contains(words), "{}", page("de"));
    // Their scripts know the English ones themselves.
    assert!(!page("en").contains("data-halftone-texts>{&#34;") && !page("en").contains(words));
    assert!(page("en").contains("&#34;zoom-in&#34;: &#34;Zoom in&#34;"), "{}", page("en"));
}

#[test]
fn only_what_is_translated_is_told_otherwise() {
    let texts = german();
    // Without pictures, which would be found meanwhile.
    let site = site(&texts, |_| {});
    let told = site.get_with("/help", &[ASKS_FOR_GERMAN]);
    assert_eq!(told.status, 200);
    let (told, english) = (told.text(), site.ok("/help").text());
    let changes = [
        ("lang=\"de\"", "lang=\"en\""),
        ("Stöbern", "Browse"),
        ("Breite des Ergebnisses. width allein behält das Seitenverhältnis.", &*doc("width")),
        (">Größe<", ">Size<"),
        ("ganze Zahl, 0 bis zur Einstellung", "whole number, 0 to the setting"),
    ];
    let mut back = told.clone();
    for (german, english_words) in changes {
        assert!(told.contains(german) && !english.contains(german), "{german}: {told}");
        assert!(english.contains(english_words), "{english_words}: {english}");
        back = back.replace(german, english_words);
    }
    assert_eq!(back, english);
    for other in ["en", "fr", "en, de;q=0.9"] {
        assert_eq!(
            site.get_with("/help", &[("Accept-Language", other)]).text(),
            english,
            "{other}"
        );
    }
}

#[test]
fn settings_are_told_and_found_in_the_language() {
    let texts = german();
    let site = site(&texts, one_picture);
    let mut admin = Browser::new(site.addr());
    assert_eq!(admin.login("admin", ADMIN_PASSWORD).status, 303, "{}", site.log());
    let mut page = |target: &str| admin.send("GET", target, &[ASKS_FOR_GERMAN], "").text();
    let told = page("/admin/settings");
    for words in
        [">Zwischenspeicher</h2>", "Wie viele Prozesse Anfragen beantworten.", ">Connections</h2>"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let workers = SETTINGS.iter().find(|setting| setting.about.name == "workers").unwrap();
    assert!(!told.contains(&workers.about.doc.replace('`', "")), "{told}");
    let found = page("/admin/settings?q=Prozesse+beantworten");
    assert!(found.contains("<code>workers</code>"), "{found}");
    assert!(!found.contains("<code>threads</code>"), "{found}");
}

#[test]
fn errors_are_told_to_people_in_their_language_and_to_programs_in_english() {
    let texts = german();
    let site = site(&texts, one_picture);
    let mut admin = Browser::new(site.addr());
    assert_eq!(admin.login("admin", ADMIN_PASSWORD).status, 303, "{}", site.log());
    let csrf = admin.csrf();
    let body = form(&[("_csrf_token", csrf.as_str()), ("group_id", "1"), ("access", "10")]);
    let page = admin.send("POST", "/do/post/admin/permissions?next=/", &[ASKS_FOR_GERMAN], &body);
    assert_eq!(page.status, 400);
    assert!(page.text().contains("<p>Ordner: muss angegeben werden</p>"), "{}", page.text());

    let mut call = |more: &[(&str, &str)]| {
        let headers = [&[("X-CSRF-Token", csrf.as_str())], more].concat();
        admin.send("POST", "/api/v1/admin/permissions", &headers, &body).text()
    };
    let words = ("Halftone-Words", "1");
    let told = call(&[words, ASKS_FOR_GERMAN]);
    assert!(told.contains("\"Ordner: muss angegeben werden\""), "{told}");
    let told = call(&[words]);
    assert!(told.contains("\"Folder: must be given\""), "{told}");
    let told = call(&[ASKS_FOR_GERMAN]);
    assert!(told.contains("\"folder_id: must be given\""), "{told}");

    // Whoever writes addresses of pictures knows parameters by their names.
    let target = "/image?src=one.png&width=99999";
    let told = site.get_with(target, &[ASKS_FOR_GERMAN]).text();
    assert!(told.contains("width: muss eine ganze Zahl von 0 bis "), "{told}");
    assert!(site.get(target).text().contains("width: must be a whole number from 0 to "));
}

#[test]
fn the_publish_page_tells_of_parameters_and_of_faults_in_the_language() {
    let texts = german();
    let site = site(&texts, one_picture);
    let target = "/publish?src=one.png&width=99999";
    let told = site.get_with(target, &[ASKS_FOR_GERMAN]).text();
    for words in ["Breite des Ergebnisses.", "muss eine ganze Zahl von 0 bis "] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let english = site.ok(target).text();
    assert!(english.contains("must be a whole number from 0 to "), "{english}");
    assert!(!english.contains("Breite"), "{english}");
}

#[test]
fn a_folder_of_languages_that_is_not_there_is_refused_at_the_start() {
    let dir = temp_dir();
    let output = binary()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path().join("data"))
        .env("HALFTONE_TEXT_DIR", dir.path().join("none"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("text_dir"), "{text}");
}

#[test]
fn a_command_tells_what_there_is_to_translate() {
    let texts = german();
    let all = run(&["docs", "--texts"]);
    for key in GERMAN.lines().filter_map(|line| line.split(" = ").next()) {
        assert!(all.contains(&format!("\n{key} = ")), "{key}");
    }
    let file = texts.path().join("de.ftl");
    let left = run(&["docs", "--texts", "--lacking", file.to_str().unwrap()]);
    assert!(
        left.contains("\nparameter-height = ") && left.contains("\nsetting-threads = "),
        "{left}"
    );
    for key in GERMAN.lines().filter_map(|line| line.split(" = ").next()) {
        assert!(!left.contains(&format!("\n{key} = ")), "{key}");
    }
}
