//! Signing what is handed out and has to come back unchanged: sessions, tokens, form fields.
//!
//! HMAC-SHA256 (RFC 2104, RFC 6234) under the installation's secret. What is signed for one purpose
//! is worth nothing for another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The fewest bytes that a secret has.
pub const SECRET_MIN_BYTES: usize = 32;

const MAC_BYTES: usize = 32;

/// The longest signed text that is looked at.
const LONGEST_TEXT: usize = 512;

/// What something is signed for. The numbers are part of what is signed and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// The cookie of a web session.
    Session = 1,
    /// An API token.
    Token = 2,
    /// The field of a form, or the header field, that a page of another site cannot know.
    Form = 3,
    /// The first of two steps of signing in.
    FirstStep = 4,
    /// No signature: the key of what is kept sealed.
    SealKey = 5,
    /// No signature: the key that addresses in our own pages are signed with.
    AddressKey = 6,
}

/// Signs and checks. Its `Debug` form tells nothing.
#[derive(Clone)]
pub struct Signer {
    keyed: Hmac<Sha256>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// Signs with this secret; none when it is shorter than [`SECRET_MIN_BYTES`].
    #[must_use]
    pub fn new(secret: &[u8]) -> Option<Self> {
        if secret.len() < SECRET_MIN_BYTES {
            return None;
        }
        Some(Self { keyed: Hmac::new_from_slice(secret).ok()? })
    }

    fn mac(&self, purpose: Purpose, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(&[purpose as u8]);
        mac.update(payload);
        mac
    }

    /// Payload and signature as one text of letters, digits, `-` and `_`. The payload can be read by
    /// whoever has it.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, payload: &[u8]) -> String {
        let mut signed = payload.to_vec();
        signed.extend_from_slice(&self.mac(purpose, payload).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(signed)
    }

    /// The payload of a text that was signed here for this purpose; none for any other text. Takes
    /// the same time wherever the signatures differ.
    #[must_use]
    pub fn open(&self, purpose: Purpose, text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let mut signed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mac = signed.split_off(signed.len().checked_sub(MAC_BYTES)?);
        self.mac(purpose, &signed).verify_slice(&mac).ok()?;
        Some(signed)
    }

    /// The signature alone of something that both sides know.
    #[must_use]
    pub fn tag(&self, purpose: Purpose, of: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, of).finalize().into_bytes())
    }

    /// A key of its own, made from the secret for this label: who has the key does not have the secret,
    /// nor a signature.
    pub(super) fn derived_key(&self, purpose: Purpose, label: &[u8]) -> [u8; MAC_BYTES] {
        self.mac(purpose, label).finalize().into_bytes().into()
    }

    /// The key that addresses in our own pages are signed with: the same on all hosts.
    #[must_use]
    pub fn address_key(&self) -> [u8; MAC_BYTES] {
        self.derived_key(Purpose::AddressKey, b"halftone addresses, 1")
    }

    /// Whether a text is the signature of this.
    #[must_use]
    pub fn is_tag(&self, purpose: Purpose, of: &[u8], text: &str) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        self.mac(purpose, of).verify_slice(&bytes).is_ok()
    }
}

/// Reads the numbers and names of a payload one after the other.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn int(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }

    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(byte: u8) -> Signer {
        Signer::new(&[byte; 32]).unwrap()
    }

    #[test]
    fn signs_as_the_standard_says() {
        // RFC 4231, test case 6: a secret of 131 bytes.
        let signer = Signer::new(&[0xaa; 131]).unwrap();
        let mac = signer
            .keyed
            .clone()
            .chain_update(b"Test Using Larger Than Block-Size Key - Hash Key First");
        let hex: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn only_what_was_signed_here_for_this_opens() {
        let text = signer(1).sign(Purpose::Token, b"payload");
        assert_eq!(signer(1).open(Purpose::Token, &text).as_deref(), Some(&b"payload"[..]));
        assert_eq!(signer(1).open(Purpose::Session, &text), None);
        assert_eq!(signer(2).open(Purpose::Token, &text), None);
        for at in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(signer(1).open(Purpose::Token, &forged), None, "{at}");
        }
        for text in ["", "A", "AAAA", &"A".repeat(43), &"A".repeat(600), "ä", "a.b"] {
            assert_eq!(signer(1).open(Purpose::Token, text), None, "{text}");
        }
        let tag = signer(1).tag(Purpose::Form, b"x");
        assert!(signer(1).is_tag(Purpose::Form, b"x", &tag));
        assert!(!signer(1).is_tag(Purpose::Form, b"y", &tag));
        assert!(!signer(1).is_tag(Purpose::Form, b"x", ""));
        assert!(!signer(1).is_tag(Purpose::FirstStep, b"x", &tag));
    }

    #[test]
    fn short_secrets_are_none() {
        assert!(Signer::new(&[7; 31]).is_none());
        assert!(!format!("{:?}", signer(7)).contains('7'));
    }
}
