//! New files.

use std::fs;

use halftone::auth::Level;
use halftone::db::{image_history, image_metadata, tasks};
use halftone::library::{Caller, Error, Library, NewFile, Options, Overwrite};
use halftone::source::FolderPath;

use crate::bench::{Bench, jpeg, options, png, put};

crate::on_both!(
    a_file_stands_whole_with_its_rows,
    a_taken_name_is_refused_numbered_or_replaced,
    every_write_raises_the_revision,
    the_content_decides,
    a_file_that_is_cut_off_is_refused_unless_it_is_wanted,
    names_are_made_safe,
    long_files_are_refused,
    targets_take_the_date,
    rights_are_asked_for,
    whoever_may_upload_to_the_parent_may_not_to_a_closed_folder,
);

fn a_file_stands_whole_with_its_rows(bench: &Bench) {
    bench.write("a/.keep", b"");
    let image = bench.put("a", "x.png", Overwrite::No).unwrap();
    assert_eq!((image.path.as_str(), image.width, image.height), ("a/x.png", Some(3), Some(2)));
    assert_eq!(fs::read(bench.root().join("a/x.png")).unwrap(), png(3, 2));
    assert_eq!(bench.image("a/x.png").unwrap(), image);
    let said = image_metadata::get(bench.db(), image.id).unwrap().unwrap();
    assert_eq!((said.format.as_str(), said.pages), ("png", 1));
    let history = image_history::of_image(bench.db(), image.id, 10).unwrap();
    assert_eq!(history.iter().map(|entry| entry.action).collect::<Vec<_>>(), [1]);
    assert!(!bench.has_unfinished());
    assert_eq!(bench.walk().changed, 0);
    assert!(tasks::latest(bench.db(), 10).unwrap().is_empty());
}

fn a_taken_name_is_refused_numbered_or_replaced(bench: &Bench) {
    bench.write("a/x.png", b"there before");
    let refused = bench.put("a", "x.png", Overwrite::No).unwrap_err();
    assert!(matches!(&refused, Error::Exists(path) if path == "a/x.png"), "{refused}");
    assert_eq!(bench.put("a", "x.png", Overwrite::Rename).unwrap().path, "a/x-001.png");
    assert_eq!(bench.put("a", "x.png", Overwrite::Rename).unwrap().path, "a/x-002.png");
    assert_eq!(fs::read(bench.root().join("a/x.png")).unwrap(), b"there before");
    assert_eq!(bench.put("a", "x.png", Overwrite::Yes).unwrap().path, "a/x.png");
    assert_eq!(fs::read(bench.root().join("a/x.png")).unwrap(), png(3, 2));
    assert_eq!(bench.names("a"), ["x-001.png", "x-002.png", "x.png"]);
    fs::create_dir(bench.root().join("a/folder.png")).unwrap();
    let refused = bench.put("a", "folder.png", Overwrite::Yes).unwrap_err();
    assert!(matches!(refused, Error::Exists(_)), "{refused}");
    assert!(!bench.has_unfinished());
}

fn every_write_raises_the_revision(bench: &Bench) {
    let first = bench.put("", "x.png", Overwrite::Yes).unwrap();
    let second = bench.put("", "x.png", Overwrite::Yes).unwrap();
    assert_eq!(second.id, first.id);
    assert_eq!(second.revision_counter, first.revision_counter + 1);
    let history = image_history::of_image(bench.db(), first.id, 10).unwrap();
    assert_eq!(history.iter().map(|entry| entry.action).collect::<Vec<_>>(), [2, 1]);
}

fn the_content_decides(bench: &Bench) {
    let send = |name: &str, bytes: &[u8]| {
        put(&bench.library, &Caller::System, "", name, Overwrite::No, bytes)
    };
    let mut cut = png(50, 50);
    cut.truncate(20);
    for (name, bytes) in [
        ("picture.jpg", &png(2, 2)[..]),
        ("text.png", b"<?php system($_GET['c']); ?>"),
        ("empty.png", b""),
        ("cut.png", &cut),
        ("script.php", &png(2, 2)),
        ("noextension", &png(2, 2)),
    ] {
        let refused = send(name, bytes).unwrap_err();
        assert!(matches!(refused, Error::NotAPicture(_)), "{name}: {refused}");
    }
    assert_eq!(bench.tree().len(), 0);
}

fn a_file_that_is_cut_off_is_refused_unless_it_is_wanted(bench: &Bench) {
    let whole = jpeg(200, 200);
    let send = |library: &Library, name: &str, bytes: &[u8]| {
        put(library, &Caller::System, "", name, Overwrite::No, bytes)
    };
    // The header is there, and half of the picture; or all but the mark of its end.
    for left in [whole.len() / 2, whole.len() - 2] {
        let refused = send(&bench.library, "x.jpg", &whole[..left]).unwrap_err();
        let reason = refused.to_string();
        let named = reason.contains("cut off") || reason.contains("ends too early");
        assert!(matches!(refused, Error::NotAPicture(_)) && named, "{reason}");
    }
    assert!(bench.tree().is_empty() && !bench.has_unfinished());
    let lenient = bench.with(Options { accept_cut_off: true, ..options() });
    send(&lenient, "cut.jpg", &whole[..whole.len() / 2]).unwrap();
    send(&bench.library, "whole.jpg", &whole).unwrap();
    assert_eq!(bench.names(""), ["cut.jpg", "whole.jpg"]);
}

fn names_are_made_safe(bench: &Bench) {
    for (sent, kept) in [
        ("../../up.png", "up.png"),
        ("C:\\fakepath\\win.png", "win.png"),
        ("cafe\u{301}.png", "caf\u{e9}.png"),
        ("日本 語.png", "日本 語.png"),
        ("new\nline\"quote.png", "newline_quote.png"),
        (".hidden.png", "hidden.png"),
    ] {
        assert_eq!(bench.put("", sent, Overwrite::No).unwrap().path, kept, "{sent:?}");
    }
    let ascii = bench.with(Options { unicode_names: false, ..options() });
    let image = put(&ascii, &Caller::System, "", "Größe.png", Overwrite::No, &png(1, 1)).unwrap();
    assert_eq!(image.path, "Grosse.png");
    let long = bench.put("", &format!("{}.png", "ü".repeat(200)), Overwrite::Rename).unwrap();
    assert_eq!(long.path.len(), 250);
    let again = bench.put("", &format!("{}.png", "ü".repeat(200)), Overwrite::Rename).unwrap();
    assert_eq!(again.path.len(), 254);
}

fn long_files_are_refused(bench: &Bench) {
    let bytes = png(100, 100);
    let length = bytes.len() as u64;
    for (max_file_bytes, fits) in [(length - 1, false), (length, true)] {
        let library = bench.with(Options { max_file_bytes, ..options() });
        let taken = put(&library, &Caller::System, "", "x.png", Overwrite::Yes, &bytes);
        match taken {
            Err(Error::TooLarge { limit_bytes }) => {
                assert_eq!((limit_bytes, fits), (length - 1, false))
            }
            taken => assert!(fits, "{taken:?}"),
        }
    }
    assert!(!bench.has_unfinished());
}

fn targets_take_the_date(bench: &Bench) {
    let targets = vec!["in/{year}".to_owned()];
    let library = bench.with(Options { targets, ..options() });
    let year = time::OffsetDateTime::now_utc().year();
    let folder = library.target_folder(&Caller::System, 0).unwrap();
    assert_eq!(folder.as_str(), format!("in/{year}"));
    assert!(bench.root().join(folder.as_str()).is_dir());
    let unknown = library.target_folder(&Caller::System, 1).unwrap_err();
    assert!(matches!(unknown, Error::Parameter { name: "path_index", .. }), "{unknown}");
    let missing = library.upload_folder(&Caller::System, "nowhere").unwrap_err();
    assert!(matches!(missing, Error::NotFound(_)), "{missing}");
    for hidden in [".x", "in/.x", "../x"] {
        assert!(library.upload_folder(&Caller::System, hidden).is_err(), "{hidden}");
    }
}

fn rights_are_asked_for(bench: &Bench) {
    fs::create_dir(bench.root().join("a")).unwrap();
    let users = [(Level::Edit, false), (Level::Upload, true), (Level::Delete, true)];
    for (number, (level, may)) in users.into_iter().enumerate() {
        let user = bench.user(&format!("u{number}"), &[("/a", level)]);
        let rights = bench.rights();
        let caller = Caller::Somebody { rights: &rights, user: Some(user) };
        let name = format!("{number}.png");
        let sent = put(&bench.library, &caller, "a", &name, Overwrite::No, &png(1, 1));
        match sent {
            Ok(image) => {
                assert!(may);
                let history = image_history::of_image(bench.db(), image.id, 1).unwrap();
                assert_eq!(history[0].user_id, Some(user));
            }
            Err(error) => assert!(!may && matches!(error, Error::Denied { .. }), "{error}"),
        }
        let elsewhere = put(&bench.library, &caller, "", &name, Overwrite::No, &png(1, 1));
        assert!(matches!(elsewhere, Err(Error::Denied { .. })), "{elsewhere:?}");
    }
    let rights = bench.rights();
    for user in [None, Some(9999)] {
        let caller = Caller::Somebody { rights: &rights, user };
        let sent = put(&bench.library, &caller, "a", "x.png", Overwrite::No, &png(1, 1));
        assert!(matches!(sent, Err(Error::Denied { .. })), "{sent:?}");
    }
    assert_eq!(bench.names("a"), ["1.png", "2.png"]);
}

fn whoever_may_upload_to_the_parent_may_not_to_a_closed_folder(bench: &Bench) {
    fs::create_dir_all(bench.root().join("a/closed")).unwrap();
    let user = bench.user("u", &[("/a", Level::DeleteFolder), ("/a/closed", Level::View)]);
    let rights = bench.rights();
    let caller = Caller::Somebody { rights: &rights, user: Some(user) };
    let folder = FolderPath::parse("a/closed").unwrap();
    let new = NewFile { folder: &folder, name: "x.png", overwrite: Overwrite::No };
    let sent = bench.library.put(&caller, &new, &mut &png(1, 1)[..]);
    assert!(matches!(sent, Err(Error::Denied { level: Level::Upload, .. })), "{sent:?}");
}
