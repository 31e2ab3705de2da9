//! Where to go after signing in.
//!
//! An address in a link must not lead anywhere that its sender likes: only within this server, and
//! to hosts that the administrator named.

use http::{HeaderValue, Uri};

use crate::http::Request;
use crate::web::{App, Error, client};

/// The address that `next` asks for, if it may lead there.
pub fn checked(app: &App, request: &Request, next: &str) -> Result<String, Error> {
    let own = client::base_url(app, request);
    let own = own.split_once("://").map_or("", |(_, rest)| rest).split('/').next();
    let allowed = |host: &str| {
        own.is_some_and(|own| own.eq_ignore_ascii_case(host))
            || app.sign_in.next_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    };
    if may_lead_to(next, allowed) {
        Ok(next.to_owned())
    } else {
        Err(Error::parameter("next", "it may not lead there"))
    }
}

/// The header field for an address that was checked.
pub fn location(next: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(next).map_err(|_| Error::parameter("next", "it may not lead there"))
}

/// The origin of an address elsewhere that was checked.
pub fn origin(next: &str) -> Option<String> {
    let uri = next.parse::<Uri>().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

fn may_lead_to(next: &str, allowed: impl Fn(&str) -> bool) -> bool {
    // Browsers read a backslash as a slash, and leave out control characters.
    if next.len() > 2_000 || !next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return false;
    }
    if next.starts_with('/') {
        return !next.starts_with("//");
    }
    let Ok(uri) = next.parse::<Uri>() else { return false };
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let Some(authority) = uri.authority() else { return false };
    web && !authority.as_str().contains('@') && allowed(authority.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_to_hosts_that_are_allowed() {
        let allowed = |host: &str| host == "app.example.com" || host == "localhost:8080";
        for good in [
            "/",
            "/a?b=c#d",
            "/?next=//evil.example",
            "https://app.example.com/",
            "https://app.example.com",
            "http://localhost:8080/x?y",
        ] {
            assert!(may_lead_to(good, allowed), "{good}");
        }
        for bad in [
            "",
            "a",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "https://evil.example/",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "https://evil.example\\@app.example.com/",
            "https://app.example.com:444/",
            "https:app.example.com",
            "https:///app.example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://app.example.com/",
            " https://app.example.com/",
            "https://app.example.com/\r\nSet-Cookie: a=b",
            "/ä",
        ] {
            assert!(!may_lead_to(bad, allowed), "{bad}");
        }
    }
}
