//! The values that a call brings, read alike from a query, a form, a multipart form and a JSON
//! object, and checked as the row of the address says.

use std::collections::HashMap;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use http::{StatusCode, header};
use percent_encoding::percent_decode;
use serde_json::Value as Json;

use super::endpoint::{Field, Kind, Need, Place};
use super::time::Moment;
use crate::http::{Multipart, MultipartError, PartHead, Request, RequestBody, boundary, pieces};
use crate::web::Error;

/// Bytes of values that one call may bring, files aside, unless one of its fields takes a longer text.
const MAX_VALUES_BYTES: usize = 1 << 20;

/// Bytes of values that a call with these fields may bring. A character takes up to four.
fn most_bytes(fields: &[Field]) -> usize {
    let longest = fields.iter().map(|field| match field.kind {
        Kind::Text(chars) => chars.saturating_mul(4),
        _ => 0,
    });
    longest.max().unwrap_or_default().max(MAX_VALUES_BYTES)
}

/// Under this name faults of the whole body are told.
const BODY: &str = "body";

/// What was given for a name: text, or whatever JSON holds.
enum Given {
    Text(String),
    Json(Json),
}

/// A value that fits its field.
enum Value {
    Text(String),
    Int(i64),
    Flag(bool),
    Json(Json),
}

/// The checked values of a call.
#[derive(Default)]
pub struct Input {
    values: HashMap<&'static str, Value>,
}

impl Input {
    /// Reads and checks the values of a call: from the query, or for a method that sends a body from
    /// that. The first of repeated names counts; names that the address does not take are ignored.
    ///
    /// Gives back the text of `beside` too, a field of every form that is no value of the call.
    pub fn read(
        request: &Request,
        fields: &'static [Field],
        in_body: bool,
        beside: &str,
    ) -> Result<(Self, Option<String>), Error> {
        let bytes = fields.iter().find(|field| matches!(field.kind, Kind::Bytes));
        let mut given = match (in_body, bytes) {
            (true, Some(bytes)) => bytes_only(request, bytes.need)?,
            (true, None) => from_body(request, most_bytes(fields))?,
            (false, _) => from_form(&request.query, None)?,
        };
        let beside = match given.remove(beside) {
            Some(Given::Text(text) | Given::Json(Json::String(text))) => Some(text),
            _ => None,
        };
        let mut values = HashMap::new();
        for field in fields {
            let value = match field.place {
                _ if matches!(field.kind, Kind::Bytes) => continue,
                Place::Usual => given.remove(field.name),
                Place::Header => from_header(request, field.name)?,
            };
            if let Some(value) = check(field, value)? {
                values.insert(field.name, value);
            }
        }
        Ok((Self { values }, beside))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        match self.values.get(name) {
            Some(Value::Int(value)) => Some(*value),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.values.get(name) {
            Some(Value::Flag(value)) => Some(*value),
            _ => None,
        }
    }

    pub fn json(&self, name: &str) -> Option<&Json> {
        match self.values.get(name) {
            Some(Value::Json(value)) => Some(value),
            _ => None,
        }
    }
}

/// The files of a multipart body.
pub struct Files<'a>(Option<Multipart<Content<'a>>>);

impl<'a> Files<'a> {
    /// From the beginning of the body; none in another kind of body.
    pub fn of(request: &'a Request) -> Result<Self, Error> {
        let boundary = boundary(content_type(request));
        Ok(Self(boundary.map(|boundary| Multipart::new(Content::of(&request.body), &boundary))))
    }

    /// The next file: the field's name and the file's, and its content.
    pub fn next_file(&mut self) -> Result<Option<(PartHead, &mut impl Read)>, Error> {
        let Some(multipart) = &mut self.0 else { return Ok(None) };
        while let Some(head) = multipart.next_part().map_err(broken)? {
            if head.file_name.as_ref().is_some_and(|name| !name.is_empty()) {
                return Ok(Some((head, multipart)));
            }
        }
        Ok(None)
    }
}

/// A body as it is read, from wherever it lies, without moving the file's own position.
pub struct Content<'a> {
    body: &'a RequestBody,
    at: u64,
}

impl<'a> Content<'a> {
    /// From its beginning.
    pub fn of(body: &'a RequestBody) -> Self {
        Self { body, at: 0 }
    }
}

impl Read for Content<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match self.body {
            RequestBody::Empty => 0,
            RequestBody::Memory(bytes) => {
                let start = usize::try_from(self.at).map_or(bytes.len(), |at| at.min(bytes.len()));
                (&bytes[start..]).read(into)?
            }
            RequestBody::File { file, .. } => file.read_at(into, self.at)?,
        };
        self.at += read as u64;
        Ok(read)
    }
}

type AllGiven = HashMap<String, Given>;

/// What a field of a form was sent as.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// Its text.
    Text(String),
    /// A file, whose content is passed over.
    Files,
}

/// The fields of a form, the first of repeated ones, in their order.
///
/// # Errors
/// As for the values of a call.
pub fn sent_fields(request: &Request) -> Result<Vec<(String, Sent)>, Error> {
    let mut all: Vec<(String, Sent)> = Vec::new();
    let mut add = |name: String, sent: Sent| {
        if !all.iter().any(|(known, _)| *known == name) {
            all.push((name, sent));
        }
    };
    let content_type = content_type(request);
    if let Some(boundary) = boundary(content_type) {
        let mut parts = Multipart::new(Content::of(&request.body), &boundary);
        let mut total = 0;
        while let Some(head) = parts.next_part().map_err(broken)? {
            match head.file_name.as_deref() {
                // No file was chosen.
                Some("") => {}
                Some(_) => add(head.name, Sent::Files),
                None => {
                    let text = text_of_part(&mut parts, &mut total, MAX_VALUES_BYTES)?;
                    add(head.name, Sent::Text(text));
                }
            }
        }
        return Ok(all);
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        for pair in pairs(&whole(&request.body, MAX_VALUES_BYTES)?, Some(BODY)) {
            let (name, text) = pair?;
            add(name, Sent::Text(text));
        }
    }
    Ok(all)
}

fn content_type(request: &Request) -> &str {
    let field = request.headers.get(header::CONTENT_TYPE);
    field.and_then(|field| field.to_str().ok()).unwrap_or_default()
}

fn from_body(request: &Request, most: usize) -> Result<AllGiven, Error> {
    if matches!(request.body, RequestBody::Empty) {
        return Ok(AllGiven::new());
    }
    let content_type = content_type(request);
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/x-www-form-urlencoded" => from_form(&whole(&request.body, most)?, Some(BODY)),
        "application/json" => from_json(&whole(&request.body, most)?),
        "multipart/form-data" => from_multipart(request, content_type, most),
        _ => {
            let reason = "the body must be a form, a multipart form or a JSON object";
            Err(Error::client(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason))
        }
    }
}

/// A body that is no form of values at all.
fn bytes_only(request: &Request, need: Need) -> Result<AllGiven, Error> {
    let left_out = need == Need::Optional && matches!(request.body, RequestBody::Empty);
    if left_out || pieces::is_of_type(&request.headers) {
        return Ok(AllGiven::new());
    }
    let reason = format!("the body must be of the type {}", pieces::MEDIA_TYPE);
    Err(Error::client(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason))
}

fn from_header(request: &Request, name: &str) -> Result<Option<Given>, Error> {
    let value = request.headers.get(name).map(|value| value.to_str());
    let value = value.transpose().map_err(|_| Error::parameter(name, "must be ASCII"))?;
    Ok(value.map(|value| Given::Text(value.to_owned())))
}

/// A body that holds no files, of at most so many bytes.
fn whole(body: &RequestBody, most: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let limit = most as u64 + 1;
    Content::of(body).take(limit).read_to_end(&mut bytes).map_err(Error::unavailable)?;
    if bytes.len() > most { Err(too_large(most)) } else { Ok(bytes) }
}

fn too_large(most: usize) -> Error {
    let reason = format!("the values are larger than {} MB together", most >> 20);
    Error::client(StatusCode::PAYLOAD_TOO_LARGE, reason)
}

/// Values in the form of a query. `in_body` names the body for faults of the whole.
fn from_form(text: &[u8], in_body: Option<&str>) -> Result<AllGiven, Error> {
    let mut all = AllGiven::new();
    for pair in pairs(text, in_body) {
        let (name, value) = pair?;
        all.entry(name).or_insert(Given::Text(value));
    }
    Ok(all)
}

/// Names and values in the form of a query.
fn pairs(
    text: &[u8],
    in_body: Option<&str>,
) -> impl Iterator<Item = Result<(String, String), Error>> {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.filter_map(move |pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let name = String::from_utf8(decoded(&pair[..at])).ok()?;
        let value = String::from_utf8(decoded(pair.get(at + 1..).unwrap_or_default()));
        let fault = |_| Error::parameter(in_body.unwrap_or(&name), "must be UTF-8");
        Some(match value.map_err(fault) {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(error),
        })
    })
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    percent_decode(&spaced).collect()
}

fn from_json(text: &[u8]) -> Result<AllGiven, Error> {
    match serde_json::from_slice(text) {
        Ok(Json::Object(members)) => {
            Ok(members.into_iter().map(|(name, value)| (name, Given::Json(value))).collect())
        }
        Ok(_) => Err(Error::parameter(BODY, "must be a JSON object")),
        Err(_) => Err(Error::parameter(BODY, "must be valid JSON")),
    }
}

fn from_multipart(request: &Request, content_type: &str, most: usize) -> Result<AllGiven, Error> {
    let boundary = boundary(content_type)
        .ok_or_else(|| Error::parameter(BODY, "the content type names no boundary"))?;
    let mut parts = Multipart::new(Content::of(&request.body), &boundary);
    let (mut all, mut total) = (AllGiven::new(), 0);
    while let Some(head) = parts.next_part().map_err(broken)? {
        if head.file_name.is_some() {
            // That there is one is all that is told here; empty file inputs have no name.
            if head.file_name.is_some_and(|name| !name.is_empty()) {
                all.entry(head.name).or_insert(Given::Text("file".into()));
            }
            continue;
        }
        total += head.name.len();
        let value = text_of_part(&mut parts, &mut total, most)?;
        all.entry(head.name).or_insert(Given::Text(value));
    }
    Ok(all)
}

/// The text of the part that has just begun; `total` counts the bytes of all, which are so many at most.
fn text_of_part(parts: impl Read, total: &mut usize, most: usize) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let limit = most.saturating_sub(*total) as u64 + 1;
    parts.take(limit).read_to_end(&mut bytes).map_err(unread)?;
    *total += bytes.len();
    if *total > most {
        return Err(too_large(most));
    }
    String::from_utf8(bytes).map_err(|_| Error::parameter(BODY, "its values must be UTF-8"))
}

/// What is told of a body that cannot be read: whose fault it is, its error knows.
pub fn unread(error: io::Error) -> Error {
    error.downcast::<MultipartError>().map_or_else(Error::unavailable, broken)
}

/// What is told of a form in parts that cannot be taken apart.
pub fn broken(error: MultipartError) -> Error {
    match error {
        MultipartError::Malformed(reason) => Error::parameter(BODY, reason),
        MultipartError::Io(error) => unread(error),
    }
}

/// The value of a field; none when it was left out and may be.
fn check(field: &Field, given: Option<Given>) -> Result<Option<Value>, Error> {
    let fault = |reason: String| Error::parameter(field.name, reason);
    let blank = match &given {
        None | Some(Given::Json(Json::Null)) => None,
        Some(Given::Text(text) | Given::Json(Json::String(text))) => {
            Some(text.trim().is_empty() && !matches!(field.kind, Kind::Password))
        }
        Some(Given::Json(_)) => Some(false),
    };
    match (blank, field.need) {
        (None, Need::Optional) | (Some(true), Need::Optional) => Ok(None),
        (None, _) | (Some(true), Need::Must) => Err(fault("must be given".into())),
        (Some(true), Need::MayBeBlank) => Ok(match field.kind {
            Kind::Line(_) | Kind::Text(_) => Some(Value::Text(String::new())),
            _ => None,
        }),
        (Some(false), _) => given.map(|given| value(field.kind, given).map_err(fault)).transpose(),
    }
}

fn value(kind: Kind, given: Given) -> Result<Value, String> {
    match kind {
        Kind::Json => object(given),
        Kind::Flag => flag(&given).map(Value::Flag),
        Kind::Whole(least, most) => {
            let bounds = || format!("must be a whole number from {least} to {most}");
            let number = whole_number(&given).ok_or_else(bounds)?;
            if (least..=most).contains(&number) { Ok(Value::Int(number)) } else { Err(bounds()) }
        }
        Kind::Line(longest) => {
            let text = text(given)?.trim().to_owned();
            if text.chars().any(char::is_control) {
                return Err("must not contain control characters".into());
            }
            bounded(text, longest)
        }
        Kind::Text(longest) => {
            let text = text(given)?;
            let allowed = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
            if !text.chars().all(allowed) {
                return Err("must not contain control characters but tabs and line ends".into());
            }
            bounded(text, longest)
        }
        Kind::Password => text(given).map(Value::Text),
        Kind::Files | Kind::Bytes => text(given).map(Value::Text),
        Kind::Choice(choices) => {
            let text = text(given)?.trim().to_ascii_lowercase();
            match choices.contains(&text.as_str()) {
                true => Ok(Value::Text(text)),
                false => Err(format!("must be one of {}", choices.join(", "))),
            }
        }
        Kind::Time => {
            let reason = "must be a day (2026-12-31) or a time (2026-12-31T23:59:59)";
            let moment = Moment::parse(text(given)?.trim()).ok_or(reason)?;
            Ok(Value::Int(moment.0))
        }
        Kind::End => {
            let reason = "must be a day (2026-12-31) or a time (2026-12-31T23:59:59)";
            let moment = Moment::parse_end(text(given)?.trim()).ok_or(reason)?;
            Ok(Value::Int(moment.0))
        }
    }
}

fn bounded(text: String, longest: usize) -> Result<Value, String> {
    match text.chars().count() > longest {
        true => Err(format!("must have at most {longest} characters")),
        false => Ok(Value::Text(text)),
    }
}

/// Numbers and truth values in JSON are taken for what they would be in a form.
fn text(given: Given) -> Result<String, String> {
    match given {
        Given::Text(text) | Given::Json(Json::String(text)) => Ok(text),
        Given::Json(Json::Number(number)) => Ok(number.to_string()),
        Given::Json(Json::Bool(flag)) => Ok(flag.to_string()),
        Given::Json(_) => Err("must be text".into()),
    }
}

fn whole_number(given: &Given) -> Option<i64> {
    match given {
        Given::Text(text) | Given::Json(Json::String(text)) => text.trim().parse().ok(),
        Given::Json(Json::Number(number)) => number.as_i64(),
        Given::Json(_) => None,
    }
}

fn flag(given: &Given) -> Result<bool, String> {
    let text = match given {
        Given::Json(Json::Bool(flag)) => return Ok(*flag),
        Given::Json(Json::Number(number)) => number.to_string(),
        Given::Text(text) | Given::Json(Json::String(text)) => text.trim().to_ascii_lowercase(),
        Given::Json(_) => String::new(),
    };
    match text.as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn object(given: Given) -> Result<Value, String> {
    let value = match given {
        Given::Text(text) | Given::Json(Json::String(text)) => {
            serde_json::from_str(&text).map_err(|_| "must be valid JSON")?
        }
        Given::Json(value) => value,
    };
    if value.is_object() { Ok(Value::Json(value)) } else { Err("must be a JSON object".into()) }
}
