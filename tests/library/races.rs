//! Several at once.

use std::fs::{self, File};
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use halftone::auth::{Level, Rights, Unavailable};
use halftone::db::image_history::Action;
use halftone::db::{STATUS_ACTIVE, folders, groups, image_history, images, recycled};
use halftone::library::{Caller, Error, NewFile, Overwrite, RightsNow};
use halftone::source::FolderPath;

use crate::bench::{Bench, SetOnDrop, options, png, put};
use crate::setup::at_once;

crate::on_both!(
    of_two_uploads_of_one_name_one_wins,
    numbers_are_given_once,
    overwriting_at_once_leaves_one_of_them_whole,
    overwriting_at_once_loses_nothing,
    a_reader_keeps_what_it_has_opened,
    two_moves_to_one_place_leave_both_files,
    a_right_that_goes_while_a_file_arrives_is_gone,
    walks_and_uploads_do_not_meet,
);

fn of_two_uploads_of_one_name_one_wins(bench: &Bench) {
    for round in 0..10 {
        let name = format!("{round}.png");
        let sent = at_once(4, |number| {
            let library = bench.with(options());
            let bytes = png(number as u32 + 1, 1);
            let sent = put(&library, &Caller::System, "", &name, Overwrite::No, &bytes);
            (sent, bytes)
        });
        let won: Vec<_> = sent.iter().filter(|(sent, _)| sent.is_ok()).collect();
        assert_eq!(won.len(), 1, "{:?}", sent.iter().map(|(sent, _)| sent).collect::<Vec<_>>());
        for (sent, _) in &sent {
            assert!(sent.is_ok() || matches!(sent, Err(Error::Exists(_))), "{sent:?}");
        }
        assert_eq!(fs::read(bench.root().join(&name)).unwrap(), won[0].1);
    }
    assert!(!bench.has_unfinished());
}

fn numbers_are_given_once(bench: &Bench) {
    let mut paths = at_once(6, |_| {
        let library = bench.with(options());
        put(&library, &Caller::System, "", "x.png", Overwrite::Rename, &png(1, 1)).unwrap().path
    });
    paths.sort();
    let expected = ["x-001.png", "x-002.png", "x-003.png", "x-004.png", "x-005.png", "x.png"];
    assert_eq!(paths, expected);
    assert_eq!(images::active_after(bench.db(), 0, 10).unwrap().len(), 6);
}

fn overwriting_at_once_leaves_one_of_them_whole(bench: &Bench) {
    bench.put("", "x.png", Overwrite::No).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Whoever looks meanwhile sees a whole picture, and never none.
        let looking = scope.spawn(|| {
            let mut looked = 0;
            while !stop.load(Ordering::Relaxed) || looked < 10 {
                let bytes = fs::read(bench.root().join("x.png")).unwrap();
                assert!(bytes.ends_with(b"IEND\xaeB`\x82"), "{} bytes", bytes.len());
                looked += 1;
            }
        });
        let ending = SetOnDrop(&stop);
        at_once(4, |number| {
            let library = bench.with(options());
            for round in 0..5 {
                let bytes = png(1 + number as u32, 1 + round);
                put(&library, &Caller::System, "", "x.png", Overwrite::Yes, &bytes).unwrap();
            }
        });
        drop(ending);
        looking.join().unwrap();
    });
    let image = bench.image("x.png").unwrap();
    assert_eq!(image.revision_counter, 1 + 4 * 5);
}

fn overwriting_at_once_loses_nothing(bench: &Bench) {
    // Heights tell the uploads from each other; a name that is free, and one that is taken.
    for (name, first) in [("free.png", None), ("taken.png", Some(png(7, 99)))] {
        if let Some(first) = &first {
            put(&bench.library, &Caller::System, "", name, Overwrite::Yes, first).unwrap();
        }
        let sent = at_once(4, |number| {
            let library = bench.with(options());
            let sent: Vec<_> = (0..5).map(|round| png(7, 1 + 5 * number as u32 + round)).collect();
            for bytes in &sent {
                put(&library, &Caller::System, "", name, Overwrite::Yes, bytes).unwrap();
            }
            sent
        });
        let mut sent: Vec<Vec<u8>> = sent.into_iter().flatten().chain(first.clone()).collect();
        let bin = bench.root().join(".halftone-recycled");
        let mut kept: Vec<Vec<u8>> = fs::read_dir(bin)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with(name))
            .map(|path| fs::read(path).unwrap())
            .collect();
        kept.push(fs::read(bench.root().join(name)).unwrap());
        sent.sort();
        kept.sort();
        assert!(sent == kept, "{name}: {} of {}", kept.len(), sent.len());
        // A row for each, of its size.
        let rows = recycled::before(bench.db(), 0, 100).unwrap();
        let rows = rows.iter().filter(|row| row.path == name);
        let sizes: u64 = rows.clone().map(|row| row.size_bytes as u64).sum();
        let in_place = fs::metadata(bench.root().join(name)).unwrap().len();
        let all: usize = sent.iter().map(Vec::len).sum();
        assert_eq!((rows.count(), sizes + in_place), (sent.len() - 1, all as u64), "{name}");
        let image = bench.image(name).unwrap();
        let history = image_history::of_image(bench.db(), image.id, 100).unwrap();
        let created =
            history.iter().filter(|entry| entry.action == i64::from(Action::Created as u8)).count();
        assert_eq!((created, history.len()), (1, sent.len()), "{name}");
    }
    assert!(!bench.has_unfinished());
}

fn a_reader_keeps_what_it_has_opened(bench: &Bench) {
    let image = bench.put("", "x.png", Overwrite::No).unwrap();
    let mut open = File::open(bench.root().join("x.png")).unwrap();
    let mut start = [0; 10];
    open.read_exact(&mut start).unwrap();
    bench.library.delete_image(&Caller::System, image.id).unwrap();
    bench.library.purge_recycled(&|| true).unwrap();
    let mut rest = Vec::new();
    open.read_to_end(&mut rest).unwrap();
    assert_eq!([&start[..], &rest].concat(), png(3, 2));
}

fn two_moves_to_one_place_leave_both_files(bench: &Bench) {
    for number in 0..4 {
        bench.paint(&format!("{number}/x.png"), number);
    }
    bench.walk();
    let moved = at_once(4, |number| {
        let library = bench.with(options());
        let image = bench.image(&format!("{number}/x.png")).unwrap().id;
        library.move_image(&Caller::System, image, "x.png")
    });
    assert_eq!(moved.iter().filter(|moved| moved.is_ok()).count(), 1);
    assert_eq!(images::active_after(bench.db(), 0, 10).unwrap().len(), 4);
    let moved = at_once(4, |number| {
        let library = bench.with(options());
        let folder = folders::by_path(bench.db(), &format!("{number}")).unwrap().unwrap().id;
        library.move_folder(&Caller::System, folder, "there", &|| true)
    });
    assert_eq!(moved.iter().filter(|moved| moved.is_ok()).count(), 1, "{moved:?}");
    let left = bench.names("");
    assert_eq!(left.len(), 5, "three folders, the moved one and a picture: {left:?}");
    let active = |name: &String| {
        let folder = folders::by_path(bench.db(), name).unwrap();
        name == "x.png" || folder.is_some_and(|folder| folder.status == STATUS_ACTIVE)
    };
    assert!(left.iter().all(active));
}

/// Rights that can be changed.
struct Changing(Mutex<Arc<Rights>>);

impl RightsNow for Changing {
    fn now(&self) -> Result<Arc<Rights>, Unavailable> {
        Ok(Arc::clone(&self.0.lock().unwrap()))
    }
}

fn a_right_that_goes_while_a_file_arrives_is_gone(bench: &Bench) {
    /// Gives a picture, after something has happened.
    struct After<'a>(&'a dyn Fn(), io::Cursor<Vec<u8>>);
    impl Read for After<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.1.position() == 0 {
                (self.0)();
            }
            self.1.read(into)
        }
    }
    fs::create_dir(bench.root().join("a")).unwrap();
    let user = bench.user("u", &[("/a", Level::Upload)]);
    let rights = Changing(Mutex::new(bench.rights()));
    let caller = Caller::Somebody { rights: &rights, user: Some(user) };
    let folder = FolderPath::parse("a").unwrap();
    let new = NewFile { folder: &folder, name: "x.png", overwrite: Overwrite::No };
    let all = groups::all(bench.db()).unwrap();
    let group = all.iter().find(|group| group.name == "u").unwrap().id;
    let take_away = || {
        bench.set_level("/a", group, Level::View);
        *rights.0.lock().unwrap() = bench.rights();
    };
    let mut from = After(&take_away, io::Cursor::new(png(5, 5)));
    let sent = bench.library.put(&caller, &new, &mut from);
    assert!(matches!(sent, Err(Error::Denied { level: Level::Upload, .. })), "{sent:?}");
    assert_eq!(fs::read_dir(bench.root().join("a")).unwrap().count(), 0);
    assert!(bench.image("a/x.png").is_none());
}

fn walks_and_uploads_do_not_meet(bench: &Bench) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let walking = scope.spawn(|| {
            let library = bench.with(options());
            let mut walks = 0;
            while !stop.load(Ordering::Relaxed) || walks == 0 {
                let report = library.sync(false, &|_| true);
                assert!(report.is_ok() || bench.names("").is_empty(), "{report:?}");
                walks += 1;
            }
        });
        let ending = SetOnDrop(&stop);
        for number in 0..15 {
            let name = format!("{number}.png");
            let image = bench.put("", &name, Overwrite::No).unwrap();
            let to = format!("moved {number}.png");
            let moved = bench.library.move_image(&Caller::System, image.id, &to).unwrap();
            assert_eq!(moved.id, image.id);
        }
        drop(ending);
        walking.join().unwrap();
    });
    // A walk that had listed an old name before its file was moved may have made a row for it: the next
    // walk takes that back, and nothing else.
    bench.walk();
    assert_eq!(bench.walk().deleted, 0);
    assert_eq!(images::active_after(bench.db(), 0, 100).unwrap().len(), 15);
}
