//! The fields of the forms by which people sign in and out, and of queries.

use std::collections::HashMap;
use std::os::unix::fs::FileExt;

use percent_encoding::percent_decode;

use crate::http::{Request, RequestBody};
use crate::web::Error;

/// The longest body that is a form of ours: one that another form is carried by.
const MOST: u64 = 2 << 20;

/// Names and values; the first of repeated ones counts where one is asked for, blank ones are absent.
#[derive(Default)]
pub struct Form(HashMap<String, Vec<String>>);

impl Form {
    /// Reads the body of a request as a browser sends a form.
    ///
    /// # Errors
    /// 400 for a value that is not UTF-8; 413 for a body that is too large to be a form of ours.
    pub fn of_body(request: &Request) -> Result<Self, Error> {
        match &request.body {
            RequestBody::Empty => Ok(Self::default()),
            RequestBody::Memory(body) => Self::of_pairs(body),
            RequestBody::File { len, .. } if *len > MOST => Err(Error::too_large()),
            RequestBody::File { file, len } => {
                let mut body = vec![0; usize::try_from(*len).map_err(|_| Error::too_large())?];
                file.read_exact_at(&mut body, 0).map_err(Error::unavailable)?;
                Self::of_pairs(&body)
            }
        }
    }

    /// Reads the query of a request.
    ///
    /// # Errors
    /// 400 for a value that is not UTF-8.
    pub fn of_query(request: &Request) -> Result<Self, Error> {
        Self::of_pairs(&request.query)
    }

    /// Reads pairs as they stand in a query.
    ///
    /// # Errors
    /// 400 for a value that is not UTF-8.
    pub fn of_pairs(text: &[u8]) -> Result<Self, Error> {
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        for pair in text.split(|byte| *byte == b'&') {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let name = decoded(&pair[..at]).unwrap_or_default();
            let value = decoded(pair.get(at + 1..).unwrap_or_default());
            let value = value.ok_or_else(|| Error::parameter(&name, "is not UTF-8"))?;
            if !value.is_empty() {
                fields.entry(name).or_default().push(value);
            }
        }
        Ok(Self(fields))
    }

    /// The value of a field, if it has one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

fn decoded(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_send_them() {
        let form = Form::of_pairs(b"a=1+2%26&b=&a=3&%C3%BC=%E2%82%AC&c").unwrap();
        assert_eq!(form.text("a"), Some("1 2&"));
        assert_eq!(form.all("a"), ["1 2&", "3"]);
        assert_eq!(form.text("b"), None);
        assert!(form.all("b").is_empty());
        assert_eq!(form.text("c"), None);
        assert_eq!(form.text("ü"), Some("€"));
        assert!(Form::of_pairs(b"a=%FF").is_err());
    }
}
