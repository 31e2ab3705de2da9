//! Folders: whose they are, who may look, and whether the pictures are there.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, Uid, access};

use super::Case;
use super::row::Row;
use crate::config::Settings;

/// How many entries of a folder and of those in it are looked at.
const MOST_ENTRIES: usize = 4000;

/// The folders that the service writes to: the setting that names each, and whether others may look in.
fn written(settings: &Settings) -> Vec<(&'static str, PathBuf, bool)> {
    let mut folders = vec![
        ("data_dir", settings.data_dir.clone(), false),
        ("run_dir", settings.run_folder(), true),
        ("temp_dir", settings.temp_folder(), true),
    ];
    if let Some(folder) = settings.log_file.parent().filter(|path| !path.as_os_str().is_empty()) {
        folders.push(("log_file", folder.to_owned(), false));
    }
    if settings.memcached_servers.is_empty() && settings.disk_cache_mb > 0 {
        folders.push(("disk_cache_dir", settings.disk_cache_folder(), false));
    }
    if let Some(folder) = settings.reductions_folder() {
        folders.push(("reductions_dir", folder, false));
    }
    folders
}

pub fn folders(case: &Case) -> Vec<Row> {
    written(&case.settings).iter().map(|(name, path, open)| folder(name, path, *open)).collect()
}

fn folder(name: &str, path: &Path, open: bool) -> Row {
    let shown = format!("{name} {}", path.display());
    let Ok(meta) = fs::metadata(path) else {
        // Those inside another one are made when they are first needed.
        let parent = path.parent().unwrap_or(path);
        return if access(parent, AccessFlags::W_OK | AccessFlags::X_OK).is_ok() {
            Row::ok(format!("{shown}: is made when it is needed"))
        } else {
            Row::fail(
                format!("{shown}: is not there and cannot be made"),
                format!("install -d -o halftone -g halftone -m 750 {}", path.display()),
            )
        };
    };
    if !meta.is_dir() {
        return Row::fail(format!("{shown}: is not a folder"), format!("name a folder in {name}"));
    }
    if access(path, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        return Row::fail(
            format!("{shown}: cannot be written to"),
            format!("chown halftone: {}; under systemd also see ReadWritePaths=", path.display()),
        );
    }
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        return Row::fail(
            format!("{shown}: everybody on this machine can write to it"),
            format!("chmod o-w {}", path.display()),
        );
    }
    if !open && mode & 0o007 != 0 {
        return Row::warn(
            format!("{shown}: everybody on this machine can look into it (mode {mode:o})"),
            format!("chmod 750 {}", path.display()),
        );
    }
    if name == "data_dir" && meta.uid() != Uid::effective().as_raw() {
        return Row::warn(
            format!("{shown}: belongs to another user than the service's"),
            format!("chown halftone: {}", path.display()),
        );
    }
    let writable = AccessFlags::W_OK | AccessFlags::X_OK;
    let closed = |path: &Path, is_dir| {
        access(path, if is_dir { writable } else { AccessFlags::W_OK }).is_err()
    };
    if let Some((first, more)) = first_of(path, is_ours(name), &closed) {
        return Row::fail(
            format!("{shown}: {} in it cannot be written to{more}", first.display()),
            format!("chown -R halftone: {}; somebody else has written there", path.display()),
        );
    }
    Row::ok(format!("{shown}: writable, mode {mode:o}"))
}

/// Which of the things in a written folder are the service's: others may have put theirs there too.
fn is_ours(setting: &str) -> fn(&str) -> bool {
    match setting {
        "log_file" => |name| name.ends_with(".log"),
        "temp_dir" => |_| false,
        _ => |_| true,
    }
}

/// The first of the files and folders in a folder (some thousands of them are looked at) of which something
/// holds, and words for how many more there are.
pub fn first_of(
    folder: &Path,
    is_looked_at: fn(&str) -> bool,
    holds: &dyn Fn(&Path, bool) -> bool,
) -> Option<(PathBuf, String)> {
    let (mut ahead, mut left) = (vec![folder.to_owned()], MOST_ENTRIES);
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = ahead.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_symlink() || !is_looked_at(&name) {
                continue;
            }
            left -= 1;
            if holds(&entry.path(), kind.is_dir()) {
                found.push(entry.path());
            } else if kind.is_dir() {
                ahead.push(entry.path());
            }
            if left == 0 {
                ahead.clear();
                break;
            }
        }
    }
    let more = found.len().saturating_sub(1);
    let more = if more > 0 { format!(", nor can {more} more") } else { String::new() };
    found.into_iter().next().map(|first| (first, more))
}

pub fn images(case: &Case) -> Vec<Row> {
    let path = case.settings.images_folder();
    let shown = format!("images_dir {}", path.display());
    if let Some(mount) = missing_mount(&path) {
        return vec![Row::fail(
            format!("{shown}: {} stands in /etc/fstab and is not mounted", mount.display()),
            format!("mount {}; and see why it was not mounted at boot", mount.display()),
        )];
    }
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) => {
            return vec![Row::fail(
                format!("{shown}: cannot be read: {}", error.kind()),
                "make it, or mount it; the service's user has to be able to read it and the folders above",
            )];
        }
    };
    let visible = |entry: &fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
    let mut rows = vec![if entries.flatten().any(|entry| visible(&entry)) {
        Row::ok(format!("{shown}: readable"))
    } else {
        Row::warn(
            format!("{shown}: is empty"),
            "put pictures into it; if there should be some, see whether it is mounted",
        )
    }];
    let readable = AccessFlags::R_OK | AccessFlags::X_OK;
    let closed = |path: &Path, is_dir| {
        access(path, if is_dir { readable } else { AccessFlags::R_OK }).is_err()
    };
    if let Some((first, more)) = first_of(&path, |name| !name.starts_with('.'), &closed) {
        rows.push(Row::fail(
            format!("{shown}: {} cannot be read by the service{more}", first.display()),
            "chmod g+rX or o+rX, or give them to the service's group; see the umask of who puts them there",
        ));
    }
    rows.push(if access(&path, AccessFlags::W_OK | AccessFlags::X_OK).is_ok() {
        Row::ok(format!("{shown}: writable, so that people can upload"))
    } else {
        Row::ok(format!(
            "{shown}: not writable: pictures are served, and uploads refused (for uploads: chown, and \
             ReadWritePaths= in both services)"
        ))
    });
    rows
}

/// The mount of `/etc/fstab` in which the folder lies, when it is not mounted.
fn missing_mount(path: &Path) -> Option<PathBuf> {
    let points = |file: &str| mount_points(&fs::read_to_string(file).unwrap_or_default());
    // Looking at it lets systemd mount what is to be mounted when it is needed.
    let _ = fs::read_dir(path);
    let mounted = points("/proc/self/mounts");
    let around = points("/etc/fstab").into_iter().filter(|point| path.starts_with(point));
    around.max_by_key(|point| point.as_os_str().len()).filter(|point| !mounted.contains(point))
}

/// The mount points of a table, apart from the root's.
fn mount_points(text: &str) -> Vec<PathBuf> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|point| point.starts_with('/') && *point != "/")
        .map(|point| PathBuf::from(point.replace("\\040", " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read() {
        let text = "# comment /dev/x /no ext4\nUUID=1 / ext4 defaults 0 1\nnas:/p /srv/my\\040images nfs ro 0 0\n\
                    /swap none swap sw 0 0\n";
        assert_eq!(mount_points(text), [PathBuf::from("/srv/my images")]);
    }
}
