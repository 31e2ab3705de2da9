//! Takes the parts that begin with `ssl` out of an address: the driver knows too few of them.

use percent_encoding::percent_decode_str;

use crate::db::error::{Error, Result};

/// What an address says of encryption; the last of several counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::db) struct Parts {
    pub(super) mode: Option<String>,
    pub(super) root_certificate: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
}

impl Parts {
    /// Takes a part that is for us. Tells whether it was.
    fn take(&mut self, name: &str, value: impl FnOnce() -> Option<String>) -> Result<bool> {
        let place = match name {
            "sslmode" => &mut self.mode,
            "sslrootcert" => &mut self.root_certificate,
            "sslcert" => &mut self.certificate,
            "sslkey" => &mut self.key,
            // The driver's own.
            "sslnegotiation" => return Ok(false),
            name if name.starts_with("ssl") => {
                let known = "sslmode, sslrootcert, sslcert, sslkey and sslnegotiation";
                return Err(Error::Address(format!("of what begins with ssl it may have {known}")));
            }
            _ => return Ok(false),
        };
        let value = value();
        if value.as_ref().is_none_or(String::is_empty) {
            return Err(Error::Address(format!("{name} has no value")));
        }
        *place = value;
        Ok(true)
    }
}

/// The address without those parts, and the parts.
///
/// # Errors
/// [`Error::Address`] for a part of that kind that nobody knows, or one without a value.
pub(in crate::db) fn split(address: &str) -> Result<(String, Parts)> {
    if ["postgres://", "postgresql://"].iter().any(|scheme| address.starts_with(scheme)) {
        split_url(address)
    } else {
        split_pairs(address)
    }
}

fn split_url(address: &str) -> Result<(String, Parts)> {
    let mut parts = Parts::default();
    // A password may hold a question mark.
    let host = address.find('@').unwrap_or(0);
    let Some(query) = address[host..].find('?').map(|at| host + at) else {
        return Ok((address.to_owned(), parts));
    };
    let mut kept = Vec::new();
    for pair in address[query + 1..].split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = || percent_decode_str(value).decode_utf8().ok().map(String::from);
        if !parts.take(name, value)? {
            kept.push(pair);
        }
    }
    let rest = kept.join("&");
    let rest = if rest.is_empty() { rest } else { format!("?{rest}") };
    Ok((format!("{}{rest}", &address[..query]), parts))
}

/// `name = value` pairs; values in quotes may hold blanks, and a backslash takes the next letter as it
/// is.
fn split_pairs(address: &str) -> Result<(String, Parts)> {
    let (mut parts, mut kept) = (Parts::default(), String::new());
    let mut rest = address.trim_start();
    while !rest.is_empty() {
        // What is no pair is the driver's to complain about.
        let Some((name, after)) = rest.split_once('=') else {
            kept.push_str(rest);
            break;
        };
        let (value, end) = take_value(after.trim_start());
        if !parts.take(name.trim(), || Some(value))? {
            let len = rest.len() - end.len();
            kept.push_str(&rest[..len]);
            kept.push(' ');
        }
        rest = end.trim_start();
    }
    Ok((kept, parts))
}

/// A value, and what follows it.
fn take_value(text: &str) -> (String, &str) {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut letters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if quoted => return (value, &text[at + 1..]),
            letter if !quoted && letter.is_whitespace() => return (value, &text[at..]),
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(texts: [&str; 4]) -> Parts {
        let [mode, root_certificate, certificate, key] =
            texts.map(|text| (!text.is_empty()).then(|| text.to_owned()));
        Parts { mode, root_certificate, certificate, key }
    }

    #[test]
    fn both_forms_are_taken_apart() {
        for (address, rest, expected) in [
            ("postgresql://u:p?@h/n", "postgresql://u:p?@h/n", ["", "", "", ""]),
            (
                "postgresql://u:p?@h/n?sslmode=require",
                "postgresql://u:p?@h/n",
                ["require", "", "", ""],
            ),
            (
                "postgres://h/n?a=1&sslmode=verify-ca&sslrootcert=%2Fa%20b.pem&port=7",
                "postgres://h/n?a=1&port=7",
                ["verify-ca", "/a b.pem", "", ""],
            ),
            (
                "host=h sslmode = verify-full sslrootcert='/a \\'b\\'.pem' user=u",
                "host=h user=u ",
                ["verify-full", "/a 'b'.pem", "", ""],
            ),
            (
                "password='sslmode=disable' sslcert=/c sslkey=/k sslmode=prefer sslmode=require",
                "password='sslmode=disable' ",
                ["require", "", "/c", "/k"],
            ),
            ("host=h sslnegotiation=direct", "host=h sslnegotiation=direct ", ["", "", "", ""]),
        ] {
            assert_eq!(split(address).unwrap(), (rest.to_owned(), parts(expected)), "{address}");
        }
    }

    #[test]
    fn parts_that_nobody_knows_are_refused_without_their_values() {
        for address in
            ["postgresql://u@h/n?sslcrl=secret", "host=h sslpassword=secret", "host=h sslmode="]
        {
            let refused = split(address).unwrap_err().to_string();
            assert!(refused.contains("sslmode") && !refused.contains("secret"), "{refused}");
        }
    }
}
