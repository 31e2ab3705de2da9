//! Validators, conditional requests and what caches are told (RFC 9110 section 13, RFC 9111).

use std::time::{Duration, SystemTime};

use http::header::{
    CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{Body, Response, http_date, parse_http_date};

/// The longest time that caches have to be able to count (RFC 9111, section 1.2.2).
const MAX_AGE_LIMIT_S: u32 = 1 << 31;

/// What a 304 keeps of the response that it stands for (RFC 9110, section 15.4.5).
const KEPT_BY_304: [HeaderName; 6] = [CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, VARY];

/// An entity tag: one opaque value per sequence of bytes that may be sent, or, where it is weak, per
/// picture that may be sent in bytes that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ETag {
    hash: u128,
    weak: bool,
}

impl ETag {
    /// The tag of a representation that `hash` identifies.
    #[must_use]
    pub fn from_hash(hash: u128) -> Self {
        Self { hash, weak: false }
    }

    /// The same, for a representation whose bytes may differ from one time to the next while nobody
    /// could tell the difference (RFC 9110, section 8.8.1).
    #[must_use]
    pub fn weak(self) -> Self {
        Self { weak: true, ..self }
    }

    /// The field's value: 32 hexadecimal digits in quotes, after `W/` when it is weak.
    #[must_use]
    pub fn to_header_value(self) -> HeaderValue {
        let mark = if self.weak { "W/" } else { "" };
        let text = format!("{mark}\"{}\"", self.digits());
        HeaderValue::from_str(&text).expect("digits are plain ASCII")
    }

    /// Whether a field value is just this tag, compared strongly: a weak one never is.
    pub(super) fn is(self, value: &HeaderValue) -> bool {
        !self.weak && *value == self.to_header_value()
    }

    fn digits(self) -> String {
        format!("{:032x}", self.hash)
    }

    /// Whether one field value of `If-None-Match` names this tag. Compares weakly, as the field
    /// demands: a front server that compresses on the way makes tags weak. What stands behind a
    /// fault in the list is not looked at.
    fn is_named_by(self, list: &HeaderValue) -> bool {
        let own = self.digits();
        let mut rest = list.as_bytes().trim_ascii();
        if rest == b"*" {
            return true;
        }
        loop {
            let separator = |byte: &u8| matches!(byte, b',' | b' ' | b'\t');
            let skipped = rest.iter().take_while(|byte| separator(byte)).count();
            rest = &rest[skipped..];
            let tagged = rest.strip_prefix(b"W/").unwrap_or(rest);
            let Some(opaque) = tagged.strip_prefix(b"\"") else { return false };
            let Some(end) = opaque.iter().position(|byte| *byte == b'"') else { return false };
            if &opaque[..end] == own.as_bytes() {
                return true;
            }
            rest = &opaque[end + 1..];
        }
    }
}

/// Whether the client already holds what it asks for, so that a 304 is the answer.
///
/// `If-None-Match` decides alone when it is there, against `etag`; else `If-Modified-Since` against
/// `last_modified`, in whole seconds. Only GET and HEAD can be answered so, and only when the answer
/// would have been a 200.
#[must_use]
pub fn is_unchanged(
    method: &Method,
    request: &HeaderMap,
    etag: Option<ETag>,
    last_modified: Option<SystemTime>,
) -> bool {
    if method != Method::GET && method != Method::HEAD {
        return false;
    }
    if request.contains_key(IF_NONE_MATCH) {
        let mut lists = request.get_all(IF_NONE_MATCH).iter();
        return etag.is_some_and(|etag| lists.any(|list| etag.is_named_by(list)));
    }
    let Some(last_modified) = last_modified else { return false };
    let since = request.get(IF_MODIFIED_SINCE).and_then(parse_http_date);
    since.is_some_and(|since| last_modified < since + Duration::from_secs(1))
}

/// The 304 in place of `response`: no body, and of its fields only those that such an answer keeps.
#[must_use]
pub fn not_modified(mut response: Response) -> Response {
    let mut headers = HeaderMap::new();
    for name in KEPT_BY_304 {
        for value in response.headers.get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    response.status = StatusCode::NOT_MODIFIED;
    response.headers = headers;
    response.body = Body::Empty;
    response
}

/// Who may keep a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Any cache: everybody may see it.
    Public,
    /// Only the cache of the one who asked.
    Private,
}

/// For how long a response may be used without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// So many seconds; more than 2³¹ count as 2³¹.
    MaxAge(u32),
    /// Nothing is said; the client may ask whether its copy still holds.
    None,
    /// Not at all: it is out of date at once, and there is nothing to ask by.
    Never,
}

/// What caches are told of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caching {
    /// Who may keep it.
    pub audience: Audience,
    /// For how long.
    pub expiry: Expiry,
}

impl Expiry {
    /// By a template's expiry time: positive seconds, 0 for nothing said, negative for never.
    #[must_use]
    pub fn from_seconds(expiry_s: i64) -> Self {
        match expiry_s {
            0 => Self::None,
            ..0 => Self::Never,
            _ => Self::MaxAge(u32::try_from(expiry_s).unwrap_or(u32::MAX).min(MAX_AGE_LIMIT_S)),
        }
    }
}

impl Caching {
    /// Writes `Cache-Control`, `Expires` and `ETag` into `headers`, in place of any that are there;
    /// fields that do not apply are removed.
    pub fn write(self, headers: &mut HeaderMap, etag: Option<ETag>, now: SystemTime) {
        for name in [CACHE_CONTROL, EXPIRES, ETAG] {
            headers.remove(name);
        }
        if let Some(control) = self.cache_control() {
            headers.insert(CACHE_CONTROL, control);
        }
        match self.expiry {
            Expiry::MaxAge(age_s) => {
                let age = Duration::from_secs(age_s.min(MAX_AGE_LIMIT_S).into());
                headers.insert(EXPIRES, http_date(now + age));
            }
            Expiry::None => {}
            Expiry::Never => {
                headers.insert(EXPIRES, http_date(SystemTime::UNIX_EPOCH));
            }
        }
        if let (Some(etag), Expiry::MaxAge(_) | Expiry::None) = (etag, self.expiry) {
            headers.insert(ETAG, etag.to_header_value());
        }
    }

    fn cache_control(self) -> Option<HeaderValue> {
        Some(match (self.audience, self.expiry) {
            (Audience::Public, Expiry::None) => return None,
            (Audience::Private, Expiry::None) => HeaderValue::from_static("private"),
            (Audience::Public, Expiry::Never) => HeaderValue::from_static("no-cache"),
            (Audience::Private, Expiry::Never) => HeaderValue::from_static("private, no-cache"),
            (audience, Expiry::MaxAge(age_s)) => {
                let audience = if audience == Audience::Public { "public" } else { "private" };
                let age_s = age_s.min(MAX_AGE_LIMIT_S);
                HeaderValue::from_str(&format!("{audience}, max-age={age_s}"))
                    .expect("words and digits are plain ASCII")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LAST_MODIFIED};
    use proptest::prelude::*;

    use super::*;

    const TAG: ETag = ETag { hash: 0x0123_4567_89ab_cdef_0011_2233_4455_6677, weak: false };
    const TAG_TEXT: &str = "\"0123456789abcdef0011223344556677\"";

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn matches(value: &str) -> bool {
        is_unchanged(&Method::GET, &headers(&[(IF_NONE_MATCH, value)]), Some(TAG), None)
    }

    #[test]
    fn tags_are_32_digits_in_quotes() {
        assert_eq!(TAG.to_header_value(), TAG_TEXT);
        assert_eq!(ETag::from_hash(1).to_header_value(), "\"00000000000000000000000000000001\"");
    }

    #[test]
    fn if_none_match_lists() {
        for value in [
            TAG_TEXT.to_owned(),
            format!("W/{TAG_TEXT}"),
            format!("\"other\", {TAG_TEXT}"),
            format!("W/\"a\" , W/{TAG_TEXT},\"b\""),
            format!(",, \"with, comma\",{TAG_TEXT}"),
            format!("\"\",{TAG_TEXT}"),
            "*".to_owned(),
            " * ".to_owned(),
        ] {
            assert!(matches(&value), "{value}");
        }
        for value in [
            "",
            "\"other\"",
            "0123456789abcdef0011223344556677",
            "\"0123456789ABCDEF0011223344556677\"",
            "\"0123456789abcdef001122334455667\"",
            "\"0123456789abcdef0011223344556677",
            "w/\"0123456789abcdef0011223344556677\"",
            "\"x, \"0123456789abcdef0011223344556677\"",
            "\"*\"",
            "*, *",
        ] {
            assert!(!matches(value), "{value}");
        }
        let two_fields = headers(&[(IF_NONE_MATCH, "\"a\""), (IF_NONE_MATCH, TAG_TEXT)]);
        assert!(is_unchanged(&Method::HEAD, &two_fields, Some(TAG), None));
    }

    #[test]
    fn a_response_without_tag_matches_nothing() {
        let request = headers(&[(IF_NONE_MATCH, "*")]);
        assert!(!is_unchanged(&Method::GET, &request, None, None));
    }

    #[test]
    fn only_get_and_head_are_conditional() {
        let request = headers(&[(IF_NONE_MATCH, TAG_TEXT)]);
        assert!(!is_unchanged(&Method::POST, &request, Some(TAG), None));
        assert!(!is_unchanged(&Method::PUT, &request, Some(TAG), None));
    }

    #[test]
    fn if_modified_since_counts_whole_seconds() {
        // 784111777 s, the example date of RFC 9110.
        let since = headers(&[(IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT")]);
        let changed = |ms| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
            !is_unchanged(&Method::GET, &since, None, Some(time))
        };
        assert!(!changed(784_111_776_000));
        assert!(!changed(784_111_777_000));
        assert!(!changed(784_111_777_999));
        assert!(changed(784_111_778_000));
        let nonsense = headers(&[(IF_MODIFIED_SINCE, "soon")]);
        assert!(!is_unchanged(&Method::GET, &nonsense, None, Some(SystemTime::UNIX_EPOCH)));
    }

    #[test]
    fn if_none_match_overrules_if_modified_since() {
        let request = headers(&[
            (IF_NONE_MATCH, "\"other\""),
            (IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT"),
        ]);
        assert!(!is_unchanged(&Method::GET, &request, Some(TAG), Some(SystemTime::UNIX_EPOCH)));
        assert!(!is_unchanged(&Method::GET, &request, None, Some(SystemTime::UNIX_EPOCH)));
    }

    #[test]
    fn a_304_keeps_what_the_standard_names_and_no_more() {
        let kept = [
            (ETAG, TAG_TEXT),
            (CACHE_CONTROL, "public, max-age=60"),
            (EXPIRES, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (VARY, "Accept"),
            (VARY, "Cookie"),
            (CONTENT_LOCATION, "/image?src=a.jpg"),
            (DATE, "Sun, 06 Nov 1994 08:48:37 GMT"),
        ];
        let mut response = Response::new(StatusCode::OK).body(Body::Bytes(Bytes::from("picture")));
        response.headers = headers(&kept);
        for (name, value) in
            [(CONTENT_TYPE, "image/jpeg"), (CONTENT_LENGTH, "7"), (LAST_MODIFIED, "then")]
        {
            response.headers.insert(name, HeaderValue::from_static(value));
        }
        let response = not_modified(response);
        assert_eq!(response.status, StatusCode::NOT_MODIFIED);
        assert!(response.body.is_empty());
        assert_eq!(response.headers, headers(&kept));
    }

    fn written(audience: Audience, expiry_s: i64) -> HeaderMap {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let mut headers = headers(&[
            (CACHE_CONTROL, "stale"),
            (ETAG, "\"stale\""),
            (EXPIRES, "stale"),
            (CONTENT_TYPE, "image/png"),
        ]);
        let caching = Caching { audience, expiry: Expiry::from_seconds(expiry_s) };
        caching.write(&mut headers, Some(TAG), now);
        assert_eq!(headers.remove(CONTENT_TYPE).unwrap(), "image/png");
        headers
    }

    #[test]
    fn caches_are_told_what_the_contract_says() {
        // 604800 s are seven days.
        let week = (EXPIRES, "Sun, 13 Nov 1994 08:49:37 GMT");
        let epoch = (EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT");
        let tag = (ETAG, TAG_TEXT);
        for (audience, expiry_s, expected) in [
            (
                Audience::Public,
                604_800,
                headers(&[(CACHE_CONTROL, "public, max-age=604800"), week.clone(), tag.clone()]),
            ),
            (
                Audience::Private,
                604_800,
                headers(&[(CACHE_CONTROL, "private, max-age=604800"), week, tag.clone()]),
            ),
            (Audience::Public, 0, headers(std::slice::from_ref(&tag))),
            (Audience::Private, 0, headers(&[(CACHE_CONTROL, "private"), tag])),
            (Audience::Public, -1, headers(&[(CACHE_CONTROL, "no-cache"), epoch.clone()])),
            (Audience::Private, -1, headers(&[(CACHE_CONTROL, "private, no-cache"), epoch])),
        ] {
            assert_eq!(written(audience, expiry_s), expected, "{audience:?} {expiry_s}");
        }
    }

    #[test]
    fn expiry_times_beyond_what_caches_count_are_cut() {
        let headers = written(Audience::Public, i64::MAX);
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=2147483648");
        assert_eq!(Expiry::from_seconds(i64::MIN), Expiry::Never);
        assert_eq!(Expiry::from_seconds(1), Expiry::MaxAge(1));
    }

    proptest! {
        #[test]
        fn a_list_names_its_members_and_no_other(
            others in prop::collection::vec("(W/)?\"[!#-~\u{80}-\u{ff}]{0,12}\"", 0..6),
            place in 0_usize..6,
        ) {
            prop_assert!(!matches(&others.join(", ")));
            let mut list = others;
            list.insert(place.min(list.len()), TAG_TEXT.to_owned());
            prop_assert!(matches(&list.join(", ")));
            prop_assert!(matches(&list.join(",")));
        }

        #[test]
        fn any_bytes_are_read_without_harm(value in prop::collection::vec(32_u8..=255, 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let named = TAG.is_named_by(&value);
                prop_assert_eq!(named, value.as_bytes().trim_ascii() == b"*");
            }
        }
    }
}
