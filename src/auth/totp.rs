//! One-time passwords as a second proof: TOTP (RFC 6238) with HMAC-SHA1, 6 digits and 30 seconds, as
//! every authenticator takes it, and recovery codes for who has lost theirs.

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;

use super::audit::{self, Actor};
use super::key::hash;
use super::seal::{Seal, SealError};
use crate::db::{self, Db, Sql, totp};

const STEP_S: i64 = 30;
const DIGITS: usize = 6;
/// Steps before and after the present one whose codes are taken: clocks differ, and typing takes time.
const TOLERANCE: i64 = 1;
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;
/// Of a recovery code: 80 bits.
const RECOVERY_BYTES: usize = 10;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Why a second proof was not set up.
#[derive(Debug, thiserror::Error)]
pub enum TotpError {
    /// It is set up already.
    #[error("one-time passwords are set up for this account already")]
    AlreadyOn,
    /// It was not begun.
    #[error("one-time passwords were not begun to be set up for this account")]
    NotBegun,
    /// The code is not that of the secret at this time.
    #[error("this is not the code of this moment")]
    WrongCode,
    /// What is kept was sealed under another secret of the installation.
    #[error("the secret of the one-time passwords cannot be opened; they have to be reset")]
    Closed,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<SealError> for TotpError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Closed => Self::Closed,
            SealError::Random => Self::Random,
        }
    }
}

/// Whether an account needs a second proof.
///
/// # Errors
/// See [`db::Error`].
pub fn is_on(sql: &dyn Sql, user_id: i64) -> db::Result<bool> {
    Ok(totp::get(sql, user_id)?.is_some_and(|totp| totp.confirmed))
}

/// Begins to set it up: gives back the secret in Base32, for the user's authenticator. Nothing changes
/// before [`confirm`].
///
/// # Errors
/// See [`TotpError`].
pub fn begin(sql: &dyn Sql, seal: &Seal, user_id: i64) -> Result<String, TotpError> {
    let secret = base32(&random::<SECRET_BYTES>()?);
    let sealed = seal.seal(user_id, &secret)?;
    if totp::begin(sql, user_id, &sealed)? { Ok(secret) } else { Err(TotpError::AlreadyOn) }
}

/// The secret of a set-up that was begun and is not in force, for who has not got it into an authenticator yet;
/// none when there is no such set-up, or when it was begun under another secret of the installation.
///
/// # Errors
/// See [`db::Error`].
pub fn begun(sql: &dyn Sql, seal: &Seal, user_id: i64) -> db::Result<Option<String>> {
    let kept = totp::get(sql, user_id)?.filter(|kept| !kept.confirmed);
    Ok(kept.and_then(|kept| seal.open(user_id, &kept.secret).ok()).map(|opened| opened.text))
}

/// Takes it into use when the user's authenticator gives the right code; gives back recovery codes,
/// to be shown this once.
///
/// # Errors
/// See [`TotpError`].
pub fn confirm(
    db: &Db,
    seal: &Seal,
    actor: &Actor,
    (user_id, username): (i64, &str),
    code: &str,
    now_s: i64,
) -> Result<Vec<String>, TotpError> {
    let kept = totp::get(db, user_id)?.ok_or(TotpError::NotBegun)?;
    if kept.confirmed {
        return Err(TotpError::AlreadyOn);
    }
    let step = step_of(&seal.open(user_id, &kept.secret)?.text, code, now_s);
    let step = step.ok_or(TotpError::WrongCode)?;
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| Ok(base32(&random::<RECOVERY_BYTES>()?)))
        .collect::<Result<_, TotpError>>()?;
    let hashes: Vec<String> = codes.iter().map(|code| hash(code)).collect();
    db.transaction(|sql| {
        totp::use_step(sql, user_id, step)?;
        totp::confirm(sql, user_id, &hashes)?;
        audit::write(sql, actor, "totp.on", username, "")
    })?;
    Ok(codes)
}

/// Gives up a set-up that was begun and is not in force; tells whether there was one. Nothing was
/// guarded by it, so no code is asked for.
///
/// # Errors
/// See [`db::Error`].
pub fn give_up(sql: &dyn Sql, user_id: i64) -> db::Result<bool> {
    totp::give_up(sql, user_id)
}

/// Takes it away; tells whether it was there.
///
/// # Errors
/// See [`db::Error`].
pub fn remove(db: &Db, actor: &Actor, (user_id, username): (i64, &str)) -> db::Result<bool> {
    db.transaction(|sql| {
        let removed = totp::remove(sql, user_id)?;
        if removed {
            audit::write(sql, actor, "totp.off", username, "")?;
        }
        Ok(removed)
    })
}

/// Whether a code is that of an account at this time, or one of its recovery codes; it is used up
/// then. Where the secret cannot be opened, recovery codes still can be used, and the log says so.
///
/// # Errors
/// See [`db::Error`].
pub fn check(
    sql: &dyn Sql,
    seal: &Seal,
    (user_id, username): (i64, &str),
    code: &str,
    now_s: i64,
) -> db::Result<bool> {
    let Some(kept) = totp::get(sql, user_id)?.filter(|kept| kept.confirmed) else {
        return Ok(false);
    };
    match seal.open(user_id, &kept.secret) {
        Ok(opened) => {
            if let Some(step) = step_of(&opened.text, code, now_s) {
                if !opened.was_sealed {
                    seal_old(sql, seal, user_id, &kept.secret)?;
                }
                return totp::use_step(sql, user_id, step);
            }
        }
        Err(_) => log::error!(
            "the one-time passwords of {name} were set up under another secret of this installation, \
             and no code can be checked; put the old secret back, or reset them by \
             `halftone user totp {name} --remove`",
            name = username.escape_debug()
        ),
    }
    let typed: String = code.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    totp::use_recovery_code(sql, user_id, &hash(&typed.to_ascii_uppercase()))
}

/// Seals what an older release kept in clear. That this is not possible now is no reason to refuse a
/// right code.
fn seal_old(sql: &dyn Sql, seal: &Seal, user_id: i64, clear: &str) -> db::Result<()> {
    match seal.seal(user_id, clear) {
        Ok(sealed) => totp::reseal(sql, user_id, clear, &sealed).map(drop),
        Err(error) => {
            log::warn!("a one-time password's secret stays in clear: {error}");
            Ok(())
        }
    }
}

/// The address that authenticators read from a QR code or a link.
#[must_use]
pub fn uri(issuer: &str, username: &str, secret: &str) -> String {
    let issuer = utf8_percent_encode(issuer, NON_ALPHANUMERIC);
    let username = utf8_percent_encode(username, NON_ALPHANUMERIC);
    format!("otpauth://totp/{issuer}:{username}?secret={secret}&issuer={issuer}")
}

/// The time step around now whose code this is.
fn step_of(secret: &str, code: &str, now_s: i64) -> Option<i64> {
    let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let secret = unbase32(secret)?;
    let now = now_s / STEP_S;
    let mut found = None;
    // All are looked at, so that the time does not tell which it was.
    for step in now - TOLERANCE..=now + TOLERANCE {
        if code_of(&secret, step)? == typed {
            found = Some(step);
        }
    }
    found
}

fn code_of(secret: &[u8], step: i64) -> Option<String> {
    let code = truncated(secret, step)? % 10_u32.pow(DIGITS as u32);
    Some(format!("{code:0width$}", width = DIGITS))
}

/// The dynamic truncation of RFC 4226, section 5.3.
fn truncated(secret: &[u8], step: i64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let mac = mac.finalize().into_bytes();
    let at = usize::from(mac[19] & 0xf);
    Some(u32::from_be_bytes([mac[at], mac[at + 1], mac[at + 2], mac[at + 3]]) & 0x7fff_ffff)
}

fn random<const N: usize>() -> Result<[u8; N], TotpError> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|_| TotpError::Random)?;
    Ok(random)
}

/// Base32 (RFC 4648) without padding, of a whole number of five bytes.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks_exact(5) {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letter = |at: u32| char::from(ALPHABET[(bits >> (35 - 5 * at)) as usize & 31]);
        text.extend((0..8).map(letter));
    }
    text
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(8) {
        let mut bits = 0_u64;
        for letter in chunk {
            let value = ALPHABET.iter().position(|known| known == letter)?;
            bits = bits << 5 | value as u64;
        }
        bits <<= 5 * (8 - chunk.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[3..3 + chunk.len() * 5 / 8]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B: eight digits, of which we take the last six.
        let secret = b"12345678901234567890";
        for (time_s, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_of(secret, time_s / STEP_S).as_deref(), Some(&code[2..]), "{time_s}");
        }
        // RFC 4226, appendix D: counters 0 and 9.
        assert_eq!(code_of(secret, 0).as_deref(), Some("755224"));
        assert_eq!(code_of(secret, 9).as_deref(), Some("520489"));
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        // RFC 4648, section 10, and the secret of RFC 6238.
        assert_eq!(unbase32("MZXW6YTB").as_deref(), Some(&b"fooba"[..]));
        assert_eq!(unbase32("MZXW6YTBOI").as_deref(), Some(&b"foobar"[..]));
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(base32(b"12345678901234567890"), secret);
        assert_eq!(unbase32("1"), None);
        assert_eq!(step_of(secret, "287 082", 59), Some(1));
        assert_eq!(step_of(secret, "287082", 89), Some(1));
        assert_eq!(step_of(secret, "287082", 90), None);
        assert_eq!(step_of(secret, "", 59), None);
    }

    #[test]
    fn addresses_for_authenticators_are_encoded() {
        assert_eq!(
            uri("A b", "jo@x", "SECRET"),
            "otpauth://totp/A%20b:jo%40x?secret=SECRET&issuer=A%20b"
        );
    }
}
