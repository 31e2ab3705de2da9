//! Templates, read once per change instead of once per request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{App, Error};
use crate::spec::{ParamError, Params, Rules};

/// The templates that were used since the last change of any.
#[derive(Default)]
pub struct ParsedTemplates(Mutex<Parsed>);

#[derive(Default)]
struct Parsed {
    version: i64,
    by_id: HashMap<i64, Arc<Params>>,
}

impl ParsedTemplates {
    /// The parameters of the named template, or of the default one when none is named. There may be
    /// no default.
    pub fn get(&self, app: &App, name: Option<&str>) -> Result<Option<Arc<Params>>, Error> {
        let templates = app.store.templates()?;
        let template = match name {
            Some(name) => Some(
                templates
                    .get(name)
                    .ok_or_else(|| Error::parameter("tmp", "there is no template of this name"))?,
            ),
            None => templates.default_template(),
        };
        let Some(template) = template else { return Ok(None) };
        let mut parsed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.version != templates.version() {
            *parsed = Parsed { version: templates.version(), by_id: HashMap::new() };
        }
        if let Some(params) = parsed.by_id.get(&template.id) {
            return Ok(Some(Arc::clone(params)));
        }
        // Bounds that were lowered since must not make a stored template unusable.
        let rules = Rules { max_dimension: u32::MAX };
        let params = Params::from_template_json(&template.json, &rules)
            .map_err(|error| broken(&template.name, error))?;
        let params = Arc::new(params);
        parsed.by_id.insert(template.id, Arc::clone(&params));
        Ok(Some(params))
    }
}

/// A template in the database that cannot be read is the server's fault, not the client's.
fn broken(name: &str, error: ParamError) -> Error {
    log::error!("the template \"{name}\" cannot be used: {error}");
    Error::internal(error)
}
