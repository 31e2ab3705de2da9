//! Moving, renaming and deleting images.

use std::fs;

use halftone::auth::Level;
use halftone::db::{STATUS_ACTIVE, STATUS_DELETED, image_history, images};
use halftone::library::{Caller, Changes, Error, Options, Overwrite};

use crate::bench::{Bench, options, png};

crate::on_both!(
    an_image_moves_with_all_that_is_known_of_it,
    names_that_are_taken_stay,
    a_row_of_a_gone_file_makes_room,
    moving_needs_rights_at_both_ends,
    deleting_twice_is_no_such_image,
    titles_and_tags_are_changed,
);

fn an_image_moves_with_all_that_is_known_of_it(bench: &Bench) {
    fs::create_dir(bench.root().join("b")).unwrap();
    let image = bench.put("", "x.png", Overwrite::No).unwrap();
    images::set_texts(bench.db(), image.id, "Title", "Text").unwrap();
    let moved = bench.library.move_image(&Caller::System, image.id, "/b/y.png").unwrap();
    assert_eq!(
        (moved.id, moved.path.as_str(), moved.title.as_str()),
        (image.id, "b/y.png", "Title")
    );
    assert_eq!(fs::read(bench.root().join("b/y.png")).unwrap(), png(3, 2));
    assert!(!bench.root().join("x.png").exists());
    assert!(bench.image("x.png").is_none());
    let history = image_history::of_image(bench.db(), image.id, 1).unwrap();
    assert_eq!((history[0].action, history[0].detail.as_str()), (4, "moved from x.png"));
    let report = bench.walk();
    assert_eq!((report.new, report.moved, report.deleted), (0, 0, 0));
    // To itself is no move.
    let same = bench.library.move_image(&Caller::System, image.id, "b/y.png").unwrap();
    assert_eq!(same, moved);
    // Composed letters, as for every new name.
    let moved = bench.library.move_image(&Caller::System, image.id, "b/cafe\u{301}.png").unwrap();
    assert_eq!(moved.path, "b/caf\u{e9}.png");
}

fn names_that_are_taken_stay(bench: &Bench) {
    fs::create_dir(bench.root().join("folder.png")).unwrap();
    let one = bench.put("", "1.png", Overwrite::No).unwrap();
    bench.write("2.png", b"another");
    let go = |to: &str| bench.library.move_image(&Caller::System, one.id, to).unwrap_err();
    for taken in ["2.png", "folder.png"] {
        assert!(matches!(go(taken), Error::Exists(_)), "{taken}");
    }
    assert!(matches!(go("nowhere/1.png"), Error::NotFound(_)));
    assert!(matches!(go("1.jpg"), Error::NotAPicture(_)), "the content is a PNG");
    for wrong in ["1.txt", "../1.png", "", "a/", ".x/1.png", ".1.png", "a\nb.png"] {
        let error = go(wrong);
        assert!(matches!(error, Error::Parameter { name: "path", .. }), "{wrong:?}: {error}");
    }
    assert_eq!(fs::read(bench.root().join("2.png")).unwrap(), b"another");
    assert!(bench.is_active("1.png"));
}

fn a_row_of_a_gone_file_makes_room(bench: &Bench) {
    let gone = bench.put("", "y.png", Overwrite::No).unwrap();
    bench.library.delete_image(&Caller::System, gone.id).unwrap();
    let image = bench.put("", "x.png", Overwrite::No).unwrap();
    let moved = bench.library.move_image(&Caller::System, image.id, "y.png").unwrap();
    assert_eq!(moved.id, image.id);
    let gone = images::by_id(bench.db(), gone.id).unwrap().unwrap();
    assert_eq!(gone.status, STATUS_DELETED);
    assert!(gone.path.starts_with('.') && gone.path.ends_with("/y.png"), "{}", gone.path);
    assert_eq!(bench.walk().new, 0);
}

fn moving_needs_rights_at_both_ends(bench: &Bench) {
    for folder in ["a", "b"] {
        fs::create_dir(bench.root().join(folder)).unwrap();
    }
    let cases = [
        // In a, in b: may rename in a, may move from a to b, may delete in a.
        (Level::Edit, Level::DeleteFolder, [false, false, false]),
        (Level::Upload, Level::Upload, [true, false, false]),
        (Level::Delete, Level::Edit, [true, false, true]),
        (Level::Delete, Level::Upload, [true, true, true]),
    ];
    for (number, (in_a, in_b, [rename, go, delete])) in cases.into_iter().enumerate() {
        let user = bench.user(&format!("u{number}"), &[("/a", in_a), ("/b", in_b)]);
        let rights = bench.rights();
        let caller = Caller::Somebody { rights: &rights, user: Some(user) };
        let fresh = || bench.put("a", &format!("{number}.png"), Overwrite::Rename).unwrap().id;
        let (new, there) = (format!("a/r{number}.png"), format!("b/{number}.png"));
        for (may, done) in [
            (rename, bench.library.move_image(&caller, fresh(), &new)),
            (go, bench.library.move_image(&caller, fresh(), &there)),
            (delete, bench.library.delete_image(&caller, fresh())),
        ] {
            let denied = matches!(done, Err(Error::Denied { .. }));
            assert_eq!((done.is_ok(), denied), (may, !may), "{in_a:?} {in_b:?}: {done:?}");
        }
    }
}

fn deleting_twice_is_no_such_image(bench: &Bench) {
    for recycle_days in [0, 30] {
        let library = bench.with(Options { recycle_days, ..options() });
        let image = bench.put("", "x.png", Overwrite::No).unwrap();
        let deleted = library.delete_image(&Caller::System, image.id).unwrap();
        assert_eq!((deleted.id, deleted.status), (image.id, STATUS_DELETED));
        assert!(!bench.root().join("x.png").exists() && !bench.is_active("x.png"));
        let again = library.delete_image(&Caller::System, image.id).unwrap_err();
        assert!(matches!(again, Error::NotFound(_)), "{again}");
    }
    let unknown = bench.library.delete_image(&Caller::System, 12345).unwrap_err();
    assert!(matches!(unknown, Error::NotFound(_)), "{unknown}");
    // A file that was deleted behind our back.
    let image = bench.put("", "y.png", Overwrite::No).unwrap();
    fs::remove_file(bench.root().join("y.png")).unwrap();
    bench.library.delete_image(&Caller::System, image.id).unwrap();
    assert!(!bench.is_active("y.png"));
}

fn titles_and_tags_are_changed(bench: &Bench) {
    fs::create_dir(bench.root().join("a")).unwrap();
    let image = bench.put("a", "x.png", Overwrite::No).unwrap();
    let user = bench.user("editor", &[("/a", Level::Edit)]);
    let viewer = bench.user("viewer", &[("/a", Level::Download)]);
    let rights = bench.rights();
    let by = |user| Caller::Somebody { rights: &rights, user: Some(user) };
    let tags = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let changes = Changes {
        title: Some("A title".into()),
        tags: tags(&["Sea", " sky ", "sea", ""]),
        ..Changes::default()
    };
    let denied = bench.library.change(&by(viewer), image.id, &changes).unwrap_err();
    assert!(matches!(denied, Error::Denied { level: Level::Edit, .. }), "{denied}");
    let changed = bench.library.change(&by(user), image.id, &changes).unwrap();
    assert_eq!((changed.title.as_str(), changed.status), ("A title", STATUS_ACTIVE));
    assert_eq!(bench.image("a/x.png").unwrap().title, "A title");
    assert_eq!(bench.library.tags_of(&by(viewer), image.id).unwrap(), ["Sea", "sky"]);
    let history = bench.library.history(&by(user), image.id, 1).unwrap();
    assert_eq!((history[0].action, history[0].detail.as_str()), (3, "title, tags changed"));
    // Lists are kept by who administers files.
    let list = ["Sea".to_owned(), "Land".to_owned()];
    let denied = bench.library.make_tag_list(&by(user), "Subjects", &list).unwrap_err();
    assert!(matches!(denied, Error::NotAdministrator), "{denied}");
    let id = bench.library.make_tag_list(&Caller::System, "Subjects", &list).unwrap();
    let of_list = |name: &str| {
        let all = bench.library.tags().unwrap();
        all.into_iter().find(|tag| tag.name == name).map(|tag| tag.list)
    };
    assert_eq!(of_list("Sea"), Some(Some("Subjects".into())));
    assert_eq!(of_list("sky"), Some(None));
    let twice = bench.library.make_tag_list(&Caller::System, "subjects", &list).unwrap_err();
    assert!(matches!(twice, Error::Exists(_)), "{twice}");
    let fewer = Some(&list[1..]);
    bench.library.change_tag_list(&Caller::System, id, "Themes", fewer).unwrap();
    assert_eq!((of_list("Sea"), of_list("Land")), (Some(None), Some(Some("Themes".into()))));
    bench.library.remove_tag_list(&Caller::System, id).unwrap();
    assert_eq!(of_list("Land"), Some(None));
    for (name, changes) in [
        ("title", Changes { title: Some("x".repeat(256)), ..Changes::default() }),
        ("description", Changes { description: Some("a\0b".into()), ..Changes::default() }),
        ("tags", Changes { tags: tags(&["a\nb"]), ..Changes::default() }),
    ] {
        let error = bench.library.change(&by(user), image.id, &changes).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: told, .. } if told == name), "{error}");
    }
}
