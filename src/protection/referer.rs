//! The pages that pictures may be shown on, by what browsers say of them (RFC 9110, section 10.1.3).
//!
//! This keeps other sites from showing pictures as their own. It keeps nobody out who wants in: a program
//! sends what it likes.

/// Hosts whose pages may show pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referers {
    hosts: Vec<Pattern>,
    /// Whether a request that names no page is answered.
    blank: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    host: String,
    /// Whether it stands for all names below it, and not for itself.
    below: bool,
    port: Option<u16>,
}

impl Referers {
    /// Reads a list of hosts: `example.com`, `*.example.com` for all below it, each with a port if only
    /// that one is meant. None when one of them is no host.
    #[must_use]
    pub fn read<'a>(hosts: impl IntoIterator<Item = &'a str>, blank: bool) -> Option<Self> {
        let hosts = hosts.into_iter().map(Pattern::read).collect::<Option<_>>()?;
        Some(Self { hosts, blank })
    }

    /// Whether a page may show pictures; `own` are the hosts of this server, with or without a port.
    #[must_use]
    pub fn allow<'a>(
        &self,
        referer: Option<&[u8]>,
        own: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        let Some(referer) = referer.filter(|referer| !referer.is_empty()) else {
            return self.blank;
        };
        let text = String::from_utf8_lossy(referer);
        let Some((host, port)) = page_host(&text) else { return false };
        let mut own = own.into_iter().filter_map(|own| split(&own.to_ascii_lowercase()));
        own.any(|(own, _)| own == host) || self.hosts.iter().any(|p| p.holds(&host, port))
    }
}

impl Pattern {
    fn read(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix("*.");
        let (host, port) = split(rest.unwrap_or(&text))?;
        let named = !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
        named.then_some(Self { host, below: rest.is_some(), port })
    }

    fn holds(&self, host: &str, port: Option<u16>) -> bool {
        let named = if self.below {
            host.strip_suffix(self.host.as_str()).is_some_and(|start| start.ends_with('.'))
        } else {
            host == self.host
        };
        named && (self.port.is_none() || self.port == port)
    }
}

/// Host and port of a page's address.
fn page_host(address: &str) -> Option<(String, Option<u16>)> {
    let (scheme, rest) = address.split_once("://")?;
    let usual = match scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = split(&host.to_ascii_lowercase())?;
    (!host.is_empty()).then_some((host, port.or(Some(usual))))
}

/// A host without the dot that may end it, and its port.
fn split(text: &str) -> Option<(String, Option<u16>)> {
    let colon = text.rfind(':').filter(|at| !text[*at..].contains(']'));
    let (host, port) = match colon {
        Some(at) => (&text[..at], Some(text[at + 1..].parse().ok()?)),
        None => (text, None),
    };
    Some((host.trim_end_matches('.').to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [&str; 4] = ["example.com", "*.shop.example", "intra:8443", "[2001:db8::1]"];

    fn allows(referer: &str) -> bool {
        let referers = Referers::read(LIST, false).unwrap();
        referers.allow(Some(referer.as_bytes()), ["img.site.test:8080"])
    }

    #[test]
    fn listed_hosts_and_our_own_pages_are_allowed() {
        for page in [
            "https://example.com/page?x=//evil.test",
            "http://EXAMPLE.com:81",
            "https://example.com./",
            "https://a.shop.example/",
            "https://a.b.shop.example/",
            "https://intra:8443/",
            "https://[2001:db8::1]/x",
            "https://img.site.test/portfolios/x",
            "http://user@example.com/",
        ] {
            assert!(allows(page), "{page}");
        }
    }

    #[test]
    fn all_others_are_not() {
        for page in [
            "https://evil.test/",
            "https://www.example.com/",
            "https://shop.example/",
            "https://ashop.example/",
            "https://example.com.evil.test/",
            "https://evil.test/https://example.com/",
            "https://example.com@evil.test/",
            "https://evil.test\\@example.com/",
            "https://evil.test#@example.com/",
            "https://intra/",
            "ftp://example.com/",
            "example.com",
            "https:///",
            "https://example.com:no/",
            "null",
            "\u{fffd}",
        ] {
            assert!(!allows(page), "{page}");
        }
    }

    #[test]
    fn no_page_is_a_matter_of_its_own() {
        for blank in [false, true] {
            let referers = Referers::read(["example.com"], blank).unwrap();
            assert_eq!(referers.allow(None, []), blank);
            assert_eq!(referers.allow(Some(b""), []), blank);
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in ["", "*", "*.", "a b", "https://example.com", "a/b", "a*.example.com", "a:b"] {
            assert_eq!(Referers::read([host], true), None, "{host}");
        }
    }
}
