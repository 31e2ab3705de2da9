//! Named API keys: long-lived, for programs, each with scopes. A key is shown once, when it is made;
//! what is kept is its hash. A fast hash suffices, since a key is 256 random bits and no password.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::audit::{self, Actor};
use super::identity::Scopes;
use crate::db::api_keys::{self, ApiKey};
use crate::db::{self, Sql, atomic, users};

/// What keys begin with, so that they are known for what they are wherever they turn up.
pub const KEY_PREFIX: &str = "htk_";

/// The most characters of a key's name.
const NAME_MAX_CHARS: usize = 100;
/// The most keys of one user.
const MOST: usize = 100;

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its name is blank or too long.
    #[error("must have 1 to {NAME_MAX_CHARS} characters")]
    Name,
    /// It would have run out already.
    #[error("must lie in the future")]
    Expired,
    /// The account may not have any: the user is unknown, or without `allow_api`.
    #[error("this account may not have API keys")]
    NotAllowed,
    /// The user has too many.
    #[error("there are {MOST} keys already; delete one that is not used")]
    TooMany,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// The hash under which a key is kept, in hexadecimal digits.
#[must_use]
pub fn hash(key: &str) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a key for a user and gives back its id and the key itself.
///
/// # Errors
/// See [`KeyError`].
pub fn create(
    sql: &dyn Sql,
    actor: &Actor,
    user_id: i64,
    name: &str,
    scopes: Scopes,
    expires_ms: Option<i64>,
) -> Result<(i64, String), KeyError> {
    let name = name.trim();
    if !(1..=NAME_MAX_CHARS).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(KeyError::Name);
    }
    if expires_ms.is_some_and(|at| at <= db::now_ms()) {
        return Err(KeyError::Expired);
    }
    if !users::by_id(sql, user_id)?.is_some_and(|user| user.allow_api) {
        return Err(KeyError::NotAllowed);
    }
    if api_keys::of_user(sql, user_id)?.len() >= MOST {
        return Err(KeyError::TooMany);
    }
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_| KeyError::Random)?;
    let key = format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let id = atomic(sql, |sql| {
        let id = api_keys::insert(sql, user_id, name, &hash(&key), scopes.stored(), expires_ms)?;
        audit::write(sql, actor, "key.create", name, &scopes.names().join(" "))?;
        Ok(id)
    })?;
    Ok((id, key))
}

/// The keys of a user, without their secrets.
///
/// # Errors
/// See [`db::Error`].
pub fn list(sql: &dyn Sql, user_id: i64) -> db::Result<Vec<ApiKey>> {
    api_keys::of_user(sql, user_id)
}

/// Deletes a key of a user; tells whether there was one.
///
/// # Errors
/// See [`db::Error`].
pub fn revoke(sql: &dyn Sql, actor: &Actor, user_id: i64, id: i64) -> db::Result<bool> {
    atomic(sql, |sql| {
        let Some(name) = api_keys::remove(sql, user_id, id)? else { return Ok(false) };
        audit::write(sql, actor, "key.revoke", &name, "")?;
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-4, the message "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(super::hash("abc"), expected);
    }
}
