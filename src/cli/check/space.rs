//! Free space and free inodes.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

use super::Case;
use super::row::Row;

const MEGABYTE: u64 = 1 << 20;

pub fn look(case: &Case) -> Vec<Row> {
    let settings = &case.settings;
    let mut folders: Vec<(&str, PathBuf)> = vec![
        ("data_dir", settings.data_dir.clone()),
        ("run_dir", settings.run_folder()),
        ("temp_dir", settings.temp_folder()),
        ("images_dir", settings.images_folder()),
    ];
    if settings.memcached_servers.is_empty() && settings.disk_cache_mb > 0 {
        folders.push(("disk_cache_dir", settings.disk_cache_folder()));
    }
    folders.extend(settings.reductions_folder().map(|path| ("reductions_dir", path)));
    by_file_system(&folders).iter().map(|(names, path)| file_system(names, path)).collect()
}

/// The folders of each file system, and one of them.
fn by_file_system<'a>(folders: &'a [(&str, PathBuf)]) -> Vec<(String, &'a Path)> {
    let mut found: Vec<(u64, String, &Path)> = Vec::new();
    for (name, path) in folders {
        let path = existing(path);
        let device = std::fs::metadata(path).map_or(0, |meta| meta.dev());
        match found.iter_mut().find(|(known, ..)| *known == device) {
            Some((_, names, _)) => {
                let _ = write!(names, ", {name}");
            }
            None => found.push((device, (*name).to_owned(), path)),
        }
    }
    found.into_iter().map(|(_, names, path)| (names, path)).collect()
}

/// The folder, or the nearest above that is there.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(path)
}

fn file_system(names: &str, path: &Path) -> Row {
    let shown = format!("{} ({names})", path.display());
    match statvfs(path) {
        Err(error) => Row::fail(format!("{shown}: {error}"), "see whether it is mounted"),
        Ok(state) => {
            let unit_bytes = state.fragment_size();
            judge(
                &shown,
                Share { free: state.blocks_available(), all: state.blocks(), unit_bytes },
                Share { free: state.files_available(), all: state.files(), unit_bytes: 0 },
            )
        }
    }
}

/// How much of something is free.
#[derive(Debug, Clone, Copy)]
struct Share {
    free: u64,
    all: u64,
    unit_bytes: u64,
}

impl Share {
    fn is_below_percent(self, percent: u64) -> bool {
        u128::from(self.free) * 100 < u128::from(self.all) * u128::from(percent)
    }

    fn megabytes(self) -> u64 {
        self.free.saturating_mul(self.unit_bytes) / MEGABYTE
    }
}

fn judge(shown: &str, space: Share, inodes: Share) -> Row {
    // File systems that make inodes as they are needed count none.
    let counts_inodes = inodes.all > 0;
    let megabytes = space.megabytes();
    let found = if counts_inodes {
        format!("{shown}: {megabytes} MB and {} inodes free", inodes.free)
    } else {
        format!("{shown}: {megabytes} MB free")
    };
    let full = megabytes < 100 || space.is_below_percent(1);
    if full || (counts_inodes && inodes.is_below_percent(1)) {
        return Row::fail(found, "make room, or lower disk_cache_mb and reductions_disk_mb");
    }
    let low = megabytes < 1024 && space.is_below_percent(10);
    if low || (counts_inodes && inodes.is_below_percent(5)) {
        return Row::warn(found, "make room before it is full");
    }
    Row::ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    #[test]
    fn both_kinds_of_room_are_judged() {
        let space = |free_mb| Share { free: free_mb, all: 100_000, unit_bytes: MEGABYTE };
        let inodes = |free| Share { free, all: 1000, unit_bytes: 0 };
        let none = Share { free: 0, all: 0, unit_bytes: 0 };
        let verdict = |space, inodes| judge("x", space, inodes).verdict;
        assert_eq!(verdict(space(50_000), inodes(500)), Verdict::Ok);
        assert_eq!(verdict(space(50_000), none), Verdict::Ok);
        assert_eq!(verdict(space(1001), inodes(500)), Verdict::Warn);
        assert_eq!(verdict(space(999), inodes(500)), Verdict::Fail);
        assert_eq!(verdict(space(50_000), inodes(49)), Verdict::Warn);
        assert_eq!(verdict(space(50_000), inodes(9)), Verdict::Fail);
    }
}
