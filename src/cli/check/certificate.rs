//! The certificate: there, with its key, for this name, and not about to run out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::CertificateError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use super::row::Row;
use super::{Case, sys};
use crate::tls;

/// A certificate that runs out sooner is to be renewed: those of Let's Encrypt are, a month before.
const SOON_S: i64 = 21 * 24 * 3600;

const RENEW: &str = "renew it (certbot renew, or whoever signs yours), and reload the front server";

/// What only root may read, read before becoming the service's user.
pub struct KeyFile {
    path: PathBuf,
    /// Whether others than its owner and group may read it.
    open: bool,
    key: Option<PrivateKeyDer<'static>>,
}

impl KeyFile {
    /// The key beside a certificate.
    pub fn read(certificate: &Path) -> Self {
        let path = certificate.with_file_name("privkey.pem");
        let open = fs::metadata(&path).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0);
        let key = fs::read(&path).ok().and_then(|pem| PrivateKeyDer::from_pem_slice(&pem).ok());
        Self { path, open, key }
    }
}

pub fn look(case: &Case) -> Vec<Row> {
    let path = &case.options.certificate;
    let shown = path.display();
    let chain = match read_chain(path) {
        Ok(chain) => chain,
        Err(why) => {
            return vec![Row::warn(
                format!("{shown}: {why}"),
                "put the certificate there, or name it with --certificate; without one there is no HTTPS",
            )];
        }
    };
    let mut rows = vec![judge(&shown.to_string(), &chain, name_wanted(case).as_deref())];
    rows.push(key(&case.key, chain));
    rows
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = fs::read(path).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err("holds no certificate in PEM".into()),
    }
}

/// The name by which clients ask.
fn name_wanted(case: &Case) -> Option<String> {
    let base =
        crate::load::Address::read(&case.settings.public_base_url).ok().map(|address| address.host);
    let asked = || case.options.url.as_ref().map(|address| address.host.clone());
    let own = || {
        let short = nix::unistd::gethostname().ok()?;
        sys::full_name(&short.to_string_lossy())
    };
    base.or_else(asked).or_else(own)
}

/// What a certificate says, which comes first, beside the clock, the name by which clients ask, and the
/// authorities that this system trusts.
pub fn judge(shown: &str, chain: &[CertificateDer<'_>], name: Option<&str>) -> Row {
    let first = chain.first().map(|der| X509Certificate::from_der(der));
    let Some(Ok((_, certificate))) = first else {
        return Row::fail(format!("{shown}: is damaged"), RENEW);
    };
    let now_s = crate::db::now_ms() / 1000;
    let (from_s, until_s) = (
        certificate.validity().not_before.timestamp(),
        certificate.validity().not_after.timestamp(),
    );
    let until = certificate.validity().not_after;
    if now_s > until_s {
        return Row::fail(format!("{shown}: ran out on {until}"), RENEW);
    }
    if now_s < from_s {
        return Row::fail(format!("{shown}: is not valid yet"), "see whether the clock is right");
    }
    if until_s - now_s < SOON_S {
        return Row::warn(format!("{shown}: runs out on {until}"), RENEW);
    }
    if let Some(name) = name.filter(|name| !is_for(&certificate, name)) {
        return Row::warn(
            format!("{shown}: is not for {name}"),
            "get one for the name by which clients ask, or set public_base_url to that name",
        );
    }
    if certificate.issuer() == certificate.subject() {
        return Row::warn(
            format!("{shown}: signed by itself: browsers will warn of it"),
            "put a real one in its place: certbot, or whoever signs yours",
        );
    }
    match is_trusted(chain) {
        Ok(()) => Row::ok(format!("{shown}: valid until {until}")),
        Err(CertificateError::UnknownIssuer) if chain.len() == 1 => Row::fail(
            format!("{shown}: is sent without that of {}, which signed it", certificate.issuer()),
            "put the intermediate certificates behind it (fullchain.pem of certbot has them)",
        ),
        Err(CertificateError::UnknownIssuer) => Row::warn(
            format!("{shown}: leads to no authority that this system trusts"),
            "if the authority is your own, put its root into /usr/local/share/ca-certificates",
        ),
        Err(error) => Row::warn(format!("{shown}: {error}"), RENEW),
    }
}

/// Whether a certificate leads, by those behind it, to an authority that this system trusts.
fn is_trusted(chain: &[CertificateDer<'_>]) -> Result<(), CertificateError> {
    let unknown = |_| CertificateError::UnknownIssuer;
    let roots = Arc::new(tls::system_roots());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, tls::provider());
    let verifier = verifier.build().map_err(unknown)?;
    // A name that it is not for is told after the chain, and elsewhere.
    let nobody = ServerName::try_from("name.invalid").expect("it is a name");
    let (first, behind) = chain.split_first().ok_or(CertificateError::BadEncoding)?;
    let verdict = verifier.verify_server_cert(first, behind, &nobody, &[], UnixTime::now());
    match verdict {
        Ok(_) => Ok(()),
        Err(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => Ok(()),
        Err(rustls::Error::InvalidCertificate(error)) => Err(error),
        Err(_) => Err(CertificateError::BadEncoding),
    }
}

fn is_for(certificate: &X509Certificate<'_>, name: &str) -> bool {
    let address: Option<std::net::IpAddr> = name.parse().ok();
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|known| match (known, address) {
        (GeneralName::DNSName(known), None) => covers(known, name),
        (GeneralName::IPAddress(bytes), Some(std::net::IpAddr::V4(address))) => {
            *bytes == address.octets()
        }
        (GeneralName::IPAddress(bytes), Some(std::net::IpAddr::V6(address))) => {
            *bytes == address.octets()
        }
        _ => false,
    })
}

/// Whether a name of a certificate, perhaps with an asterisk for its first part, is this one.
fn covers(known: &str, name: &str) -> bool {
    match known.strip_prefix("*.") {
        None => known.eq_ignore_ascii_case(name),
        Some(domain) => {
            name.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain))
        }
    }
}

fn key(file: &KeyFile, chain: Vec<CertificateDer<'static>>) -> Row {
    let shown = file.path.display();
    if file.open {
        return Row::fail(
            format!("{shown}: everybody on this machine can read it"),
            format!("chmod 600 {shown}; and have a new one signed"),
        );
    }
    let Some(key) = &file.key else {
        return Row::warn(
            format!("{shown}: cannot be read, or holds no key"),
            "run this as root; the key lies beside its certificate",
        );
    };
    match CertifiedKey::from_der(chain, key.clone_key(), &tls::provider()) {
        Ok(_) => Row::ok(format!("{shown}: is the certificate's, and not open")),
        Err(_) => Row::fail(
            format!("{shown}: is not the certificate's"),
            "put key and certificate there that belong together",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_stands_for_one_part() {
        assert!(covers("*.example.com", "images.example.com"));
        assert!(!covers("*.example.com", "a.images.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(covers("Images.example.com", "images.Example.com"));
    }
}
