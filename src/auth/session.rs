//! Web sessions: a signed text that the browser keeps in a cookie. Nothing is stored for a session
//! that runs; one that was ended before its time is listed in the database, and raising an account's
//! epoch ends all of its sessions and tokens.
//!
//! Every host that has the secret and the database knows them alike.

use std::time::Duration;

use super::identity::SessionId;
use super::signer::{Fields, Purpose, Signer};

/// The first form did not tell how a session began.
const FORM: u8 = 2;

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct SessionTimes {
    /// Without a request.
    pub idle: Duration,
    /// In all.
    pub longest: Duration,
}

/// A web session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Its random name: never one that came from the browser.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: i64,
    /// The account's epoch when it began.
    pub epoch: i64,
    /// When it began, in seconds since 1970 UTC.
    pub began_s: i64,
    /// When it was last seen, give or take a minute.
    pub seen_s: i64,
    /// It was made of an API token, and nobody signed in.
    pub of_token: bool,
}

impl Session {
    /// A new session; none without random numbers.
    #[must_use]
    pub fn begin(user_id: i64, epoch: i64, now_s: i64, of_token: bool) -> Option<Self> {
        let mut id = SessionId::default();
        getrandom::fill(&mut id).ok()?;
        Some(Self { id, user_id, epoch, began_s: now_s, seen_s: now_s, of_token })
    }

    /// The text for the cookie.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        let mut payload = vec![FORM, u8::from(self.of_token)];
        payload.extend_from_slice(&self.id);
        for number in [self.user_id, self.epoch, self.began_s, self.seen_s] {
            payload.extend_from_slice(&number.to_be_bytes());
        }
        signer.sign(Purpose::Session, &payload)
    }

    /// The session of a cookie's text, unless it was not signed here or has run out.
    #[must_use]
    pub fn open(text: &str, signer: &Signer, times: SessionTimes, now_s: i64) -> Option<Self> {
        Self::read(text, signer).filter(|session| now_s < session.ends_s(times))
    }

    /// The session of a cookie's text, also when it has run out, unless it was not signed here.
    #[must_use]
    pub fn read(text: &str, signer: &Signer) -> Option<Self> {
        let payload = signer.open(Purpose::Session, text)?;
        let mut fields = Fields(&payload);
        if fields.take()? != [FORM] {
            return None;
        }
        let [of_token] = fields.take()?;
        let session = Self {
            id: fields.take()?,
            user_id: fields.int()?,
            epoch: fields.int()?,
            began_s: fields.int()?,
            seen_s: fields.int()?,
            of_token: of_token != 0,
        };
        fields.end()?;
        Some(session)
    }

    /// When it runs out unless it is seen again.
    #[must_use]
    pub fn ends_s(&self, times: SessionTimes) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let idle = self.seen_s.saturating_add(seconds(times.idle));
        idle.min(self.began_s.saturating_add(seconds(times.longest)))
    }

    /// The same session seen now, if that is worth a new cookie.
    #[must_use]
    pub fn seen(&self, times: SessionTimes, now_s: i64) -> Option<Self> {
        let apart_s = i64::try_from(times.idle.as_secs() / 10).unwrap_or(60).min(60);
        (now_s - self.seen_s >= apart_s.max(1)).then_some(Self { seen_s: now_s, ..*self })
    }

    /// Its name as the database lists it.
    #[must_use]
    pub fn name(id: &SessionId) -> String {
        id.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: SessionTimes =
        SessionTimes { idle: Duration::from_secs(600), longest: Duration::from_secs(3600) };

    #[test]
    fn it_comes_back_until_it_has_run_out() {
        let signer = Signer::new(&[1; 32]).unwrap();
        let session = Session::begin(7, 3, 10_000, false).unwrap();
        let text = session.sign(&signer);
        let open = |text: &str, now_s| Session::open(text, &signer, TIMES, now_s);
        assert_eq!(open(&text, 10_000), Some(session));
        assert_eq!(open(&text, 10_599), Some(session));
        assert_eq!(open(&text, 10_600), None);
        assert_eq!(Session::read(&text, &signer), Some(session));
        assert_eq!(Session::read(&text, &Signer::new(&[2; 32]).unwrap()), None);
        // Seen again and again, it ends an hour after it began.
        let mut last = session;
        for now_s in (10_060..13_600).step_by(60) {
            last = last.seen(TIMES, now_s).unwrap();
        }
        assert_eq!(open(&last.sign(&signer), 13_599), Some(last));
        assert_eq!(open(&last.sign(&signer), 13_600), None);
        assert_eq!(session.seen(TIMES, 10_059), None);
        assert_eq!(open(&signer.sign(Purpose::Session, b"x"), 0), None);
        assert_ne!(Session::begin(7, 3, 10_000, false).unwrap().id, session.id);
        // How it began is never forgotten.
        let of_token = Session::begin(7, 3, 10_000, true).unwrap();
        let seen = of_token.seen(TIMES, 10_060).unwrap();
        assert!(open(&seen.sign(&signer), 10_060).unwrap().of_token);
        assert!(!last.of_token);
    }
}
