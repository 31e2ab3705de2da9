//! Changes of templates, each with its entry in the record of acts. What their JSON means is not
//! known here.

use serde_json::{Map, Value};

use super::audit::{self, Actor, Changes};
use crate::db::templates::{self, Template};
use crate::db::{self, Sql, atomic, properties, users};

/// The most characters of a template's name.
pub const NAME_MAX_CHARS: usize = 120;

/// Why a template was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Its name belongs to another one.
    #[error("there is a template of this name")]
    Taken,
    /// It holds in a folder.
    #[error("The template holds in a folder.")]
    InUse,
    /// Somebody else has changed it since it was read.
    #[error("somebody else has changed it meanwhile; load it again")]
    Overtaken,
    /// It is the one that holds when none is named.
    #[error("The default template cannot be deleted.")]
    Default,
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for TemplateError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Constraint(db::Constraint::Unique) => Self::Taken,
            db::Error::Constraint(db::Constraint::Reference) => Self::InUse,
            error => Self::Db(error),
        }
    }
}

/// Makes a template, whose own id means nothing, and gives back its id.
///
/// # Errors
/// [`TemplateError::Taken`], [`TemplateError::Db`].
pub fn create(sql: &dyn Sql, actor: &Actor, template: &Template) -> Result<i64, TemplateError> {
    let Template { name, description, json, .. } = template;
    Ok(atomic(sql, |sql| {
        audit::write(sql, actor, "template.create", name, "")?;
        templates::insert(sql, name, description, json)
    })?)
}

/// Makes of one template another of the same id, which may have another name; where that is asked for, only if it is
/// still as it was.
///
/// # Errors
/// [`TemplateError::Taken`], [`TemplateError::Overtaken`], [`TemplateError::Db`].
pub fn change(
    sql: &dyn Sql,
    actor: &Actor,
    old: &Template,
    new: &Template,
    only_if_same: bool,
) -> Result<(), TemplateError> {
    let is_done = atomic(sql, |sql| {
        let now = templates::held(sql, old.id)?;
        if only_if_same && now.as_ref() != Some(old) {
            return Ok(false);
        }
        // The default is known by its name.
        if is_default(sql, old)? && old.name != new.name {
            templates::set_default(sql, &new.name)?;
        }
        audit::write(sql, actor, "template.change", &old.name, changes(old, new).detail())?;
        templates::update(sql, new).map(|_| true)
    })?;
    if is_done { Ok(()) } else { Err(TemplateError::Overtaken) }
}

/// Deletes a template.
///
/// # Errors
/// [`TemplateError::Default`], [`TemplateError::InUse`], [`TemplateError::Db`].
pub fn delete(sql: &dyn Sql, actor: &Actor, template: &Template) -> Result<(), TemplateError> {
    if is_default(sql, template)? {
        return Err(TemplateError::Default);
    }
    Ok(atomic(sql, |sql| {
        audit::write(sql, actor, "template.delete", &template.name, "")?;
        templates::remove(sql, template.id).map(drop)
    })?)
}

/// Makes the template of this name, which is there, the one that holds when none is named.
///
/// # Errors
/// See [`db::Error`].
pub fn make_default(sql: &dyn Sql, actor: &Actor, name: &str) -> db::Result<()> {
    atomic(sql, |sql| {
        let key = properties::DEFAULT_TEMPLATE;
        let old = properties::get(sql, key)?.unwrap_or_default();
        let change = Changes::default().text("value", &old, name);
        audit::write(sql, actor, "property.change", key, change.detail())?;
        templates::set_default(sql, name)
    })
}

/// Whether a template is the one that holds when none is named.
///
/// # Errors
/// See [`db::Error`].
pub fn is_default(sql: &dyn Sql, template: &Template) -> db::Result<bool> {
    let name = properties::get(sql, properties::DEFAULT_TEMPLATE)?;
    let key = users::name_key;
    Ok(name.is_some_and(|name| key(&name) == key(&template.name)))
}

/// What changes from one template to the other, each parameter for itself.
fn changes(old: &Template, new: &Template) -> Changes {
    let changes = Changes::default().text("name", &old.name, &new.name).text(
        "description",
        &old.description,
        &new.description,
    );
    let parameters = |json: &str| serde_json::from_str::<Map<String, Value>>(json);
    let (before, after) =
        (parameters(&old.json).unwrap_or_default(), parameters(&new.json).unwrap_or_default());
    let added = after.keys().filter(|name| !before.contains_key(*name));
    before.keys().chain(added).fold(changes, |changes, name| {
        let text = |from: &Map<String, Value>| {
            from.get(name)
                .map_or_else(|| "none".to_owned(), |value| audit::shortened(&value.to_string()))
        };
        let same = before.get(name) == after.get(name);
        if same { changes } else { changes.value(name, text(&before), text(&after)) }
    })
}
