//! The rules of accounts: names, passwords, status, and that somebody is left who may do everything.
//! Each act is noted in the audit log in the transaction that does it.

use super::audit::{self, Actor, Changes};
use super::names;
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
    /// People could take the name for another's.
    #[error("{0}: it looks just like a name that there is already")]
    LooksAlike(&'static str),
    /// Somebody else has changed it since it was read.
    #[error("somebody else has changed it meanwhile; load it again")]
    Overtaken,
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

/// A new name of an account or a group in the form in which it is kept.
///
/// # Errors
/// [`AccountError::Field`] for one with what cannot be seen, or of several scripts in a word.
pub fn new_name(field: &'static str, name: &str) -> Result<String, AccountError> {
    let name = users::spelling(name);
    match names::fault(&name) {
        Some(reason) => Err(AccountError::Field { field, reason }),
        None => Ok(name),
    }
}

/// A transaction whose work may also fail by a rule; nothing was written then.
///
/// # Errors
/// What `work` returns; [`AccountError::Db`].
pub fn transaction<T>(
    db: &Db,
    mut work: impl FnMut(&dyn Sql) -> Result<T, AccountError>,
) -> Result<T, AccountError> {
    let mut refused = None;
    let done = db.transaction(|sql| {
        refused = None;
        work(sql).map_err(|error| match error {
            AccountError::Db(error) => error,
            rule => {
                refused = Some(rule);
                // Any error undoes the transaction; this one never leaves this function.
                db::Error::Statement("it is against a rule".into())
            }
        })
    });
    match refused {
        Some(rule) => Err(rule),
        None => Ok(done?),
    }
}

/// Fails when an account's name, which was just written, cannot be told from another's. Whoever writes
/// names has raised a counter before, and so comes one after the other.
fn require_own_look(sql: &dyn Sql, id: i64, username: &str) -> Result<(), AccountError> {
    let all = users::all(sql, None)?;
    let others = all.iter().filter(|user| user.id != id).map(|user| user.username.as_str());
    match names::looks_like_another(username, others) {
        true => Err(AccountError::LooksAlike("username")),
        false => Ok(()),
    }
}

fn taken(error: AccountError) -> AccountError {
    match error {
        AccountError::Db(db::Error::Constraint(Constraint::Unique)) => AccountError::Taken,
        other => other,
    }
}

/// Makes an account, in the group "Normal users", and gives back its id.
///
/// # Errors
/// See [`AccountError`].
pub fn create(db: &Db, actor: &Actor, account: &NewAccount) -> Result<i64, AccountError> {
    let username = new_name("username", &account.username)?;
    check_texts([
        ("username", &username),
        ("first_name", &account.first_name),
        ("last_name", &account.last_name),
        ("email", &account.email),
    ])?;
    let password_hash = account.password.as_deref().map(password::hash_now).transpose()?;
    let new = NewUser {
        username,
        first_name: account.first_name.clone(),
        last_name: account.last_name.clone(),
        email: account.email.clone(),
        password_hash,
        auth_type: account.auth_type.max(users::AUTH_PASSWORD),
        allow_api: account.allow_api,
    };
    let made = transaction(db, |sql| {
        let id = users::insert(sql, &new)?;
        require_own_look(sql, id, &new.username)?;
        groups::add_member(sql, groups::NORMAL_USERS, id)?;
        audit::write(sql, actor, "user.create", &new.username, "")?;
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
        audit::write(sql, actor, "group.join", &group, &audit::quoted(&user))
    })?;
    Ok(())
}

/// Changes names, e-mail address and whether the account may ask for tokens; `user.id` says whose. A
/// user name that stays needs not be one that could be given today. With `read`, nothing is changed unless the
/// account is still that. Gives back the account as it is then.
///
/// # Errors
/// See [`AccountError`].
pub fn change(
    db: &Db,
    actor: &Actor,
    read: Option<&User>,
    user: &User,
) -> Result<User, AccountError> {
    let old = users::by_id(db, user.id)?.ok_or(AccountError::Unknown)?;
    let renamed = user.username.trim() != old.username;
    let username = match renamed {
        true => new_name("username", &user.username)?,
        false => old.username.clone(),
    };
    let new = User { username, ..user.clone() };
    check_texts([
        ("username", &new.username),
        ("first_name", &new.first_name),
        ("last_name", &new.last_name),
        ("email", &new.email),
    ])?;
    let changes = Changes::default()
        .text("username", &old.username, &new.username)
        .text("first_name", &old.first_name, &new.first_name)
        .text("last_name", &old.last_name, &new.last_name)
        .text("email", &old.email, &new.email)
        .value("allow_api", old.allow_api, new.allow_api);
    let changed = transaction(db, |sql| {
        if read.is_some() && users::held(sql, new.id)?.as_ref() != read {
            return Err(AccountError::Overtaken);
        }
        if !users::update(sql, &new)? {
            return Err(AccountError::Unknown);
        }
        if renamed {
            require_own_look(sql, new.id, &new.username)?;
        }
        Ok(audit::write(sql, actor, "user.change", &old.username, changes.detail())?)
    });
    changed.map_err(taken)?;
    Ok(new)
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
        Ok(audit::write(sql, actor, action, &user.username, "")?)
    })
}

/// Does what may take rights away from accounts (their status, memberships, system permissions), or
/// undoes it when nobody would be left who may do everything.
///
/// # Errors
/// [`AccountError::LastAdministrator`]; what `work` returns; [`AccountError::Db`].
pub fn with_an_administrator<T>(
    db: &Db,
    mut work: impl FnMut(&dyn Sql) -> Result<T, AccountError>,
) -> Result<T, AccountError> {
    transaction(db, |sql| {
        let had = db::system_permissions::has_administrator(sql)?;
        let done = work(sql)?;
        if had && !db::system_permissions::has_administrator(sql)? {
            return Err(AccountError::LastAdministrator);
        }
        Ok(done)
    })
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
