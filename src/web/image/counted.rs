//! Which image a request is counted for: what workers find out on the way to an answer, for requests
//! that were answered without them.

use std::sync::Arc;

use crate::auth::{Identity, RightsStore};
use crate::source::SourcePath;
use crate::spec::{Params, Rules};
use crate::web::{ParsedTemplates, router};

/// Knows templates, and with them what requests ask for.
pub struct Counted {
    store: Arc<RightsStore>,
    templates: ParsedTemplates,
    rules: Rules,
}

impl Counted {
    /// Goes by what this store knows.
    #[must_use]
    pub fn new(store: Arc<RightsStore>, rules: Rules) -> Self {
        Self { store, templates: ParsedTemplates::default(), rules }
    }

    /// The path of the original that a request without a name was for; none when it was not for a
    /// picture, or for one that is not to be counted.
    #[must_use]
    pub fn path(&self, path: &str, query: &[u8]) -> Option<SourcePath> {
        let meant = router::picture(path)?;
        let url = Params::from_query(query, &self.rules).ok()?;
        let source = SourcePath::parse(meant(&url.src.as_ref()?.value)).ok()?;
        let rights = self.store.rights().ok()?;
        let folder_templates = rights.templates(&Identity::Anonymous, source.folder());
        let (params, _) = self.templates.under(&self.store, url, folder_templates).ok()?;
        // For how long clients may keep it makes no difference here.
        params.delivery(0).record_stats.then_some(source)
    }
}
