//! The table of settings.
//!
//! A setting is one [`Row`] in a file of its group and one line in the list at the end of this one,
//! which makes the field of [`Settings`] and the entry of [`SETTINGS`].

mod accounts;
mod background;
mod caches;
mod colour;
mod connections;
mod decoders;
mod files;
mod library;
mod pictures;
mod pool;
mod protection;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use log::LevelFilter;

use super::kind::{Endpoint, Kind, Network, Raw, Secret, SigningKey};

/// What is declared of a setting.
#[derive(Debug)]
pub struct About {
    /// Name in files and on the command line; `HALFTONE_` and this in capitals in the environment.
    pub name: &'static str,
    /// The default, as it would stand in the environment.
    pub default: &'static str,
    /// The unit of a number.
    pub unit: Option<Unit>,
    /// Whether a reload (HUP) is enough for a new value to be taken; else the server has to be
    /// started anew.
    pub reload: bool,
    /// Whether its value is kept from view.
    pub secret: bool,
    /// The group it is listed in.
    pub group: Group,
    /// What it does, for the sample file and the reference.
    pub doc: &'static str,
}

/// A unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Days.
    Days,
    /// Binary kilobytes, 1024 bytes.
    Kilobytes,
    /// Binary megabytes, 1024 × 1024 bytes.
    Megabytes,
    /// Millions of pixels.
    Megapixels,
    /// Pixels.
    Pixels,
}

impl Unit {
    /// Its name after a number.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "min",
            Self::Days => "days",
            Self::Kilobytes => "KB",
            Self::Megabytes => "MB",
            Self::Megapixels => "megapixels",
            Self::Pixels => "pixels",
        }
    }
}

/// A group of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Files, folders, the database and the log.
    Files,
    /// The library.
    Library,
    /// Connections and addresses.
    Connections,
    /// Processes, threads and their bounds.
    Pool,
    /// The caches.
    Caches,
    /// Making pictures.
    Pictures,
    /// Floods of variants, and pages elsewhere.
    Protection,
    /// Accounts and signing in.
    Accounts,
    /// Rights, statistics and background work.
    Background,
}

impl Group {
    /// Every group, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::Files,
        Self::Library,
        Self::Connections,
        Self::Pool,
        Self::Caches,
        Self::Pictures,
        Self::Protection,
        Self::Accounts,
        Self::Background,
    ];

    /// Its name in keys of texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Library => "library",
            Self::Connections => "connections",
            Self::Pool => "pool",
            Self::Caches => "caches",
            Self::Pictures => "pictures",
            Self::Protection => "protection",
            Self::Accounts => "accounts",
            Self::Background => "background",
        }
    }

    /// Heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Files => "Files, database and log",
            Self::Library => "The library",
            Self::Connections => "Connections",
            Self::Pool => "Processes and threads",
            Self::Caches => "Caches",
            Self::Pictures => "Making pictures",
            Self::Protection => "Protection against floods",
            Self::Accounts => "Accounts and signing in",
            Self::Background => "Rights, statistics and background work",
        }
    }
}

/// A setting's declaration together with the kind of its values.
pub(super) struct Row<T: 'static> {
    pub about: About,
    pub kind: &'static dyn Kind<T>,
}

impl<T> Row<T> {
    fn default_value(&self) -> T {
        match self.kind.read(Raw::Plain(self.about.default)) {
            Ok(value) => value,
            Err(reason) => unreachable!("the default of {}: {reason}", self.about.name),
        }
    }
}

/// An entry of [`SETTINGS`]: a setting, whatever the type of its values.
pub struct Setting {
    /// What is declared of it.
    pub about: &'static About,
    describe: fn() -> String,
    read: fn(&mut Settings, Raw<'_>) -> Result<(), String>,
    toml: fn(&Settings) -> String,
}

impl Setting {
    /// The setting of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.about.name == name)
    }

    /// Its variable in the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.about.name.to_ascii_uppercase())
    }

    /// What its values look like.
    #[must_use]
    pub fn describe(&self) -> String {
        (self.describe)()
    }

    /// Its value in TOML, secrets included.
    #[must_use]
    pub fn toml(&self, settings: &Settings) -> String {
        (self.toml)(settings)
    }

    pub(super) fn read(&self, settings: &mut Settings, raw: Raw<'_>) -> Result<(), String> {
        (self.read)(settings, raw)
    }
}

/// What the names of our environment variables begin with.
pub(super) const VARIABLE_PREFIX: &str = "HALFTONE_";

macro_rules! settings {
    ($($field:ident: $type:ty = $row:path;)*) => {
        /// The value of every setting.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings {
            $(
                #[doc = concat!("The setting `", stringify!($field), "` of [`SETTINGS`].")]
                pub $field: $type,
            )*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($field: $row.default_value(),)* }
            }
        }

        /// Every setting, in the order in which they are listed.
        pub static SETTINGS: &[Setting] = &[$(
            Setting {
                about: &$row.about,
                describe: || $row.kind.describe($row.about.unit),
                read: |settings, raw| {
                    settings.$field = $row.kind.read(raw)?;
                    Ok(())
                },
                toml: |settings| $row.kind.toml(&settings.$field),
            },
        )*];

        #[cfg(test)]
        pub(super) const FIELDS: &[&str] = &[$(stringify!($field)),*];
    };
}

settings! {
    images_dir: PathBuf = files::IMAGES_DIR;
    data_dir: PathBuf = files::DATA_DIR;
    exports_dir: PathBuf = files::EXPORTS_DIR;
    run_dir: PathBuf = files::RUN_DIR;
    temp_dir: PathBuf = files::TEMP_DIR;
    static_dir: PathBuf = files::STATIC_DIR;
    text_dir: PathBuf = files::TEXT_DIR;
    pid_file: PathBuf = files::PID_FILE;
    log_file: PathBuf = files::LOG_FILE;
    log_level: LevelFilter = files::LOG_LEVEL;
    database: Secret = files::DATABASE;
    database_pool: u32 = files::DATABASE_POOL;
    database_connect_timeout_ms: u32 = files::DATABASE_CONNECT_TIMEOUT_MS;
    database_statement_timeout_ms: u32 = files::DATABASE_STATEMENT_TIMEOUT_MS;
    follow_links: bool = files::FOLLOW_LINKS;
    stat_cache_ms: u32 = files::STAT_CACHE_MS;
    stat_timeout_ms: u32 = files::STAT_TIMEOUT_MS;
    stat_threads: u32 = files::STAT_THREADS;

    unicode_filenames: bool = library::UNICODE_FILENAMES;
    max_upload_mb: u32 = library::MAX_UPLOAD_MB;
    upload_accept_cut_off: bool = library::UPLOAD_ACCEPT_CUT_OFF;
    upload_targets: Vec<String> = library::UPLOAD_TARGETS;
    upload_expiry_h: u32 = library::UPLOAD_EXPIRY_H;
    recycle_days: u32 = library::RECYCLE_DAYS;
    sync_every_h: u32 = library::SYNC_EVERY_H;
    sync_missing_percent: u32 = library::SYNC_MISSING_PERCENT;
    watch_library: bool = library::WATCH_LIBRARY;
    host_name: String = library::HOST_NAME;
    burst_documents: bool = library::BURST_DOCUMENTS;
    burst_dpi: u32 = library::BURST_DPI;
    task_wait_s: u32 = library::TASK_WAIT_S;

    listen: SocketAddr = connections::LISTEN;
    fcgi_listen: Vec<Endpoint> = connections::FCGI_LISTEN;
    fcgi_socket_mode: u32 = connections::FCGI_SOCKET_MODE;
    front_sends_files: bool = connections::FRONT_SENDS_FILES;
    max_connections: u32 = connections::MAX_CONNECTIONS;
    connection_idle_s: u32 = connections::CONNECTION_IDLE_S;
    request_read_timeout_s: u32 = connections::REQUEST_READ_TIMEOUT_S;
    response_write_timeout_s: u32 = connections::RESPONSE_WRITE_TIMEOUT_S;
    max_body_mb: u32 = connections::MAX_BODY_MB;
    body_memory_kb: u32 = connections::BODY_MEMORY_KB;
    trusted_proxies: Vec<Network> = connections::TRUSTED_PROXIES;
    public_base_url: String = connections::PUBLIC_BASE_URL;
    cors_origins: Vec<String> = connections::CORS_ORIGINS;
    xref_url: String = connections::XREF_URL;
    metrics_from: Vec<Network> = connections::METRICS_FROM;

    workers: u32 = pool::WORKERS;
    threads: u32 = pool::THREADS;
    queue_len: u32 = pool::QUEUE_LEN;
    max_requests: u32 = pool::MAX_REQUESTS;
    max_worker_memory_mb: u32 = pool::MAX_WORKER_MEMORY_MB;
    request_deadline_s: u32 = pool::REQUEST_DEADLINE_S;
    deadline_grace_s: u32 = pool::DEADLINE_GRACE_S;
    kill_grace_s: u32 = pool::KILL_GRACE_S;
    drain_s: u32 = pool::DRAIN_S;
    boot_timeout_s: u32 = pool::BOOT_TIMEOUT_S;
    stall_timeout_s: u32 = pool::STALL_TIMEOUT_S;

    memory_cache_mb: u32 = caches::MEMORY_CACHE_MB;
    memcached_servers: Vec<Endpoint> = caches::MEMCACHED_SERVERS;
    memcached_timeout_ms: u32 = caches::MEMCACHED_TIMEOUT_MS;
    memcached_prefix: String = caches::MEMCACHED_PREFIX;
    memcached_item_kb: u32 = caches::MEMCACHED_ITEM_KB;
    memcached_object_mb: u32 = caches::MEMCACHED_OBJECT_MB;
    disk_cache_dir: PathBuf = caches::DISK_CACHE_DIR;
    disk_cache_mb: u32 = caches::DISK_CACHE_MB;
    edge_cache_s: u32 = caches::EDGE_CACHE_S;
    edge_cache_dir: PathBuf = caches::EDGE_CACHE_DIR;
    reductions_dir: PathBuf = caches::REDUCTIONS_DIR;
    reductions_disk_mb: u32 = caches::REDUCTIONS_DISK_MB;
    reductions_above_megapixels: u32 = caches::REDUCTIONS_ABOVE_MEGAPIXELS;

    slots: u32 = pictures::SLOTS;
    image_wait_s: u32 = pictures::IMAGE_WAIT_S;
    image_waiters: u32 = pictures::IMAGE_WAITERS;
    pixel_budget_megapixels: u32 = pictures::PIXEL_BUDGET_MEGAPIXELS;
    held_megapixels: u32 = pictures::HELD_MEGAPIXELS;
    picture_memory_mb: u32 = pictures::PICTURE_MEMORY_MB;
    declared_megapixels: u32 = pictures::DECLARED_MEGAPIXELS;
    max_image_dimension: u32 = pictures::MAX_IMAGE_DIMENSION;
    public_max_width: u32 = pictures::PUBLIC_MAX_WIDTH;
    public_max_height: u32 = pictures::PUBLIC_MAX_HEIGHT;
    linear_light: bool = pictures::LINEAR_LIGHT;
    decoder_shrink_margin: u8 = pictures::DECODER_SHRINK_MARGIN;
    orient_from_exif: bool = pictures::ORIENT_FROM_EXIF;
    max_frames: u32 = pictures::MAX_FRAMES;
    auto_quality_score: u8 = pictures::AUTO_QUALITY_SCORE;
    icc_dirs: Vec<PathBuf> = colour::ICC_DIRS;
    cmyk_profile: PathBuf = colour::CMYK_PROFILE;
    strip_keeps: String = colour::STRIP_KEEPS;
    drop_private_metadata: bool = colour::DROP_PRIVATE_METADATA;
    default_expiry_s: i64 = pictures::DEFAULT_EXPIRY_S;
    placeholder_image: String = pictures::PLACEHOLDER_IMAGE;
    pdf_dpi: u32 = decoders::PDF_DPI;
    decoder_memory_mb: u32 = decoders::DECODER_MEMORY_MB;
    decoder_cpu_s: u32 = decoders::DECODER_CPU_S;
    decoder_time_s: u32 = decoders::DECODER_TIME_S;
    decoder_children: u32 = decoders::DECODER_CHILDREN;
    decoder_scratch_mb: u32 = decoders::DECODER_SCRATCH_MB;
    decoder_files: u32 = decoders::DECODER_FILES;
    decoder_idle_s: u32 = decoders::DECODER_IDLE_S;
    allow_unsandboxed_decoders: bool = decoders::ALLOW_UNSANDBOXED_DECODERS;

    signing_keys: Vec<SigningKey> = protection::SIGNING_KEYS;
    signatures_for: Vec<String> = protection::SIGNATURES_FOR;
    allowed_sizes: Vec<u32> = protection::ALLOWED_SIZES;
    other_sizes: String = protection::OTHER_SIZES;
    new_pictures_per_min: u32 = protection::NEW_PICTURES_PER_MIN;
    new_pictures_burst: u32 = protection::NEW_PICTURES_BURST;
    referer_hosts: Vec<String> = protection::REFERER_HOSTS;
    referer_blank: bool = protection::REFERER_BLANK;
    protection_spares_users: bool = protection::PROTECTION_SPARES_USERS;

    secret: Secret = accounts::SECRET;
    session_idle_min: u32 = accounts::SESSION_IDLE_MIN;
    session_max_days: u32 = accounts::SESSION_MAX_DAYS;
    token_expiry_s: u32 = accounts::TOKEN_EXPIRY_S;
    login_next_hosts: Vec<String> = accounts::LOGIN_NEXT_HOSTS;
    remote_user: bool = accounts::REMOTE_USER;
    remote_user_strip_realm: bool = accounts::REMOTE_USER_STRIP_REALM;
    ldap_url: String = accounts::LDAP_URL;
    ldap_start_tls: bool = accounts::LDAP_START_TLS;
    ldap_ca_file: PathBuf = accounts::LDAP_CA_FILE;
    ldap_type: String = accounts::LDAP_TYPE;
    ldap_base: String = accounts::LDAP_BASE;
    ldap_bind_user: String = accounts::LDAP_BIND_USER;
    ldap_bind_password: Secret = accounts::LDAP_BIND_PASSWORD;
    ldap_timeout_s: u32 = accounts::LDAP_TIMEOUT_S;

    rights_poll_ms: u32 = background::RIGHTS_POLL_MS;
    rights_max_age_s: u32 = background::RIGHTS_MAX_AGE_S;
    stats_flush_s: u32 = background::STATS_FLUSH_S;
    stats_bucket_min: u32 = background::STATS_BUCKET_MIN;
    stats_keep_days: u32 = background::STATS_KEEP_DAYS;
    stats_fold_days: u32 = background::STATS_FOLD_DAYS;
    task_threads: u32 = background::TASK_THREADS;
    task_poll_ms: u32 = background::TASK_POLL_MS;
}
