//! Parts of files (RFC 9110, section 14): so that a broken download goes on where it stopped.

use std::ops::Range;

use http::header::{ACCEPT_RANGES, CONTENT_RANGE, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{Body, ETag, Response};

/// The part of `response` that the client asks for: 206 with one part, 416 when it lies outside, else
/// the response as it is. Only whole answers whose body is a file are divided.
///
/// Several ranges in one request are answered with the whole, as the standard allows. `If-Range`
/// counts when it holds `etag`; a date never does, since times of files are too coarse for it.
#[must_use]
pub fn part_of(
    method: &Method,
    request: &HeaderMap,
    etag: Option<ETag>,
    mut response: Response,
) -> Response {
    let (StatusCode::OK, Body::File { offset, len, .. }) = (response.status, &mut response.body)
    else {
        return response;
    };
    response.headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let asked = request.get(RANGE).filter(|_| method == Method::GET);
    let holds = request.get(IF_RANGE).is_none_or(|held| etag.is_some_and(|etag| etag.is(held)));
    let Some(asked) = asked.filter(|_| holds).and_then(|asked| asked.to_str().ok()) else {
        return response;
    };
    let whole = *len;
    match parse(asked, whole) {
        Asked::Whole => response,
        Asked::Part(part) => {
            *offset += part.start;
            *len = part.end - part.start;
            let range = format!("bytes {}-{}/{whole}", part.start, part.end - 1);
            response.status = StatusCode::PARTIAL_CONTENT;
            response.headers.insert(CONTENT_RANGE, digits(&range));
            response
        }
        Asked::Nothing => Response::new(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(CONTENT_RANGE, digits(&format!("bytes */{whole}"))),
    }
}

fn digits(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("digits and punctuation are visible ASCII")
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Everything: nothing else was asked for that is understood.
    Whole,
    /// These bytes; at least one.
    Part(Range<u64>),
    /// Bytes that there are not.
    Nothing,
}

/// Reads `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-COUNT`.
fn parse(value: &str, len: u64) -> Asked {
    let number = |text: &str| {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number too large to hold lies beyond the end of any file.
        plain.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((unit, set)) = value.split_once('=') else { return Asked::Whole };
    let Some((first, last)) = set.trim().split_once('-') else { return Asked::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Asked::Whole;
    }
    let part = match (number(first), number(last), last.is_empty()) {
        (Some(first), Some(last), _) if first <= last => first..last.saturating_add(1).min(len),
        (Some(first), None, true) => first..len,
        (None, Some(count), _) if first.is_empty() => len.saturating_sub(count)..len,
        _ => return Asked::Whole,
    };
    if part.is_empty() { Asked::Nothing } else { Asked::Part(part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let cases: &[(&str, Asked)] = &[
            ("bytes=0-499", Asked::Part(0..500)),
            ("bytes=500-999", Asked::Part(500..1000)),
            ("Bytes=9500-", Asked::Part(9500..10_000)),
            ("bytes=-500", Asked::Part(9500..10_000)),
            ("bytes=-20000", Asked::Part(0..10_000)),
            ("bytes=9999-99999999999999999999999", Asked::Part(9999..10_000)),
            ("bytes=10000-", Asked::Nothing),
            ("bytes=99999999999999999999999-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=5-4", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("bytes", Asked::Whole),
        ];
        for (value, expected) in cases {
            assert_eq!(parse(value, 10_000), *expected, "{value}");
        }
        assert_eq!(parse("bytes=0-0", 0), Asked::Nothing);
    }
}
