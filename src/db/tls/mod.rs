//! Encrypted connections to PostgreSQL: the parts of an address that begin with `ssl`, as libpq
//! means them.
//!
//! | `sslmode` | Encrypted | Certificate | Name |
//! |---|---|---|---|
//! | `disable` | no | | |
//! | `prefer` (without one) | where the server does it | | |
//! | `require` | yes | when `sslrootcert` is given | |
//! | `verify-ca` | yes | yes | |
//! | `verify-full` | yes | yes | yes |
//!
//! libpq's `allow` is not taken: it asks for less than nothing. `sslrootcert=system` stands for the
//! certificates that the system trusts. Nothing is read from a home folder or the environment.
//! Files are read anew for each connection, so that a renewed certificate is used by itself.
//!
//! This knows nothing of pools and statements.

mod address;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Error, Result};
use crate::tls::{self, Demands, Trusted};
use address::Parts;
pub(super) use address::split;

/// How a connection is encrypted, and what is asked of the server for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    mode: SslMode,
    roots: Option<Roots>,
    name_counts: bool,
    identity: Option<Identity>,
}

/// Whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Roots {
    File(PathBuf),
    System,
}

/// What we show to a server that asks who we are: files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// Reads what an address says, and the files that it names.
    ///
    /// # Errors
    /// [`Error::Address`] when it contradicts itself or a file is of no use.
    pub(super) fn new(parts: &Parts) -> Result<Self> {
        let system = parts.root_certificate.as_deref() == Some("system");
        let word = parts.mode.as_deref().unwrap_or(if system { "verify-full" } else { "prefer" });
        let (mode, checked, name_counts) = match word {
            "disable" => (SslMode::Disable, false, false),
            "prefer" => (SslMode::Prefer, false, false),
            "require" => (SslMode::Require, false, false),
            "verify-ca" => (SslMode::Require, true, false),
            "verify-full" => (SslMode::Require, true, true),
            _ => {
                let known = "disable, prefer, require, verify-ca or verify-full";
                return Err(Error::Address(format!("sslmode must be {known}")));
            }
        };
        // Anybody can have a certificate that the system trusts, for a name of their own.
        if system && !name_counts {
            return refused("sslrootcert=system takes sslmode=verify-full");
        }
        let roots = match &parts.root_certificate {
            None if checked => {
                return refused(&format!(
                    "sslmode={word} needs sslrootcert: a file of the certificates to be trusted, or system"
                ));
            }
            None => None,
            Some(_) if system => Some(Roots::System),
            Some(path) => Some(Roots::File(path.into())),
        };
        let identity = match (&parts.certificate, &parts.key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(Identity { certificate: certificate.into(), key: key.into() })
            }
            _ => return refused("sslcert and sslkey go together"),
        };
        let tls = Self { mode, roots, name_counts, identity };
        tls.connector().map_err(Error::Address)?;
        Ok(tls)
    }

    /// Tells the driver whether to encrypt. What comes over a Unix socket never is.
    pub(super) fn apply(&self, config: &mut tokio_postgres::Config) {
        let local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)))
            && config.get_hostaddrs().is_empty();
        config.ssl_mode(if local { SslMode::Disable } else { self.mode });
        // The driver takes the name from the host alone.
        if config.get_hosts().is_empty() {
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
    }

    /// What opens an encrypted connection, or why there is none: in words that name the part of the
    /// address and no file.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, String> {
        let trusted = match &self.roots {
            None => None,
            Some(Roots::System) => Some(
                Trusted::system().ok_or("sslrootcert=system: this system trusts no certificate")?,
            ),
            Some(Roots::File(path)) => Some(
                Trusted::only(certificates("sslrootcert", path)?)
                    .ok_or("sslrootcert: no certificate of the file can be understood")?,
            ),
        };
        let demands = Demands { trusted, name_counts: self.name_counts };
        let builder = tls::client_with_judge(demands).map_err(|error| error.to_string())?;
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(Identity { certificate, key }) => builder
                .with_client_auth_cert(certificates("sslcert", certificate)?, private_key(key)?)
                .map_err(|error| format!("sslcert and sslkey: {error}"))?,
        };
        // Servers from PostgreSQL 17 on demand it where TLS is spoken from the first byte.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(MakeRustlsConnect::new(config))
    }
}

/// How to try again without encryption after `error`, where the address leaves that open: when no
/// encryption came about, or the server lets this host in only without.
pub(super) fn in_the_clear(
    config: &tokio_postgres::Config,
    error: &tokio_postgres::Error,
) -> Option<tokio_postgres::Config> {
    if config.get_ssl_mode() != SslMode::Prefer {
        return None;
    }
    let refused = error.code().is_some_and(|code| code.code().starts_with("28"));
    let cause = std::error::Error::source(error);
    let cause = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
    let failed = cause.and_then(std::io::Error::get_ref).is_some_and(|e| e.is::<rustls::Error>());
    (refused || failed).then(|| {
        let mut clear = config.clone();
        clear.ssl_mode(SslMode::Disable);
        clear
    })
}

fn refused<T>(why: &str) -> Result<T> {
    Err(Error::Address(why.to_owned()))
}

fn read(part: &str, path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{part}: the file cannot be read: {}", error.kind()))
}

fn certificates(part: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(part, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(format!("{part}: the file holds no certificate in PEM")),
    }
}

/// A key that others can read is refused, as by libpq: it is none any more.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let meta = fs::metadata(path)
        .map_err(|error| format!("sslkey: the file cannot be read: {}", error.kind()))?;
    let open = if meta.uid() == 0 { 0o027 } else { 0o077 };
    if meta.permissions().mode() & open != 0 {
        let rule = "mode 600, or 640 where it belongs to root";
        return Err(format!("sslkey: others can read the file; let it have {rule}"));
    }
    PrivateKeyDer::from_pem_slice(&read("sslkey", path)?)
        .map_err(|_| "sslkey: the file holds no private key in PEM without a password".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(address: &str) -> Result<Tls> {
        Tls::new(&split(address)?.1)
    }

    fn why(address: &str) -> String {
        let Err(Error::Address(why)) = tls(address) else { panic!("{address} is taken") };
        why
    }

    #[test]
    fn modes_are_what_libpq_means_by_them() {
        for (mode, expected) in [
            ("disable", SslMode::Disable),
            ("prefer", SslMode::Prefer),
            ("require", SslMode::Require),
        ] {
            let tls = tls(&format!("postgresql://u@h/n?sslmode={mode}")).unwrap();
            assert_eq!((tls.mode, tls.roots, tls.name_counts), (expected, None, false), "{mode}");
        }
        assert_eq!(tls("postgresql://u@h/n").unwrap().mode, SslMode::Prefer);
        assert!(why("postgresql://u@h/n?sslmode=allow").contains("verify-full"));
        assert!(why("postgresql://u@h/n?sslmode=verify-ca").contains("sslrootcert"));
        assert!(why("host=h sslmode=require sslrootcert=system").contains("verify-full"));
        assert!(why("host=h sslcert=/some/file").contains("sslkey"));
        let missing = why("postgresql://u@h/n?sslmode=verify-full&sslrootcert=/no/such/file");
        assert!(missing.contains("sslrootcert") && !missing.contains("/no/such"), "{missing}");
    }

    #[test]
    fn a_unix_socket_is_never_encrypted() {
        let tls = tls("sslmode=require").unwrap();
        let apply = |text: &str| {
            let mut config: tokio_postgres::Config = text.parse().unwrap();
            tls.apply(&mut config);
            config
        };
        assert_eq!(apply("host=/run/postgresql").get_ssl_mode(), SslMode::Disable);
        assert_eq!(apply("host=db.example").get_ssl_mode(), SslMode::Require);
        let by_number = apply("hostaddr=10.0.0.7");
        assert_eq!(by_number.get_hosts(), [Host::Tcp("10.0.0.7".into())]);
        assert_eq!(by_number.get_ssl_mode(), SslMode::Require);
    }
}
