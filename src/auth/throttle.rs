//! Slows down who guesses passwords: by account and by address, with a delay that doubles. Counted in
//! the database, so that all workers and hosts count together.
//!
//! An attempt is counted before its password is looked at and taken back when it was right, so that
//! many at once gain nothing.

use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest as _, Sha256};

use crate::db::login_attempts::{self, Attempts};
use crate::db::{self, Db, Sql};

/// After how long without an attempt all is forgotten.
pub const FORGET_AFTER_MS: i64 = 3600 * 1000;

/// The longest delay.
const LONGEST_MS: i64 = 15 * 60 * 1000;

/// How many attempts are free, and what they are counted for.
struct Counted {
    key: String,
    free: i64,
}

/// Attempts on one account, whether or not there is such an account.
const FREE_OF_ACCOUNT: i64 = 5;
/// Attempts from one address, behind which there may be many people.
const FREE_OF_ADDRESS: i64 = 30;

/// An attempt that may be made.
pub struct Allowed(Vec<Counted>);

/// Counts an attempt on the account of this name from this address; `Err` is in how many seconds
/// there may be one, and then this one was not counted.
///
/// # Errors
/// See [`db::Error`].
pub fn enter(db: &Db, username: &str, address: Option<IpAddr>) -> db::Result<Result<Allowed, u64>> {
    let counted = counted(username, address);
    let waits_ms = db.transaction(|sql| {
        let mut after = Vec::new();
        let mut longest_ms = 0;
        for one in &counted {
            let (before, now_ms) = login_attempts::lock(sql, &one.key)?;
            longest_ms = longest_ms.max(before.blocked_until_ms - now_ms);
            after.push(next(before, one.free, now_ms));
        }
        if longest_ms <= 0 {
            for (one, after) in counted.iter().zip(after) {
                login_attempts::set(sql, &one.key, after)?;
            }
        }
        Ok(longest_ms)
    })?;
    let retry_s = u64::try_from(waits_ms.saturating_add(999) / 1000).unwrap_or(0);
    Ok(if waits_ms <= 0 { Ok(Allowed(counted)) } else { Err(retry_s) })
}

impl Allowed {
    /// The attempt succeeded: the account's failures are forgotten, and for the address it does not
    /// count.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn succeeded(self, db: &Db) -> db::Result<()> {
        db.transaction(|sql| {
            for one in &self.0 {
                match one.free {
                    FREE_OF_ACCOUNT => login_attempts::forget(sql, &one.key)?,
                    _ => take_back(sql, one)?,
                }
            }
            Ok(())
        })
    }

    /// It was no attempt at a password after all: nothing could be verified.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn withdrawn(self, db: &Db) -> db::Result<()> {
        db.transaction(|sql| self.0.iter().try_for_each(|one| take_back(sql, one)))
    }

    /// The first of two steps succeeded: for the address it does not count, for the account it does
    /// until the second has succeeded too.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn half_succeeded(self, db: &Db) -> db::Result<()> {
        let address = self.0.iter().find(|one| one.free != FREE_OF_ACCOUNT);
        address.map_or(Ok(()), |one| db.transaction(|sql| take_back(sql, one)))
    }
}

fn take_back(sql: &dyn Sql, one: &Counted) -> db::Result<()> {
    let (now, _) = login_attempts::lock(sql, &one.key)?;
    let failures = (now.failures - 1).max(0);
    let blocked_until_ms = if failures < one.free { 0 } else { now.blocked_until_ms };
    login_attempts::set(sql, &one.key, Attempts { failures, blocked_until_ms, ..now })
}

/// What is counted, always in the same order, so that transactions do not wait for one another in a
/// circle. Names are kept as hashes: what is typed there by mistake may be a password.
fn counted(username: &str, address: Option<IpAddr>) -> Vec<Counted> {
    let name = Sha256::digest(db::users::name_key(username));
    let name: String = name[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let account = Counted { key: format!("account {name}"), free: FREE_OF_ACCOUNT };
    let address = address.map(|address| Counted {
        key: format!("address {}", network(address)),
        free: FREE_OF_ADDRESS,
    });
    [Some(account), address].into_iter().flatten().collect()
}

/// The address itself; of IPv6 the network of 64 bits, of which one client has as many as it likes.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// What is known after one more attempt.
fn next(before: Attempts, free: i64, now_ms: i64) -> Attempts {
    let forgotten = before.last_ms < now_ms - FORGET_AFTER_MS;
    let failures = if forgotten { 1 } else { before.failures.saturating_add(1) };
    Attempts { failures, last_ms: now_ms, blocked_until_ms: now_ms + delay_ms(failures, free) }
}

/// The delay after so many failures: none, then 1 s, 2 s, 4 s …
fn delay_ms(failures: i64, free: i64) -> i64 {
    match failures - free {
        beyond if beyond < 0 => 0,
        beyond => 1000_i64.checked_shl(beyond.min(20) as u32).unwrap_or(LONGEST_MS).min(LONGEST_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_a_quarter_of_an_hour() {
        let delays: Vec<i64> = (1..=8).map(|failures| delay_ms(failures, 5)).collect();
        assert_eq!(delays, [0, 0, 0, 0, 1000, 2000, 4000, 8000]);
        assert_eq!(delay_ms(14, 5), 512_000);
        assert_eq!(delay_ms(15, 5), 900_000);
        assert_eq!(delay_ms(i64::MAX, 5), 900_000);
    }

    #[test]
    fn an_hour_of_rest_forgets() {
        let before = Attempts { failures: 9, last_ms: 1_000, blocked_until_ms: 17_000 };
        assert_eq!(next(before, 5, 17_000).failures, 10);
        let rested = next(before, 5, 1_001 + FORGET_AFTER_MS);
        assert_eq!((rested.failures, rested.blocked_until_ms), (1, rested.last_ms));
    }

    #[test]
    fn addresses_of_one_client_count_together() {
        let key = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2:ffff::"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
