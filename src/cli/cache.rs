//! `halftone cache`: looking into, emptying and filling the caches of made pictures.

use std::io;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::service_user::{as_root, as_user};
use super::{Common, cache_warm, wiring};
use crate::auth::KNOWN_AFTER;
use crate::cache::Cache;
use crate::cache::edge::{Folder, Kept};
use crate::config::Settings;
use crate::db::purge::{self, Made};
use crate::db::{self, Db};
use crate::source::{PathError, SourcePath};
use crate::spec::Rules;
use crate::web::image::Meant;
use crate::web::shows_pictures;

/// What to do with the caches.
#[derive(Subcommand)]
pub enum Action {
    /// Tell how full they are
    Stats(Common),
    /// Have pictures made anew: of everything, of a folder, or of one original
    Purge {
        /// A folder of the library with all below it, or an original; / for everything
        path: String,
        #[command(flatten)]
        common: Common,
    },
    /// Ask for pictures, so that they are made before anybody wants them
    Warm(cache_warm::Options),
}

/// Does it.
pub fn run(action: &Action) -> anyhow::Result<()> {
    match action {
        Action::Stats(common) => stats(&common.load_with_return()?.settings),
        Action::Purge { path, common } => {
            let settings = common.load_with_return()?.settings;
            let database = open(&settings)?;
            purge(&settings, &database, path)
        }
        Action::Warm(options) => cache_warm::run(options),
    }
}

/// The database, if it is of this version.
pub(super) fn open(settings: &Settings) -> anyhow::Result<Db> {
    let database = wiring::database(settings)?;
    db::check_schema(&database)?;
    Ok(database)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn edge_folder(settings: &Settings) -> Option<&PathBuf> {
    Some(&settings.edge_cache_dir).filter(|folder| !folder.as_os_str().is_empty())
}

fn stats(settings: &Settings) -> anyhow::Result<()> {
    let cache = wiring::cache(settings)?;
    match cache.memcached() {
        Some(memcached) => {
            for (server, usage) in memcached.usage() {
                match usage {
                    Some(usage) => println!(
                        "memcached {server}: {:.1} of {:.1} MB, {} items, {} dropped for want of space",
                        megabytes(usage.bytes),
                        megabytes(usage.limit_bytes),
                        usage.items,
                        usage.evictions
                    ),
                    None => println!("memcached {server}: does not answer"),
                }
            }
        }
        None => match cache.shared_fill() {
            Some((used, limit)) => {
                println!("disk: {:.1} of {:.1} MB", megabytes(used), megabytes(limit));
            }
            None => println!("no cache that processes share"),
        },
    }
    if let Some(folder) = edge_folder(settings) {
        let kept = in_folder_as_owner(folder, &Folder::usage)?;
        println!("front server: {} answers, {:.1} MB", kept.answers, megabytes(kept.bytes));
    }
    Ok(())
}

/// What was done to have pictures made anew.
#[derive(Debug, Default)]
pub(super) struct Purged {
    /// Originals whose pictures are made anew.
    pub originals: u64,
    /// Entries and bytes that were removed from a disk cache as a whole.
    pub disk: Option<(u64, u64)>,
    /// What was removed of the front server's.
    pub edge: Option<Kept>,
}

/// Does something in a front server's cache.
type InFolder<'a> = &'a dyn Fn(&Path, Work<'_>) -> io::Result<Kept>;

/// What is to be done in the front server's cache.
type Work<'a> = &'a dyn Fn(&Folder) -> io::Result<Kept>;

/// Does something in the front server's cache, as this process.
pub(super) fn in_folder(path: &Path, work: Work<'_>) -> io::Result<Kept> {
    Folder::open(path)?.as_ref().map_or(Ok(Kept::default()), work)
}

/// Does something in the front server's cache with the rights of whoever owns it, and none besides: what
/// lies there is the front server's to say.
fn in_folder_as_owner(path: &Path, work: Work<'_>) -> io::Result<Kept> {
    let Some(folder) = as_root(|| Folder::open(path))? else { return Ok(Kept::default()) };
    let (user, group) = folder.owner()?;
    as_user(user, group, || work(&folder))?
}

/// Has the pictures made anew of everything, of a folder, or of one original. `in_folder` does something in
/// the front server's cache.
pub(super) fn purge_made(
    settings: &Settings,
    database: &Db,
    cache: &Cache,
    path: &str,
    in_folder: InFolder<'_>,
) -> anyhow::Result<Purged> {
    let path = &*plain(path)?;
    let originals = match db::images::by_path(database, path)? {
        Some(_) => purge::made_pictures(database, Made::OfImage(path))?,
        None => {
            let folder = path.is_empty() || db::folders::by_path(database, path)?.is_some();
            anyhow::ensure!(folder, "{path}: there is no such folder or original");
            purge::made_pictures(database, Made::Below(path))?
        }
    };
    let disk = path.is_empty().then(|| cache.clear_disk()).transpose()?;
    let edge = match edge_folder(settings) {
        Some(folder) => {
            let store = wiring::rights(settings, database);
            store.refresh()?;
            let meant = Meant::new(store, Rules { max_dimension: settings.max_image_dimension });
            Some(purge_edge(folder, path, &meant, in_folder)?)
        }
        None => None,
    };
    Ok(Purged { originals, disk, edge })
}

fn purge(settings: &Settings, database: &Db, path: &str) -> anyhow::Result<()> {
    anyhow::ensure!(!path.is_empty(), "PATH: must be a folder or an original; / for everything");
    let cache = wiring::cache(settings)?;
    let purged = purge_made(settings, database, &cache, path, &in_folder_as_owner)?;
    println!("{} originals: their pictures are made anew", purged.originals);
    if let Some((entries, bytes)) = purged.disk {
        println!("disk: {entries} removed, {:.1} MB", megabytes(bytes));
    }
    match purged.edge {
        Some(gone) => {
            println!("front server: {} removed, {:.1} MB", gone.answers, megabytes(gone.bytes));
            if gone.failed > 0 {
                println!(
                    "front server: {} could not be removed; it may send them for another {} s",
                    gone.failed, settings.edge_cache_s
                );
            }
        }
        None if settings.edge_cache_s > 1 => println!(
            "front servers may send what they keep for another {} s (edge_cache_dir names no folder)",
            settings.edge_cache_s
        ),
        None => {}
    }
    Ok(())
}

fn purge_edge(
    folder: &Path,
    path: &str,
    meant: &Meant,
    in_folder: InFolder<'_>,
) -> io::Result<Kept> {
    let purge = |folder: &Folder| match path {
        "" => folder.clear(),
        _ => folder.purge(&|address| concerns(meant, address, path)),
    };
    let first = in_folder(folder, &purge)?;
    // A worker that has not heard of it yet may give the front server the old picture once more.
    std::thread::sleep(KNOWN_AFTER);
    let gone = in_folder(folder, &purge)?;
    Ok(Kept {
        answers: first.answers + gone.answers,
        bytes: first.bytes + gone.bytes,
        failed: gone.failed,
    })
}

/// The path of a folder or an original in its one spelling, as addresses may be written, too; empty for
/// everything.
fn plain(path: &str) -> anyhow::Result<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    match SourcePath::parse(&parts.join("/")) {
        Ok(path) => Ok(path.as_str().to_owned()),
        Err(PathError::Missing) => Ok(String::new()),
        Err(error) => anyhow::bail!("PATH: {error}"),
    }
}

/// Whether an address shows anything of a folder or an original: as the picture or laid over it. Where that
/// cannot be told it does: what is deleted too much is asked for again.
fn concerns(meant: &Meant, address: &[u8], path: &str) -> bool {
    let Some((asked, query)) = picture_at(address) else { return false };
    let within = |original: &SourcePath| {
        original
            .as_str()
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    meant.originals(asked, query).is_none_or(|originals| originals.iter().any(within))
}

/// The path and the query of the request for a picture that an address ends with; before them stand words of
/// the front server's.
fn picture_at(address: &[u8]) -> Option<(&str, &[u8])> {
    let end = address.iter().position(|byte| *byte == b'?')?;
    let before = std::str::from_utf8(&address[..end]).ok()?;
    let mut paths = before.match_indices('/').map(|(start, _)| &before[start..]);
    Some((paths.find(|path| shows_pictures(path))?, &address[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_may_be_written_as_in_addresses() {
        for (text, path) in [
            ("./pub", "pub"),
            ("pub//meadow.jpg", "pub/meadow.jpg"),
            ("/pub/./b/", "pub/b"),
            ("/", ""),
            (".", ""),
            ("pub/a.", "pub/a."),
        ] {
            assert_eq!(plain(text).unwrap(), path, "{text}");
        }
        assert!(plain("pub/../a").is_err());
    }

    #[test]
    fn the_request_stands_at_the_end_of_what_front_servers_name() {
        for (address, path, query) in [
            ("GET|plain|/image?src=a", "/image", "src=a"),
            ("GET|avif|/im%61ge?src=/image?b", "/im%61ge", "src=/image?b"),
            ("http://h:80/halftone-edge/plain/erez5/erez?src=a", "/erez5/erez", "src=a"),
        ] {
            let found = picture_at(address.as_bytes());
            assert_eq!(found, Some((path, query.as_bytes())), "{address}");
        }
        for none in ["GET|plain|/image", "GET|plain|/other?src=/image?src=a", "?src=a", ""] {
            assert_eq!(picture_at(none.as_bytes()), None, "{none}");
        }
    }
}
