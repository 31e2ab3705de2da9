//! What keeps things: the database, folders, caches, originals and published files.

use std::fs;
use std::sync::Arc;

use anyhow::Context as _;

use super::pictures::engine;
use super::units::{megabytes, millis};
use crate::auth::{FirstStart, first_start};
use crate::cache::{
    Cache, CacheOptions, DiskOptions, MemcachedOptions, MemcachedServer, SharedOptions,
};
use crate::config::{Endpoint, Settings};
use crate::db::{self, Db, DbOptions};
use crate::library::{self, Library};
use crate::portfolio::Exports;
use crate::source::{Repository, RepositoryOptions, SourcePath};

/// The database; nothing is connected yet.
pub fn database(settings: &Settings) -> anyhow::Result<Db> {
    Ok(Db::connect(&DbOptions {
        url: settings.database_url(),
        pool_size: settings.database_pool,
        connect_timeout: millis(settings.database_connect_timeout_ms),
        statement_timeout: millis(settings.database_statement_timeout_ms),
    })?)
}

/// Migrates the database, and sets a new installation up; the first administrator's password comes
/// from `HALFTONE_ADMIN_PASSWORD` or is generated.
pub fn prepare_database(db: &Db) -> anyhow::Result<FirstStart> {
    db::migrate(db)?;
    let password = std::env::var("HALFTONE_ADMIN_PASSWORD").ok().filter(|text| !text.is_empty());
    Ok(first_start(db, password.as_deref())?)
}

/// Fails when the folder of the originals was named and is not there.
pub fn check_images(settings: &Settings) -> anyhow::Result<()> {
    let named = &settings.images_dir;
    anyhow::ensure!(
        named.as_os_str().is_empty() || named.is_dir(),
        "images_dir: {} is not a folder, or cannot be reached",
        named.display()
    );
    Ok(())
}

/// Makes the folders that the server writes to.
pub fn make_folders(settings: &Settings) -> anyhow::Result<()> {
    let mut folders = vec![settings.data_dir.clone(), settings.run_folder()];
    if settings.memcached_servers.is_empty() && settings.disk_cache_mb > 0 {
        folders.push(settings.disk_cache_folder());
    }
    for folder in folders {
        fs::create_dir_all(&folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    }
    Ok(())
}

/// The caches.
pub fn cache(settings: &Settings) -> anyhow::Result<Arc<Cache>> {
    let shared = if !settings.memcached_servers.is_empty() {
        let server =
            |endpoint: &Endpoint| MemcachedServer { address: endpoint.to_string(), weight: 1 };
        SharedOptions::Memcached(MemcachedOptions {
            servers: settings.memcached_servers.iter().map(server).collect(),
            prefix: settings.memcached_prefix.clone(),
            timeout_ms: settings.memcached_timeout_ms,
            item_bytes: settings.memcached_item_kb as usize * 1024,
            object_bytes: settings.memcached_object_mb as usize * 1024 * 1024,
            idle_connections: settings.threads as usize,
        })
    } else if settings.disk_cache_mb > 0 {
        SharedOptions::Disk(DiskOptions {
            folder: settings.disk_cache_folder(),
            cap_bytes: megabytes(settings.disk_cache_mb),
        })
    } else {
        SharedOptions::None
    };
    let options = CacheOptions { memory_bytes: megabytes(settings.memory_cache_mb), shared };
    Ok(Arc::new(Cache::open(&options)?))
}

/// The originals.
pub fn repository(settings: &Settings) -> Repository {
    Repository::new(
        settings.images_folder(),
        RepositoryOptions {
            stat_cache: millis(settings.stat_cache_ms),
            stat_timeout: millis(settings.stat_timeout_ms),
            pool_threads: settings.stat_threads as usize,
            follow_links: settings.follow_links,
        },
    )
}

/// Published portfolios.
pub fn exports(settings: &Settings) -> Exports {
    Exports::new(settings.exports_folder())
}

/// The library over these files; `forget` is told of each path that it changes.
pub fn library(
    settings: &Settings,
    db: Db,
    files: Arc<Repository>,
    forget: impl Fn(&SourcePath) + Send + Sync + 'static,
) -> anyhow::Result<Library> {
    let options = library::Options {
        rights_known_after: crate::auth::KNOWN_AFTER,
        unicode_names: settings.unicode_filenames,
        max_file_bytes: megabytes(settings.max_upload_mb),
        targets: settings.upload_targets.clone(),
        recycle_days: settings.recycle_days,
        upload_expiry_h: settings.upload_expiry_h,
        upright: settings.orient_from_exif,
        missing_percent: settings.sync_missing_percent,
        host: host_name(settings),
        accept_cut_off: settings.upload_accept_cut_off,
        burst_documents: settings.burst_documents,
        burst_dpi: settings.burst_dpi,
    };
    Ok(Library::new(db, files, engine(settings)?, options, forget))
}

/// This host's name: as set, else the machine's own.
pub fn host_name(settings: &Settings) -> String {
    if !settings.host_name.is_empty() {
        return settings.host_name.clone();
    }
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
