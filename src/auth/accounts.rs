//! The rules of accounts: names, passwords, status, and that somebody is left who may do everything.
//! Each act is noted in the audit log in the transaction that does it.

use super::audit::{self, Actor};
use super::password::{self, PasswordError};
use crate::db::users::{self, NewUser, User};
use crate::db::{self, Constraint, Db, STATUS_ACTIVE, STATUS_DELETED, Sql, groups};

/// The most characters of each text of an account.
const TEXT_MAX_CHARS: usize = 120;

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A text is missing, too long, or has characters that it must not have.
    #[error("{field}: {reason}")]
    Field {
        /// The field's name in forms and JSON.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Another account has this name.
    #[error("username: there is an account of this name already")]
    Taken,
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// Nobody would be left who may do everything.
    #[error("this is the last account that may do everything")]
    LastAdministrator,
    /// The account's password is not kept here.
    #[error("password: the directory server keeps the password of this account")]
    Foreign,
    /// All turns of hashing passwords are taken.
    #[error("the server is too busy with other passwords")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<PasswordError> for AccountError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            other => Self::Field { field: "password", reason: other.to_string() },
        }
    }
}

/// What a new account is made of.
#[derive(Clone, Default)]
pub struct NewAccount {
    /// The name to sign in with.
    pub username: String,
    /// The password; none for an account that signs in by the directory server or the front server
    /// alone.
    pub password: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// May ask for API tokens.
    pub allow_api: bool,
    /// [`users::AUTH_PASSWORD`] or [`users::AUTH_LDAP`]; 0 counts as the first.
    pub auth_type: i64,
}

fn check_text(field: &'static str, text: &str) -> Result<(), AccountError> {
    if text.chars().count() > TEXT_MAX_CHARS {
        let reason = format!("must have at most {TEXT_MAX_CHARS} characters");
        return Err(AccountError::Field { field, reason });
    }
    if text.contains(char::is_control) {
        let reason = "must not contain control characters".to_owned();
        return Err(AccountError::Field { field, reason });
    }
    Ok(())
}

fn check_texts(user: [(&'static str, &str); 4]) -> Result<(), AccountError> {
    for (field, text) in user {
        check_text(field, text)?;
    }
    let (field, username) = user[0];
    if username.trim().is_empty() {
        return Err(AccountError::Field { field, reason: "must not be blank".to_owned() });
    }
    if username.contains(':') {
        // It could not be sent by HTTP Basic authentication.
        return Err(AccountError::Field { field, reason: "must not contain a colon".to_owned() });
    }
    Ok(())
}

fn taken(error: db::Error) -> AccountError {
    match error {
        db::Error::Constraint(Constraint::Unique) => AccountError::Taken,
        other => AccountError::Db(other),
    }
}

/// Makes an account, in the group "Normal users", and gives back its id.
///
/// # Errors
/// See [`AccountError`].
pub fn create(db: &Db, actor: &Actor, account: &NewAccount) -> Result<i64, AccountError> {
    check_texts([
        ("username", &account.username),
        ("first_name", &account.first_name),
        ("last_name", &account.last_name),
        ("email", &account.email),
    ])?;
    let password_hash = account.password.as_deref().map(password::hash_now).transpose()?;
    let new = NewUser {
        username: account.username.clone(),
        first_name: account.first_name.clone(),
        last_name: account.last_name.clone(),
        email: account.email.clone(),
        password_hash,
        auth_type: account.auth_type.max(users::AUTH_PASSWORD),
        allow_api: account.allow_api,
    };
    let made = db.transaction(|sql| {
        let id = users::insert(sql, &new)?;
        groups::add_member(sql, groups::NORMAL_USERS, id)?;
        audit::write(sql, actor, "user.create", new.username.trim(), "")?;
        Ok(id)
    });
    made.map_err(taken)
}

/// Makes an account a member of a group.
///
/// # Errors
/// [`AccountError::Db`], without such an account or group too.
pub fn join(db: &Db, actor: &Actor, group_id: i64, user_id: i64) -> Result<(), AccountError> {
    db.transaction(|sql| {
        groups::add_member(sql, group_id, user_id)?;
        let user = users::by_id(sql, user_id)?.map(|user| user.username).unwrap_or_default();
        let group = groups::by_id(sql, group_id)?.map(|group| group.name).unwrap_or_default();
        audit::write(sql, actor, "group.join", &group, &user)
    })?;
    Ok(())
}

/// Changes names, e-mail address and whether the account may ask for tokens; `user.id` says whose.
///
/// # Errors
/// See [`AccountError`].
pub fn change(db: &Db, actor: &Actor, user: &User) -> Result<(), AccountError> {
    check_texts([
        ("username", &user.username),
        ("first_name", &user.first_name),
        ("last_name", &user.last_name),
        ("email", &user.email),
    ])?;
    let changed = db.transaction(|sql| {
        let changed = users::update(sql, user)?;
        if changed {
            audit::write(sql, actor, "user.change", user.username.trim(), "")?;
        }
        Ok(changed)
    });
    if changed.map_err(taken)? { Ok(()) } else { Err(AccountError::Unknown) }
}

/// Sets a password, which ends every session and token of the account.
///
/// # Errors
/// See [`AccountError`].
pub fn set_password(db: &Db, actor: &Actor, id: i64, password: &str) -> Result<(), AccountError> {
    let user = users::by_id(db, id)?.ok_or(AccountError::Unknown)?;
    if user.auth_type == users::AUTH_LDAP {
        return Err(AccountError::Foreign);
    }
    let hash = password::hash_now(password)?;
    db.transaction(|sql| {
        users::set_password(sql, id, &hash)?;
        audit::write(sql, actor, "user.password", &user.username, "")
    })?;
    Ok(())
}

/// Marks an account deleted: it can no longer sign in, and all of its sessions, tokens and keys end.
///
/// # Errors
/// See [`AccountError`].
pub fn disable(db: &Db, actor: &Actor, id: i64) -> Result<(), AccountError> {
    set_status(db, actor, id, STATUS_DELETED, "user.disable")
}

/// Makes a deleted account active again. Its old sessions and tokens stay ended; its keys do not.
///
/// # Errors
/// See [`AccountError`].
pub fn enable(db: &Db, actor: &Actor, id: i64) -> Result<(), AccountError> {
    set_status(db, actor, id, STATUS_ACTIVE, "user.enable")
}

fn set_status(
    db: &Db,
    actor: &Actor,
    id: i64,
    status: i64,
    action: &str,
) -> Result<(), AccountError> {
    let user = users::by_id(db, id)?.ok_or(AccountError::Unknown)?;
    with_an_administrator(db, |sql| {
        users::set_status(sql, id, status)?;
        audit::write(sql, actor, action, &user.username, "")
    })
}

/// Does what may take rights away from accounts (their status, memberships, system permissions), or
/// undoes it when nobody would be left who may do everything.
///
/// # Errors
/// [`AccountError::LastAdministrator`]; [`AccountError::Db`].
pub fn with_an_administrator<T>(
    db: &Db,
    mut work: impl FnMut(&dyn Sql) -> db::Result<T>,
) -> Result<T, AccountError> {
    let mut nobody_left = false;
    let done = db.transaction(|sql| {
        nobody_left = false;
        let had = db::system_permissions::has_administrator(sql)?;
        let done = work(sql)?;
        if had && !db::system_permissions::has_administrator(sql)? {
            nobody_left = true;
            // Any error undoes the transaction; this one never leaves this function.
            return Err(db::Error::Statement("nobody would be left".into()));
        }
        Ok(done)
    });
    if nobody_left {
        return Err(AccountError::LastAdministrator);
    }
    Ok(done?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_checked_by_name() {
        let check = |username: &str, email: &str| {
            check_texts([
                ("username", username),
                ("first_name", ""),
                ("last_name", ""),
                ("email", email),
            ])
            .map_err(|error| error.to_string().split(':').next().unwrap_or_default().to_owned())
        };
        assert_eq!(check("Jörg", ""), Ok(()));
        assert_eq!(check(&"ü".repeat(120), ""), Ok(()));
        assert_eq!(check(&"ü".repeat(121), ""), Err("username".to_owned()));
        assert_eq!(check("  ", ""), Err("username".to_owned()));
        assert_eq!(check("a:b", ""), Err("username".to_owned()));
        assert_eq!(check("jo", "a\nb"), Err("email".to_owned()));
    }
}
