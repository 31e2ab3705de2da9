//! User accounts. User names ignore case.

use unicode_normalization::UnicodeNormalization as _;

use super::error::Result;
use super::sql::{Sql, atomic};
use super::value::{Row, values};
use super::{STATUS_ACTIVE, now_ms, properties};

/// `auth_type` of an account with a password of its own.
pub const AUTH_PASSWORD: i64 = 1;
/// `auth_type` of an account that the LDAP server verifies.
pub const AUTH_LDAP: i64 = 2;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: i64,
    /// The name to sign in with, as it was written.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// [`AUTH_PASSWORD`] or [`AUTH_LDAP`].
    pub auth_type: i64,
    /// May ask for API tokens.
    pub allow_api: bool,
    /// [`super::STATUS_ACTIVE`] or [`super::STATUS_DELETED`].
    pub status: i64,
}

/// What a new account is made of.
#[derive(Clone)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Hash of the password; none for [`AUTH_LDAP`].
    pub password_hash: Option<String>,
    /// [`AUTH_PASSWORD`] or [`AUTH_LDAP`].
    pub auth_type: i64,
    /// May ask for API tokens.
    pub allow_api: bool,
}

impl Default for NewUser {
    fn default() -> Self {
        Self {
            username: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            password_hash: None,
            auth_type: AUTH_PASSWORD,
            allow_api: false,
        }
    }
}

const COLUMNS: &str = "id, username, first_name, last_name, email, auth_type, allow_api, status";

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: row.int(0)?,
        username: row.text(1)?,
        first_name: row.text(2)?,
        last_name: row.text(3)?,
        email: row.text(4)?,
        auth_type: row.int(5)?,
        allow_api: row.bool(6)?,
        status: row.int(7)?,
    })
}

/// The form of a name under which case is ignored, the same on both databases.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The form in which new names are kept: letters composed, and full-width ones as usual (NFKC).
#[must_use]
pub fn spelling(name: &str) -> String {
    name.trim().nfkc().collect::<String>().trim().to_owned()
}

/// Makes an account and gives back its id. It is in no group yet.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the name is taken; see [`super::Error`].
pub fn insert(sql: &dyn Sql, user: &NewUser) -> Result<i64> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO users (username, username_key, first_name, last_name, email, password, \
             auth_type, allow_api, status, created_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
            values![
                user.username.trim(),
                name_key(&user.username),
                user.first_name.as_str(),
                user.last_name.as_str(),
                user.email.as_str(),
                user.password_hash.clone(),
                user.auth_type,
                user.allow_api,
                STATUS_ACTIVE,
                now_ms(),
            ],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        row.int(0)
    })
}

/// The account with this id, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<User>> {
    let row = sql.query_opt(&format!("SELECT {COLUMNS} FROM users WHERE id = $1"), values![id])?;
    row.as_ref().map(read).transpose()
}

/// The account with this id, as it is once whoever changes it at the moment has done so. Others wait until the
/// transaction ends.
///
/// # Errors
/// See [`super::Error`].
pub fn held(sql: &dyn Sql, id: i64) -> Result<Option<User>> {
    let statement =
        format!("UPDATE users SET username = username WHERE id = $1 RETURNING {COLUMNS}");
    sql.query_opt(&statement, values![id])?.as_ref().map(read).transpose()
}

/// The account with this name, ignoring case, with the hash of its password; deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_name(sql: &dyn Sql, username: &str) -> Result<Option<(User, Option<String>)>> {
    let statement = format!("SELECT {COLUMNS}, password FROM users WHERE username_key = $1");
    let row = sql.query_opt(&statement, values![name_key(username)])?;
    row.map(|row| Ok((read(&row)?, row.opt_text(8)?))).transpose()
}

/// The account that somebody means who types this name: the one that has it, or else the one whose name
/// it is in another form of its letters.
///
/// # Errors
/// See [`super::Error`].
pub fn named(sql: &dyn Sql, typed: &str) -> Result<Option<(User, Option<String>)>> {
    let found = by_name(sql, typed)?;
    let spelling = spelling(typed);
    if found.is_some() || name_key(&spelling) == name_key(typed) {
        return Ok(found);
    }
    by_name(sql, &spelling)
}

/// Every account with this status, or every one, by user name.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql, status: Option<i64>) -> Result<Vec<User>> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM users WHERE status = $1 OR $1 < 0 ORDER BY username_key, id"
        ),
        values![status.unwrap_or(-1)],
    )?;
    rows.iter().map(read).collect()
}

/// The active members of a group, by user name.
///
/// # Errors
/// See [`super::Error`].
pub fn of_group(sql: &dyn Sql, group_id: i64) -> Result<Vec<User>> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM users WHERE status = $2 \
             AND id IN (SELECT user_id FROM user_groups WHERE group_id = $1) \
             ORDER BY username_key, id"
        ),
        values![group_id, STATUS_ACTIVE],
    )?;
    rows.iter().map(read).collect()
}

/// The accounts, deleted ones too, that own portfolios.
///
/// # Errors
/// See [`super::Error`].
pub fn of_folios(sql: &dyn Sql) -> Result<Vec<User>> {
    let owners = "SELECT owner_id FROM folios";
    let rows =
        sql.query(&format!("SELECT {COLUMNS} FROM users WHERE id IN ({owners})"), values![])?;
    rows.iter().map(read).collect()
}

/// The account that owns a portfolio, and those that did something with it, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn of_folio(sql: &dyn Sql, folio_id: i64) -> Result<Vec<User>> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM users \
             WHERE id IN (SELECT owner_id FROM folios WHERE id = $1) \
             OR id IN (SELECT user_id FROM folio_history WHERE folio_id = $1)"
        ),
        values![folio_id],
    )?;
    rows.iter().map(read).collect()
}

/// What has to be known of an account to believe what was signed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// Its id.
    pub id: i64,
    /// Its name as it was written.
    pub username: String,
    /// May ask for API tokens.
    pub allow_api: bool,
    /// Raised when all of its sessions and tokens are to end.
    pub epoch: i64,
}

/// Every active account.
///
/// # Errors
/// See [`super::Error`].
pub fn active(sql: &dyn Sql) -> Result<Vec<Active>> {
    let rows = sql.query(
        "SELECT id, username, allow_api, session_epoch FROM users WHERE status = $1",
        values![STATUS_ACTIVE],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Active {
                id: row.int(0)?,
                username: row.text(1)?,
                allow_api: row.bool(2)?,
                epoch: row.int(3)?,
            })
        })
        .collect()
}

/// Changes an account, its status aside; tells whether there was one.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the name is taken; see [`super::Error`].
pub fn update(sql: &dyn Sql, user: &User) -> Result<bool> {
    atomic(sql, |sql| {
        let changed = sql.execute(
            "UPDATE users SET username = $2, username_key = $3, first_name = $4, last_name = $5, \
             email = $6, auth_type = $7, allow_api = $8 WHERE id = $1",
            values![
                user.id,
                user.username.trim(),
                name_key(&user.username),
                user.first_name.as_str(),
                user.last_name.as_str(),
                user.email.as_str(),
                user.auth_type,
                user.allow_api,
            ],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(changed == 1)
    })
}

/// Replaces the hash of a password by a better one of the same password, unless the password was
/// changed meanwhile. Sessions go on.
///
/// # Errors
/// See [`super::Error`].
pub fn rehash_password(sql: &dyn Sql, id: i64, old_hash: &str, new_hash: &str) -> Result<()> {
    sql.execute(
        "UPDATE users SET password = $3 WHERE id = $1 AND password = $2",
        values![id, old_hash, new_hash],
    )?;
    Ok(())
}

/// Ends every session and token of an account; tells whether there was such an account.
///
/// # Errors
/// See [`super::Error`].
pub fn end_sessions(sql: &dyn Sql, id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        let changed = sql.execute(
            "UPDATE users SET session_epoch = session_epoch + 1 WHERE id = $1",
            values![id],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(changed == 1)
    })
}

/// Replaces the hash of a password, which ends every session and token of the account; tells whether
/// there was such an account.
///
/// # Errors
/// See [`super::Error`].
pub fn set_password(sql: &dyn Sql, id: i64, password_hash: &str) -> Result<bool> {
    atomic(sql, |sql| {
        sql.execute("UPDATE users SET password = $2 WHERE id = $1", values![id, password_hash])?;
        end_sessions(sql, id)
    })
}

/// Marks an account deleted, or active again, which ends every session and token of it; tells whether
/// there was such an account.
///
/// # Errors
/// See [`super::Error`].
pub fn set_status(sql: &dyn Sql, id: i64, status: i64) -> Result<bool> {
    atomic(sql, |sql| {
        sql.execute("UPDATE users SET status = $2 WHERE id = $1", values![id, status])?;
        end_sessions(sql, id)
    })
}
