//! Slows down who guesses passwords, with a delay that doubles: strictly by account and address
//! together, by address, and by account for guesses that come from many addresses. Counted in the
//! database, so that all workers and hosts count together.
//!
//! Who guesses at an account must not keep its user out: an address from which somebody has signed in to
//! the account is judged by what came from there to this account alone.
//!
//! An attempt is counted before its password is looked at and taken back when it was right, so that
//! many at once gain nothing.

use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest as _, Sha256};

use crate::db::login_attempts::{self, Attempts, KNOWN_FOR_MS};
use crate::db::{self, Db, Sql};

/// After how long without an attempt all is forgotten.
pub const FORGET_AFTER_MS: i64 = 3600 * 1000;

/// The longest delay.
const LONGEST_MS: i64 = 15 * 60 * 1000;

/// What attempts are counted for. An account need not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// One account from one address.
    Both,
    /// One account from all addresses that it is not known by.
    Account,
    /// One address, behind which there may be many people.
    Address,
}

impl Whose {
    /// How many attempts are free.
    const fn free(self) -> i64 {
        match self {
            Self::Both => 5,
            Self::Account => 100,
            Self::Address => 30,
        }
    }
}

/// A row of the database that counts.
struct Counted {
    key: String,
    whose: Whose,
}

/// An attempt that may be made.
pub struct Allowed {
    counted: Vec<Counted>,
    /// Under what the address becomes known to the account; none without an address.
    known: Option<String>,
}

/// Counts an attempt on the account of this name from this address; `Err` is in how many seconds
/// there may be one, and then this one was not counted.
///
/// # Errors
/// See [`db::Error`].
pub fn enter(db: &Db, username: &str, address: Option<IpAddr>) -> db::Result<Result<Allowed, u64>> {
    let (name, address) = (name_hash(username), address.map(network));
    let known = address.map(|address| login_attempts::known(&name, address));
    let is_known = match &known {
        Some(key) => login_attempts::is_within(db, key, KNOWN_FOR_MS)?,
        None => false,
    };
    let counted = counted(&name, address, is_known);
    let waits_ms = db.transaction(|sql| {
        let mut after = Vec::new();
        let mut longest_ms = 0;
        for one in &counted {
            let (before, now_ms) = login_attempts::lock(sql, &one.key)?;
            longest_ms = longest_ms.max(wait_ms(before, now_ms));
            after.push(next(before, one.whose.free(), now_ms));
        }
        if longest_ms <= 0 {
            for (one, after) in counted.iter().zip(after) {
                login_attempts::set(sql, &one.key, after)?;
            }
        }
        Ok(longest_ms)
    })?;
    let retry_s = u64::try_from(waits_ms.saturating_add(999) / 1000).unwrap_or(0);
    Ok(if waits_ms <= 0 { Ok(Allowed { counted, known }) } else { Err(retry_s) })
}

impl Allowed {
    /// The attempt succeeded: what failed from this address at this account is forgotten, the address is
    /// known to it from now on, and elsewhere the attempt does not count.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn succeeded(self, db: &Db) -> db::Result<()> {
        db.transaction(|sql| {
            for one in &self.counted {
                match one.whose {
                    Whose::Both => login_attempts::forget(sql, &one.key)?,
                    Whose::Account | Whose::Address => take_back(sql, one)?,
                }
            }
            if let Some(key) = &self.known {
                let (_, now_ms) = login_attempts::lock(sql, key)?;
                let seen = Attempts { last_ms: now_ms, ..Attempts::default() };
                login_attempts::set(sql, key, seen)?;
            }
            Ok(())
        })
    }

    /// It was no attempt at a password after all: nothing could be verified.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn withdrawn(self, db: &Db) -> db::Result<()> {
        db.transaction(|sql| self.counted.iter().try_for_each(|one| take_back(sql, one)))
    }

    /// The first of two steps succeeded: it does not count, save for this account from this address
    /// until the second has succeeded too.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn half_succeeded(self, db: &Db) -> db::Result<()> {
        let others = || self.counted.iter().filter(|one| one.whose != Whose::Both);
        db.transaction(|sql| others().try_for_each(|one| take_back(sql, one)))
    }
}

fn take_back(sql: &dyn Sql, one: &Counted) -> db::Result<()> {
    let (now, _) = login_attempts::lock(sql, &one.key)?;
    let failures = (now.failures - 1).max(0);
    let blocked_until_ms = if failures < one.whose.free() { 0 } else { now.blocked_until_ms };
    login_attempts::set(sql, &one.key, Attempts { failures, blocked_until_ms, ..now })
}

/// What is counted, always in the same order, so that transactions do not wait for one another in a
/// circle.
fn counted(name: &str, address: Option<IpAddr>, is_known: bool) -> Vec<Counted> {
    let from = address.map_or_else(|| "?".to_owned(), |address| address.to_string());
    let both = Counted { key: format!("both {name} {from}"), whose: Whose::Both };
    if is_known {
        return vec![both];
    }
    let account = Counted { key: format!("account {name}"), whose: Whose::Account };
    let address =
        address.map(|address| Counted { key: format!("address {address}"), whose: Whose::Address });
    [Some(both), Some(account), address].into_iter().flatten().collect()
}

/// A name as it is kept: what is typed there by mistake may be a password. All forms of its letters
/// count together, as they mean one account.
fn name_hash(username: &str) -> String {
    let name = Sha256::digest(db::users::name_key(&db::users::spelling(username)));
    name[..16].iter().map(|byte| format!("{byte:02x}")).collect()
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

/// How long an attempt has to wait, if it does. An end further off than the longest delay was noted before
/// the clock was set back.
fn wait_ms(before: Attempts, now_ms: i64) -> i64 {
    Some(before.blocked_until_ms - now_ms).filter(|wait_ms| *wait_ms <= LONGEST_MS).unwrap_or(0)
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
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let blocked = Attempts { failures: 9, last_ms: 1_000_000, blocked_until_ms: 1_016_000 };
        assert_eq!(wait_ms(blocked, 1_000_000), 16_000);
        assert!(wait_ms(blocked, 1_016_000) <= 0);
        assert_eq!(wait_ms(blocked, 1_000_000 - 3_600_000), 0);
    }

    #[test]
    fn all_forms_of_a_name_count_together() {
        // Capitals, full-width letters, and o with a diaeresis of its own.
        assert_eq!(name_hash("admin"), name_hash(" \u{ff21}DMIN"));
        assert_eq!(name_hash("j\u{f6}rg"), name_hash("jo\u{308}rg"));
        assert_ne!(name_hash("jorg"), name_hash("j\u{f6}rg"));
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
