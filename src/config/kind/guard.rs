//! What protects from floods: keys that addresses are signed with, lists of sizes, where signatures are
//! demanded, the hosts of pages.

use super::text::Secret;
use super::{Kind, Raw, list, quoted, quoted_list};
use crate::config::settings::Unit;

/// A key that addresses are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in addresses.
    pub id: String,
    /// The key itself.
    pub secret: Secret,
}

/// Keys, each as its name, a colon, and at least so many bytes. Messages never repeat them.
pub(in crate::config) struct SigningKeys {
    /// The fewest bytes of each.
    pub min_bytes: usize,
}

/// The longest name of a key.
const LONGEST_ID: usize = 32;

impl Kind<Vec<SigningKey>> for SigningKeys {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<SigningKey>, String> {
        let fault = || {
            format!(
                "must be a list of keys, each a name of letters, digits, - and _, a colon, and a secret \
                 of at least {} bytes",
                self.min_bytes
            )
        };
        let mut keys: Vec<SigningKey> = Vec::new();
        for item in list(raw)? {
            let (id, secret) = item.split_once(':').ok_or_else(fault)?;
            let named = (1..=LONGEST_ID).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
            let sound = !secret.chars().any(char::is_control);
            if !named || !sound || secret.len() < self.min_bytes {
                return Err(fault());
            }
            if keys.iter().any(|key| key.id == id) {
                return Err("must give each key a name of its own".into());
            }
            keys.push(SigningKey { id: id.to_owned(), secret: Secret::new(secret) });
        }
        Ok(keys)
    }

    fn toml(&self, value: &Vec<SigningKey>) -> String {
        quoted_list(value.iter().map(|key| format!("{}:{}", key.id, key.secret.expose())))
    }

    fn describe(&self, _: Option<Unit>) -> String {
        format!("list of `name:secret`, each secret of at least {} bytes", self.min_bytes)
    }
}

/// A list of whole numbers.
pub(in crate::config) struct Wholes {
    /// The smallest.
    pub min: u32,
    /// The largest.
    pub max: u32,
}

impl Kind<Vec<u32>> for Wholes {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<u32>, String> {
        let fault = || format!("must be a list of whole numbers from {} to {}", self.min, self.max);
        let numbers: Option<Vec<i64>> = match raw {
            Raw::Wholes(numbers) => Some(numbers.to_vec()),
            // An empty list in TOML is of any kind.
            Raw::List([]) => Some(Vec::new()),
            Raw::Plain(_) => list(raw)?.into_iter().map(|item| item.parse().ok()).collect(),
            _ => None,
        };
        let one = |number: i64| {
            u32::try_from(number).ok().filter(|number| (self.min..=self.max).contains(number))
        };
        numbers.and_then(|numbers| numbers.into_iter().map(one).collect()).ok_or_else(fault)
    }

    fn toml(&self, value: &Vec<u32>) -> String {
        let items: Vec<String> = value.iter().map(u32::to_string).collect();
        format!("[{}]", items.join(", "))
    }

    fn describe(&self, unit: Option<Unit>) -> String {
        let unit = unit.map(|unit| format!(" {}", unit.name())).unwrap_or_default();
        format!("list of whole numbers, {} to {}{unit}", self.min, self.max)
    }
}

/// Folders and templates, each line with `!` before it if it says the opposite.
pub(in crate::config) struct Where;

impl Kind<Vec<String>> for Where {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<String>, String> {
        let line = |line: &str| {
            let of = line.strip_prefix('!').unwrap_or(line);
            let template = of.strip_prefix("template:").is_some_and(|name| !name.is_empty());
            if (of.starts_with('/') || template) && !of.chars().any(char::is_control) {
                Ok(line.to_owned())
            } else {
                Err("must be a list of folders such as /clients and templates such as \
                     template:Print, each with ! before it for the opposite"
                    .to_owned())
            }
        };
        list(raw)?.into_iter().map(line).collect()
    }

    fn toml(&self, value: &Vec<String>) -> String {
        quoted_list(value.iter().cloned())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "list of `/folder` or `template:NAME`, or of `!` and one of these".into()
    }
}

/// Hosts of pages, `*.` before a name standing for all names below it.
pub(in crate::config) struct PageHosts;

impl Kind<Vec<String>> for PageHosts {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<String>, String> {
        let host = |text: &str| {
            let name = text.strip_prefix("*.").unwrap_or(text);
            let (host, port) = match name.rsplit_once(':') {
                Some((host, port)) if !name.ends_with(']') => (host, port.parse::<u16>().is_ok()),
                _ => (name, true),
            };
            let named = !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
            if named && port {
                Ok(text.to_ascii_lowercase())
            } else {
                Err("must be a list of hosts such as www.example.com or *.example.com".to_owned())
            }
        };
        list(raw)?.into_iter().map(host).collect()
    }

    fn toml(&self, value: &Vec<String>) -> String {
        quoted_list(value.iter().cloned())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        format!("list of {} or {}", quoted("www.example.com"), quoted("*.example.com"))
            .replace('"', "`")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn keys_have_names_and_do_not_show() {
        let kind = SigningKeys { min_bytes: 4 };
        reads(&kind, "", "[]");
        reads(&kind, "new:abcd old:ef:gh", "[\"new:abcd\", \"old:ef:gh\"]");
        for bad in ["abcd", ":abcd", "a b:abcd", "a:abc", "a~:abcd", "a:abcd a:efgh"] {
            refuses(&kind, Raw::Plain(bad));
            let reason = kind.read(Raw::Plain(bad)).unwrap_err();
            assert!(!reason.contains("abcd") && !reason.contains("abc"), "{reason}");
        }
        let keys = kind.read(Raw::Plain("a:wxyz")).unwrap();
        assert!(!format!("{keys:?}").contains("wxyz"));
    }

    #[test]
    fn numbers() {
        let kind = Wholes { min: 1, max: 900 };
        reads(&kind, "", "[]");
        reads(&kind, "200, 1 900", "[200, 1, 900]");
        refuses(&kind, Raw::Wholes(&[200, 0]));
        for bad in [Raw::Plain("901"), Raw::Plain("x"), Raw::Whole(5), Raw::List(&["5".to_owned()])]
        {
            refuses(&kind, bad);
        }
    }

    #[test]
    fn places() {
        reads(&Where, "/ !/open template:Print", "[\"/\", \"!/open\", \"template:Print\"]");
        for bad in ["clients", "*", "!", "template:", "!!/"] {
            refuses(&Where, Raw::Plain(bad));
        }
    }

    #[test]
    fn hosts_of_pages() {
        reads(
            &PageHosts,
            "*.Example.com a.b:8443 [::1]",
            "[\"*.example.com\", \"a.b:8443\", \"[::1]\"]",
        );
        for bad in ["*", "*.", "https://a", "a/b", "a*.b", "a:x"] {
            refuses(&PageHosts, Raw::Plain(bad));
        }
    }
}
