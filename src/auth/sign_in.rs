//! Signing in with a name and a password: throttled, against our own hash or the directory server,
//! and with a second proof where the account has one.
//!
//! Whether there is no such account, it was deleted, or the password is wrong looks the same.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::accounts::{self, AccountError, NewAccount};
use super::audit::{self, Actor};
use super::directory::{Directory, DirectoryError, Person};
use super::password::{self, Turn};
use super::seal::Seal;
use super::throttle::{self, Allowed};
use super::totp;
use crate::db::users::{self, User};
use crate::db::{self, Db, STATUS_ACTIVE, groups};

/// Attempts that one process lets wait for the directory server at once: each holds a thread.
const CONCURRENT_DIRECTORY: usize = 3;

/// By what proofs are checked.
#[derive(Clone, Copy)]
pub struct Proofs<'a> {
    /// The directory server, if there is one.
    pub directory: Option<&'a Directory>,
    /// Opens the secrets of one-time passwords.
    pub seal: &'a Seal,
}

/// An attempt to sign in.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The name, as it was typed.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// A one-time password or recovery code, if one was given.
    pub code: Option<&'a str>,
    /// Where from.
    pub address: Option<IpAddr>,
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Name, password or code are wrong.
    #[error("the user name or the password is wrong")]
    Wrong,
    /// Name and password are right, and a code is needed besides.
    #[error("a one-time password is needed")]
    CodeNeeded(Box<User>),
    /// There were too many attempts.
    #[error("too many attempts")]
    Wait {
        /// In how many seconds there may be another.
        retry_s: u64,
    },
    /// Others sign in at this moment, as many as may at once.
    #[error("too many sign in at once")]
    Busy,
    /// The directory server gave no answer.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Signs somebody in: gives back the account. Holds the calling thread for no longer than one hash and
/// a few queries take, or the directory server's timeout.
///
/// # Errors
/// See [`Refused`].
pub fn sign_in(
    db: &Db,
    proofs: Proofs<'_>,
    attempt: Attempt<'_>,
    now_s: i64,
) -> Result<User, Refused> {
    // The turn comes first: it also bounds the queries of a storm.
    let turn = Turn::now().ok_or(Refused::Busy)?;
    // Nobody has a NUL in their name, and PostgreSQL takes none to look it up.
    let username = attempt.username.replace('\0', "\u{fffd}");
    let attempt = Attempt { username: &username, ..attempt };
    let allowed = throttle::enter(db, attempt.username, attempt.address)?
        .map_err(|retry_s| Refused::Wait { retry_s })?;
    let user = first_proof(db, proofs.directory, attempt, turn);
    let user = match user {
        Err(refused @ (Refused::Busy | Refused::Directory(_) | Refused::Db(_))) => {
            allowed.withdrawn(db)?;
            return Err(refused);
        }
        other => other?,
    };
    second_proof(db, proofs.seal, allowed, user, attempt.code, now_s)
}

/// Whether a password is that of an account of this server, for somebody who is signed in already.
/// Counts as an attempt to sign in: who has found a session must not be able to guess here.
///
/// # Errors
/// See [`Refused`]; a code is never asked for.
pub fn confirm_password(
    db: &Db,
    username: &str,
    password: &str,
    address: Option<IpAddr>,
) -> Result<(), Refused> {
    let turn = Turn::now().ok_or(Refused::Busy)?;
    let allowed =
        throttle::enter(db, username, address)?.map_err(|retry_s| Refused::Wait { retry_s })?;
    let found = users::named(db, username)?
        .filter(|(user, _)| user.status == STATUS_ACTIVE && user.auth_type == users::AUTH_PASSWORD);
    let stored = found.as_ref().and_then(|(_, stored)| stored.as_deref());
    if !password::verify(password, stored, &turn) {
        return Err(Refused::Wrong);
    }
    // A right password alone must not wipe out what was guessed at codes.
    match found {
        Some((user, _)) if totp::is_on(db, user.id)? => Ok(allowed.withdrawn(db)?),
        _ => Ok(allowed.succeeded(db)?),
    }
}

/// The second step alone, for an account whose password was verified a moment ago.
///
/// # Errors
/// See [`Refused`].
pub fn second_step(
    db: &Db,
    seal: &Seal,
    user_id: i64,
    code: &str,
    address: Option<IpAddr>,
    now_s: i64,
) -> Result<User, Refused> {
    let user = users::by_id(db, user_id)?.filter(|user| user.status == STATUS_ACTIVE);
    let user = user.ok_or(Refused::Wrong)?;
    let allowed = throttle::enter(db, &user.username, address)?
        .map_err(|retry_s| Refused::Wait { retry_s })?;
    second_proof(db, seal, allowed, user, Some(code), now_s)
}

fn second_proof(
    db: &Db,
    seal: &Seal,
    allowed: Allowed,
    user: User,
    code: Option<&str>,
    now_s: i64,
) -> Result<User, Refused> {
    if totp::is_on(db, user.id)? {
        let Some(code) = code else {
            // A right password alone must not wipe out what was guessed at codes.
            allowed.half_succeeded(db)?;
            return Err(Refused::CodeNeeded(Box::new(user)));
        };
        if !totp::check(db, seal, (user.id, &user.username), code, now_s)? {
            return Err(Refused::Wrong);
        }
    }
    allowed.succeeded(db)?;
    Ok(user)
}

fn first_proof(
    db: &Db,
    directory: Option<&Directory>,
    attempt: Attempt<'_>,
    turn: Turn,
) -> Result<User, Refused> {
    let found = users::named(db, attempt.username)?;
    let active = |user: &User| user.status == STATUS_ACTIVE;
    match (found, directory) {
        (Some((user, _)), Some(directory))
            if active(&user) && user.auth_type == users::AUTH_LDAP =>
        {
            drop(turn);
            by_directory(db, directory, attempt)
        }
        (None, Some(directory)) => {
            drop(turn);
            by_directory(db, directory, attempt)
        }
        (Some((user, stored)), _) if active(&user) && user.auth_type == users::AUTH_PASSWORD => {
            if !password::verify(attempt.password, stored.as_deref(), &turn) {
                return Err(Refused::Wrong);
            }
            if let Some(stored) = &stored
                && let Some(better) = password::improve(attempt.password, stored, &turn)
            {
                users::rehash_password(db, user.id, stored, &better)?;
            }
            Ok(user)
        }
        _ => {
            let _ = password::verify(attempt.password, None, &turn);
            Err(Refused::Wrong)
        }
    }
}

/// A place among those who wait for the directory server.
struct Place;

static PLACES_TAKEN: AtomicUsize = AtomicUsize::new(0);

impl Place {
    fn take() -> Option<Self> {
        let more = |taken| (taken < CONCURRENT_DIRECTORY).then_some(taken + 1);
        PLACES_TAKEN.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PLACES_TAKEN.fetch_sub(1, Ordering::AcqRel);
    }
}

fn by_directory(db: &Db, directory: &Directory, attempt: Attempt<'_>) -> Result<User, Refused> {
    let _place = Place::take().ok_or(Refused::Busy)?;
    let person = directory.verify(attempt.username, attempt.password)?.ok_or(Refused::Wrong)?;
    let user = account_of(db, &person)?;
    follow_groups(db, &user, &person.groups)?;
    Ok(user)
}

/// The account of somebody whom the directory knows; made at the first time. A deleted account, and
/// one whose password is kept here, is not the directory's.
fn account_of(db: &Db, person: &Person) -> Result<User, Refused> {
    if let Some((user, _)) = users::named(db, &person.username)? {
        let its = user.status == STATUS_ACTIVE && user.auth_type == users::AUTH_LDAP;
        return if its { Ok(user) } else { Err(Refused::Wrong) };
    }
    let account = NewAccount {
        username: person.username.clone(),
        password: None,
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        email: person.email.clone(),
        allow_api: false,
        auth_type: users::AUTH_LDAP,
    };
    match accounts::create(db, &Actor::server(), &account) {
        // Another worker made it at the same moment.
        Ok(_) | Err(AccountError::Taken) => {}
        Err(AccountError::Db(error)) => return Err(error.into()),
        Err(error) => {
            log::warn!("no account can be made for what the directory server tells: {error}");
            return Err(Refused::Wrong);
        }
    }
    let made = users::named(db, &person.username)?.map(|(user, _)| user);
    made.filter(|user| user.auth_type == users::AUTH_LDAP).ok_or(Refused::Wrong)
}

/// Makes the account a member of just those groups of kind LDAP whose names the directory tells.
fn follow_groups(db: &Db, user: &User, told: &[String]) -> db::Result<()> {
    let key = |name: &str| users::name_key(&users::spelling(name));
    let told: Vec<String> = told.iter().map(|name| key(name)).collect();
    let now = groups::of_user(db, user.id)?;
    for group in groups::all(db)? {
        if group.group_type != groups::TYPE_LDAP {
            continue;
        }
        let is = now.iter().any(|other| other.id == group.id);
        let (belongs, act) = match told.contains(&key(&group.name)) {
            true if !is => (true, "group.add"),
            false if is => (false, "group.remove"),
            _ => continue,
        };
        db::atomic(db, |sql| {
            if belongs {
                groups::add_member(sql, group.id, user.id)?;
            } else {
                groups::remove_member(sql, group.id, user.id)?;
            }
            audit::write(sql, &Actor::server(), act, &group.name, &audit::told_user(user))
        })?;
    }
    Ok(())
}
