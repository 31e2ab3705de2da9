//! The secrets of one-time passwords, and recovery codes.

use super::error::Result;
use super::sql::{Sql, atomic};
use super::value::values;

/// What is kept for an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    /// The secret in Base32, sealed; an older release kept it in clear.
    pub secret: String,
    /// Whether the user has shown that it is known.
    pub confirmed: bool,
}

/// What is kept for an account, if anything is.
///
/// # Errors
/// See [`super::Error`].
pub fn get(sql: &dyn Sql, user_id: i64) -> Result<Option<Totp>> {
    let row = sql.query_opt(
        "SELECT secret, confirmed FROM user_totp WHERE user_id = $1",
        values![user_id],
    )?;
    row.map(|row| Ok(Totp { secret: row.text(0)?, confirmed: row.bool(1)? })).transpose()
}

/// Keeps a secret that the user has yet to confirm, in place of another one that was not confirmed.
/// Tells whether it did: a confirmed one stays.
///
/// # Errors
/// [`super::Error::Constraint`] (reference) without such a user; see [`super::Error`].
pub fn begin(sql: &dyn Sql, user_id: i64, secret: &str) -> Result<bool> {
    let changed = sql.execute(
        "INSERT INTO user_totp (user_id, secret) VALUES ($1, $2) ON CONFLICT (user_id) \
         DO UPDATE SET secret = $2, last_step = 0 WHERE NOT user_totp.confirmed",
        values![user_id, secret],
    )?;
    Ok(changed == 1)
}

/// Puts the same secret, sealed, in place of one that was kept in clear; tells whether it still was.
///
/// # Errors
/// See [`super::Error`].
pub fn reseal(sql: &dyn Sql, user_id: i64, clear: &str, sealed: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE user_totp SET secret = $3 WHERE user_id = $1 AND secret = $2",
        values![user_id, clear, sealed],
    )?;
    Ok(changed == 1)
}

/// Takes the secret into use, with these recovery codes.
///
/// # Errors
/// See [`super::Error`].
pub fn confirm(sql: &dyn Sql, user_id: i64, code_hashes: &[String]) -> Result<()> {
    atomic(sql, |sql| {
        sql.execute(
            "UPDATE user_totp SET confirmed = $2 WHERE user_id = $1",
            values![user_id, true],
        )?;
        sql.execute("DELETE FROM recovery_codes WHERE user_id = $1", values![user_id])?;
        for hash in code_hashes {
            sql.execute(
                "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)",
                values![user_id, hash.as_str()],
            )?;
        }
        Ok(())
    })
}

/// Uses up a time step and those before it; tells whether it was not used up before. Of several that
/// try at once, one is told so.
///
/// # Errors
/// See [`super::Error`].
pub fn use_step(sql: &dyn Sql, user_id: i64, step: i64) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE user_totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
        values![user_id, step],
    )?;
    Ok(changed == 1)
}

/// Uses up a recovery code; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn use_recovery_code(sql: &dyn Sql, user_id: i64, code_hash: &str) -> Result<bool> {
    let removed = sql.execute(
        "DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2",
        values![user_id, code_hash],
    )?;
    Ok(removed == 1)
}

/// Takes away a secret that was not confirmed; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn give_up(sql: &dyn Sql, user_id: i64) -> Result<bool> {
    let given = values![user_id];
    Ok(sql.execute("DELETE FROM user_totp WHERE user_id = $1 AND NOT confirmed", given)? == 1)
}

/// Takes all away; tells whether there was anything.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, user_id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        sql.execute("DELETE FROM recovery_codes WHERE user_id = $1", values![user_id])?;
        Ok(sql.execute("DELETE FROM user_totp WHERE user_id = $1", values![user_id])? == 1)
    })
}
