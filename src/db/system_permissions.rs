//! What the members of a group may do beside looking at pictures.

use super::error::Result;
use super::properties;
use super::sql::{Sql, atomic};
use super::value::values;

/// Names of the columns, in the order in which [`set`] and [`all`] take and give the values.
pub const COLUMNS: [&str; 7] = [
    "folios",
    "reports",
    "admin_users",
    "admin_files",
    "admin_folios",
    "admin_permissions",
    "admin_all",
];

/// Sets the system permissions of a group.
///
/// # Errors
/// [`super::Error::Constraint`] (reference) without such a group; see [`super::Error`].
pub fn set(sql: &dyn Sql, group_id: i64, granted: [bool; 7]) -> Result<()> {
    let [a, b, c, d, e, f, g] = granted;
    atomic(sql, |sql| {
        sql.execute(
            "INSERT INTO system_permissions (group_id, folios, reports, admin_users, admin_files, \
             admin_folios, admin_permissions, admin_all) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (group_id) DO UPDATE \
             SET folios = $2, reports = $3, admin_users = $4, admin_files = $5, \
             admin_folios = $6, admin_permissions = $7, admin_all = $8",
            values![group_id, a, b, c, d, e, f, g],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(())
    })
}

/// The system permissions of every group that has any.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<(i64, [bool; 7])>> {
    let rows = sql.query(
        "SELECT group_id, folios, reports, admin_users, admin_files, admin_folios, \
         admin_permissions, admin_all FROM system_permissions",
        &[],
    )?;
    rows.iter()
        .map(|row| {
            let mut granted = [false; 7];
            for (at, value) in granted.iter_mut().enumerate() {
                *value = row.bool(at + 1)?;
            }
            Ok((row.int(0)?, granted))
        })
        .collect()
}

/// The system permissions of a group.
///
/// # Errors
/// See [`super::Error`].
pub fn of_group(sql: &dyn Sql, group_id: i64) -> Result<[bool; 7]> {
    let all = all(sql)?;
    Ok(all.into_iter().find(|(group, _)| *group == group_id).map_or([false; 7], |(_, set)| set))
}

/// Whether any active account is in a group that may do everything. The group Public does not count.
///
/// # Errors
/// See [`super::Error`].
pub fn has_administrator(sql: &dyn Sql) -> Result<bool> {
    let row = sql.query_opt(
        "SELECT u.id FROM users u JOIN user_groups m ON m.user_id = u.id \
         JOIN system_permissions s ON s.group_id = m.group_id \
         WHERE u.status = $1 AND s.admin_all AND s.group_id <> $2 LIMIT 1",
        values![super::STATUS_ACTIVE, super::groups::PUBLIC],
    )?;
    Ok(row.is_some())
}
