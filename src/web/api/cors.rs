//! Which other sites' pages may call the API (the Fetch standard, section 3.2).

use http::{HeaderMap, HeaderValue, header};

use crate::http::Request;

/// The sites whose pages may read answers.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    origins: Vec<String>,
}

/// What a page may send beside what every page may.
const HEADERS: &str = "Authorization, Content-Type, X-CSRF-Token, X-HTTP-Method-Override, \
                       Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset, Upload-Checksum";
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE, PATCH";
/// Header fields of answers that a page may read beside the usual ones.
const EXPOSED: &str = "Link, X-Total-Count, Retry-After, Location, Content-Location, Tus-Version, \
                       Tus-Resumable, Tus-Max-Size, Tus-Extension, Tus-Checksum-Algorithm, \
                       Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires";
/// How long a browser may remember the answer: the most that common ones accept.
const REMEMBERED_S: &str = "7200";

impl Cors {
    /// Pages of these origins (`https://www.example.com`); `*` for all, which then send no cookies.
    #[must_use]
    pub fn new(origins: Vec<String>) -> Self {
        let origins = origins.into_iter().map(|origin| origin.trim_end_matches('/').to_owned());
        Self { origins: origins.collect() }
    }

    /// Writes what every answer tells.
    pub fn allow(&self, request: &Request, headers: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = request.headers.get(header::ORIGIN) else { return };
        let named = |known: &String| origin.as_bytes().eq_ignore_ascii_case(known.as_bytes());
        if self.origins.iter().any(named) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            let credentials = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, credentials);
        } else if self.origins.iter().any(|known| known == "*") {
            let all = HeaderValue::from_static("*");
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, all);
        } else {
            return;
        }
        let exposed = HeaderValue::from_static(EXPOSED);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }

    /// Writes what a browser asks before it sends a call.
    pub fn preflight(&self, request: &Request, headers: &mut HeaderMap) {
        let asks = request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if self.origins.is_empty() || !asks {
            return;
        }
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
