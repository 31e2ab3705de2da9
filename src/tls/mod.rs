//! What all clients that speak TLS have in common: the authorities that this system trusts, and judging a
//! server's certificate in a way of one's own.
//!
//! Must not know who is connected to, or why.

mod trusted;

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    WantsVerifier,
};

pub use trusted::{Demands, Trusted};

/// The authorities that this system trusts; those that cannot be understood are left out.
#[must_use]
pub fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// The ciphers of every connection.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The beginning of a client: the versions of TLS that are safe.
///
/// # Errors
/// When the ciphers fit none of them.
pub fn client() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()
}

/// Whether a server's certificate will do.
pub trait Judge: Debug + Send + Sync + 'static {
    /// Fails unless the certificate, with those `between` it and an authority, will do for a server of this
    /// name.
    ///
    /// # Errors
    /// What is wrong with it.
    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error>;
}

/// Takes any certificate, for looks at servers whose certificate is not what is judged.
#[derive(Debug)]
pub struct Any;

impl Judge for Any {
    fn judge(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: UnixTime,
    ) -> Result<(), Error> {
        Ok(())
    }
}

/// A client that asks `judge` about certificates. The key of one must in any case be what the server signs
/// with.
///
/// # Errors
/// As [`client`].
pub fn client_with_judge(
    judge: impl Judge,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let verifier = Verifier { judge, provider: provider() };
    Ok(client()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier)))
}

#[derive(Debug)]
struct Verifier<J> {
    judge: J,
    provider: Arc<CryptoProvider>,
}

impl<J: Judge> ServerCertVerifier for Verifier<J> {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge.judge(certificate, between, name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
