//! The settings of another server as a settings file of this one, for an administrator to look
//! through: what has a counterpart, and as comments what has none and why.

mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use self::table::{
    ALIKE, DEFAULTS_THERE, KNOWN_BESIDES, MEANS, WITH_START_TLS, WITHOUT, WITHOUT_TLS,
};
use super::python::{self, Literal};
use crate::config::{self, SETTINGS, Sources};

/// A settings file, and how it came about. Its text form tells of every setting over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The file. It may hold a password.
    pub toml: String,
    /// Its settings.
    pub taken: Vec<Taken>,
    /// What is not taken, each with the reason.
    pub mentioned: Vec<String>,
}

/// A setting that has a counterpart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its names over there; blank where the setting is of this server alone.
    pub there: String,
    /// Its name here.
    pub here: String,
    /// Its value, as in a settings file; none of a secret.
    pub value: Option<String>,
    /// What it means here that it did not mean there.
    pub note: Option<String>,
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Settings that come:")?;
        for Taken { there, here, value, note } in &self.taken {
            let from = if there.is_empty() { "(new)" } else { there };
            writeln!(f, "  {from}: {here} = {}", value.as_deref().unwrap_or("(not shown)"))?;
            if let Some(note) = note {
                writeln!(f, "      {note}")?;
            }
        }
        if !self.mentioned.is_empty() {
            writeln!(f, "Settings that do not come:")?;
        }
        for mention in &self.mentioned {
            writeln!(f, "  {mention}")?;
        }
        Ok(())
    }
}

/// Of no counterpart over there, and needed all the same.
const UPRIGHT: &str = "crops and positions in addresses and templates were made for pictures as they lie in their \
                       files; turned upright, they would show another part";

struct Writing {
    /// What the file over there says, over what held before it.
    there: BTreeMap<String, Literal>,
    /// Names over there of which something was said.
    told: BTreeSet<String>,
    taken: Vec<Taken>,
    lines: String,
    mentioned: Vec<String>,
}

/// Reads a settings file and writes one.
#[must_use]
pub fn propose(python: &str) -> Proposal {
    let defaults = python::read(DEFAULTS_THERE, BTreeMap::new()).values;
    let found = python::read(python, defaults);
    let mut writing = Writing {
        there: found.values,
        told: BTreeSet::new(),
        taken: Vec::new(),
        lines: String::new(),
        mentioned: Vec::new(),
    };
    writing.take("", "orient_from_exif", "false", Some(UPRIGHT));
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
    writing.without(&found.given);
    for (line, what) in found.others {
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

    /// Takes a value when a settings file may hold it. `there` may be several names.
    fn take(&mut self, there: &str, here: &str, toml: &str, note: Option<&str>) {
        self.told.extend(there.split(", ").map(str::to_owned));
        let line = format!("{here} = {toml}");
        // With those before it, as some settings only make sense beside others.
        if let Some(reason) = fault(&format!("{}{line}\n", self.lines)) {
            self.mentioned.push(format!("{there}: {here} {reason}"));
            return;
        }
        let same = |(known, note): &(&str, &'static str)| (*known == here).then_some(*note);
        let note = note.or_else(|| MEANS.iter().find_map(same));
        let comment = match (there, note) {
            ("", note) => note.unwrap_or_default().to_owned(),
            (there, None) => there.to_owned(),
            (there, Some(note)) => format!("{there}: {note}"),
        };
        let _ = writeln!(self.lines, "# {comment}\n{line}");
        let secret = SETTINGS.iter().any(|known| known.about.name == here && known.about.secret);
        self.taken.push(Taken {
            there: there.to_owned(),
            here: here.to_owned(),
            value: (!secret).then(|| toml.to_owned()),
            note: note.map(str::to_owned),
        });
    }

    fn mention(&mut self, there: &str, reason: &str) {
        self.told.insert(there.to_owned());
        self.mentioned.push(format!("{there}: {reason}"));
    }

    fn alike(&mut self, there: &str, here: &str, value: &Literal) {
        if matches!(value, Literal::Text(text) if text.is_empty()) {
            return;
        }
        match toml_of(value) {
            Some(toml) => self.take(there, here, &toml, None),
            None => self.mention(there, "its value is of another kind"),
        }
    }

    fn address(&mut self) {
        if let Some(host) = self.text("PUBLIC_HOST_NAME") {
            let scheme = self.text("PREFERRED_URL_SCHEME").unwrap_or_else(|| "http".to_owned());
            let url = toml_text(&format!("{scheme}://{host}"));
            let names = "PUBLIC_HOST_NAME, PREFERRED_URL_SCHEME";
            self.take(names, "public_base_url", &url, None);
        }
    }

    fn profiles(&mut self) {
        if let Some(folder) = self.text("ICC_BASE_DIR") {
            let default = config::Settings::default().icc_dirs;
            let ours = default.iter().map(|folder| folder.display().to_string());
            let all: Vec<String> =
                std::iter::once(folder).chain(ours).map(|folder| toml_text(&folder)).collect();
            self.take("ICC_BASE_DIR", "icc_dirs", &format!("[{}]", all.join(", ")), None);
        }
    }

    /// Pixels there, millions of them here; below a million it is off there.
    fn reductions(&mut self) {
        let name = "AUTO_PYRAMID_THRESHOLD";
        if let Some(Literal::Int(pixels)) = self.there.get(name) {
            let megapixels = (pixels / 1_000_000).max(0).to_string();
            self.take(name, "reductions_above_megapixels", &megapixels, None);
        }
    }

    fn uploads(&mut self) {
        if let Some(Literal::Int(bytes)) = self.there.get("MAX_CONTENT_LENGTH") {
            let megabytes = (bytes.max(&1) - 1) / (1 << 20) + 1;
            for here in ["max_upload_mb", "max_body_mb"] {
                self.take("MAX_CONTENT_LENGTH", here, &megabytes.to_string(), None);
            }
        }
        let name = "IMAGE_UPLOAD_DIRS";
        let Some(Literal::List(folders)) = self.there.get(name) else { return };
        let targets: Option<Vec<String>> = folders.iter().map(upload_target).collect();
        match targets {
            Some(targets) => {
                let targets = format!("[{}]", targets.join(", "));
                self.take(name, "upload_targets", &targets, None);
            }
            None => {
                let known = "upload_targets know {year}, {month} and {day} alone (%Y, %m, %d)";
                self.mention(name, known);
            }
        }
    }

    fn directory(&mut self) {
        if !self.directory_in_use() {
            return;
        }
        if let Some(layout) = self.text("LDAP_SERVER_TYPE") {
            let known = match layout.as_str() {
                "OpenLDAPPosix" => Some("posix"),
                "OpenLDAPOrganizational" => Some("organizational"),
                "Apple" => Some("apple"),
                "ActiveDirectory" => Some("active_directory"),
                _ => None,
            };
            match known {
                Some(known) => self.take("LDAP_SERVER_TYPE", "ldap_type", &toml_text(known), None),
                None => self.mention("LDAP_SERVER_TYPE", "it is not known"),
            }
        }
        for (there, here) in [
            ("LDAP_QUERY_BASE", "ldap_base"),
            ("LDAP_BIND_USER_DN", "ldap_bind_user"),
            ("LDAP_BIND_PASSWORD", "ldap_bind_password"),
        ] {
            if let Some(text) = self.text(there) {
                self.take(there, here, &toml_text(&text), None);
            }
        }
        if let Some(server) = self.text("LDAP_SERVER") {
            let url = match server.contains("://") {
                true => server,
                false => format!("ldap://{server}"),
            };
            let names = "LDAP_SERVER, LDAP_INTEGRATION";
            self.take(names, "ldap_url", &toml_text(&url), None);
            let secure = self.there.get("LDAP_SECURE") == Some(&Literal::Bool(true));
            let note = match (secure, url.starts_with("ldaps://")) {
                (_, true) => "ldaps:// is TLS from the start, whatever this says",
                (true, false) => WITH_START_TLS,
                (false, false) => WITHOUT_TLS,
            };
            self.take("LDAP_SECURE", "ldap_start_tls", &secure.to_string(), Some(note));
        }
    }

    fn directory_in_use(&self) -> bool {
        self.there.get("LDAP_INTEGRATION") == Some(&Literal::Bool(true))
    }

    /// Says of every setting that the file gives, and of which nothing was said yet, why it is not taken.
    fn without(&mut self, given: &BTreeSet<String>) {
        for name in given {
            if !self.told.contains(name) {
                self.mention(name, self.reason(name));
            }
        }
    }

    fn reason(&self, name: &str) -> &'static str {
        let of_directory = name.starts_with("LDAP_");
        let blank =
            matches!(self.there.get(name), Some(Literal::Text(text)) if text.trim().is_empty());
        let alike = ALIKE.iter().any(|(there, _)| *there == name);
        match WITHOUT.iter().find(|(there, _)| *there == name) {
            Some((_, reason)) => reason,
            None if !alike && !KNOWN_BESIDES.contains(&name) => "it is not known",
            None if of_directory && !self.directory_in_use() => "the directory was not in use",
            None if blank => "it is blank, and so is it here",
            None if name == "PREFERRED_URL_SCHEME" => {
                "without PUBLIC_HOST_NAME, addresses are those by which a request came"
            }
            None if of_directory => "there is no LDAP_SERVER",
            None => "its value is of another kind",
        }
    }

    fn finish(self) -> Proposal {
        let mut toml = String::from(
            "# Settings of a Quru Image Server, as far as they have a counterpart. Look through them before \
             use.\n\n",
        );
        toml.push_str(&self.lines);
        if !self.mentioned.is_empty() {
            toml.push_str("\n# What is not taken:\n");
        }
        let clean = |text: String| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let mentioned: Vec<String> = self.mentioned.into_iter().map(clean).collect();
        for mention in &mentioned {
            let _ = writeln!(toml, "# {mention}");
        }
        Proposal { toml, taken: self.taken, mentioned }
    }
}

/// The folder of a pair of name and folder.
fn upload_target(pair: &Literal) -> Option<String> {
    let Literal::List(pair) = pair else { return None };
    let [_, Literal::Text(folder)] = pair.as_slice() else { return None };
    let folder = folder.replace("%Y", "{year}").replace("%m", "{month}").replace("%d", "{day}");
    (!folder.contains('%')).then(|| toml_text(&folder))
}
