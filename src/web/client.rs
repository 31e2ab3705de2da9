//! Who is at the other end, when proxies stand between.
//!
//! A front server tells the address of whoever connected to it. Behind a balancer that is the
//! balancer, and the client's address stands in `X-Forwarded-For`, which anyone can send: it counts
//! only as far as it was written by proxies that the administrator named.

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderName, header};
use percent_encoding::percent_decode_str;

use super::App;
use crate::http::Request;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The client's address: the last one on the way that is not a trusted proxy.
pub fn address(app: &App, request: &Request) -> Option<IpAddr> {
    let trusted = |addr: &IpAddr| app.trusted_proxies.iter().any(|proxy| proxy.contains(*addr));
    nearest_untrusted(request, trusted)
}

fn nearest_untrusted(request: &Request, trusted: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let mut nearest = request.client.addr?;
    let fields: Vec<&str> = request
        .headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .collect();
    for hop in fields.iter().rev() {
        if !trusted(&nearest) {
            break;
        }
        match hop.trim().parse() {
            Ok(addr) => nearest = addr,
            Err(_) => break,
        }
    }
    Some(nearest)
}

/// The path that a request is for: decoded, without a slash at its end.
pub fn path(request: &Request) -> Cow<'_, str> {
    let decoded = percent_decode_str(&request.path).decode_utf8_lossy();
    match decoded {
        Cow::Borrowed(path) => path.trim_end_matches('/').into(),
        Cow::Owned(path) => path.trim_end_matches('/').to_owned().into(),
    }
}

/// The address that people reach this server by, without a slash at its end: as set, else as this
/// request was sent.
pub fn base_url(app: &App, request: &Request) -> String {
    if !app.public_base_url.is_empty() {
        return app.public_base_url.trim_end_matches('/').to_owned();
    }
    let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let scheme = if is_secure(app, request) { "https" } else { "http" };
    host.map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}

/// Whether the client speaks TLS to this server or to a trusted proxy before it.
pub fn is_secure(app: &App, request: &Request) -> bool {
    let forwarded = || {
        let proxied = request.client.addr?;
        let trusted = app.trusted_proxies.iter().any(|proxy| proxy.contains(proxied));
        let protocol = request.headers.get(X_FORWARDED_PROTO)?;
        Some(trusted && protocol.as_bytes().eq_ignore_ascii_case(b"https"))
    };
    request.client.secure || forwarded().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use http::{HeaderMap, HeaderValue, Method};

    use super::*;
    use crate::http::{Client, RequestBody};

    fn request(addr: &str, forwarded: &[&str]) -> Request {
        let mut headers = HeaderMap::new();
        for field in forwarded {
            let value = HeaderValue::from_str(field).unwrap();
            headers.append(X_FORWARDED_FOR, value);
        }
        Request {
            method: Method::GET,
            path: "/".into(),
            query: Vec::new(),
            headers,
            client: Client { addr: addr.parse().ok(), ..Client::default() },
            body: RequestBody::Empty,
            received: Instant::now(),
        }
    }

    #[test]
    fn only_what_trusted_proxies_wrote_counts() {
        let trusted = |addr: &IpAddr| addr.to_string().starts_with("10.");
        let cases: &[(&str, &[&str], &str)] = &[
            ("192.0.2.1", &[], "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3"], "10.0.0.3"),
        ];
        for (peer, forwarded, expected) in cases {
            let found = nearest_untrusted(&request(peer, forwarded), trusted);
            assert_eq!(found, expected.parse().ok(), "{peer} {forwarded:?}");
        }
    }
}
