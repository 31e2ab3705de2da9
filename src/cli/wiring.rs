//! From settings to the parts of a running server. The only place that knows both.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::log::Log;
use super::secret;
use crate::auth::directory::LAYOUTS;
use crate::auth::{
    Directory, DirectoryOptions, FirstStart, RightsStore, SECRET_MIN_BYTES, SessionTimes, Signer,
    StoreOptions, first_start,
};
use crate::cache::flight::Flights;
use crate::cache::{
    Cache, CacheOptions, DiskOptions, MemcachedOptions, MemcachedServer, SharedOptions,
};
use crate::config::Settings;
use crate::db::image_ids::ImageIds;
use crate::db::{self, Db, DbOptions};
use crate::library::{self, Library};
use crate::pixel::{ColourSpace, Engine, EngineOptions, Limits, Profile, ProfileKind, StripKeeps};
use crate::portfolio::Exports;
use crate::process::WorkerOptions;
use crate::process::slots::{Slots, SlotsOptions};
use crate::profiles::Profiles;
use crate::reduction::{self, Reductions};
use crate::sandbox::{Sandbox, SandboxOptions, has_landlock};
use crate::source::{Repository, RepositoryOptions, SourcePath};
use crate::spec::Rules;
use crate::stats::{Counters, CountersOptions, Flusher};
use crate::web::api::Cors;
use crate::web::image::{Memos, Prepare, Xref};
use crate::web::sign_in::{FrontServer, SignIn};
use crate::web::{App, ParsedTemplates, TaskWaits};
use crate::{fastcgi, http};

/// Images that a worker remembers the ids of.
const KNOWN_IMAGES: usize = 100_000;

/// How long a worker believes what it knows of an image.
const IMAGE_RECHECK: Duration = Duration::from_secs(60);

/// How many polls may be missed before rights no longer count as those of this moment.
const FRESH_POLLS: u32 = 3;

/// Processor cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Starts the log that the settings ask for.
pub fn start_log(settings: &Settings) -> anyhow::Result<Log> {
    let path = Some(settings.log_file.as_path()).filter(|path| !path.as_os_str().is_empty());
    let log = Log::start(path, settings.log_level)?;
    tell_of_isolation(settings);
    Ok(log)
}

/// What is signed is signed with this; `make` has it generated when it is missing.
pub fn signer(settings: &Settings, make: bool) -> anyhow::Result<Signer> {
    let from_file = if settings.secret.is_empty() {
        if make {
            secret::make(&settings.secret_file())?;
        }
        Some(secret::read(&settings.secret_file())?)
    } else {
        None
    };
    let secret = from_file.as_deref().unwrap_or(settings.secret.expose());
    Signer::new(secret.as_bytes()).with_context(|| {
        format!(
            "{}: a secret has at least {SECRET_MIN_BYTES} bytes",
            settings.secret_file().display()
        )
    })
}

fn sign_in(settings: &Settings) -> anyhow::Result<SignIn> {
    let strip_realm = settings.remote_user_strip_realm;
    Ok(SignIn {
        signer: signer(settings, false)?,
        times: SessionTimes {
            idle: secs(settings.session_idle_min) * 60,
            longest: secs(settings.session_max_days) * 24 * 3600,
        },
        token_time: secs(settings.token_expiry_s),
        next_hosts: settings.login_next_hosts.clone(),
        front_server: settings.remote_user.then_some(FrontServer { strip_realm }),
        directory: directory(settings)?,
    })
}

fn directory(settings: &Settings) -> anyhow::Result<Option<Directory>> {
    if settings.ldap_url.is_empty() {
        return Ok(None);
    }
    let file = &settings.ldap_ca_file;
    let ca_pem = if file.as_os_str().is_empty() {
        None
    } else {
        let pem = fs::read(file);
        Some(pem.with_context(|| format!("ldap_ca_file: {} cannot be read", file.display()))?)
    };
    let layout = LAYOUTS.iter().find(|(name, _)| *name == settings.ldap_type);
    let (_, layout) = layout.context("ldap_type: an unknown layout")?;
    Ok(Some(Directory::new(DirectoryOptions {
        url: settings.ldap_url.clone(),
        start_tls: settings.ldap_start_tls,
        ca_pem,
        layout: *layout,
        base: settings.ldap_base.clone(),
        bind_user: settings.ldap_bind_user.clone(),
        bind_password: settings.ldap_bind_password.expose().to_owned(),
        timeout: secs(settings.ldap_timeout_s),
    })?))
}

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
        let server = |endpoint: &crate::config::Endpoint| MemcachedServer {
            address: endpoint.to_string(),
            weight: 1,
        };
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
        },
    )
}

/// Published portfolios.
pub fn exports(settings: &Settings) -> Exports {
    Exports::new(settings.exports_folder())
}

/// The maker of pictures.
pub fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    Ok(Engine::new(engine_options(settings)?)?)
}

/// The colour profiles that requests may name.
pub fn profiles(settings: &Settings) -> Profiles {
    Profiles::new(settings.icc_dirs.clone())
}

/// Where a CMYK profile is looked for when the settings name none: the administrator's own, then the
/// usual ones of offset printing, then the one that comes with Ghostscript.
const CMYK_PROFILES: [&str; 9] = [
    "/etc/halftone/icc/default-cmyk.icc",
    "/usr/local/share/color/icc/default-cmyk.icc",
    "/usr/share/color/icc/colord/FOGRA39L_coated.icc",
    "/usr/share/color/icc/FOGRA39L_coated.icc",
    "/usr/share/color/icc/ISOcoated_v2_300_bas.icc",
    "/usr/share/color/icc/colord/SWOP2006_Coated3v2.icc",
    "/usr/share/color/icc/ghostscript/default_cmyk.icc",
    "/usr/share/color/icc/default_cmyk.icc",
    "/usr/share/ghostscript/iccprofiles/default_cmyk.icc",
];

/// The value of `cmyk_profile` that asks for no profile.
const NO_PROFILE: &str = "none";

fn cmyk_profile(settings: &Settings) -> anyhow::Result<Option<Arc<[u8]>>> {
    let path = settings.cmyk_profile.as_path();
    if path == Path::new(NO_PROFILE) {
        return Ok(None);
    }
    if path.as_os_str().is_empty() {
        let sound = |path: &&str| {
            let profile = Profile::read(fs::read(path).ok()?).ok()?;
            (profile.kind() == ProfileKind::Device(ColourSpace::Cmyk))
                .then(|| profile.bytes().clone())
        };
        return Ok(CMYK_PROFILES.iter().find_map(sound));
    }
    let bytes = fs::read(path)
        .with_context(|| format!("cmyk_profile: {} cannot be read", path.display()))?;
    Ok(Some(Arc::from(bytes)))
}

fn engine_options(settings: &Settings) -> anyhow::Result<EngineOptions> {
    Ok(EngineOptions {
        linear: settings.linear_light,
        shrink_margin: settings.decoder_shrink_margin,
        orient: settings.orient_from_exif,
        cmyk_profile: cmyk_profile(settings)?,
        strip_keeps: match settings.strip_keeps.as_str() {
            "copyright" => StripKeeps::Copyright,
            _ => StripKeeps::Nothing,
        },
        drop_private: settings.drop_private_metadata,
        limits: limits(settings),
        max_frames: settings.max_frames,
        auto_quality_score: settings.auto_quality_score,
        document_dpi: settings.pdf_dpi,
        isolation: Some(Arc::new(sandbox(settings)?)),
    })
}

/// The reader of complex formats; no process is started yet.
fn sandbox(settings: &Settings) -> anyhow::Result<Sandbox> {
    // What runs now, whatever happens to the file on disk.
    let program =
        fs::File::open("/proc/self/exe").context("the running program cannot be opened")?;
    Ok(Sandbox::new(SandboxOptions {
        program,
        memory_mb: settings.decoder_memory_mb,
        cpu_s: settings.decoder_cpu_s,
        time: secs(settings.decoder_time_s),
        children: settings.decoder_count(cores()),
        files: settings.decoder_files,
        idle: secs(settings.decoder_idle_s),
        scratch_folder: settings.temp_folder(),
        landlock: has_landlock(),
        allow_without_landlock: settings.allow_unsandboxed_decoders,
        probe: false,
    }))
}

/// Says in the log when complex formats are not read as they should be.
fn tell_of_isolation(settings: &Settings) {
    match (has_landlock(), settings.allow_unsandboxed_decoders) {
        (true, _) => {}
        (false, false) => log::warn!(
            "the kernel does not offer landlock: SVG, PDF, camera raw and other complex formats \
             are refused (see allow_unsandboxed_decoders)"
        ),
        (false, true) => log::warn!(
            "the kernel does not offer landlock: processes that read complex formats can read \
             other files"
        ),
    }
}

/// Names the setup of the engine: pictures made with another one are other pictures.
fn engine_signature(options: &EngineOptions) -> String {
    let flag = |on: bool| u8::from(on);
    let mut text =
        format!("l{}m{}o{}", flag(options.linear), options.shrink_margin, flag(options.orient));
    if options.strip_keeps == StripKeeps::Copyright {
        text.push('k');
    }
    if options.drop_private {
        text.push('p');
    }
    let _ = write!(
        text,
        "d{}f{}a{}",
        options.document_dpi, options.max_frames, options.auto_quality_score
    );
    if let Some(profile) = &options.cmyk_profile {
        let digest = Sha256::digest(profile);
        text.push('c');
        text.extend(digest[..4].iter().map(|byte| format!("{byte:02x}")));
    }
    text
}

/// Prepared reductions, unless there are to be none.
pub fn reductions(settings: &Settings) -> anyhow::Result<Option<Reductions>> {
    let Some(folder) = settings.reductions_folder() else { return Ok(None) };
    let options = reduction::Options {
        budget_bytes: megabytes(settings.reductions_disk_mb),
        above_pixels: megapixels(settings.reductions_above_megapixels),
        linear: settings.linear_light,
        ..reduction::Options::new(folder.clone())
    };
    let opened = Reductions::open(options)
        .with_context(|| format!("the folder {} cannot be used", folder.display()))?;
    Ok(Some(opened))
}

/// The library over these files; `forget` is told of each path that it changes.
pub fn library(
    settings: &Settings,
    db: Db,
    files: Arc<Repository>,
    forget: impl Fn(&SourcePath) + Send + Sync + 'static,
) -> anyhow::Result<Library> {
    let options = library::Options {
        unicode_names: settings.unicode_filenames,
        max_file_bytes: megabytes(settings.max_upload_mb),
        targets: settings.upload_targets.clone(),
        recycle_days: settings.recycle_days,
        upload_expiry_h: settings.upload_expiry_h,
        upright: settings.orient_from_exif,
        missing_percent: settings.sync_missing_percent,
        host: host_name(settings),
        burst_documents: settings.burst_documents,
        burst_dpi: settings.burst_dpi,
    };
    Ok(Library::new(db, files, engine(settings)?, options, forget))
}

fn host_name(settings: &Settings) -> String {
    if !settings.host_name.is_empty() {
        return settings.host_name.clone();
    }
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// How many pixels a source may have.
pub fn limits(settings: &Settings) -> Limits {
    Limits {
        held_pixels: megapixels(settings.held_megapixels),
        declared_pixels: megapixels(settings.declared_megapixels),
    }
}

/// An application with the threads that keep it current. To be made in the process that serves.
pub struct Running {
    /// Answers requests.
    pub app: Arc<App>,
    flusher: Flusher,
}

impl Running {
    /// Makes the application and starts its threads.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
        let db = database(settings)?;
        db::check_schema(&db)?;
        let store = rights(settings, &db);
        store.refresh()?;
        store.start()?;
        let counters = Arc::new(Counters::new(CountersOptions {
            bucket: Duration::from_secs(u64::from(settings.stats_bucket_min) * 60),
            flush_every: secs(settings.stats_flush_s),
            ..CountersOptions::default()
        }));
        let flusher = Flusher::start(Arc::clone(&counters), db.clone())?;
        let app = Arc::new(app(settings, db, store, counters)?);
        Ok(Self { app, flusher })
    }

    /// Writes down what is still only in memory.
    pub fn finish(self) {
        self.flusher.finish();
    }
}

fn rights(settings: &Settings, db: &Db) -> Arc<RightsStore> {
    let poll = millis(settings.rights_poll_ms);
    let options = StoreOptions {
        poll,
        fresh_for: poll * FRESH_POLLS,
        max_age: secs(settings.rights_max_age_s),
    };
    RightsStore::new(db.clone(), options)
}

fn app(
    settings: &Settings,
    db: Db,
    store: Arc<RightsStore>,
    counters: Arc<Counters>,
) -> anyhow::Result<App> {
    let options = engine_options(settings)?;
    let cache = cache(settings)?;
    let run_folder = settings.run_folder();
    let prepare = |store| Prepare::start(store, db.clone());
    let repository = Arc::new(repository(settings));
    let image_ids = Arc::new(ImageIds::new(KNOWN_IMAGES, IMAGE_RECHECK));
    let known = Arc::clone(&image_ids);
    let forget = move |path: &SourcePath| known.forget(path.as_str());
    let library = library(settings, db.clone(), Arc::clone(&repository), forget)?;
    Ok(App {
        reductions: reductions(settings)?.map(prepare).transpose()?,
        task_waits: TaskWaits::new(db.clone(), secs(settings.task_wait_s)),
        db,
        store,
        templates: ParsedTemplates::default(),
        library: Arc::new(library),
        exports: exports(settings),
        repository,
        profiles: profiles(settings),
        image_ids,
        flights: Flights::open(&run_folder, cache.memcached())?,
        cache,
        slots: slots(settings, &run_folder)?,
        engine_signature: engine_signature(&options),
        engine: Engine::new(options)?,
        memos: Memos::default(),
        counters,
        xref: Xref::start(&settings.xref_url)?,
        rules: Rules { max_dimension: settings.max_image_dimension },
        public_limit: settings.public_limit(),
        default_expiry_s: settings.default_expiry_s,
        image_wait: secs(settings.image_wait_s),
        public_base_url: settings.public_base_url.clone(),
        cors: Cors::new(settings.cors_origins.clone()),
        trusted_proxies: settings.trusted_proxies.clone(),
        sign_in: sign_in(settings)?,
        installation: OnceLock::new(),
    })
}

/// The slots of this host.
pub fn slots(settings: &Settings, run_folder: &Path) -> std::io::Result<Slots> {
    Slots::open(
        run_folder,
        &SlotsOptions {
            count: settings.slot_count(cores()),
            pixel_budget: megapixels(settings.pixel_budget_megapixels),
            max_waiters: settings.waiting_threads(),
        },
    )
}

/// How a worker serves.
pub fn worker_options(settings: &Settings) -> WorkerOptions {
    WorkerOptions {
        threads: settings.threads as usize,
        queue_len: settings.queue_places(),
        max_requests: settings.max_requests.into(),
        max_worker_memory_bytes: megabytes(settings.max_worker_memory_mb),
        request_deadline: secs(settings.request_deadline_s),
        cancel_grace: secs(settings.deadline_grace_s),
        kill_grace: secs(settings.kill_grace_s),
        fastcgi: fastcgi::Options {
            max_connections: settings.max_connections as usize,
            max_body_bytes: megabytes(settings.max_body_mb),
            body_memory_bytes: settings.body_memory_kb as usize * 1024,
            temp_dir: settings.temp_folder(),
            header_timeout: secs(settings.request_read_timeout_s),
            body_timeout: secs(settings.request_read_timeout_s),
            write_timeout: secs(settings.response_write_timeout_s),
            idle_timeout: Some(secs(settings.connection_idle_s)).filter(|idle| !idle.is_zero()),
            ..fastcgi::Options::default()
        },
    }
}

/// How the development listener behaves.
pub fn listener_options(settings: &Settings) -> http::ListenerOptions {
    http::ListenerOptions {
        max_body_bytes: megabytes(settings.max_body_mb),
        memory_body_bytes: settings.body_memory_kb as usize * 1024,
        spool_dir: settings.temp_folder(),
        header_timeout: secs(settings.request_read_timeout_s),
        stall_timeout: secs(settings.response_write_timeout_s),
        max_connections: settings.max_connections as usize,
        drain_timeout: secs(settings.drain_s),
        ..http::ListenerOptions::default()
    }
}

fn megabytes(count: u32) -> u64 {
    u64::from(count) << 20
}

fn megapixels(count: u32) -> u64 {
    u64::from(count) * 1_000_000
}

fn millis(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

fn secs(count: u32) -> Duration {
    Duration::from_secs(count.into())
}
