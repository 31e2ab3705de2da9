//! What groups may do in folders. A record holds for its folder and all below it, as far as no
//! nearer record of the same group says otherwise.

use super::error::Result;
use super::properties;
use super::sql::{Sql, atomic};
use super::value::{Row, values};

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderPermission {
    /// Its id.
    pub id: i64,
    /// The folder.
    pub folder_id: i64,
    /// The folder's path.
    pub folder_path: String,
    /// The group.
    pub group_id: i64,
    /// The level's number.
    pub access: i64,
}

/// Sets what a group may do in a folder, and gives back the record's id.
///
/// # Errors
/// [`super::Error::Constraint`] (reference) without such a folder or group; see [`super::Error`].
pub fn set(sql: &dyn Sql, folder_id: i64, group_id: i64, access: i64) -> Result<i64> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO folder_permissions (folder_id, group_id, access) VALUES ($1, $2, $3) \
             ON CONFLICT (folder_id, group_id) DO UPDATE SET access = $3 RETURNING id",
            values![folder_id, group_id, access],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        row.int(0)
    })
}

/// Removes a group's record from a folder; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, folder_id: i64, group_id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        let removed = sql.execute(
            "DELETE FROM folder_permissions WHERE folder_id = $1 AND group_id = $2",
            values![folder_id, group_id],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(removed == 1)
    })
}

/// Every record. Those of deleted folders too: a folder that returns is as it was.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<FolderPermission>> {
    let rows = sql.query(
        "SELECT p.id, p.folder_id, f.path, p.group_id, p.access \
         FROM folder_permissions p JOIN folders f ON f.id = p.folder_id ORDER BY p.id",
        &[],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<FolderPermission> {
    Ok(FolderPermission {
        id: row.int(0)?,
        folder_id: row.int(1)?,
        folder_path: row.text(2)?,
        group_id: row.int(3)?,
        access: row.int(4)?,
    })
}

/// The record with this id.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<FolderPermission>> {
    let row = sql.query_opt(
        "SELECT p.id, p.folder_id, f.path, p.group_id, p.access \
         FROM folder_permissions p JOIN folders f ON f.id = p.folder_id WHERE p.id = $1",
        values![id],
    )?;
    row.as_ref().map(read).transpose()
}

/// Makes a record for a group that has none in the folder, and gives back its id.
///
/// # Errors
/// [`super::Error::Constraint`]: unique when it has one, reference without such a folder or group;
/// see [`super::Error`].
pub fn insert(sql: &dyn Sql, folder_id: i64, group_id: i64, access: i64) -> Result<i64> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO folder_permissions (folder_id, group_id, access) VALUES ($1, $2, $3) \
             RETURNING id",
            values![folder_id, group_id, access],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        row.int(0)
    })
}
