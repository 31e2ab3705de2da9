//! Either front server, started with the repository's own files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::apache::Apache;
use super::nginx::Nginx;

/// Which front server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// nginx.
    Nginx,
    /// Apache, event MPM.
    Apache,
}

/// Both, for tests that hold for each.
pub const BOTH: [Kind; 2] = [Kind::Nginx, Kind::Apache];

/// A running front server.
pub enum Front {
    /// nginx.
    Nginx(Nginx),
    /// Apache.
    Apache(Apache),
}

impl Front {
    /// Starts one before the program that listens on `socket`.
    pub fn start(kind: Kind, socket: &Path) -> Self {
        Self::start_with(kind, socket, "")
    }

    /// Starts one with more configuration, in its own language, beside the repository's.
    pub fn start_with(kind: Kind, socket: &Path, more: &str) -> Self {
        match kind {
            Kind::Nginx => Self::Nginx(Nginx::start_with(socket, more)),
            Kind::Apache => Self::Apache(Apache::start_with(socket, more)),
        }
    }

    /// Starts one that keeps no pictures, as its configuration says how.
    pub fn start_keeping_nothing(kind: Kind, socket: &Path, more: &str) -> Self {
        match kind {
            Kind::Nginx => {
                let line = ("\"\"      halftone;", "\"\"      off;");
                Self::Nginx(Nginx::start_changed_in(socket, more, &[], &[line]))
            }
            Kind::Apache => {
                let name = "HALFTONE_KEEPS_NOTHING";
                Self::Apache(Apache::start_defining(&[name], socket, more, &[]))
            }
        }
    }

    /// Starts one whose line for HTTP Strict Transport Security is turned on.
    pub fn start_with_hsts(kind: Kind, socket: &Path) -> Self {
        match kind {
            Kind::Nginx => {
                let line = ("# on \"max-age", "on \"max-age");
                Self::Nginx(Nginx::start_changed_in(socket, "", &[], &[line]))
            }
            Kind::Apache => {
                let line = ("# Header always set Strict", "Header always set Strict");
                Self::Apache(Apache::start_changed(socket, "", &[line]))
            }
        }
    }

    /// Starts one that lets nobody in but who gives a name and password of a file (`htpasswd`), and
    /// tells the program the name, as its configuration says how.
    pub fn start_authenticating(kind: Kind, socket: &Path, users: &Path) -> Self {
        match kind {
            Kind::Nginx => Self::Nginx(Nginx::start_authenticating(socket, users)),
            Kind::Apache => Self::Apache(Apache::start_authenticating(socket, users)),
        }
    }

    /// The id of its first process.
    pub fn pid(&self) -> i32 {
        match self {
            Self::Nginx(nginx) => nginx.pid(),
            Self::Apache(apache) => apache.pid(),
        }
    }

    /// Where it answers HTTP.
    pub fn http(&self) -> SocketAddr {
        match self {
            Self::Nginx(nginx) => nginx.http(),
            Self::Apache(apache) => apache.http(),
        }
    }

    /// Where it answers HTTPS.
    pub fn https(&self) -> SocketAddr {
        match self {
            Self::Nginx(nginx) => nginx.https(),
            Self::Apache(apache) => apache.https(),
        }
    }

    /// Its certificate, which it has signed itself.
    pub fn certificate(&self) -> PathBuf {
        match self {
            Self::Nginx(nginx) => nginx.certificate(),
            Self::Apache(apache) => apache.certificate(),
        }
    }

    /// Its log of requests.
    pub fn log(&self) -> PathBuf {
        match self {
            Self::Nginx(nginx) => nginx.log(),
            Self::Apache(apache) => apache.log(),
        }
    }

    /// The folder in which it keeps answers.
    pub fn cache(&self) -> PathBuf {
        match self {
            Self::Nginx(nginx) => nginx.cache(),
            Self::Apache(apache) => apache.cache(),
        }
    }

    /// How many answers lie whole in that folder: a client may have one before it is laid down there.
    pub fn kept(&self) -> usize {
        let whole = |name: &str| match self {
            Self::Nginx(_) => !name.contains('.'),
            // The last file of an answer that gets its name.
            Self::Apache(_) => name.ends_with(".data"),
        };
        super::files::count(&self.cache(), &whole)
    }

    /// What it logged as errors.
    pub fn errors(&self) -> String {
        match self {
            Self::Nginx(nginx) => nginx.errors(),
            Self::Apache(apache) => apache.errors(),
        }
    }
}

/// Makes a self-signed certificate in `dir`, under the names that the TLS sites expect.
pub fn make_certificate(dir: &Path) {
    let openssl = super::files::program("openssl", "openssl");
    let output = std::process::Command::new(openssl)
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-keyout"])
        .arg(dir.join("privkey.pem"))
        .arg("-out")
        .arg(dir.join("fullchain.pem"))
        .output()
        .unwrap();
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}
