//! The server that is asked, its name resolved and its certificates' roots read once.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use super::{Address, Error};
use crate::tls::{self, Demands, Trusted};

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
    let trusted = match trust {
        Trust::Any => None,
        Trust::Machine => Some(Trusted::system()),
        Trust::File(path) => Some(Trusted::only(certificates_of(path)?)),
    };
    let none = || Error::Tls("there is no certificate to trust".into());
    let trusted = trusted.map(|trusted| trusted.ok_or_else(none)).transpose()?;
    let demands = Demands { name_counts: trusted.is_some(), trusted };
    Ok(tls::client_with_judge(demands).map_err(fault)?.with_no_client_auth())
}

fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let cannot = |error: rustls::pki_types::pem::Error| {
        Error::Tls(format!("{} cannot be read: {error}", path.display()))
    };
    CertificateDer::pem_file_iter(path).map_err(cannot)?.collect::<Result<_, _>>().map_err(cannot)
}
