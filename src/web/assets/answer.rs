//! `GET /static/…`

use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE,
    ETAG, HeaderName, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;

use super::manifest::is_hashed;
use super::store::{Content, Store};
use super::{PREFIX, store};
use crate::http::{Body, ETag, Progress, Request, Response, is_unchanged, not_modified};
use crate::web::{App, Error};

/// What a file with its content's hash in its name is kept by: for a year, without asking again.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What others are kept by: an update reaches the pages of other sites within ten minutes.
const FOR_NOW: HeaderValue = HeaderValue::from_static("public, max-age=600, must-revalidate");

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Compressed forms, best first: how `Accept-Encoding` calls them, and the ending of their files.
const COMPRESSED: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// `GET /static/{name}`: a file by its own name, or by the plain one that the manifest knows. Pages of
/// every site may use them.
pub fn answer(_: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let path = percent_decode_str(&request.path).decode_utf8_lossy();
    let name = path.strip_prefix(PREFIX).filter(|name| is_plain(name));
    let name = name.ok_or_else(Error::not_found)?;
    let manifest = store().manifest();
    let file = manifest.file_of(name).unwrap_or(name);
    let found = choose(store(), file, &request.headers).map_err(Error::unavailable)?;
    let (content, encoding) = found.ok_or_else(Error::not_found)?;
    let [first, ..] = content.hash.as_chunks::<16>().0 else { return Err(Error::not_found()) };
    let etag = ETag::from_hash(u128::from_be_bytes(*first));
    let mut response = Response::new(StatusCode::OK)
        .header(CONTENT_TYPE, content_type(file))
        .header(CACHE_CONTROL, if is_hashed(name) { FOR_GOOD } else { FOR_NOW })
        .header(ETAG, etag.to_header_value())
        .header(VARY, HeaderValue::from_static("Accept-Encoding"))
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))
        .header(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"))
        .header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .body(Body::Bytes(content.bytes));
    if let Some(encoding) = encoding {
        response = response.header(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let unchanged = is_unchanged(&request.method, &request.headers, Some(etag), None);
    Ok(if unchanged { not_modified(response) } else { response })
}

/// Whether a name stays beneath the folder and means none of its hidden files nor a compressed form.
fn is_plain(name: &str) -> bool {
    name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && !name.contains('\\')
        && COMPRESSED.iter().all(|(_, ending)| !name.ends_with(ending))
}

/// The best form of a file that the client takes, and what it is encoded with.
fn choose(
    store: &Store,
    file: &str,
    headers: &HeaderMap,
) -> std::io::Result<Option<(Content, Option<&'static str>)>> {
    for (encoding, ending) in COMPRESSED {
        if takes(headers, encoding)
            && let Some(content) = store.get(&format!("{file}{ending}"))?
        {
            return Ok(Some((content, Some(encoding))));
        }
    }
    Ok(store.get(file)?.map(|content| (content, None)))
}

/// Whether `Accept-Encoding` names an encoding without weighing it at nothing (RFC 9110, section 12.5.3).
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|q| q > 0.0))
    })
}

fn content_type(file: &str) -> HeaderValue {
    let kind = mime_guess::from_path(file).first_raw().unwrap_or("application/octet-stream");
    let is_text = kind.starts_with("text/") || kind == "application/json";
    let text = if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    HeaderValue::from_str(&text).expect("the names of types are plain ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn encodings_are_taken_as_they_are_weighed() {
        for value in ["br", "gzip, br", "gzip;q=1.0, br;q=0.1", "BR", "deflate , br ; q=0.5"] {
            assert!(takes(&accepting(value), "br"), "{value}");
        }
        for value in ["", "gzip", "br;q=0", "br;q=0.0", "brotli", "*", "br;q=x"] {
            assert!(!takes(&accepting(value), "br"), "{value}");
        }
    }

    #[test]
    fn names_stay_beneath_the_folder() {
        for name in ["a.css", "js/canvas_view.min.js"] {
            assert!(is_plain(name), "{name}");
        }
        for name in ["", "..", "../a", "a/../b", "/a", "a//b", ".git", "a/.b", "a.css.gz", "a\\b"] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn types_by_ending() {
        assert_eq!(content_type("a.css"), "text/css; charset=utf-8");
        assert_eq!(content_type("a.b.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("a.svg"), "image/svg+xml");
        assert_eq!(content_type("a.woff2"), "font/woff2");
        assert_eq!(content_type("a"), "application/octet-stream");
    }
}
