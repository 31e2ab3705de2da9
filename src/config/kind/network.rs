//! Addresses of this machine, of servers, and of networks.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::{Kind, Raw, list, quoted, quoted_list, text};
use crate::config::settings::Unit;

/// An address and port to listen on.
pub(in crate::config) struct Address;

impl Kind<SocketAddr> for Address {
    fn read(&self, raw: Raw<'_>) -> Result<SocketAddr, String> {
        text(raw)?
            .trim()
            .parse()
            .map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8080".to_owned())
    }

    fn toml(&self, value: &SocketAddr) -> String {
        quoted(&value.to_string())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "IP address and port".into()
    }
}

/// Where connections are taken or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket, by its absolute path.
    Unix(PathBuf),
    /// A host name or address (an IPv6 address without its brackets) and a port.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl std::str::FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "must be unix:/path or host:port".to_owned();
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() { Ok(Self::Unix(path)) } else { Err(fault()) };
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(fault)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let named = !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        let host = match bare {
            Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => address,
            None if named => host,
            _ => return Err(fault()),
        };
        let port = port.parse().map_err(|_| fault())?;
        Ok(Self::Tcp { host: host.to_owned(), port })
    }
}

/// Endpoints to listen on.
pub(in crate::config) struct Endpoints;

impl Kind<Vec<Endpoint>> for Endpoints {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<Endpoint>, String> {
        list(raw)?.into_iter().map(str::parse).collect()
    }

    fn toml(&self, value: &Vec<Endpoint>) -> String {
        quoted_list(value.iter().map(Endpoint::to_string))
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "list of `unix:/path` or `host:port`".into()
    }
}

/// Servers to connect to; `:11211` is added where no port is said.
pub(in crate::config) struct Servers;

impl Kind<Vec<Endpoint>> for Servers {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<Endpoint>, String> {
        let server = |item: &str| {
            let colons = item.matches(':').count();
            let complete = item.starts_with("unix:") || item.contains("]:");
            if complete || (colons == 1 && !item.ends_with(']')) {
                item.parse()
            } else {
                format!("{item}:11211").parse()
            }
        };
        list(raw)?.into_iter().map(server).collect()
    }

    fn toml(&self, value: &Vec<Endpoint>) -> String {
        quoted_list(value.iter().map(Endpoint::to_string))
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "list of `host`, `host:port` or `unix:/path`".into()
    }
}

/// A network: the addresses that share the first `prefix` bits with `address`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Its address, the bits after the prefix being 0.
    pub address: IpAddr,
    /// Number of bits that count.
    pub prefix: u8,
}

impl Network {
    /// Whether an address belongs to it. An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is
    /// taken as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == Some(self.address)
    }
}

/// The address with only the first `prefix` bits; none when it has fewer.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let spare = 32u32.checked_sub(prefix.into())?;
            let mask = u32::MAX.checked_shl(spare).unwrap_or(0);
            Some(IpAddr::V4((address.to_bits() & mask).into()))
        }
        IpAddr::V6(address) => {
            let spare = 128u32.checked_sub(prefix.into())?;
            let mask = u128::MAX.checked_shl(spare).unwrap_or(0);
            Some(IpAddr::V6((address.to_bits() & mask).into()))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "must be IP addresses or networks, such as 10.0.0.0/8".to_owned();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| fault())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let prefix = prefix.unwrap_or(if address.is_ipv4() { 32 } else { 128 });
        match masked(address, prefix) {
            Some(network) if network == address => Ok(Self { address, prefix }),
            Some(_) => Err("must have no bits set after the network's prefix".into()),
            None => Err(fault()),
        }
    }
}

/// A list of networks.
pub(in crate::config) struct Networks;

impl Kind<Vec<Network>> for Networks {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<Network>, String> {
        list(raw)?.into_iter().map(str::parse).collect()
    }

    fn toml(&self, value: &Vec<Network>) -> String {
        quoted_list(value.iter().map(Network::to_string))
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "list of IP addresses or networks".into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn addresses() {
        reads(&Address, "[::1]:80", "\"[::1]:80\"");
        refuses(&Address, Raw::Plain("8080"));
        refuses(&Address, Raw::Plain("localhost:8080"));
    }

    #[test]
    fn endpoints() {
        reads(&Endpoints, "", "[]");
        reads(
            &Endpoints,
            "unix:/run/a.sock, 127.0.0.1:9000 [::1]:9000",
            "[\"unix:/run/a.sock\", \"127.0.0.1:9000\", \"[::1]:9000\"]",
        );
        for bad in ["unix:a", "host", "host:", ":1", "host:70000", "::1:1", "[x]:1", "a/b:1"] {
            refuses(&Endpoints, Raw::Plain(bad));
        }
        refuses(&Endpoints, Raw::Text("host:1"));
    }

    #[test]
    fn servers_have_a_usual_port() {
        reads(&Servers, "cache1,cache2:1", "[\"cache1:11211\", \"cache2:1\"]");
        reads(&Servers, "[::1]", "[\"[::1]:11211\"]");
        reads(&Servers, "[::1]:5", "[\"[::1]:5\"]");
        reads(&Servers, "unix:/run/m", "[\"unix:/run/m\"]");
        refuses(&Servers, Raw::Plain("cache:"));
    }

    #[test]
    fn networks() {
        reads(
            &Networks,
            "10.0.0.0/8, 127.0.0.1 2001:db8::/32 0.0.0.0/0",
            "[\"10.0.0.0/8\", \"127.0.0.1/32\", \"2001:db8::/32\", \"0.0.0.0/0\"]",
        );
        for bad in ["10.0.0.1/8", "10.0.0.0/33", "x", "10.0.0.0/", "::/129", "10.0.0.0/-1"] {
            refuses(&Networks, Raw::Plain(bad));
        }
        let within = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(within("10.0.0.0/8", "10.255.0.1"));
        assert!(within("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!within("10.0.0.0/8", "11.0.0.0"));
        assert!(!within("10.0.0.0/8", "::1"));
        assert!(within("0.0.0.0/0", "255.255.255.255"));
        assert!(!within("0.0.0.0/0", "2001:db8::1"));
        assert!(within("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(within("::1", "::1"));
    }
}
