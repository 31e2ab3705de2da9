//! Templates, read once per change instead of once per request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{App, Error};
use crate::auth::{FolderTemplates, RightsStore, Templates, Unavailable};
use crate::db::templates::Template;
use crate::spec::{ParamError, Params, Rules};

/// The templates that were used since the last change of any.
#[derive(Default)]
pub struct ParsedTemplates(Mutex<Parsed>);

/// A template that holds for a picture.
pub struct TemplateLayer {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it says.
    pub params: Arc<Params>,
}

#[derive(Default)]
struct Parsed {
    version: i64,
    by_id: HashMap<i64, Arc<Params>>,
}

impl ParsedTemplates {
    /// Lays what a URL says over the templates that hold for it: the one that it names, or else the
    /// folder's or the general default; and over all, what the folder's required template has
    /// locked. That one takes the default's place. Tells which templates had a part in it.
    pub fn under(
        &self,
        store: &RightsStore,
        url: Params,
        folder: FolderTemplates,
    ) -> Result<(Params, Vec<i64>), Error> {
        let name = url.tmp.as_ref().map(|given| given.value.clone());
        let (mut params, mut ids) = (url, Vec::new());
        for layer in self.layers(store, name.as_deref(), folder)? {
            params = params.over(&layer.params);
            ids.push(layer.id);
        }
        Ok((params, ids))
    }

    /// The templates that hold, the nearest first: the one that is named, or else the folder's or the general
    /// default; and the folder's required one, which takes the default's place.
    pub fn layers(
        &self,
        store: &RightsStore,
        named: Option<&str>,
        folder: FolderTemplates,
    ) -> Result<Vec<TemplateLayer>, Error> {
        let templates = store.templates()?;
        let required = folder.required.map(|id| by_id(&templates, id)).transpose()?;
        let base = match named {
            Some(name) => Some(
                templates
                    .get(name)
                    .map(AsRef::as_ref)
                    .ok_or_else(|| Error::parameter("tmp", "there is no template of this name"))?,
            ),
            None if required.is_some() => None,
            None => match folder.default {
                Some(id) => Some(by_id(&templates, id)?),
                None => templates.default_template().map(AsRef::as_ref),
            },
        };
        let layer = |template: &Template| {
            let params = self.parsed(&templates, template)?;
            Ok(TemplateLayer { id: template.id, name: template.name.clone(), params })
        };
        base.into_iter().chain(required).map(layer).collect()
    }

    /// Whether a template has anything locked.
    pub fn locks(&self, app: &App, id: i64) -> Result<bool, Error> {
        let templates = app.store.templates()?;
        Ok(self.parsed(&templates, by_id(&templates, id)?)?.locks_anything())
    }

    fn parsed(&self, templates: &Templates, template: &Template) -> Result<Arc<Params>, Error> {
        let mut parsed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.version != templates.version() {
            *parsed = Parsed { version: templates.version(), by_id: HashMap::new() };
        }
        if let Some(params) = parsed.by_id.get(&template.id) {
            return Ok(Arc::clone(params));
        }
        // Bounds that were lowered since must not make a stored template unusable.
        let rules = Rules { max_dimension: u32::MAX };
        let params = Params::from_template_json(&template.json, &rules)
            .map_err(|error| broken(&template.name, error))?;
        let params = Arc::new(params);
        parsed.by_id.insert(template.id, Arc::clone(&params));
        Ok(params)
    }
}

/// A template that a folder names. Rights and templates are read one after the other: where they do
/// not match, the answer must not be the picture without it.
fn by_id(templates: &Templates, id: i64) -> Result<&Template, Error> {
    Ok(templates.by_id(id).ok_or(Unavailable)?)
}

/// A template in the database that cannot be read is the server's fault, not the client's.
fn broken(name: &str, error: ParamError) -> Error {
    log::error!("the template \"{name}\" cannot be used: {error}");
    Error::internal(error)
}
