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
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err("must hold no user and no password; --user signs in".to_owned());
        }
        let authority: http::uri::Authority = rest.parse().map_err(|_| fault())?;
        let host = authority.host();
        // What stands after the name, and not what the parser makes of it: that knows no port above 65535.
        let port = match rest.strip_prefix(host).ok_or_else(fault)? {
            "" if tls => 443,
            "" => 80,
            port => port.strip_prefix(':').and_then(number).ok_or("its port must be 1 to 65535")?,
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(fault());
        }
        Ok(Self { tls, host: host.to_owned(), port })
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

/// A port that can be connected to.
fn number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port > 0)
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
    fn a_port_that_is_none_is_refused_and_not_replaced_by_the_usual_one() {
        assert_eq!(Address::read("http://x:65535").unwrap().port, 65_535);
        for port in ["0", "00", "", "65536", "80800", "99999", "+80", "-1", "8o", "80:80"] {
            for host in ["x", "127.0.0.1", "[::1]"] {
                let address = format!("http://{host}:{port}");
                assert!(Address::read(&address).is_err(), "{address}");
            }
        }
        for wrong in ["http://u@x", "http://u:p@x:80", "http://[::1", "http://::1", "http://:80"] {
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
