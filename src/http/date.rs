//! Dates in header fields (RFC 9110, section 5.6.7).

use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// The last second that the format can hold: 9999-12-31T23:59:59Z.
const LAST_S: u64 = 253_402_300_799;

/// A time as a header field holds it, in whole seconds, rounded down. Times before 1970 and after
/// 9999 are held at these ends.
#[must_use]
pub fn http_date(time: SystemTime) -> HeaderValue {
    let since_s = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(since_s.min(LAST_S));
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).expect("a date is plain ASCII")
}

/// Reads a date in any of the three forms that the standard allows.
#[must_use]
pub fn parse_http_date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_s(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn the_example_of_the_standard() {
        // RFC 9110, section 5.6.7, in its three forms; 784111777 is `date -d … +%s`.
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse_http_date(&HeaderValue::from_static(text)), Some(at_s(784_111_777)));
        }
        let time = at_s(784_111_777) + Duration::from_millis(999);
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn times_beyond_the_format_are_held_at_its_ends() {
        assert_eq!(http_date(at_s(LAST_S + 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(http_date(before), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn nonsense_is_none() {
        for text in ["", "0", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(parse_http_date(&HeaderValue::from_static(text)), None, "{text}");
        }
        assert_eq!(parse_http_date(&HeaderValue::from_bytes(b"\xff").unwrap()), None);
    }
}
