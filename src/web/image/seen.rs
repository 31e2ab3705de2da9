//! What an answer goes by besides files, and when that was looked at: front servers keep an answer for as long as
//! that may be relied on.

use std::time::{Duration, Instant};

use crate::web::App;

/// The versions of rights and templates, and the number of purges.
pub type Versions = (i64, i64, i64);

/// What takes less time than this is taken for none: front servers count whole seconds.
const MOMENT: Duration = Duration::from_millis(50);

/// The state of rights, templates and purges that an answer goes by.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    versions: Option<Versions>,
    at: Instant,
}

impl Seen {
    /// What this worker knows now. To be called before any of it is used.
    pub fn now(app: &App) -> Self {
        Self { versions: known(app), at: Instant::now() }
    }

    /// The seconds since then, begun ones included; none when anything has changed, so that the answer
    /// is right for this request alone.
    pub fn age_s(&self, app: &App) -> Option<u32> {
        (self.versions.is_some() && self.versions == known(app)).then(|| {
            let age = self.at.elapsed() + Duration::from_secs(1) - MOMENT;
            u32::try_from(age.as_secs()).unwrap_or(u32::MAX)
        })
    }

    /// The versions, while they are known to be those of the database and are the same as then.
    pub fn fresh_versions(&self, app: &App) -> Option<Versions> {
        fresh(app).filter(|versions| Some(*versions) == self.versions)
    }
}

/// The versions, while they are known to be those of the database.
pub fn fresh(app: &App) -> Option<Versions> {
    if app.store.fresh() { known(app) } else { None }
}

fn known(app: &App) -> Option<Versions> {
    let (rights, templates) = (app.store.rights().ok()?, app.store.templates().ok()?);
    Some((rights.version(), templates.version(), app.store.purges()))
}
