//! Addresses that were signed by somebody who has a key.
//!
//! What is signed is the path, a question mark, and the query without `signature` and `tile`: every name and
//! value decoded and encoded anew (RFC 3986: all but letters, digits, `-`, `.`, `_` and `~` escaped), ordered
//! by name, repeated names staying in their order. The signature is HMAC-SHA256 (RFC 2104) of that text under
//! the key, in hexadecimal digits. Like this every client can make it, and no other address has the same text
//! but those that mean the same. A tile belongs to its picture: whoever may have the one may have the others.

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::Sha256;

use crate::spec::query_pairs;

/// The fewest bytes of a key.
pub const KEY_MIN_BYTES: usize = 32;

const SIGNATURE: &[u8] = b"signature";
const EXPIRES: &[u8] = b"expires";
const KEY_ID: &[u8] = b"keyid";
const TILE: &[u8] = b"tile";

/// What stands escaped in the text that is signed.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A key with its name. Its `Debug` form tells the name alone.
#[derive(Clone)]
pub struct Key {
    id: String,
    keyed: Hmac<Sha256>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// A key; none when it is shorter than [`KEY_MIN_BYTES`].
    #[must_use]
    pub fn new(id: &str, secret: &[u8]) -> Option<Self> {
        let keyed = Hmac::new_from_slice(secret).ok().filter(|_| secret.len() >= KEY_MIN_BYTES)?;
        Some(Self { id: id.to_owned(), keyed })
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(text)
    }
}

/// What there is to say of an address's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has none.
    Unsigned,
    /// It is good, until then if it says so (seconds since 1970).
    Good {
        /// The first second at which it no longer is.
        expires_s: Option<i64>,
    },
    /// It was good until a time that has passed.
    Expired,
    /// `expires` is not a time.
    NoTime,
    /// It names a key that there is not.
    UnknownKey,
    /// It is not the signature of this address.
    Wrong,
}

/// The keys that addresses are signed with.
#[derive(Debug, Clone, Default)]
pub struct Signatures {
    keys: Vec<Key>,
}

type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl Signatures {
    /// Signs with the first of these keys where none is named, and takes the signatures of all.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        Self { keys }
    }

    /// Signs an address with the key of this name, else with the first one, until a time if one is given.
    /// Gives the whole query. What was signed before is signed anew. None when there is no such key.
    #[must_use]
    pub fn sign(
        &self,
        path: &str,
        query: &[u8],
        key_id: Option<&str>,
        expires_s: Option<i64>,
    ) -> Option<String> {
        let mut keys = self.keys.iter();
        let key = match key_id {
            Some(id) => keys.find(|key| key.id == id)?,
            None => keys.next()?,
        };
        let expires = expires_s.map(|s| s.to_string());
        let mut pairs: Vec<Pair> = pairs_of(query)
            .filter(|(name, _)| ![SIGNATURE, EXPIRES, KEY_ID].contains(&name.as_ref()))
            .collect();
        if let Some(expires) = &expires {
            pairs.push((EXPIRES.into(), expires.as_bytes().into()));
        }
        pairs.push((KEY_ID.into(), key.id.as_bytes().into()));
        let tag = key.mac(signed_text(path, &pairs).as_bytes()).finalize().into_bytes();
        let mut signed = canonical(&pairs, |_| true);
        signed.push_str("&signature=");
        signed.extend(tag.iter().map(|byte| format!("{byte:02x}")));
        Some(signed)
    }

    /// Judges an address at a time, in seconds since 1970. Takes the same time wherever signatures
    /// differ.
    #[must_use]
    pub fn judge(&self, path: &str, query: &[u8], now_s: i64) -> Verdict {
        // Most addresses have none, and most of those that have, have it in clear.
        if !query.contains(&b'%') && !query.windows(SIGNATURE.len()).any(|part| part == SIGNATURE) {
            return Verdict::Unsigned;
        }
        let pairs: Vec<Pair> = pairs_of(query).collect();
        let value = |wanted: &[u8]| {
            let mut named =
                pairs.iter().filter(|(name, value)| name.as_ref() == wanted && !value.is_empty());
            named.next().map(|(_, value)| value.as_ref())
        };
        let Some(signature) = value(SIGNATURE) else { return Verdict::Unsigned };
        let Some(tag) = unhex(signature) else { return Verdict::Wrong };
        let keys: Vec<&Key> = match value(KEY_ID) {
            Some(id) => self.keys.iter().filter(|key| key.id.as_bytes() == id).collect(),
            None => self.keys.iter().collect(),
        };
        if keys.is_empty() {
            return Verdict::UnknownKey;
        }
        let text = signed_text(path, &pairs);
        if !keys.iter().any(|key| key.mac(text.as_bytes()).verify_slice(&tag).is_ok()) {
            return Verdict::Wrong;
        }
        let Some(expires) = value(EXPIRES) else { return Verdict::Good { expires_s: None } };
        let digits =
            std::str::from_utf8(expires).ok().and_then(|digits| digits.parse::<i64>().ok());
        match digits {
            Some(expires_s) if now_s < expires_s => Verdict::Good { expires_s: Some(expires_s) },
            Some(_) => Verdict::Expired,
            None => Verdict::NoTime,
        }
    }
}

/// Names and values of a query, decoded; blank places between separators are none.
fn pairs_of(query: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    query_pairs(query).filter(|(name, value)| !name.is_empty() || !value.is_empty())
}

fn signed_text(path: &str, pairs: &[Pair]) -> String {
    let query = canonical(pairs, |name| name != SIGNATURE && name != TILE);
    format!("{path}?{query}")
}

fn canonical(pairs: &[Pair], keep: impl Fn(&[u8]) -> bool) -> String {
    let mut kept: Vec<&Pair> = pairs.iter().filter(|(name, _)| keep(name)).collect();
    kept.sort_by(|(one, _), (other, _)| one.cmp(other));
    let encoded = |bytes| percent_encode(bytes, ESCAPED).to_string();
    let kept =
        kept.into_iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    kept.collect::<Vec<_>>().join("&")
}

/// The bytes of 64 hexadecimal digits.
fn unhex(digits: &[u8]) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = digits.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures() -> Signatures {
        let key = |id, secret: &[u8]| Key::new(id, secret).unwrap();
        Signatures::new(vec![key("new", &[b'n'; 32]), key("old", &[b'o'; 40])])
    }

    fn judge(path: &str, query: &str) -> Verdict {
        signatures().judge(path, query.as_bytes(), 1_000)
    }

    const GOOD: Verdict = Verdict::Good { expires_s: None };

    /// Made by Python 3.11: `hmac.new(b"n" * 32, b"/image?keyid=new&src=a%2Fb%20c.jpg&width=300",
    /// "sha256").hexdigest()`.
    const BY_PYTHON: &str = "01fbae3ba59459c12e9609ba2b0db1e7145c471d972b462981d92ee9b8f7e619";

    #[test]
    fn another_program_signs_the_same() {
        let query = signatures().sign("/image", b"width=300&src=a/b+c.jpg", None, None).unwrap();
        let expected = format!("keyid=new&src=a%2Fb%20c.jpg&width=300&signature={BY_PYTHON}");
        assert_eq!(query, expected);
    }

    #[test]
    fn the_same_address_in_other_words_is_signed_too() {
        for query in [
            "keyid=new&src=a%2Fb%20c.jpg&width=300",
            "width=300&keyid=new&src=a/b+c.jpg",
            "src=a/b%20%63.jpg&amp;width=300&&keyid=new",
            "src=a/b%20c.jpg&width=300&keyid=new&tile=1:4",
        ] {
            assert_eq!(judge("/image", &format!("{query}&signature={BY_PYTHON}")), GOOD, "{query}");
        }
        let capitals = BY_PYTHON.to_uppercase();
        let query = format!("signature={capitals}&keyid=new&src=a/b+c.jpg&width=300");
        assert_eq!(judge("/image", &query), GOOD);
    }

    #[test]
    fn any_other_address_is_not() {
        for (path, query) in [
            ("/image", "keyid=new&src=a%2Fb%20c.jpg&width=301"),
            ("/image", "keyid=new&src=a%2Fb%20c.jpg&width=300&height=1"),
            ("/image", "keyid=new&src=a%2Fb%20c.jpg"),
            ("/image", "src=a%2Fb%20c.jpg&width=300"),
            ("/image", "keyid=old&src=a%2Fb%20c.jpg&width=300"),
            ("/original", "keyid=new&src=a%2Fb%20c.jpg&width=300"),
            // The first of repeated ones counts, so that the order of these is a part of it.
            ("/image", "keyid=new&src=a%2Fb%20c.jpg&width=1&width=300"),
        ] {
            let query = format!("{query}&signature={BY_PYTHON}");
            assert_eq!(judge(path, &query), Verdict::Wrong, "{path} {query}");
        }
        let start = "keyid=new&src=a%2Fb%20c.jpg&width=300&signature=";
        for signature in ["x", &BY_PYTHON[1..], &"0".repeat(64), &"é".repeat(32)] {
            assert_eq!(judge("/image", &format!("{start}{signature}")), Verdict::Wrong);
        }
        assert_eq!(judge("/image", start), Verdict::Unsigned);
        assert_eq!(judge("/image", "src=signature&width=10"), Verdict::Unsigned);
        assert_eq!(judge("/image", "src=a%20b&width=10"), Verdict::Unsigned);
    }

    #[test]
    fn a_name_cannot_be_hidden_from_the_signature() {
        let query = format!("keyid=new&src=a%2Fb%20c.jpg&width=300&si%67nature={BY_PYTHON}");
        assert_eq!(judge("/image", &query), GOOD);
        let hidden = format!("{query}&%68eight=5");
        assert_eq!(judge("/image", &hidden), Verdict::Wrong);
    }

    #[test]
    fn repeated_names_keep_their_order() {
        let query = signatures().sign("/image", b"width=1&src=a&width=2", None, None).unwrap();
        assert!(query.contains("width=1&width=2"), "{query}");
        assert_eq!(judge("/image", &query), GOOD);
        let turned = query.replace("width=1&width=2", "width=2&width=1");
        assert_eq!(judge("/image", &turned), Verdict::Wrong);
    }

    #[test]
    fn every_key_is_taken_and_one_can_be_chosen() {
        let signatures = signatures();
        let query = signatures.sign("/image", b"src=a", Some("old"), None).unwrap();
        assert!(query.starts_with("keyid=old&"), "{query}");
        assert_eq!(judge("/image", &query), GOOD);
        assert_eq!(judge("/image", &query.replace("keyid=old", "keyid=none")), Verdict::UnknownKey);
        assert_eq!(signatures.sign("/image", b"src=a", Some("none"), None), None);
        assert_eq!(Signatures::default().sign("/image", b"src=a", None, None), None);
        // Without its name all are tried; the name is a part of what is signed, though.
        let tag = signatures.keys[1].mac(b"/image?src=a").finalize().into_bytes();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(judge("/image", &format!("src=a&signature={hex}")), GOOD);
    }

    #[test]
    fn it_ends_when_it_says() {
        for (expires_s, verdict) in [
            (1_001, Verdict::Good { expires_s: Some(1_001) }),
            (1_000, Verdict::Expired),
            (-5, Verdict::Expired),
        ] {
            let query = signatures().sign("/image", b"src=a", None, Some(expires_s)).unwrap();
            assert_eq!(judge("/image", &query), verdict);
            let later = query.replace("expires=", "expires=9");
            assert_eq!(judge("/image", &later), Verdict::Wrong);
        }
    }

    #[test]
    fn what_was_signed_is_signed_anew() {
        let first = signatures().sign("/image", b"src=a&tile=2:4", None, Some(5)).unwrap();
        let again = signatures().sign("/image", first.as_bytes(), Some("old"), None).unwrap();
        assert!(again.starts_with("keyid=old&src=a&tile=2%3A4&signature="), "{again}");
        assert_eq!(judge("/image", &again), GOOD);
    }

    #[test]
    fn keys_have_a_least_length() {
        assert!(Key::new("a", &[0; 31]).is_none());
    }
}
