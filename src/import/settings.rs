//! The settings of another server as a settings file of this one, for an administrator to look
//! through: what has a counterpart, and as comments what has none and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::python::{self, Literal};
use crate::config::{self, Sources};

/// What holds over there when its file says nothing, where it is not what holds here.
const DEFAULTS_THERE: &str = "
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
const ALIKE: &[(&str, &str)] = &[
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
const WITHOUT: &[(&str, &str)] = &[
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

/// Settings that are read together with another one.
const PARTS: &[&str] = &[
    "PREFERRED_URL_SCHEME",
    "LDAP_SERVER_TYPE",
    "LDAP_SERVER",
    "LDAP_SECURE",
    "LDAP_QUERY_BASE",
    "LDAP_BIND_USER_DN",
    "LDAP_BIND_PASSWORD",
];

/// A settings file, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The file. It may hold a password.
    pub toml: String,
    /// Lines with a value.
    pub taken: usize,
    /// Settings over there that are only mentioned.
    pub mentioned: usize,
}

struct Writing {
    /// What the file over there says, over what held before it.
    there: BTreeMap<String, Literal>,
    /// The names that the file itself gives.
    given: Vec<String>,
    taken: String,
    taken_count: usize,
    mentioned: Vec<String>,
}

/// Reads a settings file and writes one.
#[must_use]
pub fn propose(python: &str) -> Proposal {
    let defaults = python::read(DEFAULTS_THERE, BTreeMap::new()).values;
    let alone = python::read(python, defaults.clone());
    let given = alone.values.iter().filter(|(name, value)| defaults.get(*name) != Some(*value));
    let mut writing = Writing {
        given: given.map(|(name, _)| name.clone()).collect(),
        there: alone.values,
        taken: String::new(),
        taken_count: 0,
        mentioned: Vec::new(),
    };
    for (there, here) in ALIKE {
        if let Some(value) = writing.there.get(*there).cloned() {
            writing.alike(there, here, &value);
        }
    }
    writing.address();
    writing.profiles();
    writing.reductions();
    writing.uploads();
    writing.directory();
    writing.without();
    for (line, what) in alone.others {
        let what: String = what.chars().filter(|c| !c.is_control()).collect();
        writing.mentioned.push(format!("line {line}, not a plain value: {what}"));
    }
    writing.finish()
}

fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn toml_of(value: &Literal) -> Option<String> {
    Some(match value {
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Text(text) => toml_text(text),
        Literal::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(toml_of).collect();
            format!("[{}]", items?.join(", "))
        }
        Literal::None | Literal::Float(_) | Literal::Dict(_) => return None,
    })
}

/// Why a line of settings cannot stand in a file; `None` when it can.
fn fault(line: &str) -> Option<String> {
    let home = match tempfile::tempdir() {
        Ok(home) => home,
        Err(error) => return Some(format!("it could not be checked: {error}")),
    };
    let file = home.path().join("check.toml");
    if let Err(error) = std::fs::write(&file, line) {
        return Some(format!("it could not be checked: {error}"));
    }
    let sources = Sources { file: Some(file), ..Sources::default() };
    let refused = config::load(&sources).err()?;
    let reasons: Vec<&str> = refused.faults.iter().map(|fault| fault.reason.as_str()).collect();
    Some(reasons.join("; "))
}

impl Writing {
    fn text(&self, name: &str) -> Option<String> {
        match self.there.get(name) {
            Some(Literal::Text(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => None,
        }
    }

    /// Takes a value when a settings file may hold it.
    fn take(&mut self, there: &str, here: &str, toml: &str) {
        let line = format!("{here} = {toml}");
        // With those before it, as some settings only make sense beside others.
        match fault(&format!("{}{line}\n", self.taken)) {
            None => {
                let _ = writeln!(self.taken, "# {there}\n{line}");
                self.taken_count += 1;
            }
            Some(reason) => self.mentioned.push(format!("{there}: {here} {reason}")),
        }
    }

    fn alike(&mut self, there: &str, here: &str, value: &Literal) {
        if matches!(value, Literal::Text(text) if text.is_empty()) {
            return;
        }
        match toml_of(value) {
            Some(toml) => self.take(there, here, &toml),
            None => self.mentioned.push(format!("{there}: its value is of another kind")),
        }
    }

    fn address(&mut self) {
        if let Some(host) = self.text("PUBLIC_HOST_NAME") {
            let scheme = self.text("PREFERRED_URL_SCHEME").unwrap_or_else(|| "http".to_owned());
            let url = toml_text(&format!("{scheme}://{host}"));
            self.take("PUBLIC_HOST_NAME, PREFERRED_URL_SCHEME", "public_base_url", &url);
        }
    }

    fn profiles(&mut self) {
        if let Some(folder) = self.text("ICC_BASE_DIR") {
            let default = config::Settings::default().icc_dirs;
            let ours = default.iter().map(|folder| folder.display().to_string());
            let all: Vec<String> =
                std::iter::once(folder).chain(ours).map(|folder| toml_text(&folder)).collect();
            self.take("ICC_BASE_DIR", "icc_dirs", &format!("[{}]", all.join(", ")));
        }
    }

    /// Pixels there, millions of them here; below a million it is off there.
    fn reductions(&mut self) {
        let name = "AUTO_PYRAMID_THRESHOLD";
        if let Some(Literal::Int(pixels)) = self.there.get(name) {
            let megapixels = (pixels / 1_000_000).max(0).to_string();
            self.take(name, "reductions_above_megapixels", &megapixels);
        }
    }

    fn uploads(&mut self) {
        if let Some(Literal::Int(bytes)) = self.there.get("MAX_CONTENT_LENGTH") {
            let megabytes = (bytes.max(&1) - 1) / (1 << 20) + 1;
            for here in ["max_upload_mb", "max_body_mb"] {
                self.take("MAX_CONTENT_LENGTH", here, &megabytes.to_string());
            }
        }
        let name = "IMAGE_UPLOAD_DIRS";
        let Some(Literal::List(folders)) = self.there.get(name) else { return };
        let targets: Option<Vec<String>> = folders.iter().map(upload_target).collect();
        match targets {
            Some(targets) => {
                self.take(name, "upload_targets", &format!("[{}]", targets.join(", ")))
            }
            None => self.mentioned.push(format!(
                "{name}: upload_targets know {{year}}, {{month}} and {{day}} alone (%Y, %m, %d)"
            )),
        }
    }

    fn directory(&mut self) {
        match self.there.get("LDAP_INTEGRATION") {
            Some(Literal::Bool(true)) => {}
            _ => return,
        }
        let secure = self.there.get("LDAP_SECURE") == Some(&Literal::Bool(true));
        if let Some(layout) = self.text("LDAP_SERVER_TYPE") {
            let known = match layout.as_str() {
                "OpenLDAPPosix" => Some("posix"),
                "OpenLDAPOrganizational" => Some("organizational"),
                "Apple" => Some("apple"),
                "ActiveDirectory" => Some("active_directory"),
                _ => None,
            };
            match known {
                Some(known) => self.take("LDAP_SERVER_TYPE", "ldap_type", &toml_text(known)),
                None => self.mentioned.push("LDAP_SERVER_TYPE: it is not known".to_owned()),
            }
        }
        for (there, here) in [
            ("LDAP_QUERY_BASE", "ldap_base"),
            ("LDAP_BIND_USER_DN", "ldap_bind_user"),
            ("LDAP_BIND_PASSWORD", "ldap_bind_password"),
        ] {
            if let Some(text) = self.text(there) {
                self.take(there, here, &toml_text(&text));
            }
        }
        if let Some(server) = self.text("LDAP_SERVER") {
            let url = match server.contains("://") {
                true => server,
                false => format!("ldap://{server}"),
            };
            self.take("LDAP_SERVER", "ldap_url", &toml_text(&url));
            self.take("LDAP_SECURE", "ldap_start_tls", &secure.to_string());
        }
    }

    fn without(&mut self) {
        let directory = self.there.get("LDAP_INTEGRATION") == Some(&Literal::Bool(true));
        for name in &self.given {
            let together = ["PUBLIC_HOST_NAME", "ICC_BASE_DIR", "AUTO_PYRAMID_THRESHOLD"];
            let more = ["MAX_CONTENT_LENGTH", "IMAGE_UPLOAD_DIRS", "LDAP_INTEGRATION"];
            let read = ALIKE.iter().any(|(there, _)| there == name)
                || [together, more].concat().contains(&name.as_str())
                || PARTS.contains(&name.as_str());
            let reason = WITHOUT.iter().find(|(there, _)| there == name);
            match reason {
                Some((_, reason)) => self.mentioned.push(format!("{name}: {reason}")),
                None if !read => self.mentioned.push(format!("{name}: it is not known")),
                None if name.starts_with("LDAP_") && !directory => {
                    self.mentioned.push(format!("{name}: the directory was not in use"));
                }
                None => {}
            }
        }
    }

    fn finish(self) -> Proposal {
        let mut toml = String::from(
            "# Settings of a Quru Image Server, as far as they have a counterpart. Look through them before \
             use.\n\n\
             # Crops and positions in addresses and templates were made for pictures as they lie in their\n\
             # files. Turned upright, they would show another part.\n\
             orient_from_exif = false\n\n",
        );
        toml.push_str(&self.taken);
        if !self.mentioned.is_empty() {
            toml.push_str("\n# What is not taken:\n");
        }
        for mention in &self.mentioned {
            let mention: String = mention.chars().filter(|c| !c.is_control()).collect();
            let _ = writeln!(toml, "# {mention}");
        }
        Proposal { toml, taken: self.taken_count + 1, mentioned: self.mentioned.len() }
    }
}

/// The folder of a pair of name and folder.
fn upload_target(pair: &Literal) -> Option<String> {
    let Literal::List(pair) = pair else { return None };
    let [_, Literal::Text(folder)] = pair.as_slice() else { return None };
    let folder = folder.replace("%Y", "{year}").replace("%m", "{month}").replace("%d", "{day}");
    (!folder.contains('%')).then(|| toml_text(&folder))
}

#[cfg(test)]
mod tests {
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
        for part in
            ["# MAX_IMAGE_DIMENSION", "# SECRET_KEY", "# PROXY_SERVERS", "# MYSTERY", "line 1"]
        {
            assert!(toml.contains(part), "{part}: {toml}");
        }
        assert!(!toml.contains("hush"), "{toml}");
    }

    #[test]
    fn what_is_written_can_be_loaded() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("50-imported.toml");
        for python in
            ["", "TEMP_DIR = 'a\\nb'\nXREF_TRACKING_URL = 'x'\nPUBLIC_HOST_NAME = '#\"'\n"]
        {
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
        names.extend(PARTS);
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
