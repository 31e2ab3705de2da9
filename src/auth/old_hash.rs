//! Password hashes of the server that this one succeeds, as its users bring them along. Each is
//! verified once, at the first login, and replaced.
//!
//! `sha1$SALT$HEX`: HMAC-SHA1 over the password with the salt as its key.
//! `pbkdf2:sha256:ITERATIONS$SALT$HEX`: PBKDF2 (RFC 8018) with HMAC-SHA256.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

/// What a stored number of iterations may cost at most.
const MOST_ITERATIONS: u32 = 2_000_000;

/// Whether a stored text is such a hash.
pub fn is_old(stored: &str) -> bool {
    stored.starts_with("sha1$") || stored.starts_with("pbkdf2:sha256:")
}

/// Whether a password belongs to it. Compares in constant time.
pub fn verify(password: &str, stored: &str) -> bool {
    matches(password, stored).unwrap_or(false)
}

fn matches(password: &str, stored: &str) -> Option<bool> {
    let mut parts = stored.split('$');
    let (method, salt, hex) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || salt.is_empty() {
        return None;
    }
    let expected = unhex(hex)?;
    if method == "sha1" {
        let mut mac = Hmac::<Sha1>::new_from_slice(salt.as_bytes()).ok()?;
        mac.update(password.as_bytes());
        return Some(mac.verify_slice(&expected).is_ok());
    }
    let iterations: u32 = method.strip_prefix("pbkdf2:sha256:")?.parse().ok()?;
    if expected.len() != 32 || !(1..=MOST_ITERATIONS).contains(&iterations) {
        return None;
    }
    let mut found = [0_u8; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt.as_bytes(), iterations, &mut found);
    let differing = found.iter().zip(&expected).fold(0, |all, (a, b)| all | (a ^ b));
    Some(std::hint::black_box(differing) == 0)
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    let pairs = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
    pairs.collect::<Result<_, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_sha1_of_the_standard() {
        // RFC 2202, test case 2: the key is the salt, the data the password.
        let stored = "sha1$Jefe$effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        assert!(is_old(stored));
        assert!(verify("what do ya want for nothing?", stored));
        assert!(!verify("what do ya want for nothing", stored));
    }

    #[test]
    fn pbkdf2_of_the_standard() {
        // RFC 7914, section 11: PBKDF2-HMAC-SHA256, P="passwd", S="salt", c=1, first 32 bytes.
        let stored = "pbkdf2:sha256:1$salt$\
                      55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc";
        assert!(verify("passwd", stored));
        assert!(!verify("Passwd", stored));
        assert!(!verify("passwd", &stored.replace(":1$", ":2$")));
    }

    #[test]
    fn what_is_no_hash_fits_nothing() {
        for stored in [
            "sha1$",
            "sha1$$",
            "sha1$salt$",
            "sha1$salt$0",
            "sha1$salt$zz",
            "sha1$salt$\u{fc}\u{fc}",
            "sha1$a$b$c",
            "pbkdf2:sha256:0$salt$00",
            "pbkdf2:sha256:99999999999$salt$00",
            "pbkdf2:sha256:x$salt$00",
        ] {
            assert!(!verify("", stored), "{stored}");
        }
    }
}
