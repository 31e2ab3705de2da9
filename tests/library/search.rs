//! Finding images.

use std::fs;

use halftone::auth::Level;
use halftone::db::search::{Order, Query};
use halftone::db::{image_metadata, images};
use halftone::library::{Caller, Changes, Error, Overwrite};

use crate::bench::{Bench, png_saying, put};

crate::on_both!(
    words_are_found_wherever_they_stand,
    names_weigh_more_than_texts,
    filters_narrow,
    pages_are_cut,
    nobody_finds_what_they_may_not_see,
    new_files_are_read_by_the_job,
    words_of_all_scripts,
);

fn query() -> Query {
    Query { limit: 100, ..Query::default() }
}

fn found(bench: &Bench, caller: &Caller<'_>, text: &str, query: Query) -> Vec<String> {
    let found = bench.library.search(caller, text, query).unwrap();
    let mut paths: Vec<String> = found.images.into_iter().map(|image| image.path).collect();
    paths.sort();
    paths
}

fn all(bench: &Bench, text: &str) -> Vec<String> {
    found(bench, &Caller::System, text, query())
}

fn say(bench: &Bench, name: &str, xmp: &str) -> i64 {
    let bytes = png_saying(xmp);
    put(&bench.library, &Caller::System, "", name, Overwrite::Yes, &bytes).unwrap().id
}

fn words_are_found_wherever_they_stand(bench: &Bench) {
    let id = say(
        bench,
        "IMG_0815.png",
        "<dc:subject><rdf:Bag><rdf:li>Lighthouse</rdf:li></rdf:Bag></dc:subject>\
         <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">Evening at the pier</rdf:li>\
         </rdf:Alt></dc:description>\
         <dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">Ann Özil</rdf:li></rdf:Alt></dc:rights>\
         <tiff:Model>Coolpix 900</tiff:Model>",
    );
    let changes = Changes {
        title: Some("A title".into()),
        description: Some("Some description".into()),
        tags: Some(vec!["Holiday pictures".into()]),
        ..Changes::default()
    };
    bench.library.change(&Caller::System, id, &changes).unwrap();
    say(bench, "other.png", "");
    for text in [
        "img_0815",
        "0815",
        "lighthouse",
        "LIGHT",
        "pier evening",
        "ozil",
        "Özil",
        "coolpix",
        "title",
        "descr",
        "holiday",
        "title pier holiday",
    ] {
        assert_eq!(all(bench, text), ["IMG_0815.png"], "{text}");
    }
    for text in ["house", "pier morning", "0816"] {
        assert_eq!(all(bench, text), [""; 0], "{text}");
    }
    for quoted in ["pier' OR '1'='1", "\"pier\" NOT evening*", "pier & ! : ( ) \\", "NEAR(pier)"] {
        bench.library.search(&Caller::System, quoted, query()).unwrap();
    }
    assert_eq!(all(bench, "'pier\" (evening) *"), ["IMG_0815.png"]);
    let nothing = bench.library.search(&Caller::System, "()", query()).unwrap_err();
    assert!(matches!(nothing, Error::Parameter { name: "q", .. }), "{nothing}");
    assert_eq!(all(bench, "").len(), 2);
    // What is said no more is found no more.
    let changes = Changes { title: Some("Another".into()), ..Changes::default() };
    bench.library.change(&Caller::System, id, &changes).unwrap();
    assert_eq!(all(bench, "title"), [""; 0]);
    assert_eq!(all(bench, "another pier"), ["IMG_0815.png"]);
}

fn names_weigh_more_than_texts(bench: &Bench) {
    let text = |words: &str| {
        format!(
            "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{words}</rdf:li></rdf:Alt>\
             </dc:description>"
        )
    };
    say(bench, "one.png", &text("a tower in the distance"));
    say(bench, "tower.png", &text("something else entirely"));
    let found = bench.library.search(&Caller::System, "tower", query()).unwrap();
    let paths: Vec<&str> = found.images.iter().map(|image| image.path.as_str()).collect();
    assert_eq!((paths, found.total), (vec!["tower.png", "one.png"], 2));
}

fn filters_narrow(bench: &Bench) {
    fs::create_dir_all(bench.root().join("a/b")).unwrap();
    fs::create_dir_all(bench.root().join("a2")).unwrap();
    for folder in ["", "a", "a/b", "a2"] {
        bench.put(folder, "x.png", Overwrite::No).unwrap();
    }
    let taken = |date: &str, north: &str, east: &str| {
        format!(
            "<exif:DateTimeOriginal>{date}</exif:DateTimeOriginal>\
             <exif:GPSLatitude>{north}</exif:GPSLatitude><exif:GPSLongitude>{east}</exif:GPSLongitude>\
             <tiff:Make>Canon</tiff:Make>"
        )
    };
    say(bench, "early.png", &taken("2020-01-01T00:00:00", "52,30.0N", "13,24.0E"));
    let late = say(bench, "late.png", &taken("2024-06-01T12:00:00", "17,0.0S", "179,0.0W"));
    let tags = Some(vec!["Fiji".into(), "sea".into()]);
    bench.library.change(&Caller::System, late, &Changes { tags, ..Changes::default() }).unwrap();
    let by = |query: Query| found(bench, &Caller::System, "", query);
    let folder = |path: &str| Query { folder: Some(path.into()), ..query() };
    assert_eq!(by(folder("a")), ["a/b/x.png", "a/x.png"]);
    assert_eq!(by(folder("/")).len(), 6);
    // 2022-01-01.
    let from = Query { taken_from_ms: Some(1_640_995_200_000), ..query() };
    let before = Query { taken_before_ms: Some(1_640_995_200_000), ..query() };
    assert_eq!((by(from), by(before)), (vec!["late.png".to_owned()], vec!["early.png".to_owned()]));
    let tags = |names: &[&str]| Query {
        tags: names.iter().map(|name| (*name).to_owned()).collect(),
        ..query()
    };
    assert_eq!(by(tags(&["fiji", "SEA"])), ["late.png"]);
    assert_eq!(by(tags(&["fiji", "land"])), [""; 0]);
    assert_eq!(by(Query { camera: Some("canon".into()), ..query() }), ["early.png", "late.png"]);
    assert_eq!(by(Query { min_width: Some(3), min_height: Some(2), ..query() }).len(), 4);
    assert_eq!(by(Query { formats: vec!["jpg".into()], ..query() }), [""; 0]);
    assert_eq!(by(Query { formats: vec!["png".into(), "jpg".into()], ..query() }).len(), 6);
    let europe = Query { within: Some([35.0, -10.0, 60.0, 30.0]), ..query() };
    let across = Query { within: Some([-30.0, 170.0, 0.0, -170.0]), ..query() };
    assert_eq!(
        (by(europe), by(across)),
        (vec!["early.png".to_owned()], vec!["late.png".to_owned()])
    );
}

fn pages_are_cut(bench: &Bench) {
    for number in 0..5 {
        bench.put("", &format!("pic {number}.png"), Overwrite::No).unwrap();
    }
    let page = |start, limit| {
        let query = Query { start, limit, order: Order::Path, ..query() };
        let found = bench.library.search(&Caller::System, "pic", query).unwrap();
        assert_eq!(found.total, 5);
        found.images.into_iter().map(|image| image.path).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 2), ["pic 0.png", "pic 1.png"]);
    assert_eq!(page(4, 2), ["pic 4.png"]);
    assert_eq!(page(9, 2), [""; 0]);
    for limit in [0, 1001] {
        let error = bench.library.search(&Caller::System, "", Query { limit, ..query() });
        assert!(matches!(error, Err(Error::Parameter { name: "limit", .. })), "{error:?}");
    }
}

fn nobody_finds_what_they_may_not_see(bench: &Bench) {
    for folder in ["open", "open/closed", "open/closed/again", "other"] {
        fs::create_dir_all(bench.root().join(folder)).unwrap();
        bench.put(folder, "secret plan.png", Overwrite::No).unwrap();
    }
    let user = bench.user(
        "reader",
        &[
            ("/open", Level::View),
            ("/open/closed", Level::None),
            ("/open/closed/again", Level::View),
        ],
    );
    let rights = bench.rights();
    let caller = Caller::Somebody { rights: &rights, user: Some(user) };
    let seen = found(bench, &caller, "secret", query());
    assert_eq!(seen, ["open/closed/again/secret plan.png", "open/secret plan.png"]);
    let outcome = bench.library.search(&caller, "secret", query()).unwrap();
    assert_eq!(outcome.total, 2, "what may not be seen is not counted either");
    let nobody = Caller::Somebody { rights: &rights, user: None };
    assert_eq!(found(bench, &nobody, "secret", query()), [""; 0]);
    assert_eq!(all(bench, "secret").len(), 4);
}

fn new_files_are_read_by_the_job(bench: &Bench) {
    bench.write("found.png", &png_saying("<tiff:Model>Brownie</tiff:Model>"));
    bench.write("broken.png", b"not a picture");
    bench.walk();
    assert_eq!(all(bench, "brownie"), [""; 0]);
    assert_eq!(bench.library.read_new(&|_| true).unwrap(), (2, 1));
    assert_eq!(all(bench, "brownie"), ["found.png"]);
    assert_eq!(all(bench, "broken"), ["broken.png"], "its name is known all the same");
    let image = bench.image("found.png").unwrap();
    assert_eq!((image.width, image.height), (Some(2), Some(2)));
    let broken = bench.image("broken.png").unwrap().id;
    let said = image_metadata::get(bench.db(), broken).unwrap().unwrap();
    assert!(said.error.is_some_and(|error| !error.is_empty()));
    assert_eq!(bench.library.read_new(&|_| true).unwrap(), (0, 0));
    bench.write("found.png", &png_saying("<tiff:Model>Leica and more</tiff:Model>"));
    bench.walk();
    assert_eq!(bench.library.read_new(&|_| true).unwrap(), (1, 0));
    assert_eq!(
        (all(bench, "brownie"), all(bench, "leica")),
        (vec![], vec!["found.png".to_owned()])
    );
    images::vanished(bench.db(), "found.png").unwrap();
    assert_eq!(all(bench, "leica"), [""; 0]);
}

fn words_of_all_scripts(bench: &Bench) {
    for name in ["пейзаж.png", "日本の山.png", "صورة جميلة.png", "हिन्दी.png", "Ελλάδα.png"]
    {
        bench.put("", name, Overwrite::No).unwrap();
    }
    for (text, name) in [
        ("ПЕЙЗАЖ", "пейзаж.png"),
        ("日本", "日本の山.png"),
        ("山", "日本の山.png"),
        ("جميلة", "صورة جميلة.png"),
        ("हिन्दी", "हिन्दी.png"),
        ("ελλαδα", "Ελλάδα.png"),
    ] {
        assert_eq!(all(bench, text), [name], "{text}");
    }
}
