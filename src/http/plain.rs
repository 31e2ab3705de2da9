//! What is told before anybody is asked who knows the routes, and when whoever knew them failed.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::{Body, Response};

/// Addresses for programs begin with this: they are told in JSON.
const FOR_PROGRAMS: &str = "/api";

/// Whether programs rather than people ask for a path.
#[must_use]
pub fn is_for_programs(path: &str) -> bool {
    path.strip_prefix(FOR_PROGRAMS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A failure in words: as plain text, or for programs as `{status, message, data}`.
#[must_use]
pub fn plain(status: StatusCode, text: &str, for_programs: bool) -> Response {
    let (kind, body) = if for_programs {
        let envelope =
            serde_json::json!({ "status": status.as_u16(), "message": text, "data": null });
        ("application/json", envelope.to_string())
    } else {
        ("text/plain; charset=utf-8", format!("{text}\n"))
    };
    Response::new(status)
        .header(CONTENT_TYPE, HeaderValue::from_static(kind))
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .body(Body::Bytes(Bytes::from(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_in_json() {
        assert!(is_for_programs("/api/v1/list/") && is_for_programs("/api"));
        assert!(!is_for_programs("/apis") && !is_for_programs("/image"));
        let told = |for_programs| match plain(StatusCode::NOT_FOUND, "a \"b\"", for_programs).body {
            Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            _ => String::new(),
        };
        assert_eq!(told(false), "a \"b\"\n");
        let value: serde_json::Value = serde_json::from_str(&told(true)).unwrap();
        assert_eq!(value, serde_json::json!({ "status": 404, "message": "a \"b\"", "data": null }));
    }
}
