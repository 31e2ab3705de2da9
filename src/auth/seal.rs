//! Sealing what only this installation may read: the secrets of one-time passwords, which the database keeps, and
//! what a cookie carries to the page that shows it once. Whoever has the database, or a backup of it, without the
//! installation's secret learns nothing of them.
//!
//! ChaCha20-Poly1305 (RFC 8439) with a random nonce, under a key made from the installation's secret.
//! What is sealed is bound to its account: it does not open as another's.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::signer::{Purpose, Signer};

/// What sealed texts begin with. Nothing that was kept in clear begins so: Base32 has no colon.
const PREFIX: &str = "sealed1:";

/// What the key is made for. Part of the key, hence never changed.
const LABEL: &[u8] = b"halftone one-time password secrets, 1";

/// Why a text could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under another secret or for another account, or it was changed.
    #[error("it was sealed under another secret, or changed")]
    Closed,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random,
}

/// Seals and opens. Its `Debug` form tells nothing.
pub struct Seal {
    key: LessSafeKey,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

/// A text that was opened.
#[derive(PartialEq, Eq)]
pub struct Opened {
    /// The text itself.
    pub text: String,
    /// Whether it was sealed; an older release kept it in clear.
    pub was_sealed: bool,
}

impl Seal {
    /// Seals under the secret that this signs with. All hosts that share the secret open it.
    #[must_use]
    pub fn new(signer: &Signer) -> Self {
        let key = signer.derived_key(Purpose::SealKey, LABEL);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("the key is 32 bytes long");
        Self { key: LessSafeKey::new(key) }
    }

    /// Seals a text for an account.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn seal(&self, user_id: i64, text: &str) -> Result<String, SealError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let mut sealed = text.as_bytes().to_vec();
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(user_id.to_be_bytes()),
                &mut sealed,
            )
            .expect("a secret is far shorter than what the cipher takes");
        let whole = [&nonce[..], &sealed, tag.as_ref()].concat();
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(whole)))
    }

    /// Opens what is kept for an account.
    ///
    /// # Errors
    /// [`SealError::Closed`].
    pub fn open(&self, user_id: i64, kept: &str) -> Result<Opened, SealError> {
        let Some(sealed) = kept.strip_prefix(PREFIX) else {
            return Ok(Opened { text: kept.to_owned(), was_sealed: false });
        };
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Closed)?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Closed)?;
        let mut rest = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(user_id.to_be_bytes()), &mut rest)
            .map_err(|_| SealError::Closed)?;
        let text = String::from_utf8(opened.to_vec()).map_err(|_| SealError::Closed)?;
        Ok(Opened { text, was_sealed: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(byte: u8) -> Seal {
        Seal::new(&Signer::new(&[byte; 32]).unwrap())
    }

    fn text_of(opened: Result<Opened, SealError>) -> Result<String, SealError> {
        opened.map(|opened| opened.text)
    }

    #[test]
    fn it_opens_for_its_account_under_its_secret_alone() {
        let sealed = seal(1).seal(7, "SECRET").unwrap();
        assert!(!sealed.contains("SECRET") && sealed.starts_with(PREFIX));
        assert_ne!(sealed, seal(1).seal(7, "SECRET").unwrap(), "each has its own nonce");
        assert_eq!(text_of(seal(1).open(7, &sealed)).as_deref(), Ok("SECRET"));
        assert_eq!(text_of(seal(1).open(8, &sealed)), Err(SealError::Closed));
        assert_eq!(text_of(seal(2).open(7, &sealed)), Err(SealError::Closed));
        for at in PREFIX.len()..sealed.len() {
            let mut forged = sealed.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(text_of(seal(1).open(7, &forged)), Err(SealError::Closed), "{at}");
        }
        for text in ["sealed1:", "sealed1:AAAA", "sealed1:\u{e4}"] {
            assert_eq!(text_of(seal(1).open(7, text)), Err(SealError::Closed), "{text}");
        }
    }

    #[test]
    fn what_was_kept_in_clear_is_read() {
        let opened = seal(1).open(7, "GEZDGNBV").unwrap_or_else(|_| panic!());
        assert_eq!((opened.text.as_str(), opened.was_sealed), ("GEZDGNBV", false));
    }
}
