//! The fields of small requests: forms, JSON objects and queries.

use std::collections::HashMap;

use http::header;
use percent_encoding::percent_decode;

use crate::http::{Request, RequestBody};
use crate::web::Error;

/// Names and values; the first of repeated ones counts, blank ones are absent.
#[derive(Default)]
pub struct Form(HashMap<String, String>);

impl Form {
    /// Reads the body of a request, by what it says it is.
    ///
    /// # Errors
    /// 400 for a body that is not what it says; 413 for one that is too large to be a form of ours.
    pub fn of_body(request: &Request) -> Result<Self, Error> {
        let body = match &request.body {
            RequestBody::Empty => return Ok(Self::default()),
            RequestBody::Memory(body) => body,
            RequestBody::File { .. } => return Err(Error::too_large()),
        };
        let kind = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/json") {
            of_json(body)
        } else {
            Self::of_pairs(body)
        }
    }

    /// Reads the query of a request.
    ///
    /// # Errors
    /// 400 for a value that is not UTF-8.
    pub fn of_query(request: &Request) -> Result<Self, Error> {
        Self::of_pairs(&request.query)
    }

    fn of_pairs(text: &[u8]) -> Result<Self, Error> {
        let mut fields = HashMap::new();
        for pair in text.split(|byte| *byte == b'&') {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let name = decoded(&pair[..at]).unwrap_or_default();
            let value = decoded(pair.get(at + 1..).unwrap_or_default());
            let value = value.ok_or_else(|| Error::parameter(&name, "is not UTF-8"))?;
            if !value.is_empty() {
                fields.entry(name).or_insert(value);
            }
        }
        Ok(Self(fields))
    }

    /// The value of a field, if it has one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a field that must have one.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn need(&self, name: &str) -> Result<&str, Error> {
        self.text(name).ok_or_else(|| Error::parameter(name, "must be given"))
    }
}

fn of_json(body: &[u8]) -> Result<Form, Error> {
    let bad = |_| Error::parameter("body", "is not a JSON object");
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(body).map_err(bad)?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(serde_json::Value::as_str).collect();
            Some(items?.join(" "))
        }
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        serde_json::Value::Null => Some(String::new()),
        serde_json::Value::Object(_) => None,
    };
    let mut fields = HashMap::new();
    for (name, value) in object {
        let value = text(value).ok_or_else(|| Error::parameter(&name, "must be a text"))?;
        if !value.is_empty() {
            fields.insert(name, value);
        }
    }
    Ok(Form(fields))
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
    fn forms_and_objects_are_read_alike() {
        let form = Form::of_pairs(b"a=1+2%26&b=&a=3&%C3%BC=%E2%82%AC&c").unwrap();
        assert_eq!(form.text("a"), Some("1 2&"));
        assert_eq!(form.text("b"), None);
        assert_eq!(form.text("c"), None);
        assert_eq!(form.text("ü"), Some("€"));
        assert!(form.need("b").is_err());
        assert!(Form::of_pairs(b"a=%FF").is_err());
        let form = of_json(br#"{"a":"1 2&","b":null,"d":7,"e":["x","y"]}"#).unwrap();
        assert_eq!(form.text("a"), Some("1 2&"));
        assert_eq!(form.text("b"), None);
        assert_eq!(form.text("d"), Some("7"));
        assert_eq!(form.text("e"), Some("x y"));
        for bad in [&b"["[..], b"[]", b"1", b"{\"a\":{}}", b"{\"a\":[1]}", b"\xff"] {
            assert!(of_json(bad).is_err());
        }
    }
}
