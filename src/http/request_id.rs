//! The id of a request: what ties an answer, the log lines of its making, and the lines of the front
//! server together.
//!
//! A front server or a client may have given one (`X-Request-ID`); otherwise one is made. It goes back
//! with the answer, and whoever writes a log line asks here for the id of the request that its thread is
//! at. What is sent is taken only if it cannot break a line or pass for something else.

use std::cell::{Cell, RefCell};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header field of the id, in requests and answers.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a request.
const LONGEST: usize = 64;

thread_local! {
    static CURRENT: RefCell<Option<HeaderValue>> = const { RefCell::new(None) };
    /// What ids made by this thread begin with, and how many there were.
    static SERIES: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
}

/// The id of a request by its header fields, which have it afterwards, whether it was sent or not.
pub fn settle(headers: &mut HeaderMap) -> HeaderValue {
    if let Some(sent) = headers.get(X_REQUEST_ID).filter(|sent| is_sound(sent.as_bytes())) {
        return sent.clone();
    }
    let made = make();
    headers.insert(X_REQUEST_ID, made.clone());
    made
}

/// Letters, digits and a few signs: enough for UUIDs, trace ids, and what front servers make.
fn is_sound(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte))
}

/// A new id: a random number of this thread, then a count.
fn make() -> HeaderValue {
    let (series, count) = SERIES.get().unwrap_or_else(|| (random(), 0));
    SERIES.set(Some((series, count.wrapping_add(1))));
    let mut text = [0; 24];
    write_hex(&mut text[..16], series);
    write_hex(&mut text[16..], count);
    HeaderValue::from_bytes(&text).expect("hexadecimal digits are a field's value")
}

fn random() -> u64 {
    // Without randomness the clock has to do: ids are names, not secrets.
    getrandom::u64().unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |since| since.as_nanos() as u64)
            ^ u64::from(std::process::id()).rotate_left(40)
    })
}

/// Writes as many of the lowest digits as there is room for.
fn write_hex(digits: &mut [u8], number: u64) {
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(rest & 15) as usize];
        rest >>= 4;
    }
}

/// Log lines of this thread name the request, until this is dropped.
#[derive(Debug)]
pub struct Named(Option<HeaderValue>);

/// Notes which request this thread is at.
#[must_use]
pub fn name(id: &HeaderValue) -> Named {
    Named(CURRENT.replace(Some(id.clone())))
}

impl Drop for Named {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Calls `tell` with the id of the request that this thread is at, if it is at one.
pub fn with_current(tell: impl FnOnce(&str)) {
    // A log line that is written while the id changes goes without.
    let _ = CURRENT.try_with(|current| {
        if let Ok(current) = current.try_borrow()
            && let Some(id) = current.as_ref().and_then(|id| id.to_str().ok())
        {
            tell(id);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn settled(sent: &[u8]) -> (HeaderValue, HeaderMap) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(sent).unwrap());
        (settle(&mut headers), headers)
    }

    #[test]
    fn what_was_sent_is_kept_if_it_is_sound() {
        for sent in ["a", "9F86d081-88a1", "Root=1-67891233:abc+/=@._", &"x".repeat(64)] {
            let (id, headers) = settled(sent.as_bytes());
            assert_eq!((id.as_bytes(), headers.len()), (sent.as_bytes(), 1));
        }
        for sent in ["", "a b", "a\"b", "<a>", "a;b", &"x".repeat(65), "é"] {
            let (id, headers) = settled(sent.as_bytes());
            assert_ne!(id.as_bytes(), sent.as_bytes(), "{sent}");
            assert_eq!(headers.get_all(X_REQUEST_ID).iter().collect::<Vec<_>>(), [&id]);
        }
    }

    #[test]
    fn made_ones_differ() {
        let of_thread = || (0..100).map(|_| settle(&mut HeaderMap::new())).collect::<Vec<_>>();
        let other = std::thread::spawn(of_thread).join().unwrap();
        let ids: HashSet<_> = of_thread().into_iter().chain(other).collect();
        assert_eq!(ids.len(), 200);
        assert!(ids.iter().all(|id| is_sound(id.as_bytes()) && id.len() == 24));
    }

    #[test]
    fn a_thread_knows_its_request_while_it_is_at_it() {
        let current = || {
            let mut seen = None;
            with_current(|id| seen = Some(id.to_owned()));
            seen
        };
        assert_eq!(current(), None);
        let outer = name(&HeaderValue::from_static("outer"));
        {
            let _inner = name(&HeaderValue::from_static("inner"));
            assert_eq!(current().as_deref(), Some("inner"));
        }
        assert_eq!(current().as_deref(), Some("outer"));
        drop(outer);
        assert_eq!(current(), None);
    }
}
