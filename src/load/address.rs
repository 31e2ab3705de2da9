//! The address of a server, without a path.

/// Where a server answers HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Its name or number, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Address {
    /// Reads `http://host[:port]` or `https://host[:port]`, with or without a slash at its end.
    ///
    /// # Errors
    /// What is expected instead.
    pub fn read(text: &str) -> Result<Self, String> {
        let fault = || "must be http://HOST or https://HOST, with a port or without".to_owned();
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(fault()),
        };
        let authority: http::uri::Authority =
            rest.trim_end_matches('/').parse().map_err(|_| fault())?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(fault());
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host, port })
    }

    /// The value of a request's `Host` field.
    #[must_use]
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http{}://{}", if self.tls { "s" } else { "" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let of = |tls, host: &str, port| Ok(Address { tls, host: host.into(), port });
        assert_eq!(
            Address::read("https://images.example.com/"),
            of(true, "images.example.com", 443)
        );
        assert_eq!(Address::read("http://127.0.0.1:8080"), of(false, "127.0.0.1", 8080));
        assert_eq!(Address::read("https://[::1]:444"), of(true, "::1", 444));
        for wrong in ["", "images.example.com", "ftp://x", "http://", "https://u:p@x", "http://x/y"]
        {
            assert!(Address::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn they_are_told_as_they_are_written() {
        for text in ["http://a", "https://a", "http://a:443", "https://[::1]:80", "http://[::1]"] {
            assert_eq!(Address::read(text).unwrap().to_string(), text);
        }
        assert_eq!(Address::read("https://a:443").unwrap().authority(), "a");
    }
}
