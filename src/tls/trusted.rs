//! Whether a server's certificate is to be believed, where a file says whom to trust.
//!
//! Beyond what rustls does, as libpq, the manual of PostgreSQL and curl have it: a certificate that itself
//! stands in the file of trusted ones is trusted (a server's own, signed by itself), and where a
//! certificate names no host in the way of today (subjectAltName) its common name counts.

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

use super::{Judge, provider, system_roots};

/// Whom to believe.
#[derive(Debug)]
pub struct Trusted {
    roots: RootCertStore,
    /// Trusted themselves, not only what they sign.
    listed: Vec<CertificateDer<'static>>,
}

impl Trusted {
    /// These and no others; none when not one of them can be understood.
    #[must_use]
    pub fn only(listed: Vec<CertificateDer<'static>>) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(listed.iter().cloned());
        (!roots.is_empty()).then_some(Self { roots, listed })
    }

    /// Those that the system trusts; none when it trusts nobody.
    #[must_use]
    pub fn system() -> Option<Self> {
        let roots = system_roots();
        (!roots.is_empty()).then_some(Self { roots, listed: Vec::new() })
    }
}

/// What is asked of the certificates of servers.
#[derive(Debug)]
pub struct Demands {
    /// Without it every certificate will do.
    pub trusted: Option<Trusted>,
    /// Whether it has to be for the host, too.
    pub name_counts: bool,
}

impl Judge for Demands {
    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(trusted) = &self.trusted else { return Ok(()) };
        let parsed = ParsedCertificate::try_from(certificate)?;
        if trusted.listed.iter().any(|listed| listed == certificate) {
            in_time(certificate, now)?;
        } else {
            let algorithms = provider().signature_verification_algorithms.all;
            let roots = &trusted.roots;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, between, now, algorithms)?;
        }
        if self.name_counts {
            verify_server_name(&parsed, name).or_else(|error| {
                if common_name_is(certificate, name) { Ok(()) } else { Err(error) }
            })?;
        }
        Ok(())
    }
}

fn in_time(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let damaged = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| damaged())?;
    let now = i64::try_from(now.as_secs()).map_err(|_| damaged())?;
    let now = ASN1Time::from_timestamp(now).map_err(|_| damaged())?;
    let validity = certificate.validity();
    if now < validity.not_before {
        return Err(Error::InvalidCertificate(CertificateError::NotValidYet));
    }
    if now > validity.not_after {
        return Err(Error::InvalidCertificate(CertificateError::Expired));
    }
    Ok(())
}

/// Whether a certificate that names hosts by its common name alone names this one. A star stands for
/// the first label of a name.
fn common_name_is(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    let Ok(names) = certificate.subject_alternative_name() else { return false };
    let others = names.map(|names| &names.value.general_names).into_iter().flatten();
    let is_host = |name: &GeneralName<'_>| {
        matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_))
    };
    if others.into_iter().any(is_host) {
        return false;
    }
    let Some(Ok(common)) = certificate.subject().iter_common_name().next().map(|n| n.as_str())
    else {
        return false;
    };
    let name = name.to_str();
    let below_star = || {
        let (_, parent) = name.split_once('.')?;
        Some(common.strip_prefix("*.")?.eq_ignore_ascii_case(parent) && parent.contains('.'))
    };
    common.eq_ignore_ascii_case(&name) || below_star().unwrap_or(false)
}
