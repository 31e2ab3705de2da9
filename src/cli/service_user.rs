//! Being the user to whom the service belongs: what commands write when root runs them must be the service's.
//!
//! The user is the owner of `data_dir`. Root's own things (files that a command line names, the front server's
//! cache) are asked for in between, where a command has them.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{
    Gid, Uid, User, getgroups, initgroups, setegid, seteuid, setgroups, setresgid, setresuid,
};

/// Whether a process can be root again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Never.
    ForGood,
    /// Within [`as_root`], and no process that it starts.
    WithReturn,
}

/// As whom a process goes on.
#[derive(Debug, PartialEq, Eq)]
pub enum Now {
    /// As before: it was not root.
    Same,
    /// As root: the folder belongs to root, or is not there.
    Root,
    /// As this user.
    Owner(String),
}

/// The name of a user, or what stands for it.
#[must_use]
pub fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| format!("user {uid}"), |user| user.name)
}

/// When run as root, becomes the owner of the service's data. To be called before there are other threads.
///
/// # Errors
/// The owner's name, and why one cannot become it.
pub fn become_owner(data_dir: &Path, way: Way) -> Result<Now, (String, Errno)> {
    if !Uid::effective().is_root() {
        return Ok(Now::Same);
    }
    let Ok(data) = fs::metadata(data_dir) else { return Ok(Now::Root) };
    let (uid, gid) = (Uid::from_raw(data.uid()), Gid::from_raw(data.gid()));
    if uid.is_root() {
        return Ok(Now::Root);
    }
    let known = User::from_uid(uid).ok().flatten();
    let groups = match known.as_ref().and_then(|user| CString::new(user.name.as_str()).ok()) {
        Some(name) => initgroups(&name, gid),
        None => setgroups(&[gid]),
    };
    let saved = match way {
        Way::ForGood => uid,
        Way::WithReturn => Uid::from_raw(0),
    };
    groups
        .and_then(|()| setresgid(gid, gid, gid))
        .and_then(|()| setresuid(uid, uid, saved))
        .map_err(|error| (name_of(uid), error))?;
    Ok(Now::Owner(name_of(uid)))
}

/// Does something as root, if the process was root and can be again.
pub fn as_root<T>(work: impl FnOnce() -> T) -> T {
    struct Back(Uid);
    impl Drop for Back {
        fn drop(&mut self) {
            // One may always become whom one is by the real number.
            seteuid(self.0).expect("a process can be whom it really is");
        }
    }
    let me = Uid::effective();
    let _back = seteuid(Uid::from_raw(0)).is_ok().then_some(Back(me));
    work()
}

/// Does something as a user with one group, if the process was root and can be again; else as it is.
///
/// # Errors
/// When the system does not let root become that user.
pub fn as_user<T>(user: u32, group: u32, work: impl FnOnce() -> T) -> std::io::Result<T> {
    struct Back(Uid, Gid, Vec<Gid>);
    impl Drop for Back {
        fn drop(&mut self) {
            let root = seteuid(Uid::from_raw(0));
            let back = root.and_then(|()| setgroups(&self.2)).and_then(|()| setegid(self.1));
            back.and_then(|()| seteuid(self.0)).expect("root can become whom it was");
        }
    }
    let (me, my_group, my_groups) = (Uid::effective(), Gid::effective(), getgroups()?);
    if seteuid(Uid::from_raw(0)).is_err() {
        return Ok(work());
    }
    let _back = Back(me, my_group, my_groups);
    let group = Gid::from_raw(group);
    setgroups(&[group])?;
    setegid(group)?;
    seteuid(Uid::from_raw(user))?;
    Ok(work())
}
