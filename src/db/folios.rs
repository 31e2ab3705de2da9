//! Portfolios, and what groups may do with them.

use super::error::Result;
use super::groups::{NORMAL_USERS, PUBLIC};
use super::now_ms;
use super::sql::{Sql, atomic};
use super::users::name_key;
use super::value::{Row, values};

/// Nothing.
pub const ACCESS_NONE: i64 = 0;
/// Looking at the pictures.
pub const ACCESS_VIEW: i64 = 10;
/// Downloading what was published.
pub const ACCESS_DOWNLOAD: i64 = 20;

/// A portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folio {
    /// Its id.
    pub id: i64,
    /// What stands in its address.
    pub human_id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Whose it is; none when that account's row is gone.
    pub owner_id: Option<i64>,
    /// When it was last changed.
    pub last_updated_ms: i64,
    /// What groups may do with it, by the records' ids.
    pub permissions: Vec<FolioPermission>,
}

/// What a group may do with a portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolioPermission {
    /// Its id.
    pub id: i64,
    /// The group.
    pub group_id: i64,
    /// One of the levels.
    pub access: i64,
}

/// What a portfolio is made of, and can be changed to.
#[derive(Debug, Clone)]
pub struct NewFolio {
    /// What stands in its address.
    pub human_id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What everybody who is signed in may do.
    pub internal_access: i64,
    /// What everybody may do.
    pub public_access: i64,
}

const SELECT: &str = "SELECT o.id, o.human_id, o.name, o.description, o.owner_id, \
     o.last_updated_ms, p.id, p.group_id, p.access \
     FROM folios o LEFT JOIN folio_permissions p ON p.folio_id = o.id";

/// Rows of one portfolio stand together, one for each permission.
fn read(rows: &[Row]) -> Result<Vec<Folio>> {
    let mut folios: Vec<Folio> = Vec::new();
    for row in rows {
        let id = row.int(0)?;
        if folios.last().is_none_or(|folio| folio.id != id) {
            folios.push(Folio {
                id,
                human_id: row.text(1)?,
                name: row.text(2)?,
                description: row.text(3)?,
                owner_id: row.opt_int(4)?,
                last_updated_ms: row.int(5)?,
                permissions: Vec::new(),
            });
        }
        if let (Some(folio), Some(id)) = (folios.last_mut(), row.opt_int(6)?) {
            let permission = FolioPermission { id, group_id: row.int(7)?, access: row.int(8)? };
            folio.permissions.push(permission);
        }
    }
    Ok(folios)
}

/// Every portfolio, by name.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<Folio>> {
    read(&sql.query(&format!("{SELECT} ORDER BY o.name_key, o.id, p.id"), &[])?)
}

/// The portfolio with this id.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<Folio>> {
    let rows = sql.query(&format!("{SELECT} WHERE o.id = $1 ORDER BY p.id"), values![id])?;
    Ok(read(&rows)?.pop())
}

/// The portfolio with this id in its address.
///
/// # Errors
/// See [`super::Error`].
pub fn by_human_id(sql: &dyn Sql, human_id: &str) -> Result<Option<Folio>> {
    let statement = format!("{SELECT} WHERE o.human_id = $1 ORDER BY p.id");
    Ok(read(&sql.query(&statement, values![human_id])?)?.pop())
}

/// Makes a portfolio and gives back its id.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the human id is taken; see [`super::Error`].
pub fn insert(sql: &dyn Sql, folio: &NewFolio, owner_id: i64) -> Result<i64> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO folios (human_id, name, name_key, description, owner_id, last_updated_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            values![
                folio.human_id.as_str(),
                folio.name.as_str(),
                name_key(&folio.name),
                folio.description.as_str(),
                owner_id,
                now_ms(),
            ],
        )?;
        let id = row.int(0)?;
        permit(sql, id, folio)?;
        Ok(id)
    })
}

/// Changes a portfolio; tells whether there was one.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the human id is taken; see [`super::Error`].
pub fn update(sql: &dyn Sql, id: i64, folio: &NewFolio) -> Result<bool> {
    atomic(sql, |sql| {
        let changed = sql.execute(
            "UPDATE folios SET human_id = $2, name = $3, name_key = $4, description = $5, \
             last_updated_ms = $6 WHERE id = $1",
            values![
                id,
                folio.human_id.as_str(),
                folio.name.as_str(),
                name_key(&folio.name),
                folio.description.as_str(),
                now_ms(),
            ],
        )?;
        if changed == 1 {
            permit(sql, id, folio)?;
        }
        Ok(changed == 1)
    })
}

fn permit(sql: &dyn Sql, id: i64, folio: &NewFolio) -> Result<()> {
    for (group, access) in [(PUBLIC, folio.public_access), (NORMAL_USERS, folio.internal_access)] {
        sql.execute(
            "INSERT INTO folio_permissions (folio_id, group_id, access) VALUES ($1, $2, $3) \
             ON CONFLICT (folio_id, group_id) DO UPDATE SET access = $3",
            values![id, group, access],
        )?;
    }
    Ok(())
}

/// Notes that a portfolio was changed.
///
/// # Errors
/// See [`super::Error`].
pub fn touch(sql: &dyn Sql, id: i64) -> Result<()> {
    sql.execute("UPDATE folios SET last_updated_ms = $2 WHERE id = $1", values![id, now_ms()])?;
    Ok(())
}

/// Deletes a portfolio with all that belongs to it; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, id: i64) -> Result<bool> {
    Ok(sql.execute("DELETE FROM folios WHERE id = $1", values![id])? == 1)
}
