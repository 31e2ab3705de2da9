//! A library of 100,000 files.

use std::fs::{self, File};

use halftone::db::Sql;

use crate::bench::Bench;
use crate::setup::TestDb;

const FOLDERS: usize = 100;
const FILES: usize = 1000;

/// What a walk may add to the memory of the process: less than a tenth of what the rows alone would
/// take, at 300 bytes each.
const BOUND_KB: u64 = 40 * 1024;

/// Memory of this process that is in use, and its peak so far, in kilobytes.
fn memory_kb() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Has the kernel count the peak anew.
fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[test]
fn a_hundred_thousand_files_are_walked_in_bounded_memory() {
    // In a process of its own: the peak is that of all threads.
    let Ok(_) = std::env::var("HALFTONE_TEST_ALONE") else {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "size::a_hundred_thousand_files_are_walked_in_bounded_memory"])
            .arg("--nocapture")
            .env("HALFTONE_TEST_ALONE", "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    };
    let bench = Bench::new(TestDb::sqlite());
    for folder in 0..FOLDERS {
        let folder = bench.root().join(format!("folder {folder}"));
        fs::create_dir(&folder).unwrap();
        for file in 0..FILES {
            File::create(folder.join(format!("picture number {file}.jpg"))).unwrap();
        }
    }
    bench.paint("warm.png", 1);
    bench.library.sync(false, &|report| report.folders < 2).unwrap_err();
    for (walk, news) in [(1, (FOLDERS * FILES) as u64), (2, 0)] {
        forget_peak();
        let (before, _) = memory_kb();
        let begun = std::time::Instant::now();
        let report = bench.walk();
        let (_, peak) = memory_kb();
        println!(
            "walk {walk}: {} files in {:.1?}, {} KB more than before",
            report.files,
            begun.elapsed(),
            peak - before
        );
        assert!(report.new <= news && report.deleted == 0, "{report:?}");
        assert!(peak - before < BOUND_KB, "{} KB", peak - before);
    }
    let count = bench.db().query_one("SELECT COUNT(*) FROM images", &[]).unwrap().int(0).unwrap();
    assert_eq!(count, (FOLDERS * FILES) as i64 + 1);
}
