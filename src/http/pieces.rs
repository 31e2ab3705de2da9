//! Bodies that may be cut anywhere: what tus 1.0 calls a PATCH adds bytes at a place that the request
//! names, so that one long request and several short ones come to the same.
//!
//! A transport that meets such a body has it handled in pieces while it arrives, each as a request of
//! its own with its own place. What has come before a connection breaks is then not lost, a wrong
//! place is told at once and not after the whole body, and no more than a piece is ever spooled. The
//! last piece's answer is the answer.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The media type of such a body.
pub const MEDIA_TYPE: &str = "application/offset+octet-stream";

/// At which byte of the whole the body begins.
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// What the body's bytes come to; such a body makes sense as a whole only.
pub const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");

/// How long a piece is: long enough that handling it costs little beside its bytes.
pub const PIECE_BYTES: u64 = 8 << 20;

/// Whether the body of a request with these header fields may be cut.
#[must_use]
pub fn may_be_cut(headers: &HeaderMap) -> bool {
    is_of_type(headers) && offset(headers).is_some() && !headers.contains_key(UPLOAD_CHECKSUM)
}

/// Whether header fields tell of a body of [`MEDIA_TYPE`].
#[must_use]
pub fn is_of_type(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|told| told.as_bytes() == MEDIA_TYPE.as_bytes())
}

/// The header fields of the piece that begins `passed` bytes behind the beginning of the body.
#[must_use]
pub fn of_piece(headers: &HeaderMap, passed: u64) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(CONTENT_LENGTH);
    if let Some(offset) = offset(&headers) {
        headers.insert(UPLOAD_OFFSET, HeaderValue::from(offset.saturating_add(passed)));
    }
    headers
}

fn offset(headers: &HeaderMap) -> Option<u64> {
    headers.get(UPLOAD_OFFSET)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(HeaderName, &'static str)]) -> HeaderMap {
        let fields =
            fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        fields.collect()
    }

    #[test]
    fn only_bodies_with_a_place_and_without_a_sum_may_be_cut() {
        let patch = [(CONTENT_TYPE, MEDIA_TYPE), (UPLOAD_OFFSET, "70")];
        assert!(may_be_cut(&headers(&patch)));
        assert!(!may_be_cut(&headers(&patch[..1])));
        assert!(!may_be_cut(&headers(&patch[1..])));
        let odd = [(CONTENT_TYPE, MEDIA_TYPE), (UPLOAD_OFFSET, "-1")];
        assert!(!may_be_cut(&headers(&odd)));
        let [one, two] = patch;
        assert!(!may_be_cut(&headers(&[one, two, (UPLOAD_CHECKSUM, "sha1 x")])));
    }

    #[test]
    fn a_piece_tells_its_own_place() {
        let whole =
            headers(&[(CONTENT_TYPE, MEDIA_TYPE), (UPLOAD_OFFSET, "70"), (CONTENT_LENGTH, "1000")]);
        let piece = of_piece(&whole, 30);
        assert_eq!(piece[UPLOAD_OFFSET], "100");
        assert!(!piece.contains_key(CONTENT_LENGTH));
    }
}
