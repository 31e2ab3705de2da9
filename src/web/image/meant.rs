//! What an address asks for, for those who see the address alone: which image a request is counted for that
//! workers did not answer, and which originals show in what a front server keeps.

use std::sync::Arc;

use http::StatusCode;

use crate::auth::{Identity, RightsStore, Unavailable};
use crate::source::SourcePath;
use crate::spec::{Params, Rules};
use crate::web::{Error, ParsedTemplates, router};

/// Knows templates, and with them what addresses ask for.
pub struct Meant {
    store: Arc<RightsStore>,
    templates: ParsedTemplates,
    rules: Rules,
}

impl Meant {
    /// Goes by what this store knows.
    #[must_use]
    pub fn new(store: Arc<RightsStore>, rules: Rules) -> Self {
        Self { store, templates: ParsedTemplates::default(), rules }
    }

    /// The path of the original that a request without a name was for; none when it was not for a
    /// picture, or for one that is not to be counted.
    ///
    /// # Errors
    /// When templates are not known, because the database is away: later it can be told.
    pub fn counted(&self, path: &str, query: &[u8]) -> Result<Option<SourcePath>, Unavailable> {
        match self.read(path, query) {
            // For how long clients may keep it makes no difference here.
            Ok((source, params)) => Ok(params.delivery(0).record_stats.then_some(source)),
            Err(error) if error.status() == StatusCode::SERVICE_UNAVAILABLE => Err(Unavailable),
            Err(_) => Ok(None),
        }
    }

    /// The originals that show in what a request without a name gets: the picture, and what is laid over it.
    /// None when that cannot be told, because the address or its template is not good, or not any more.
    #[must_use]
    pub fn originals(&self, path: &str, query: &[u8]) -> Option<Vec<SourcePath>> {
        let (source, params) = self.read(path, query).ok()?;
        let overlay = params.overlay.map(|given| SourcePath::parse(&given.value)).transpose();
        Some(std::iter::once(source).chain(overlay.ok()?).collect())
    }

    fn read(&self, path: &str, query: &[u8]) -> Result<(SourcePath, Params), Error> {
        let meant = router::picture(path).ok_or_else(Error::not_found)?;
        let url = Params::from_query(query, &self.rules)?;
        let src = url.src.as_ref().ok_or_else(Error::not_found)?;
        let source = SourcePath::parse(meant(&src.value))?;
        let folder_templates =
            self.store.rights()?.templates(&Identity::Anonymous, source.folder());
        let (params, _) = self.templates.under(&self.store, url, folder_templates)?;
        Ok((source, params))
    }
}
