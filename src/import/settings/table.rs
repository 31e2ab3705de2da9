//! The settings over there, by what becomes of them here.

/// What holds over there when its file says nothing, where it is not what holds here.
pub(super) const DEFAULTS_THERE: &str = "
INSTALL_DIR = '/opt/qis/'
DOCS_BASE_DIR = INSTALL_DIR + 'doc/'
ICC_BASE_DIR = INSTALL_DIR + 'icc/'
IMAGES_BASE_DIR = INSTALL_DIR + 'images/'
LOGGING_BASE_DIR = INSTALL_DIR + 'logs/'
PREFERRED_URL_SCHEME = 'http'
PDF_BURST_TO_PNG = True
AUTO_PYRAMID_THRESHOLD = 10000000
IMAGE_UPLOAD_DIRS = [('', '%Y-%m-%d'), ('', 'samples')]
";

/// Settings with the same meaning: their name over there, and here.
pub(super) const ALIKE: &[(&str, &str)] = &[
    ("IMAGES_BASE_DIR", "images_dir"),
    ("TEMP_DIR", "temp_dir"),
    ("ALLOW_UNICODE_FILENAMES", "unicode_filenames"),
    ("IMAGE_RESIZE_GAMMA_CORRECT", "linear_light"),
    ("MAX_IMAGE_DIMENSION", "max_image_dimension"),
    ("PUBLIC_MAX_IMAGE_WIDTH", "public_max_width"),
    ("PUBLIC_MAX_IMAGE_HEIGHT", "public_max_height"),
    ("IMAGE_GENERATION_WAIT_TIMEOUT", "image_wait_s"),
    ("PDF_BURST_TO_PNG", "burst_documents"),
    ("PDF_BURST_DPI", "burst_dpi"),
    ("STATS_FREQUENCY", "stats_bucket_min"),
    ("STATS_KEEP_DAYS", "stats_keep_days"),
    ("TASK_SERVER_THREADS", "task_threads"),
    ("MEMCACHED_SERVERS", "memcached_servers"),
    ("API_TOKEN_EXPIRY_TIME", "token_expiry_s"),
    ("XREF_TRACKING_URL", "xref_url"),
];

/// Settings without a counterpart, and why.
pub(super) const WITHOUT: &[(&str, &str)] = &[
    (
        "APPLICATION_ROOT",
        "this server answers at the root of its host; the front server can map another path",
    ),
    ("BENCHMARKING", "there is no such mode"),
    (
        "SECRET_KEY",
        "sessions and tokens of the old server end; the new one makes a secret of its own",
    ),
    ("IMAGE_BACKEND", "there is one imaging engine"),
    (
        "IMAGE_FORMATS",
        "`halftone formats` lists the formats; what a file holds decides, not its name",
    ),
    ("IMAGE_RESIZE_QUALITY", "pictures are always made at the best quality"),
    ("MAX_GRID_TILES", "the bound is fixed"),
    ("IMAGE_GENERATION_RAISE_TOO_BUSY", "waiting is always bounded and answered with 503"),
    ("PDF_FILE_TYPES", "what a file holds decides"),
    ("LOGO_IMAGE_PATH", "there is no such setting"),
    ("DEMO_IMAGE_PATH", "there is no such page"),
    ("DEMO_OVERLAY_IMAGE_PATH", "there is no such page"),
    ("IMAGE_UPLOADED_TEMPLATE", "there is no such setting"),
    ("INSTALL_DIR", "it belongs to the old server"),
    ("DOCS_BASE_DIR", "it belongs to the old server"),
    ("LOGGING_BASE_DIR", "see log_file"),
    (
        "FOLIO_EXPORTS_DIR",
        "exports lie in the data folder; those of the old server are not imported",
    ),
    ("IMAGES_FILE_MODE", "see the umask of the service"),
    ("IMAGES_DIR_MODE", "see the umask of the service"),
    ("LOGGING_SERVER", "there is no logging server, see log_file"),
    ("LOGGING_SERVER_PORT", "there is no logging server"),
    ("STATS_SERVER", "there is no statistics server"),
    ("STATS_SERVER_PORT", "there is no statistics server"),
    ("TASK_SERVER", "any number of `halftone tasks` work, on any host"),
    ("TASK_SERVER_PORT", "there is no task server"),
    ("CACHE_DATABASE_CONNECTION", "caches need no database"),
    ("CACHE_DATABASE_POOL_SIZE", "caches need no database"),
    ("MGMT_DATABASE_CONNECTION", "the new server has a database of its own, see database"),
    ("MGMT_DATABASE_POOL_SIZE", "see database_pool"),
    ("PROXY_SERVERS", "a number is not enough: name the proxies in trusted_proxies"),
    ("INTERNAL_BROWSING_PORT", "restrict addresses in the front server"),
    (
        "INTERNAL_BROWSING_SSL",
        "TLS is the front server's; cookies are marked secure on TLS by themselves",
    ),
    ("SESSION_COOKIE_NAME", "it is fixed"),
    ("SESSION_COOKIE_HTTPONLY", "it always is"),
    ("SESSION_COOKIE_SECURE", "it is on TLS"),
    ("API_AUTHENTICATION_CLASS", "there was one value alone"),
    ("GHOSTSCRIPT_PATH", "the program is found by itself"),
    ("USAGE_DATA_URL", "nothing is ever sent"),
];

/// Settings that have a counterpart of another form, or are read together with another one.
pub(super) const KNOWN_BESIDES: &[&str] = &[
    "PUBLIC_HOST_NAME",
    "PREFERRED_URL_SCHEME",
    "ICC_BASE_DIR",
    "AUTO_PYRAMID_THRESHOLD",
    "MAX_CONTENT_LENGTH",
    "IMAGE_UPLOAD_DIRS",
    "LDAP_INTEGRATION",
    "LDAP_SERVER_TYPE",
    "LDAP_SERVER",
    "LDAP_SECURE",
    "LDAP_QUERY_BASE",
    "LDAP_BIND_USER_DN",
    "LDAP_BIND_PASSWORD",
];

/// What a value means here that it did not mean there, by the name of the setting here.
pub(super) const MEANS: &[(&str, &str)] = &[
    (
        "image_wait_s",
        "it also bounds the wait for a turn, and ends with 503 whatever IMAGE_GENERATION_RAISE_TOO_BUSY said",
    ),
    ("burst_documents", "PDF files alone; PostScript is not turned into pages"),
    (
        "task_threads",
        "of each `halftone tasks` that runs, and of jobs that run as threads on all cores",
    ),
    (
        "memcached_servers",
        "for made pictures alone; every host needs the same list in the same order",
    ),
    ("icc_dirs", "the folders of the system are looked into after it"),
    ("max_upload_mb", "of one file, in megabytes of 1,048,576 bytes, rounded up"),
    ("max_body_mb", "of all files of one request, in megabytes of 1,048,576 bytes, rounded up"),
    (
        "upload_targets",
        "the folders alone, known by their numbers from 0; their titles are not taken",
    ),
    (
        "reductions_above_megapixels",
        "in millions of pixels, rounded down; reductions lie in a folder of their own, not among the images",
    ),
];

/// What is said of TLS with the directory.
pub(super) const WITH_START_TLS: &str = "connections to ldap:// are turned into TLS, and the server's \
     certificate is checked (ldap_ca_file); where the server speaks TLS from the start, write ldaps://";
/// What is said without it.
pub(super) const WITHOUT_TLS: &str = "user names and passwords cross the network in clear, as they did; \
     turn it on when the server takes StartTLS";
