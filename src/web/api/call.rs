//! A call of the API: who calls what with which values.

use super::endpoint::Endpoint;
use super::input::{Content, Files, Input};
use crate::auth::{Actor, Identity, Level, Rights, SystemPermission};
use crate::db::Db;
use crate::http::{Progress, Request};
use crate::web::{App, Error, client, who};
use std::sync::Arc;

/// A call whose values have been read and checked as its row says.
pub struct Call<'a> {
    /// The application.
    pub app: &'a App,
    /// The request.
    pub request: &'a Request,
    /// Told of stages.
    pub progress: &'a dyn Progress,
    /// Who calls.
    pub identity: Identity,
    pub(super) endpoint: &'static Endpoint,
    pub(super) segments: Vec<(&'static str, String)>,
    pub(super) input: Input,
}

impl Call<'_> {
    /// The database.
    pub fn db(&self) -> &Db {
        &self.app.db
    }

    /// Everybody's rights at this moment.
    pub fn rights(&self) -> Result<Arc<Rights>, Error> {
        Ok(self.app.store.rights()?)
    }

    /// The number that stands in the path for `{name}`.
    pub fn id(&self, name: &str) -> i64 {
        self.segment(name).parse().unwrap_or(-1)
    }

    /// The text that stands in the path for `{name}`.
    pub fn segment(&self, name: &str) -> &str {
        let found = self.segments.iter().find(|(known, _)| *known == name);
        debug_assert!(found.is_some(), "{} has no {{{name}}}", self.endpoint.path);
        found.map_or("", |(_, value)| value)
    }

    /// The text of a field; blank when it was left out.
    pub fn text(&self, name: &str) -> &str {
        self.opt_text(name).unwrap_or_default()
    }

    /// The text of a field, if it was given.
    pub fn opt_text(&self, name: &str) -> Option<&str> {
        self.declared(name);
        self.input.text(name)
    }

    /// The number of a field; 0 when it was left out.
    pub fn int(&self, name: &str) -> i64 {
        self.opt_int(name).unwrap_or_default()
    }

    /// The number of a field, if it was given.
    pub fn opt_int(&self, name: &str) -> Option<i64> {
        self.declared(name);
        self.input.int(name)
    }

    /// Whether a field says yes; no when it was left out.
    pub fn flag(&self, name: &str) -> bool {
        self.opt_flag(name).unwrap_or_default()
    }

    /// What a field says, if it was given.
    pub fn opt_flag(&self, name: &str) -> Option<bool> {
        self.declared(name);
        self.input.flag(name)
    }

    /// The object of a field, if it was given.
    pub fn json(&self, name: &str) -> Option<&serde_json::Value> {
        self.declared(name);
        self.input.json(name)
    }

    /// The moment of a field in milliseconds since 1970, if it was given.
    pub fn time_ms(&self, name: &str) -> Option<i64> {
        self.declared(name);
        self.input.int(name)
    }

    /// The files of a multipart body, one after the other.
    pub fn files(&self) -> Result<Files<'_>, Error> {
        Files::of(self.request)
    }

    /// The body as it was sent, from its beginning.
    pub fn body(&self) -> Content<'_> {
        debug_assert!(self.endpoint.takes_bytes(), "{} takes values", self.endpoint.path);
        Content::of(&self.request.body)
    }

    /// What a row does not declare is in no document and was not checked.
    fn declared(&self, name: &str) {
        debug_assert!(
            self.endpoint.fields.iter().any(|field| field.name == name),
            "{} {} does not declare {name}",
            self.endpoint.method,
            self.endpoint.path
        );
    }

    /// The caller's account, if somebody is signed in.
    pub fn user_id(&self) -> Option<i64> {
        self.identity.user_id()
    }

    /// The caller, for the record of administrative acts.
    pub fn actor(&self) -> Actor {
        Actor::of(&self.identity, client::address(self.app, self.request))
    }

    /// Whether the caller has a system permission.
    pub fn has(&self, permission: SystemPermission) -> Result<bool, Error> {
        Ok(self.rights()?.has(&self.identity, permission))
    }

    /// Fails unless the caller has a system permission.
    pub fn require(&self, permission: SystemPermission) -> Result<(), Error> {
        if self.has(permission)? { Ok(()) } else { Err(Error::forbidden()) }
    }

    /// Fails unless the caller has this level of access to a folder.
    pub fn require_level(&self, folder: &str, level: Level) -> Result<(), Error> {
        who::require(self.app, &self.identity, folder, level).map(|_| ())
    }

    /// The address that people reach this server by, without a slash at its end.
    pub fn base_url(&self) -> String {
        client::base_url(self.app, self.request)
    }

    /// Learns what this call has just changed of rights or templates.
    pub fn refresh(&self) -> Result<(), Error> {
        Ok(self.app.store.refresh()?)
    }
}
