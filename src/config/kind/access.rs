//! What signing in is set up with: secrets, hosts, the address of a directory server.

use super::text::Secret;
use super::{Kind, Raw, list, quoted, quoted_list, text};
use crate::config::settings::Unit;

/// A secret: blank, or with a fewest number of bytes. Messages never repeat it.
pub(in crate::config) struct SecretText {
    /// The fewest bytes, unless it is blank.
    pub min_bytes: usize,
}

impl Kind<Secret> for SecretText {
    fn read(&self, raw: Raw<'_>) -> Result<Secret, String> {
        let text = text(raw)?;
        if !text.is_empty() && text.len() < self.min_bytes {
            return Err(format!("must be blank or have at least {} bytes", self.min_bytes));
        }
        Ok(Secret::new(text))
    }

    fn toml(&self, value: &Secret) -> String {
        quoted(value.expose())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        match self.min_bytes {
            0 | 1 => "text".into(),
            bytes => format!("blank, or text of at least {bytes} bytes"),
        }
    }
}

/// Any text without control characters.
pub(in crate::config) struct FreeText;

impl Kind<String> for FreeText {
    fn read(&self, raw: Raw<'_>) -> Result<String, String> {
        Ok(text(raw)?.trim().to_owned())
    }

    fn toml(&self, value: &String) -> String {
        quoted(value)
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "text".into()
    }
}

/// Names of hosts, each with a port if it is not the usual one.
pub(in crate::config) struct Hosts;

impl Kind<Vec<String>> for Hosts {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<String>, String> {
        let host = |host: &str| {
            let (name, port) = host.rsplit_once(':').unwrap_or((host, "443"));
            let named = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
            if named && port.parse::<u16>().is_ok() {
                Ok(host.to_ascii_lowercase())
            } else {
                Err("must be a list of host names, such as [\"app.example.com\"]".to_owned())
            }
        };
        list(raw)?.into_iter().map(host).collect()
    }

    fn toml(&self, value: &Vec<String>) -> String {
        quoted_list(value.iter().cloned())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "list of host names, with a port where it is not the usual one".into()
    }
}

/// The address of a directory server, or blank.
pub(in crate::config) struct DirectoryAddress;

impl Kind<String> for DirectoryAddress {
    fn read(&self, raw: Raw<'_>) -> Result<String, String> {
        let text = text(raw)?.trim();
        let rest = text.strip_prefix("ldaps://").or_else(|| text.strip_prefix("ldap://"));
        let host =
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '?', '@', ' ', '#']));
        if host || text.is_empty() {
            Ok(text.to_owned())
        } else {
            Err("must be blank, or ldap:// or ldaps:// and a host, with a port if need be".into())
        }
    }

    fn toml(&self, value: &String) -> String {
        quoted(value)
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "blank, or `ldap://…` or `ldaps://…`".into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn short_secrets_are_refused_without_showing_them() {
        let kind = SecretText { min_bytes: 8 };
        reads(&kind, "", "\"\"");
        reads(&kind, "12345678", "\"12345678\"");
        let reason = kind.read(Raw::Plain("1234567")).unwrap_err();
        assert!(!reason.contains("1234567"), "{reason}");
    }

    #[test]
    fn hosts_and_directories() {
        reads(
            &Hosts,
            "App.example.com, localhost:8080",
            "[\"app.example.com\", \"localhost:8080\"]",
        );
        reads(&Hosts, "", "[]");
        for bad in ["https://a", "a/b", "a:b", "a:70000", "*.a", ":1", "a@b"] {
            refuses(&Hosts, Raw::Plain(bad));
        }
        reads(
            &DirectoryAddress,
            "ldaps://dc1.example.com:3269",
            "\"ldaps://dc1.example.com:3269\"",
        );
        reads(&DirectoryAddress, "", "\"\"");
        for bad in ["ldap://", "dc1", "http://dc1", "ldap://a/b", "ldap://u@a"] {
            refuses(&DirectoryAddress, Raw::Plain(bad));
        }
        reads(&FreeText, " dc=example,dc=com ", "\"dc=example,dc=com\"");
        refuses(&FreeText, Raw::Plain("a\nb"));
    }
}
