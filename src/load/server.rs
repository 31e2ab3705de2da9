//! The server that is asked, its name resolved and its certificates' roots read once.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::{Address, Error};
use crate::tls;

/// Which certificates are taken.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'a> {
    /// Those that this machine trusts.
    Machine,
    /// Those that a PEM file vouches for.
    File(&'a Path),
    /// All.
    Any,
}

/// A server that can be asked.
#[derive(Clone)]
pub struct Server {
    pub(super) addr: SocketAddr,
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    authority: String,
}

impl Server {
    /// Resolves the name; the first of several addresses is taken, so that every request goes to one host.
    ///
    /// # Errors
    /// A name without an address, and certificates that cannot be read.
    pub fn new(address: &Address, trust: Trust<'_>) -> Result<Self, Error> {
        let none = || Error::Connect {
            host: address.authority(),
            source: io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
        };
        let addr = (address.host.as_str(), address.port)
            .to_socket_addrs()
            .map_err(|source| Error::Connect { host: address.authority(), source })?
            .next()
            .ok_or_else(none)?;
        let tls = if address.tls {
            let name = ServerName::try_from(address.host.clone())
                .map_err(|error| Error::Tls(error.to_string()))?;
            Some((Arc::new(client_config(trust)?), name))
        } else {
            None
        };
        Ok(Self { addr, tls, authority: address.authority() })
    }

    /// A GET of a path and query, with further header fields, as it goes over the wire.
    #[must_use]
    pub fn get(&self, target: &str, headers: &[(String, String)]) -> Vec<u8> {
        let mut text = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n", self.authority);
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    /// A POST of a form, with further header fields.
    pub(super) fn post(&self, target: &str, headers: &[(String, String)], form: &str) -> Vec<u8> {
        let mut text = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n",
            self.authority,
            form.len()
        );
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(form);
        text.into_bytes()
    }
}

fn client_config(trust: Trust<'_>) -> Result<ClientConfig, Error> {
    let fault = |error: rustls::Error| Error::Tls(error.to_string());
    let roots = match trust {
        Trust::Any => {
            let client = tls::client_with_judge(tls::Any).map_err(fault)?;
            return Ok(client.with_no_client_auth());
        }
        Trust::Machine => tls::system_roots(),
        Trust::File(path) => roots_of(path)?,
    };
    if roots.is_empty() {
        return Err(Error::Tls("there is no certificate to trust".into()));
    }
    Ok(tls::client().map_err(fault)?.with_root_certificates(roots).with_no_client_auth())
}

fn roots_of(path: &Path) -> Result<RootCertStore, Error> {
    let cannot = |error: &dyn std::fmt::Display| {
        Error::Tls(format!("{} cannot be read: {error}", path.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| cannot(&error))? {
        let certificate = certificate.map_err(|error| cannot(&error))?;
        roots.add(certificate).map_err(|error| cannot(&error))?;
    }
    Ok(roots)
}
