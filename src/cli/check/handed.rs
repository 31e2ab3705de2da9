//! Files that the front server sends by itself (`front_sends_files`): whether its user can read them.

use std::ffi::CString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{User, getgrouplist};

use super::Case;
use super::files::first_of;
use super::row::Row;
use crate::config::Settings;

/// As whom nginx and Apache run: on Debian, and elsewhere.
const USERS: [&str; 4] = ["www-data", "nginx", "apache", "http"];

const READ: u32 = 0o4;
const PASS: u32 = 0o1;

pub fn look(case: &Case) -> Vec<Row> {
    let settings = &case.settings;
    if !settings.front_sends_files {
        return Vec::new();
    }
    match USERS.iter().find_map(|name| Reader::named(name)) {
        Some(reader) => folders(settings).iter().map(|it| look_at(it, &reader)).collect(),
        None => vec![Row::ok(
            "front_sends_files: the front server's user is not known here; it has to be able to read \
             images_dir and exports_dir",
        )],
    }
}

fn folders(settings: &Settings) -> [PathBuf; 2] {
    [settings.images_folder(), settings.exports_folder()]
}

fn look_at(folder: &Path, reader: &Reader) -> Row {
    let shown = format!("front_sends_files: {}", folder.display());
    let (name, known) = (reader.name, |path: &Path| fs::metadata(path).ok());
    let to_do = format!(
        "let {name} read what lies there and pass the folders above: usermod -aG halftone {name}, \
         then restart the front server; chmod -R g+rX"
    );
    let closed = |path: &Path, wanted| known(path).is_some_and(|meta| !reader.may(&meta, wanted));
    if let Some(above) = folder.ancestors().skip(1).find(|above| closed(above, PASS)) {
        return Row::warn(format!("{shown}: {name} cannot pass {}", above.display()), to_do);
    }
    if closed(folder, PASS) {
        return Row::warn(format!("{shown}: {name} cannot pass it"), to_do);
    }
    let closed = |path: &Path, is_dir: bool| closed(path, if is_dir { PASS } else { READ });
    match first_of(folder, |name| !name.starts_with('.'), &closed) {
        Some((first, more)) => {
            let found = format!("{shown}: {} cannot be read by {name}{more}", first.display());
            Row::warn(found, to_do)
        }
        None => Row::ok(format!("{shown}: can be read by {name}")),
    }
}

/// Somebody else than who is running this.
struct Reader {
    name: &'static str,
    uid: u32,
    groups: Vec<u32>,
}

impl Reader {
    fn named(name: &'static str) -> Option<Self> {
        let user = User::from_name(name).ok().flatten()?;
        let groups = getgrouplist(&CString::new(name).ok()?, user.gid).unwrap_or_default();
        let groups = groups.into_iter().map(nix::unistd::Gid::as_raw).collect();
        Some(Self { name, uid: user.uid.as_raw(), groups })
    }

    /// What the mode says; lists of access rights (ACL) are not looked at.
    fn may(&self, meta: &Metadata, wanted: u32) -> bool {
        let shift = match () {
            () if meta.uid() == self.uid => 6,
            () if self.groups.contains(&meta.gid()) => 3,
            () => 0,
        };
        (meta.mode() >> shift) & wanted == wanted
    }
}
