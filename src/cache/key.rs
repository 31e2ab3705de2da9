//! What an entry is called.
//!
//! The text of a key says everything that the entry depends on, and may hold any byte a URL can
//! hold. Only its SHA-256 in hexadecimal ever becomes part of a cache's protocol or of a file name;
//! the text travels inside the stored value and is compared when it is read back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// The name of a cache entry, made anew for each request.
///
/// A key also carries how long its request has already waited for caches on the network, so that
/// all look-ups and stores of one request together stay within one bound. Clones share that count.
#[derive(Debug, Clone)]
pub struct Key(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Arc<str>,
    hash: [u8; 32],
    waited_us: AtomicU64,
}

impl Key {
    /// The key with this text.
    #[must_use]
    pub fn new(text: String) -> Self {
        let hash = Sha256::digest(text.as_bytes()).into();
        Self(Arc::new(Inner { text: text.into(), hash, waited_us: AtomicU64::new(0) }))
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The SHA-256 of the text.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.0.hash
    }

    /// The hash as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = String::with_capacity(64);
        for byte in self.hash() {
            hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
            hex.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        hex
    }

    /// The first 62 bits of the hash: a place in a lock file.
    pub(super) fn place(&self) -> u64 {
        let head = self.hash().first_chunk().expect("a hash has 32 bytes");
        u64::from_be_bytes(*head) >> 2
    }

    /// The text, shared.
    pub(super) fn shared_text(&self) -> &Arc<str> {
        &self.0.text
    }

    /// What is left of a bound on this request's waiting.
    pub(super) fn patience(&self, bound: Duration) -> Duration {
        bound.saturating_sub(Duration::from_micros(self.0.waited_us.load(Ordering::Relaxed)))
    }

    /// Counts time that this request spent waiting.
    pub(super) fn spend(&self, waited: Duration) {
        let waited_us = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX / 2);
        self.0.waited_us.fetch_add(waited_us, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256_of_the_text() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            Key::new("abc".into()).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(Key::new("abc".into()).place(), 0xba78_16bf_8f01_cfea >> 2);
    }

    #[test]
    fn clones_share_what_their_request_has_waited() {
        let key = Key::new("k".into());
        key.clone().spend(Duration::from_millis(30));
        assert_eq!(key.patience(Duration::from_millis(50)), Duration::from_millis(20));
        key.spend(Duration::from_millis(30));
        assert_eq!(key.patience(Duration::from_millis(50)), Duration::ZERO);
        assert_eq!(
            Key::new("k".into()).patience(Duration::from_millis(50)),
            Duration::from_millis(50)
        );
    }
}
