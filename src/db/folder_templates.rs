//! Which template holds in a folder for a group: the one that a request gets when it names none, and
//! the one that it cannot get round. A record holds for its folder and all below it, as far as no
//! nearer record of the same group says otherwise.

use super::error::Result;
use super::properties;
use super::sql::{Sql, atomic};
use super::value::values;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderTemplate {
    /// The folder.
    pub folder_id: i64,
    /// The folder's path.
    pub folder_path: String,
    /// The group.
    pub group_id: i64,
    /// Whether it holds whatever a request names, instead of when it names none.
    pub required: bool,
    /// The template; none frees the group of what a folder further up says.
    pub template_id: Option<i64>,
}

/// Sets the template of a group in a folder.
///
/// # Errors
/// [`super::Error::Constraint`] (reference) without such a folder, group or template; see
/// [`super::Error`].
pub fn set(
    sql: &dyn Sql,
    (folder_id, group_id): (i64, i64),
    required: bool,
    template_id: Option<i64>,
) -> Result<()> {
    atomic(sql, |sql| {
        sql.execute(
            "INSERT INTO folder_templates (folder_id, group_id, required, template_id) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (folder_id, group_id, required) DO UPDATE SET template_id = $4",
            values![folder_id, group_id, required, template_id],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(())
    })
}

/// Removes a group's record from a folder; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, (folder_id, group_id): (i64, i64), required: bool) -> Result<bool> {
    atomic(sql, |sql| {
        let removed = sql.execute(
            "DELETE FROM folder_templates \
             WHERE folder_id = $1 AND group_id = $2 AND required = $3",
            values![folder_id, group_id, required],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(removed == 1)
    })
}

/// Every record, by folder path. Those of deleted folders too: a folder that returns is as it was.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<FolderTemplate>> {
    let rows = sql.query(
        "SELECT t.folder_id, f.path, t.group_id, t.required, t.template_id \
         FROM folder_templates t JOIN folders f ON f.id = t.folder_id \
         ORDER BY f.path, t.group_id, t.required",
        &[],
    )?;
    rows.iter()
        .map(|row| {
            Ok(FolderTemplate {
                folder_id: row.int(0)?,
                folder_path: row.text(1)?,
                group_id: row.int(2)?,
                required: row.bool(3)?,
                template_id: row.opt_int(4)?,
            })
        })
        .collect()
}
