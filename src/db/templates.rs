//! Templates: named sets of image parameters, kept as JSON. Their names ignore case.
//!
//! What the JSON means is not known here.

use super::error::Result;
use super::properties;
use super::sql::{Sql, atomic};
use super::users::name_key;
use super::value::{Row, values};

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its parameters: `{"width": {"value": 200}, …}`.
    pub json: String,
}

fn read(row: &Row) -> Result<Template> {
    Ok(Template {
        id: row.int(0)?,
        name: row.text(1)?,
        description: row.text(2)?,
        json: row.text(3)?,
    })
}

/// Makes a template and gives back its id.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the name is taken; see [`super::Error`].
pub fn insert(sql: &dyn Sql, name: &str, description: &str, json: &str) -> Result<i64> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO templates (name, name_key, description, template) \
             VALUES ($1, $2, $3, $4) RETURNING id",
            values![name.trim(), name_key(name), description, json],
        )?;
        properties::bump(sql, properties::TEMPLATES_VERSION)?;
        row.int(0)
    })
}

/// Changes a template; tells whether there was one.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the name is taken; see [`super::Error`].
pub fn update(sql: &dyn Sql, template: &Template) -> Result<bool> {
    atomic(sql, |sql| {
        let changed = sql.execute(
            "UPDATE templates SET name = $2, name_key = $3, description = $4, template = $5 \
             WHERE id = $1",
            values![
                template.id,
                template.name.trim(),
                name_key(&template.name),
                template.description.as_str(),
                template.json.as_str(),
            ],
        )?;
        properties::bump(sql, properties::TEMPLATES_VERSION)?;
        Ok(changed == 1)
    })
}

/// Deletes a template; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        let removed = sql.execute("DELETE FROM templates WHERE id = $1", values![id])?;
        properties::bump(sql, properties::TEMPLATES_VERSION)?;
        Ok(removed == 1)
    })
}

/// Every template, by name.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<Template>> {
    let rows =
        sql.query("SELECT id, name, description, template FROM templates ORDER BY name_key", &[])?;
    rows.iter().map(read).collect()
}

/// Names the template that holds when none is named.
///
/// # Errors
/// See [`super::Error`].
pub fn set_default(sql: &dyn Sql, name: &str) -> Result<()> {
    atomic(sql, |sql| {
        properties::set(sql, properties::DEFAULT_TEMPLATE, name)?;
        properties::bump(sql, properties::TEMPLATES_VERSION)?;
        Ok(())
    })
}

/// The template with this id, as it is once whoever changes it at the moment has done so. Others wait until the
/// transaction ends.
///
/// # Errors
/// See [`super::Error`].
pub fn held(sql: &dyn Sql, id: i64) -> Result<Option<Template>> {
    let row = sql.query_opt(
        "UPDATE templates SET name = name WHERE id = $1 RETURNING id, name, description, template",
        values![id],
    )?;
    row.as_ref().map(read).transpose()
}

/// The template with this id.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<Template>> {
    let row = sql.query_opt(
        "SELECT id, name, description, template FROM templates WHERE id = $1",
        values![id],
    )?;
    row.as_ref().map(read).transpose()
}
