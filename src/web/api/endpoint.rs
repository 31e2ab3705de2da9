//! What a row of the API's table says.

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::call::Call;
use super::reply::Reply;
use crate::auth::SystemPermission;
use crate::web::Error;

/// One method of one address.
pub struct Endpoint {
    /// The method. HEAD comes with GET, OPTIONS with all.
    pub method: Method,
    /// The path below the version, without a trailing slash. `{name}` stands for one segment; a name
    /// that ends in `_id` for a number.
    pub path: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it takes: in the query for GET and DELETE, else in the body, unless a field says otherwise.
    pub fields: &'static [Field],
    /// What it gives.
    pub gives: Gives,
    /// Statuses of failures beyond those that come with access, path and fields.
    pub failures: &'static [u16],
    /// Who does it.
    pub handler: fn(&Call<'_>) -> Result<Reply, Error>,
}

impl Endpoint {
    /// Whether its fields stand in the body.
    pub fn has_body(&self) -> bool {
        super::writes(&self.method) && self.method != Method::DELETE
    }

    /// Whether its body is taken as it is.
    pub fn takes_bytes(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::Bytes))
    }

    /// Whether part of its path names something that may not be there.
    pub fn names_something(&self) -> bool {
        self.path.contains('{')
    }
}

/// Who may call an address. The text says what is looked at besides, for people.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Everybody.
    Anyone(&'static str),
    /// Whoever shows who it is in the very call.
    Credentials(&'static str),
    /// Whoever is signed in.
    SignedIn(&'static str),
    /// Whoever has this permission.
    System(SystemPermission, &'static str),
}

/// A value that an address takes.
#[derive(Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Whether it must be there.
    pub need: Need,
    /// Where it stands.
    pub place: Place,
    /// What it means.
    pub about: &'static str,
}

/// Whether a field must be there. A blank one counts as left out, unless it is said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be there and say something.
    Must,
    /// It must be there, and may be blank.
    MayBeBlank,
    /// It may be left out.
    Optional,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the query or the body, by the method of the address.
    Usual,
    /// In the header field of its name.
    Header,
}

/// What values a field takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// One line of text without control characters, of at most so many characters.
    Line(usize),
    /// Text, of at most so many characters.
    Text(usize),
    /// A password: kept from every message.
    Password,
    /// A whole number within these bounds, both included.
    Whole(i64, i64),
    /// true, false, 1, 0, yes, no, on or off.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A JSON object, or its text.
    Json,
    /// A day (`2026-12-31`) or a time (`2026-12-31T23:59:59`, UTC unless it says otherwise).
    Time,
    /// The same, but that a day means its end: it counts whole.
    End,
    /// One or more files, in a multipart body alone.
    Files,
    /// The body as it is, of the media type of [`crate::http::pieces`]. There are no other values then
    /// but those in header fields.
    Bytes,
}

/// What an address gives when it does not fail.
pub struct Gives {
    /// The status.
    pub status: u16,
    /// The shape of `data`.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether it may be a task with status 202 instead, when the work takes long.
    pub later: bool,
    /// What it stands in.
    pub form: Form,
    /// Whether it may be had as a table (CSV) too.
    pub csv: bool,
}

/// What an answer stands in.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Within `{status, message, data}`.
    Wrapped,
    /// For itself.
    Document,
    /// It has no body; these header fields tell all.
    Headers(&'static [&'static str]),
}

/// `data` has the shape of `T`.
pub const fn gives<T: JsonSchema>() -> Gives {
    Gives { status: 200, schema: schema_of::<T>, later: false, form: Form::Wrapped, csv: false }
}

/// `data` has the shape of `T`, and may be had as a table.
pub const fn gives_table<T: JsonSchema>() -> Gives {
    Gives { csv: true, ..gives::<T>() }
}

/// `data` has the shape of `T`; work goes on in the background.
pub const fn begins<T: JsonSchema>() -> Gives {
    Gives { status: 202, schema: schema_of::<T>, later: false, form: Form::Wrapped, csv: false }
}

/// `data` has the shape of `T`, or that of a task with status 202 when the work takes long.
pub const fn gives_or_begins<T: JsonSchema>() -> Gives {
    Gives { status: 200, schema: schema_of::<T>, later: true, form: Form::Wrapped, csv: false }
}

/// A JSON document of its own, without the usual envelope.
pub const fn document() -> Gives {
    Gives {
        status: 200,
        schema: schema_of::<serde_json::Value>,
        later: false,
        form: Form::Document,
        csv: false,
    }
}

/// No body, with this status; these header fields tell all.
pub const fn nothing(status: u16, headers: &'static [&'static str]) -> Gives {
    Gives {
        status,
        schema: schema_of::<()>,
        later: false,
        form: Form::Headers(headers),
        csv: false,
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A field that must be there.
pub const fn must(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, need: Need::Must, place: Place::Usual, about }
}

/// A field that must be there and may be blank.
pub const fn blank(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, need: Need::MayBeBlank, place: Place::Usual, about }
}

/// A field that may be left out.
pub const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, need: Need::Optional, place: Place::Usual, about }
}

/// A header field that must be there.
pub const fn must_header(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { place: Place::Header, ..must(name, kind, about) }
}

/// A header field that may be left out.
pub const fn optional_header(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { place: Place::Header, ..optional(name, kind, about) }
}
