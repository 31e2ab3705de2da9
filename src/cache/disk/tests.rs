//! In temporary folders; a second opening of a folder stands for a second process.

use std::process::Command;

use bytes::Bytes;

use super::*;
use crate::cache::testing::wait_for;

fn open(folder: &Path, cap_bytes: u64) -> DiskTier {
    DiskTier::open(&DiskOptions { folder: folder.into(), cap_bytes }).unwrap()
}

fn key(n: usize) -> Key {
    Key::new(format!("key {n}"))
}

fn entry(len: usize) -> Entry {
    Entry::new("image/webp", Bytes::from(vec![len as u8; len]))
}

/// The entries' files, found without the code under test.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let output = Command::new("find")
        .arg(folder)
        .args(["-mindepth", "2", "-type", "f", "-not", "-path"])
        .arg(folder.join("tmp/*"))
        .args(["-printf", "%p\\t%s\\n"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let file = |line: &str| {
        let (path, len) = line.split_once('\t').unwrap();
        (PathBuf::from(path), len.parse().unwrap())
    };
    text.lines().map(file).collect()
}

fn used(folder: &Path) -> u64 {
    files(folder).iter().map(|(_, len)| len.div_ceil(4096) * 4096).sum()
}

fn set_age(path: &Path, age_s: u64) {
    let time = SystemTime::now() - Duration::from_secs(age_s);
    OpenOptions::new().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn entries_come_back_to_every_process() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (open(folder.path(), 10 << 20), open(folder.path(), 10 << 20));
    assert_eq!(one.get(&key(1)).unwrap(), None);
    for len in [0, 1, 45_000, 1_000_000] {
        assert!(one.put(&key(1), &entry(len)).unwrap());
        assert_eq!(two.get(&key(1)).unwrap(), Some(entry(len)));
        two.put(&key(2), &entry(10)).unwrap();
        assert_eq!(one.store.usage.add(0), used(folder.path()), "after {len} bytes");
    }
    let hex = key(1).hex();
    assert!(folder.path().join(&hex[..3]).join(&hex).is_file());
    two.remove(&key(1));
    assert_eq!(one.get(&key(1)).unwrap(), None);
    assert_eq!(one.store.usage.add(0), used(folder.path()));
}

#[test]
fn a_torn_file_is_a_miss_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 10 << 20);
    let hex = key(1).hex();
    let path = folder.path().join(&hex[..3]).join(&hex);
    let put = || assert!(tier.put(&key(1), &entry(9_000)).unwrap());
    put();
    let whole = fs::read(&path).unwrap();
    let mut zero_page = whole.clone();
    zero_page[4096..8192].fill(0);
    let torn = [
        vec![],
        vec![0; whole.len()],
        whole[..10].to_vec(),
        whole[..4096].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        zero_page,
        b"something else altogether".to_vec(),
    ];
    for content in torn {
        put();
        fs::write(&path, &content).unwrap();
        assert_eq!(tier.get(&key(1)).unwrap(), None, "{} bytes", content.len());
        assert!(!path.exists());
    }
    put();
    assert_eq!(tier.get(&key(1)).unwrap(), Some(entry(9_000)));
}

#[test]
fn the_file_of_another_key_is_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 10 << 20);
    tier.put(&key(1), &entry(100)).unwrap();
    tier.put(&key(2), &entry(200)).unwrap();
    fs::copy(tier.store.path(&key(1).hex()), tier.store.path(&key(2).hex())).unwrap();
    assert_eq!(tier.get(&key(2)).unwrap(), None);
    assert_eq!(tier.get(&key(1)).unwrap(), Some(entry(100)));
}

#[test]
fn the_cap_holds_while_two_processes_fill_the_folder() {
    const CAP: u64 = 4 << 20;
    let folder = tempfile::tempdir().unwrap();
    let tiers = [open(folder.path(), CAP), open(folder.path(), CAP)];
    let mut stored = 0;
    for n in 0..1_000 {
        stored += u64::from(tiers[n % 2].put(&key(n), &entry(n * 131 % 60_000)).unwrap());
        if n % 50 == 0 {
            assert!(used(folder.path()) <= CAP, "{} bytes after {n}", used(folder.path()));
        }
    }
    assert!(stored > 150, "only {stored} of 1000 entries were ever stored");
    wait_for("the sweeper makes room", || {
        let used = used(folder.path());
        (CAP / 2..=CAP / 16 * 15).contains(&used).then_some(())
    });
}

#[test]
fn the_least_recently_used_entries_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 8 << 20);
    for n in 0..100 {
        // 5 blocks each: 2,048,000 bytes in all.
        tier.put(&key(n), &entry(20_000)).unwrap();
        set_age(&tier.store.path(&key(n).hex()), 10_000 - n as u64 * 10);
    }
    assert!(tier.get(&key(3)).unwrap().is_some(), "the fourth oldest is used now");
    let smaller = open(folder.path(), 1 << 20);
    smaller.sweep().unwrap();
    // Seven eighths of 1 MiB hold 44 such files; one file more or less is rounding.
    let kept: Vec<usize> = (0..100).filter(|n| smaller.get(&key(*n)).unwrap().is_some()).collect();
    assert!((43..=45).contains(&kept.len()), "{} files", kept.len());
    let expected: Vec<usize> = std::iter::once(3).chain(100 - (kept.len() - 1)..100).collect();
    assert_eq!(kept, expected);
    assert_eq!(smaller.store.usage.add(0), used(folder.path()));
}

#[test]
fn a_recent_use_is_not_written_down_again() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 1 << 20);
    tier.put(&key(1), &entry(10)).unwrap();
    let path = tier.store.path(&key(1).hex());
    let modified = || fs::metadata(&path).unwrap().modified().unwrap();
    set_age(&path, 30);
    let before = modified();
    tier.get(&key(1)).unwrap().unwrap();
    assert_eq!(modified(), before);
    set_age(&path, 90);
    tier.get(&key(1)).unwrap().unwrap();
    assert!(modified() > before);
}

#[test]
fn a_lost_count_is_made_up_for_in_the_background() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 8 << 20);
    for n in 0..50 {
        tier.put(&key(n), &entry(30_000)).unwrap();
    }
    drop(tier);
    fs::remove_file(folder.path().join("usage")).unwrap();
    let expected = used(folder.path());
    assert_eq!(expected, 50 * 32_768);
    let tier = open(folder.path(), 8 << 20);
    wait_for("the folder is counted", || (tier.used_bytes() == expected).then_some(()));
}

#[test]
fn a_count_that_was_too_low_is_found_out_by_housekeeping() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 8 << 20);
    for n in 0..100 {
        tier.put(&key(n), &entry(30_000)).unwrap();
    }
    tier.store.usage.add(-(3 << 20));
    let smaller = open(folder.path(), 2 << 20);
    smaller.sweep().unwrap();
    assert!(used(folder.path()) <= 2 << 20);
    assert_eq!(smaller.store.usage.add(0), used(folder.path()));
}

#[test]
fn sweeping_clears_old_temporary_files_and_touches_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 1 << 20);
    let file = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        set_age(&path, 7_200);
        path
    };
    let (old, fresh) = (file("tmp/old"), file("tmp/fresh"));
    set_age(&fresh, 60);
    let kept = [file("notes.txt"), file("abc/notes.txt"), file("abcd/0123")];
    tier.sweep().unwrap();
    assert!(!old.exists() && fresh.exists());
    assert!(kept.iter().all(|path| path.exists()));
}

#[test]
fn one_process_sweeps_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (open(folder.path(), 1 << 20), open(folder.path(), 1 << 20));
    let old = folder.path().join("tmp/old");
    assert!(one.store.sweep_lock.try_lock(0..1).unwrap());
    fs::write(&old, "x").unwrap();
    set_age(&old, 7_200);
    two.sweep().unwrap();
    assert!(old.exists());
    one.store.sweep_lock.unlock(0..1);
    two.sweep().unwrap();
    assert!(!old.exists());
}

#[test]
fn the_folder_may_be_emptied_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 1 << 20);
    tier.put(&key(1), &entry(10)).unwrap();
    for found in fs::read_dir(folder.path()).unwrap().flatten() {
        if found.path().is_dir() {
            fs::remove_dir_all(found.path()).unwrap();
        } else {
            fs::remove_file(found.path()).unwrap();
        }
    }
    assert_eq!(tier.get(&key(1)).unwrap(), None);
    assert!(tier.put(&key(1), &entry(20)).unwrap());
    assert_eq!(tier.get(&key(1)).unwrap(), Some(entry(20)));
    tier.sweep().unwrap();
    assert_eq!(tier.store.usage.add(0), used(folder.path()));
}

#[test]
fn an_entry_over_an_eighth_of_the_cap_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let tier = open(folder.path(), 1 << 20);
    assert!(!tier.put(&key(1), &entry(131_072)).unwrap());
    assert!(tier.put(&key(1), &entry(130_000)).unwrap());
}

/// Plays both parts: the test, and its second process in which no file may pass 64 KiB, which to a
/// writer looks like a disk that fills up in the middle of a file.
#[test]
fn a_full_disk_drops_the_entry_and_leaves_nothing_behind() {
    const FOLDER: &str = "HALFTONE_TEST_FULL_DISK";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let tier = open(Path::new(&folder), 10 << 20);
        assert!(tier.put(&key(1), &entry(200_000)).is_err());
        assert!(tier.put(&key(2), &entry(20_000)).unwrap());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\" >/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "cache::disk::tests::a_full_disk_drops_the_entry_and_leaves_nothing_behind",
        ])
        .args(["--nocapture", "--test-threads=1"])
        .env(FOLDER, folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    assert_eq!(files(folder.path()).len(), 1, "the small entry was stored by the second process");
}
