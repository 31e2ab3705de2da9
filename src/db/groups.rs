//! Groups of users, and who belongs to them. Group names ignore case.

use super::error::Result;
use super::sql::{Sql, atomic};
use super::users::name_key;
use super::value::{Row, values};
use super::{STATUS_ACTIVE, properties};

/// Everybody, signed in or not.
pub const PUBLIC: i64 = 1;
/// The group that new users join.
pub const NORMAL_USERS: i64 = 2;
/// Those who may do everything.
pub const ADMINISTRATORS: i64 = 3;

/// `group_type` of a group that the program itself relies on.
pub const TYPE_SYSTEM: i64 = 1;
/// `group_type` of a group made by an administrator.
pub const TYPE_LOCAL: i64 = 2;
/// `group_type` of a group whose members come from the LDAP server.
pub const TYPE_LDAP: i64 = 3;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// [`TYPE_SYSTEM`], [`TYPE_LOCAL`] or [`TYPE_LDAP`].
    pub group_type: i64,
}

fn read(row: &Row) -> Result<Group> {
    Ok(Group {
        id: row.int(0)?,
        name: row.text(1)?,
        description: row.text(2)?,
        group_type: row.int(3)?,
    })
}

/// Makes a group and gives back its id.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the name is taken; see [`super::Error`].
pub fn insert(sql: &dyn Sql, name: &str, description: &str, group_type: i64) -> Result<i64> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO groups (name, name_key, description, group_type) \
             VALUES ($1, $2, $3, $4) RETURNING id",
            values![name.trim(), name_key(name), description, group_type],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        row.int(0)
    })
}

/// Makes a group with the id that it must have. Ids generated later follow it.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when id or name is taken; see [`super::Error`].
pub fn insert_with_id(sql: &dyn Sql, group: &Group) -> Result<()> {
    atomic(sql, |sql| {
        sql.execute(
            "INSERT INTO groups (id, name, name_key, description, group_type) \
             VALUES ($1, $2, $3, $4, $5)",
            values![
                group.id,
                group.name.trim(),
                name_key(&group.name),
                group.description.as_str(),
                group.group_type,
            ],
        )?;
        if let Some(advance) = sql.dialect().advance_ids("groups") {
            sql.query(&advance, &[])?;
        }
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(())
    })
}

/// Every group, by id.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<Group>> {
    let rows =
        sql.query("SELECT id, name, description, group_type FROM groups ORDER BY id", &[])?;
    rows.iter().map(read).collect()
}

/// Makes a user a member of a group; nothing changes when the user is one already.
///
/// # Errors
/// [`super::Error::Constraint`] (reference) without such a user or group; see [`super::Error`].
pub fn add_member(sql: &dyn Sql, group_id: i64, user_id: i64) -> Result<()> {
    atomic(sql, |sql| {
        sql.execute(
            "INSERT INTO user_groups (user_id, group_id) VALUES ($1, $2) \
             ON CONFLICT (user_id, group_id) DO NOTHING",
            values![user_id, group_id],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(())
    })
}

/// Takes a user out of a group; tells whether the user was a member.
///
/// # Errors
/// See [`super::Error`].
pub fn remove_member(sql: &dyn Sql, group_id: i64, user_id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        let removed = sql.execute(
            "DELETE FROM user_groups WHERE user_id = $1 AND group_id = $2",
            values![user_id, group_id],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(removed == 1)
    })
}

/// The groups of every active user, as (user, group), sorted by user.
///
/// # Errors
/// See [`super::Error`].
pub fn active_memberships(sql: &dyn Sql) -> Result<Vec<(i64, i64)>> {
    let rows = sql.query(
        "SELECT m.user_id, m.group_id FROM user_groups m JOIN users u ON u.id = m.user_id \
         WHERE u.status = $1 ORDER BY m.user_id, m.group_id",
        values![STATUS_ACTIVE],
    )?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// The group with this id.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<Group>> {
    let row = sql.query_opt(
        "SELECT id, name, description, group_type FROM groups WHERE id = $1",
        values![id],
    )?;
    row.as_ref().map(read).transpose()
}

/// The group with this id, as it is once whoever changes it at the moment has done so. Others wait until the
/// transaction ends.
///
/// # Errors
/// See [`super::Error`].
pub fn held(sql: &dyn Sql, id: i64) -> Result<Option<Group>> {
    let row = sql.query_opt(
        "UPDATE groups SET name = name WHERE id = $1 RETURNING id, name, description, group_type",
        values![id],
    )?;
    row.as_ref().map(read).transpose()
}

/// The groups of an account, by id.
///
/// # Errors
/// See [`super::Error`].
pub fn of_user(sql: &dyn Sql, user_id: i64) -> Result<Vec<Group>> {
    let rows = sql.query(
        "SELECT id, name, description, group_type FROM groups \
         WHERE id IN (SELECT group_id FROM user_groups WHERE user_id = $1) ORDER BY id",
        values![user_id],
    )?;
    rows.iter().map(read).collect()
}

/// Changes a group's name, description and type; tells whether there was one.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when the name is taken; see [`super::Error`].
pub fn update(sql: &dyn Sql, group: &Group) -> Result<bool> {
    atomic(sql, |sql| {
        let changed = sql.execute(
            "UPDATE groups SET name = $2, name_key = $3, description = $4, group_type = $5 \
             WHERE id = $1",
            values![
                group.id,
                group.name.trim(),
                name_key(&group.name),
                group.description.as_str(),
                group.group_type,
            ],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(changed == 1)
    })
}

/// Deletes a group with all that it was granted; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        let removed = sql.execute("DELETE FROM groups WHERE id = $1", values![id])?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(removed == 1)
    })
}
