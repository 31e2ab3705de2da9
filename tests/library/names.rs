//! Names of all kinds, the whole way: on disk, in rows, moved, found and deleted.

use std::fs;

use halftone::db::folders;
use halftone::library::{Caller, Error, Overwrite};

use crate::bench::Bench;

crate::on_both!(every_name_goes_the_whole_way);

/// The longest names that a file system takes have 255 bytes.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "plain.png",
        "with space.png",
        "Ünïcödé.png",
        "cafe\u{301}.png",
        "日本語の写真.png",
        "пейзаж.png",
        "صورة.png",
        "תמונה.png",
        "हिन्दी.png",
        "ภาพ.png",
        "👩‍👩‍👧.png",
        "it's.png",
        "say \"hi\".png",
        "back\\slash.png",
        "100%_a[b]{c}.png",
        "$(id);`id`&|.png",
        "a?b#c&d=e+f.png",
        "--help.png",
        "~.png",
        "CON.png",
        "-.png",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push(format!("{}.png", "x".repeat(251)));
    names.push(format!("{}.png", "é".repeat(125)));
    names
}

fn every_name_goes_the_whole_way(bench: &Bench) {
    let names = names();
    for (number, name) in names.iter().enumerate() {
        bench.paint(&format!("a/{name}"), number as u64);
    }
    // Lines cannot hold these, and so no list of names either: they are told of and passed over.
    for name in ["line\nbreak.png", "bell\u{7}.png", "carriage\rreturn.png"] {
        bench.paint(&format!("a/{name}"), 99);
    }
    let report = bench.walk();
    assert_eq!(
        (report.files, report.new, report.skipped),
        (names.len() as u64, names.len() as u64, 3)
    );
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap().id;
    bench.library.move_folder(&Caller::System, a, "文件夹 \"q\" 100%", &|| true).unwrap();
    fs::create_dir(bench.root().join("b")).unwrap();
    for name in &names {
        let image = bench.image(&format!("文件夹 \"q\" 100%/{name}")).unwrap();
        bench.library.move_image(&Caller::System, image.id, &format!("b/{name}")).unwrap();
    }
    assert!(bench.is_active("b/caf\u{e9}.png"), "names that we give are composed");
    // One that would be shown as "press/mugpj.jpg".
    let image = bench.image("b/plain.png").unwrap().id;
    let turned = bench.library.move_image(&Caller::System, image, "b/mu\u{202e}gpj.png");
    assert!(matches!(turned, Err(Error::Parameter { name: "path", .. })), "{turned:?}");
    let walked = bench.walk();
    assert_eq!((walked.new, walked.deleted), (0, 0));
    let image = bench.image("b/plain.png").unwrap().id;
    bench.library.delete_image(&Caller::System, image).unwrap();
    bench.put("b", "plain.png", Overwrite::No).unwrap();
    assert!(bench.is_active("b/plain.png"));
}
