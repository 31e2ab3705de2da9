//! Passwords: the rule for new ones, hashing with argon2id (RFC 9106), and checking.

use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

/// The shortest password that is accepted, in characters.
pub const MIN_CHARS: usize = 8;
/// The longest password that is accepted, in characters.
pub const MAX_CHARS: usize = 120;

/// Hashes that one process computes at once: each needs 19 MiB.
const CONCURRENT_HASHES: usize = 2;

/// Without the characters that are mistaken for one another: 0 O o 1 l I.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const GENERATED_CHARS: usize = 20;

/// Why a password could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It has the wrong length.
    #[error("a password has {MIN_CHARS} to {MAX_CHARS} characters")]
    Length,
    /// The system gave no random numbers, or no memory for the hash.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes a new password with a fresh salt, into the PHC string form.
///
/// # Errors
/// [`PasswordError::Length`] when the rule is broken; [`PasswordError::Failed`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let chars = password.chars().count();
    if !(MIN_CHARS..=MAX_CHARS).contains(&chars) {
        return Err(PasswordError::Length);
    }
    hash_any(password)
}

fn hash_any(password: &str) -> Result<String, PasswordError> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Failed)?;
    let _turn = Turn::take();
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Failed)
}

/// Whether a password belongs to a hash. Takes as long without a hash (no such account), so that
/// the time tells nothing; the hashes are compared in constant time. A password beyond
/// [`MAX_CHARS`] belongs to none.
#[must_use]
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash_any("nobody's password").ok());
    let against = stored.or(NOBODYS.as_deref());
    let Some(parsed) = against.and_then(|hash| PasswordHash::new(hash).ok()) else {
        return false;
    };
    if password.chars().count() > MAX_CHARS {
        return false;
    }
    let _turn = Turn::take();
    let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    matches && stored.is_some()
}

/// A random password of 20 characters (116 bits) that are not mistaken for one another.
///
/// # Errors
/// [`PasswordError::Failed`] without random numbers.
pub fn generate() -> Result<String, PasswordError> {
    let mut password = String::with_capacity(GENERATED_CHARS);
    // Bytes beyond the last whole multiple would make the first characters likelier.
    let fair = 256 - 256 % ALPHABET.len();
    while password.len() < GENERATED_CHARS {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(|_| PasswordError::Failed)?;
        let usable = random.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let missing = GENERATED_CHARS - password.len();
        password.extend(usable.take(missing).map(|at| char::from(ALPHABET[at % ALPHABET.len()])));
    }
    Ok(password)
}

/// The right to compute one hash.
struct Turn;

static FREE_TURNS: Mutex<usize> = Mutex::new(CONCURRENT_HASHES);
static TURN_FREED: Condvar = Condvar::new();

impl Turn {
    fn take() -> Self {
        let free = FREE_TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = TURN_FREED.wait_while(free, |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE_TURNS.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        TURN_FREED.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_belongs_to_a_hash() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("correct horsf", Some(&stored)));
        assert!(!verify("", Some(&stored)));
        assert!(!verify("nobody's password", None));
        assert!(!verify("correct horse", Some("not a hash")));
        assert_ne!(hash("correct horse").unwrap(), stored);
    }

    #[test]
    fn a_hash_made_elsewhere_is_understood() {
        // One of the reference implementation's test vectors: t 2, m 2^16, p 1, salt "somesalt".
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify("password", Some(stored)));
    }

    #[test]
    fn length_counts_characters() {
        assert_eq!(hash("1234567"), Err(PasswordError::Length));
        assert_eq!(hash(&"ü".repeat(121)), Err(PasswordError::Length));
        assert!(hash(&"ü".repeat(120)).is_ok());
        assert!(hash("ü2345678").is_ok());
    }

    #[test]
    fn generated_passwords_are_long_unambiguous_and_differ() {
        let made: std::collections::HashSet<String> =
            (0..200).map(|_| generate().unwrap()).collect();
        assert_eq!(made.len(), 200);
        for password in &made {
            assert_eq!(password.len(), 20);
            assert!(!password.contains(['0', 'O', 'o', '1', 'l', 'I']), "{password}");
        }
        let used: std::collections::HashSet<char> = made.iter().flat_map(|p| p.chars()).collect();
        assert_eq!(used.len(), ALPHABET.len());
    }
}
