//! What signing in keeps in the database, when several workers do so at once.

use halftone::auth::accounts::{self, AccountError, NewAccount};
use halftone::auth::key::KeyError;
use halftone::auth::{
    Actor, Attempt, Proofs, Refused, Scopes, Seal, Signer, key, sign_in, throttle,
};
use halftone::db::{self, Db, api_keys, audit_log, login_attempts, sessions, totp, users};

use crate::setup::{TestDb, at_once};

crate::on_both!(
    of_many_guesses_at_once_few_are_free,
    a_right_password_is_not_counted,
    guesses_from_one_address_hold_that_address,
    guesses_from_everywhere_do_not_hold_a_known_address,
    a_code_is_good_for_one_of_many,
    an_act_that_failed_is_not_noted,
    the_use_of_a_key_is_noted_once_a_minute,
    ended_sessions_are_forgotten_when_they_have_run_out,
    the_kind_of_refusal_does_not_tell_who_has_an_account,
);

fn account(db: &Db, username: &str) -> i64 {
    let account = NewAccount {
        username: username.to_owned(),
        password: Some("correct horse".to_owned()),
        ..NewAccount::default()
    };
    patient(
        || accounts::create(db, &Actor::server(), &account),
        |e| matches!(e, AccountError::Busy),
    )
    .unwrap()
}

/// Tries again while other tests of this process take the turns at hashing.
fn patient<T, E>(work: impl Fn() -> Result<T, E>, is_busy: impl Fn(&E) -> bool) -> Result<T, E> {
    loop {
        match work() {
            Err(error) if is_busy(&error) => std::thread::yield_now(),
            done => return done,
        }
    }
}

fn attempt(db: &Db, username: &str, password: &str) -> Result<users::User, Refused> {
    let attempt = Attempt { username, password, code: None, address: "192.0.2.1".parse().ok() };
    let seal = Seal::new(&Signer::new(&[1; 32]).unwrap());
    let proofs = Proofs { directory: None, seal: &seal };
    patient(|| sign_in(db, proofs, attempt, 0), |error| matches!(error, Refused::Busy))
}

fn first_start(test: &TestDb) -> &Db {
    let db = test.migrated();
    halftone::auth::first_start(db, Some("a long enough password")).unwrap();
    db
}

fn of_many_guesses_at_once_few_are_free(test: &TestDb) {
    let db = test.migrated();
    let allowed =
        at_once(8, |_| (0..4).filter(|_| throttle::enter(db, "jo", None).unwrap().is_ok()).count());
    let allowed: usize = allowed.iter().sum();
    // Five are free; each second of a slow machine lets in at most one more.
    assert!((5..=8).contains(&allowed), "{allowed}");
    // Another name has its own.
    assert!(throttle::enter(db, "other", None).unwrap().is_ok());
    // What turns out to be none is taken back, and no more than that.
    let failures = || {
        let rows =
            db::Sql::query(db, "SELECT CAST(SUM(failures) AS BIGINT) FROM login_attempts", &[])
                .unwrap();
        rows[0].int(0).unwrap()
    };
    let before = failures();
    throttle::enter(db, "third", None).unwrap().unwrap_or_else(|_| panic!()).withdrawn(db).unwrap();
    assert_eq!(failures(), before);
}

fn a_right_password_is_not_counted(test: &TestDb) {
    let db = first_start(test);
    account(db, "jo");
    for _ in 0..3 {
        assert!(matches!(attempt(db, "jo", "wrong horse"), Err(Refused::Wrong)));
    }
    let failures = || -> Vec<i64> {
        let rows = db::Sql::query(db, "SELECT failures FROM login_attempts ORDER BY key", &[]);
        rows.unwrap().iter().map(|row| row.int(0).unwrap()).collect()
    };
    // Of the account, of the address, and of both together.
    assert_eq!(failures(), [3, 3, 3]);
    assert_eq!(attempt(db, " JO ", "correct horse").unwrap().username, "jo");
    // Those of both are forgotten, the others stay without this one, and the address is known.
    assert_eq!(failures(), [3, 3, 0]);
    assert_eq!(login_attempts::purge(db, 3_600_000, login_attempts::KNOWN_FOR_MS).unwrap(), 0);
    assert_eq!(login_attempts::purge(db, -1, login_attempts::KNOWN_FOR_MS).unwrap(), 2);
    assert_eq!(login_attempts::purge(db, -1, -1).unwrap(), 1);
}

/// Counts an attempt at the account `jo`; whether it may be made.
fn may_try(db: &Db, from: &str) -> bool {
    throttle::enter(db, "jo", from.parse().ok()).unwrap().is_ok()
}

fn guesses_from_one_address_hold_that_address(test: &TestDb) {
    let db = first_start(test);
    account(db, "jo");
    for _ in 0..5 {
        assert!(may_try(db, "192.0.2.1"));
    }
    // The delays double: before long there is one that even a slow machine sees.
    assert!((0..6).any(|_| !may_try(db, "192.0.2.1")));
    let elsewhere = Attempt {
        username: "jo",
        password: "correct horse",
        code: None,
        address: "192.0.2.2".parse().ok(),
    };
    let seal = Seal::new(&Signer::new(&[1; 32]).unwrap());
    let proofs = Proofs { directory: None, seal: &seal };
    let entered =
        patient(|| sign_in(db, proofs, elsewhere, 0), |error| matches!(error, Refused::Busy));
    assert_eq!(entered.unwrap().username, "jo");
}

fn guesses_from_everywhere_do_not_hold_a_known_address(test: &TestDb) {
    let db = first_start(test);
    account(db, "jo");
    let home = "198.51.100.7";
    let entered = throttle::enter(db, "jo", home.parse().ok()).unwrap();
    entered.unwrap_or_else(|_| panic!("nobody has tried yet")).succeeded(db).unwrap();
    let elsewhere = |number: usize| may_try(db, &format!("203.0.113.{number}"));
    assert!((0..99).all(elsewhere), "99 from as many addresses are free");
    assert!((99..112).any(|number| !elsewhere(number)), "then the account is held");
    // Where its user has signed in, its own attempts alone count.
    for _ in 0..5 {
        assert!(may_try(db, home));
    }
    assert!((0..6).any(|_| !may_try(db, home)));
    // It is not known for ever.
    let known = || {
        let asked = "SELECT key FROM login_attempts WHERE key LIKE 'known %'";
        db::Sql::query(db, asked, &[]).unwrap().len()
    };
    login_attempts::purge(db, 3_600_000, login_attempts::KNOWN_FOR_MS).unwrap();
    assert_eq!(known(), 1);
    login_attempts::purge(db, 3_600_000, -1).unwrap();
    assert_eq!(known(), 0);
    assert!(!may_try(db, "198.51.100.8"), "the account is still held for others");
}

fn a_code_is_good_for_one_of_many(test: &TestDb) {
    let db = first_start(test);
    let id = account(db, "jo");
    totp::begin(db, id, "GEZDGNBVGY3TQOJQ").unwrap();
    totp::confirm(db, id, &["hash".to_owned()]).unwrap();
    let winners = |results: Vec<bool>| results.into_iter().filter(|won| *won).count();
    assert_eq!(winners(at_once(6, |_| totp::use_step(db, id, 7).unwrap())), 1);
    assert!(!totp::use_step(db, id, 6).unwrap(), "an earlier one neither");
    assert_eq!(winners(at_once(6, |_| totp::use_recovery_code(db, id, "hash").unwrap())), 1);
    assert!(!totp::begin(db, id, "ANOTHER").unwrap(), "what is in use stays");
    assert!(totp::remove(db, id).unwrap());
    assert!(!totp::remove(db, id).unwrap());
}

fn an_act_that_failed_is_not_noted(test: &TestDb) {
    let db = first_start(test);
    account(db, "jo");
    let again = NewAccount { username: "JO".to_owned(), ..NewAccount::default() };
    let refused = accounts::create(db, &Actor::server(), &again);
    assert!(matches!(refused, Err(AccountError::Taken)), "{refused:?}");
    let (admin, _) = users::by_name(db, "admin").unwrap().unwrap();
    let refused = accounts::disable(db, &Actor::command_line(), admin.id);
    assert!(matches!(refused, Err(AccountError::LastAdministrator)), "{refused:?}");
    assert_eq!(users::by_id(db, admin.id).unwrap().unwrap().status, db::STATUS_ACTIVE);
    let acts = audit_log::latest(db, None, 10).unwrap();
    let acts: Vec<&str> = acts.iter().map(|act| act.action.as_str()).collect();
    assert_eq!(acts, ["user.create"]);
    let missing = accounts::disable(db, &Actor::server(), 4711);
    assert!(matches!(missing, Err(AccountError::Unknown)), "{missing:?}");
}

fn the_use_of_a_key_is_noted_once_a_minute(test: &TestDb) {
    let db = first_start(test);
    let id = account(db, "jo");
    let jo = users::by_id(db, id).unwrap().unwrap();
    let refused = key::create(db, &Actor::server(), id, "k", Scopes::READ, None);
    assert!(matches!(refused, Err(KeyError::NotAllowed)));
    users::update(db, &users::User { allow_api: true, ..jo }).unwrap();
    let (key_id, _) = key::create(db, &Actor::server(), id, "k", Scopes::READ, None).unwrap();
    let used = || api_keys::of_user(db, id).unwrap()[0].last_used_ms;
    assert_eq!(used(), None);
    api_keys::used(db, key_id, 60_000).unwrap();
    let first = used().unwrap();
    while db::now_ms() <= first {
        std::thread::yield_now();
    }
    api_keys::used(db, key_id, 60_000).unwrap();
    assert_eq!(used(), Some(first));
    api_keys::used(db, key_id, 0).unwrap();
    assert!(used() > Some(first));
}

fn ended_sessions_are_forgotten_when_they_have_run_out(test: &TestDb) {
    let db = test.migrated();
    sessions::end(db, "old", db::now_ms() - 1).unwrap();
    sessions::end(db, "new", db::now_ms() + 60_000).unwrap();
    sessions::end(db, "new", db::now_ms() + 90_000).unwrap();
    assert_eq!(sessions::ended(db).unwrap(), ["new"]);
    assert_eq!(sessions::purge(db).unwrap(), 1);
    assert_eq!(sessions::ended(db).unwrap(), ["new"]);
}

fn the_kind_of_refusal_does_not_tell_who_has_an_account(test: &TestDb) {
    let db = first_start(test);
    let id = account(db, "jo");
    account(db, "gone");
    let (gone, _) = users::by_name(db, "gone").unwrap().unwrap();
    accounts::disable(db, &Actor::server(), gone.id).unwrap();
    let imported = users::NewUser {
        username: "ldap".to_owned(),
        auth_type: users::AUTH_LDAP,
        ..users::NewUser::default()
    };
    users::insert(db, &imported).unwrap();
    for (username, password) in
        [("jo", "wrong horse"), ("gone", "correct horse"), ("ldap", ""), ("nobody", "x"), ("", "")]
    {
        let refused = attempt(db, username, password);
        assert!(matches!(refused, Err(Refused::Wrong)), "{username}: {refused:?}");
    }
    assert_eq!(attempt(db, "jo", "correct horse").unwrap().id, id);
}
