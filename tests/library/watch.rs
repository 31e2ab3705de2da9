//! Watching the files.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use halftone::db::{image_history, tasks};
use halftone::library::{Library, Watcher, job};

use crate::bench::{Bench, library_at, options, png};
use crate::setup::{TestDb, wait_for};

#[test]
fn rows_follow_files_within_seconds() {
    let bench = Bench::new(TestDb::sqlite());
    bench.paint("a/old.jpg", 1);
    bench.paint("b/other.jpg", 2);
    bench.walk();
    let moving = bench.image("a/old.jpg").unwrap().id;
    let library: Arc<Library> = Arc::new(library_at(bench.test.open(), &bench.root(), options()));
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = Watcher::start(library, Arc::clone(&stop)).unwrap();
    // The watch has begun when something that is done again and again is seen.
    let mut number = 0;
    wait_for("the watch to begin", || {
        number += 1;
        bench.write(&format!("first/{}.png", number % 50), &png(1, 1));
        bench.is_active("first/1.png")
    });

    bench.write("new/deep/1.png", &png(1, 1));
    wait_for("a new file in a new folder", || bench.is_active("new/deep/1.png"));
    fs::rename(bench.root().join("a/old.jpg"), bench.root().join("b/new.jpg")).unwrap();
    wait_for("a moved file", || bench.image("b/new.jpg").is_some_and(|image| image.id == moving));
    let history = image_history::of_image(bench.db(), moving, 1).unwrap();
    assert_eq!(history[0].action, 4);
    bench.write("b/other.jpg", b"longer than it was, by far");
    wait_for("a changed file", || {
        bench.image("b/other.jpg").is_some_and(|image| image.size_bytes == Some(26))
    });
    fs::remove_file(bench.root().join("b/other.jpg")).unwrap();
    wait_for("a removed file", || !bench.is_active("b/other.jpg"));
    wait_for("the job that reads new files", || {
        let rows = tasks::latest(bench.db(), 10).unwrap();
        rows.iter().any(|(task, _)| task.kind == job::READ)
    });
    // A folder less is for a walk to judge.
    fs::rename(bench.root().join("new"), bench.home.path().join("new")).unwrap();
    wait_for("a walk to be wanted", || {
        let rows = tasks::latest(bench.db(), 10).unwrap();
        rows.iter().any(|(task, _)| task.kind == job::WALK)
    });
    assert!(bench.is_active("new/deep/1.png"));
    stop.store(true, Ordering::Relaxed);
    watcher.finish();
}
