//! What a settings file becomes.

use super::*;

/// The value of a line of the file.
fn value(toml: &str, name: &str) -> Option<toml::Value> {
    toml.parse::<toml::Table>().unwrap().get(name).cloned()
}

#[test]
fn a_file_becomes_settings_and_comments() {
    let proposal = propose(
        "from x import y\nIMAGES_BASE_DIR = '/srv/b\u{fc}cher/'\nPUBLIC_HOST_NAME = \"img.example.com\"\n\
         PREFERRED_URL_SCHEME = 'https'\nMAX_CONTENT_LENGTH = 10 * 1024 * 1024 + 1\n\
         MEMCACHED_SERVERS = ['10.0.0.1:11211', '10.0.0.2:11211']\nSECRET_KEY = 'hush'\n\
         LDAP_INTEGRATION = True\nLDAP_SERVER = 'ldap.example.com'\nLDAP_SECURE = True\n\
         LDAP_SERVER_TYPE = 'ActiveDirectory'\nLDAP_BIND_PASSWORD = 'p\"w'\nLDAP_QUERY_BASE = 'dc=example'\n\
         LDAP_BIND_USER_DN = 'reader@example.com'\n\
         IMAGE_UPLOAD_DIRS = [('Today', '%Y-%m-%d snaps')]\nMAX_IMAGE_DIMENSION = -4\nPROXY_SERVERS = 1\n\
         MYSTERY = 3\n",
    );
    let toml = &proposal.toml;
    let text = |text: &str| Some(toml::Value::String(text.to_owned()));
    assert_eq!(value(toml, "orient_from_exif"), Some(toml::Value::Boolean(false)));
    assert_eq!(value(toml, "images_dir"), text("/srv/b\u{fc}cher/"));
    assert_eq!(value(toml, "public_base_url"), text("https://img.example.com"));
    assert_eq!(value(toml, "max_upload_mb"), Some(toml::Value::Integer(11)));
    assert_eq!(value(toml, "ldap_url"), text("ldap://ldap.example.com"));
    assert_eq!(value(toml, "ldap_start_tls"), Some(toml::Value::Boolean(true)));
    assert_eq!(value(toml, "ldap_type"), text("active_directory"));
    assert_eq!(value(toml, "ldap_bind_password"), text("p\"w"));
    assert_eq!(value(toml, "burst_documents"), Some(toml::Value::Boolean(true)));
    assert_eq!(value(toml, "reductions_above_megapixels"), Some(toml::Value::Integer(10)));
    let targets = value(toml, "upload_targets").unwrap();
    assert_eq!(targets[0].as_str(), Some("{year}-{month}-{day} snaps"));
    assert_eq!(value(toml, "max_image_dimension"), None);
    for part in ["# MAX_IMAGE_DIMENSION", "# SECRET_KEY", "# PROXY_SERVERS", "# MYSTERY", "line 1"]
    {
        assert!(toml.contains(part), "{part}: {toml}");
    }
    let report = proposal.to_string();
    assert!(!toml.contains("hush") && !report.contains("hush"), "{toml}");
    assert!(!report.contains("p\"w") && !report.contains("p\\\"w"), "{report}");
    assert!(report.contains("LDAP_BIND_PASSWORD: ldap_bind_password = (not shown)"), "{report}");
}

/// Every setting of the published list, with a value that its server takes.
const ALL: &str = "
PUBLIC_HOST_NAME = 'h'\nAPPLICATION_ROOT = '/x'\nPREFERRED_URL_SCHEME = 'http'\nBENCHMARKING = False
SECRET_KEY = 's'\nIMAGE_BACKEND = 'auto'\nIMAGE_FORMATS = {'gif': ('GIF', 'image/gif')}
IMAGE_RESIZE_QUALITY = 3\nIMAGE_RESIZE_GAMMA_CORRECT = True\nMAX_IMAGE_DIMENSION = 15000
MAX_GRID_TILES = 256\nPUBLIC_MAX_IMAGE_WIDTH = 0\nPUBLIC_MAX_IMAGE_HEIGHT = 0
AUTO_PYRAMID_THRESHOLD = 10000000\nIMAGE_GENERATION_WAIT_TIMEOUT = 30
IMAGE_GENERATION_RAISE_TOO_BUSY = True\nPDF_BURST_TO_PNG = True\nPDF_BURST_DPI = 150
PDF_FILE_TYPES = ['pdf']\nLOGO_IMAGE_PATH = ''\nDEMO_IMAGE_PATH = ''\nDEMO_OVERLAY_IMAGE_PATH = ''
IMAGE_UPLOAD_DIRS = [('a', 'b')]\nIMAGE_UPLOADED_TEMPLATE = ''\nMAX_CONTENT_LENGTH = 1024
INSTALL_DIR = '/opt/qis/'\nDOCS_BASE_DIR = '/d'\nICC_BASE_DIR = '/i'\nIMAGES_BASE_DIR = '/p'
LOGGING_BASE_DIR = '/l'\nFOLIO_EXPORTS_DIR = '.f'\nTEMP_DIR = ''\nALLOW_UNICODE_FILENAMES = True
IMAGES_FILE_MODE = 0o644\nIMAGES_DIR_MODE = 0o755\nLOGGING_SERVER = 'l'\nLOGGING_SERVER_PORT = 9002
STATS_SERVER = 'l'\nSTATS_SERVER_PORT = 9003\nSTATS_FREQUENCY = 60\nSTATS_KEEP_DAYS = 365
TASK_SERVER = 'l'\nTASK_SERVER_PORT = 9004\nTASK_SERVER_THREADS = 5\nMEMCACHED_SERVERS = ['h:11211']
CACHE_DATABASE_CONNECTION = 'c'\nCACHE_DATABASE_POOL_SIZE = 5\nMGMT_DATABASE_CONNECTION = 'm'
MGMT_DATABASE_POOL_SIZE = 5\nPROXY_SERVERS = 0\nINTERNAL_BROWSING_PORT = 0
INTERNAL_BROWSING_SSL = True\nSESSION_COOKIE_NAME = 's'\nSESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = INTERNAL_BROWSING_SSL\nAPI_AUTHENTICATION_CLASS = 'T'
API_TOKEN_EXPIRY_TIME = 60 * 60\nGHOSTSCRIPT_PATH = 'gs'\nLDAP_INTEGRATION = True
LDAP_SERVER_TYPE = 'Apple'\nLDAP_SERVER = 'l'\nLDAP_SECURE = False\nLDAP_QUERY_BASE = 'b'
LDAP_BIND_USER_DN = 'u'\nLDAP_BIND_PASSWORD = 'p'\nUSAGE_DATA_URL = 'u'\nXREF_TRACKING_URL = 'http://x.example/?id='
";

#[test]
fn of_every_setting_over_there_the_report_says_what_becomes_of_it() {
    let variants = [
        ALL.to_owned(),
        // Without the directory, and with blank or odd values.
        ALL.replace("LDAP_INTEGRATION = True", "LDAP_INTEGRATION = False"),
        ALL.replace("PUBLIC_HOST_NAME = 'h'", "PUBLIC_HOST_NAME = ''"),
        ALL.replace("= 1024", "= 'much'").replace("= 10000000", "= None").replace("'/i'", "{}"),
        ALL.replace("LDAP_SERVER = 'l'", "LDAP_SERVER = ''"),
    ];
    for python in variants {
        let report = propose(&python).to_string();
        let names: Vec<&str> = python
            .lines()
            .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
            .collect();
        assert_eq!(names.len(), 67, "{python}");
        for name in names {
            let told = report.lines().any(|line| {
                let before = line.split_once(": ").map_or("", |(before, _)| before);
                before.trim().split(", ").any(|word| word == name)
            });
            assert!(told, "{name} in {report}");
        }
        assert!(!report.contains("it is not known"), "{report}");
    }
}

#[test]
fn a_directory_without_tls_is_said_aloud() {
    let python = |server: &str, more: &str| {
        propose(&format!("LDAP_INTEGRATION = True\nLDAP_SERVER = '{server}'\n{more}"))
    };
    let open = python("l", "");
    assert_eq!(value(&open.toml, "ldap_start_tls"), Some(toml::Value::Boolean(false)));
    assert!(
        open.to_string().contains("ldap_start_tls = false\n      user names and passwords cross")
    );
    assert!(open.toml.contains("# LDAP_SECURE: user names and passwords cross"), "{}", open.toml);
    let closed = python("l", "LDAP_SECURE = True\n").to_string();
    assert!(
        closed.contains("ldap_start_tls = true\n      connections to ldap:// are turned into TLS")
    );
    assert!(python("ldaps://l", "").to_string().contains("TLS from the start"));
}

#[test]
fn what_is_written_can_be_loaded() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("50-imported.toml");
    for python in ["", "TEMP_DIR = 'a\\nb'\nXREF_TRACKING_URL = 'x'\nPUBLIC_HOST_NAME = '#\"'\n"] {
        std::fs::write(&file, propose(python).toml).unwrap();
        let sources = Sources { file: Some(file.clone()), ..Sources::default() };
        let loaded = config::load(&sources).unwrap();
        assert!(!loaded.settings.orient_from_exif);
    }
}

#[test]
fn every_setting_over_there_has_one_place() {
    let mut names: Vec<&str> = ALIKE.iter().map(|(there, _)| *there).collect();
    names.extend(WITHOUT.iter().map(|(there, _)| *there));
    names.extend(KNOWN_BESIDES);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
