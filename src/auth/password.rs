//! Passwords: the rule for new ones, hashing with argon2id (RFC 9106), and checking.

use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Argon2, Params};

use super::old_hash;

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
    /// All turns of hashing are taken.
    #[error("the server is too busy with other passwords")]
    Busy,
    /// The system gave no random numbers, or no memory for the hash.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes a new password with a fresh salt, into the PHC string form. Waits for its turn: for the
/// command line, not for requests.
///
/// # Errors
/// [`PasswordError::Length`] when the rule is broken; [`PasswordError::Failed`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    check(password)?;
    hash_any(password, &Turn::wait())
}

/// The same at once or not at all.
///
/// # Errors
/// [`PasswordError::Length`] when the rule is broken; [`PasswordError::Busy`];
/// [`PasswordError::Failed`].
pub fn hash_now(password: &str) -> Result<String, PasswordError> {
    check(password)?;
    hash_any(password, &Turn::now().ok_or(PasswordError::Busy)?)
}

fn check(password: &str) -> Result<(), PasswordError> {
    let chars = password.chars().count();
    if (MIN_CHARS..=MAX_CHARS).contains(&chars) { Ok(()) } else { Err(PasswordError::Length) }
}

fn hash_any(password: &str, _turn: &Turn) -> Result<String, PasswordError> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Failed)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Failed)
}

/// Whether passwords can be checked against a stored text: our own hashes, and those of the server
/// that this one succeeds.
#[must_use]
pub fn is_known(stored: &str) -> bool {
    stored.starts_with("$argon2") || old_hash::is_old(stored)
}

/// Whether a password belongs to a hash. Takes as long without a hash (no such account), so that
/// the time tells nothing; the hashes are compared in constant time. A password beyond
/// [`MAX_CHARS`] belongs to none.
#[must_use]
pub fn verify(password: &str, stored: Option<&str>, _turn: &Turn) -> bool {
    static NOBODYS: LazyLock<Option<String>> =
        LazyLock::new(|| hash_any("nobody's password", &Turn::none()).ok());
    if password.chars().count() > MAX_CHARS {
        return false;
    }
    if let Some(old) = stored.filter(|stored| old_hash::is_old(stored)) {
        return old_hash::verify(password, old);
    }
    let against = stored.or(NOBODYS.as_deref());
    let Some(parsed) = against.and_then(|hash| PasswordHash::new(hash).ok()) else {
        return false;
    };
    let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    matches && stored.is_some()
}

/// A better hash of a password that was just verified, when the stored one is of another program or
/// was made with lower parameters than those of today.
#[must_use]
pub fn improve(password: &str, stored: &str, turn: &Turn) -> Option<String> {
    if is_current(stored) { None } else { hash_any(password, turn).ok() }
}

fn is_current(stored: &str) -> bool {
    let today = Params::default();
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    let Ok(params) = Params::try_from(&parsed) else { return false };
    parsed.algorithm == argon2::Algorithm::Argon2id.ident()
        && parsed.version == Some(argon2::Version::V0x13.into())
        && params.m_cost() >= today.m_cost()
        && params.t_cost() >= today.t_cost()
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

/// The right to compute hashes, one at a time.
pub struct Turn {
    counted: bool,
}

static FREE_TURNS: Mutex<usize> = Mutex::new(CONCURRENT_HASHES);
static TURN_FREED: Condvar = Condvar::new();

impl Turn {
    /// Takes a turn if one is free.
    #[must_use]
    pub fn now() -> Option<Self> {
        let mut free = FREE_TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Self { counted: true })
    }

    /// Takes a turn when one is free, and waits for it until then: for those who hold up nobody.
    #[must_use]
    pub fn wait() -> Self {
        let free = FREE_TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = TURN_FREED.wait_while(free, |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Self { counted: true }
    }

    /// For what is computed within another's turn.
    fn none() -> Self {
        Self { counted: false }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.counted {
            *FREE_TURNS.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            TURN_FREED.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, stored: Option<&str>) -> bool {
        verify(password, stored, &Turn::wait())
    }

    #[test]
    fn only_the_right_password_belongs_to_a_hash() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(check("correct horse", Some(&stored)));
        assert!(!check("correct horsf", Some(&stored)));
        assert!(!check("", Some(&stored)));
        assert!(!check("nobody's password", None));
        assert!(!check("correct horse", Some("not a hash")));
        assert_ne!(hash("correct horse").unwrap(), stored);
    }

    #[test]
    fn a_hash_made_elsewhere_is_understood() {
        // One of the reference implementation's test vectors: t 2, m 2^16, p 1, salt "somesalt".
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(check("password", Some(stored)));
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

    #[test]
    fn hashes_of_lower_cost_and_of_other_programs_are_replaced() {
        let turn = Turn::wait();
        let today = hash_any("correct horse", &turn).unwrap();
        assert_eq!(improve("correct horse", &today, &turn), None);
        for old in [
            "$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "sha1$Jefe$effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ] {
            let better = improve("correct horse", old, &turn).unwrap();
            assert!(verify("correct horse", Some(&better), &turn), "{old}");
        }
    }

    #[test]
    fn only_so_many_hashes_are_computed_at_once() {
        // Other tests take turns too: all that are free, and then no more.
        let turns: Vec<Turn> = std::iter::from_fn(Turn::now).collect();
        assert!(turns.len() <= CONCURRENT_HASHES);
        drop(turns);
        let _one = Turn::wait();
        let _two = Turn::wait();
        assert!(Turn::now().is_none());
        assert_eq!(hash_now("correct horse"), Err(PasswordError::Busy));
    }
}
