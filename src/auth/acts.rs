//! Acts that are done both over the API and on the command line, each noted in the audit log in the
//! transaction that does it. Their callers have checked that they may be done.

use super::audit::{self, Actor, Changes};
use crate::db::{self, Sql, atomic, folder_templates, folders, templates};

/// Which record of a folder's templates: folder, group, and whether the template is required.
pub type Which = (i64, i64, bool);

/// Sets the template of a group in a folder; none frees the group of what a folder further up says.
///
/// # Errors
/// See [`folder_templates::set`].
pub fn set_folder_template(
    sql: &dyn Sql,
    actor: &Actor,
    (folder_id, group_id, required): Which,
    template_id: Option<i64>,
) -> db::Result<()> {
    atomic(sql, |sql| {
        let old = record(sql, (folder_id, group_id, required))?;
        let before = told(sql, old)?;
        let change = Changes::default().value("template", before, told(sql, Some(template_id))?);
        let detail = detail(sql, group_id, required, change.detail())?;
        audit::write(sql, actor, "folder_template.set", &path(sql, folder_id)?, &detail)?;
        folder_templates::set(sql, (folder_id, group_id), required, template_id)
    })
}

/// Removes a group's template from a folder; tells whether there was one.
///
/// # Errors
/// See [`db::Error`].
pub fn remove_folder_template(
    sql: &dyn Sql,
    actor: &Actor,
    (folder_id, group_id, required): Which,
) -> db::Result<bool> {
    atomic(sql, |sql| {
        let old = record(sql, (folder_id, group_id, required))?;
        let removed = folder_templates::remove(sql, (folder_id, group_id), required)?;
        if removed {
            let template = format!("template {}", told(sql, old)?);
            let detail = detail(sql, group_id, required, &template)?;
            audit::write(sql, actor, "folder_template.remove", &path(sql, folder_id)?, &detail)?;
        }
        Ok(removed)
    })
}

/// The template of a record, if there is such a record.
fn record(sql: &dyn Sql, (folder, group, required): Which) -> db::Result<Option<Option<i64>>> {
    let all = folder_templates::all(sql)?;
    let same = |of: &&folder_templates::FolderTemplate| {
        (of.folder_id, of.group_id, of.required) == (folder, group, required)
    };
    Ok(all.iter().find(same).map(|found| found.template_id))
}

fn told(sql: &dyn Sql, record: Option<Option<i64>>) -> db::Result<String> {
    Ok(match record {
        None => "none".to_owned(),
        Some(None) => "free".to_owned(),
        Some(Some(id)) => match templates::by_id(sql, id)? {
            Some(template) => audit::quoted(&template.name),
            None => id.to_string(),
        },
    })
}

fn detail(sql: &dyn Sql, group_id: i64, required: bool, what: &str) -> db::Result<String> {
    let kind = if required { "required" } else { "default" };
    Ok(format!("{} {kind} {what}", audit::group_of(sql, group_id)?).trim_end().to_owned())
}

fn path(sql: &dyn Sql, folder_id: i64) -> db::Result<String> {
    Ok(folders::by_id(sql, folder_id)?.map(|folder| folder.path).unwrap_or_default())
}
