//! Tags of images: free ones, and those of lists that the administrator keeps. Names ignore case.

use std::collections::HashMap;

use super::bulk::id_list;
use super::error::Result;
use super::sql::{Sql, atomic};
use super::users::name_key;
use super::value::values;

/// A tag and the list it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: i64,
    /// Its name, as it was first written.
    pub name: String,
    /// The name of its list; none for a free tag.
    pub list: Option<String>,
}

/// Every tag, by name.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<Tag>> {
    let rows = sql.query(
        "SELECT t.id, t.name, l.name FROM tags t LEFT JOIN tag_lists l ON l.id = t.list_id \
         ORDER BY t.name_key",
        &[],
    )?;
    rows.iter()
        .map(|row| Ok(Tag { id: row.int(0)?, name: row.text(1)?, list: row.opt_text(2)? }))
        .collect()
}

/// The names of an image's tags, in order.
///
/// # Errors
/// See [`super::Error`].
pub fn of_image(sql: &dyn Sql, image_id: i64) -> Result<Vec<String>> {
    let rows = sql.query(
        "SELECT t.name FROM image_tags i JOIN tags t ON t.id = i.tag_id WHERE i.image_id = $1 \
         ORDER BY t.name_key",
        values![image_id],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// The names of the tags of some images, in order, by their ids; those without any are left out.
///
/// # Errors
/// See [`super::Error`].
pub fn of_images(sql: &dyn Sql, ids: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let rows = sql.query(
        &format!(
            "SELECT i.image_id, t.name FROM image_tags i JOIN tags t ON t.id = i.tag_id \
             WHERE i.image_id IN ({}) ORDER BY i.image_id, t.name_key",
            id_list(ids)
        ),
        &[],
    )?;
    let mut found: HashMap<i64, Vec<String>> = HashMap::new();
    for row in &rows {
        found.entry(row.int(0)?).or_default().push(row.text(1)?);
    }
    Ok(found)
}

/// Sets an image's tags; those that do not exist are made, as free ones.
///
/// # Errors
/// See [`super::Error`].
pub fn set_of_image(sql: &dyn Sql, image_id: i64, names: &[String]) -> Result<()> {
    atomic(sql, |sql| {
        sql.execute("DELETE FROM image_tags WHERE image_id = $1", values![image_id])?;
        for name in names {
            let tag = make(sql, name, None)?;
            sql.execute(
                "INSERT INTO image_tags (image_id, tag_id) VALUES ($1, $2) \
                 ON CONFLICT (image_id, tag_id) DO NOTHING",
                values![image_id, tag],
            )?;
        }
        Ok(())
    })
}

/// Makes a tag unless there is one of this name, and puts it into a list if one is given. Gives back
/// its id.
fn make(sql: &dyn Sql, name: &str, list_id: Option<i64>) -> Result<i64> {
    let row = sql.query_one(
        "INSERT INTO tags (name, name_key, list_id) VALUES ($1, $2, $3) ON CONFLICT (name_key) \
         DO UPDATE SET list_id = COALESCE($3, tags.list_id) RETURNING id",
        values![name, name_key(name), list_id],
    )?;
    row.int(0)
}

/// Makes or changes a list: afterwards it has these tags and no others. Tags that leave it become
/// free ones.
///
/// # Errors
/// See [`super::Error`].
pub fn set_list(sql: &dyn Sql, list: &str, names: &[String]) -> Result<()> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO tag_lists (name, name_key) VALUES ($1, $2) ON CONFLICT (name_key) \
             DO UPDATE SET name = $1 RETURNING id",
            values![list, name_key(list)],
        )?;
        let list_id = row.int(0)?;
        sql.execute("UPDATE tags SET list_id = NULL WHERE list_id = $1", values![list_id])?;
        for name in names {
            make(sql, name, Some(list_id))?;
        }
        Ok(())
    })
}

/// Takes a list away; its tags become free ones. False when there is none of this name.
///
/// # Errors
/// See [`super::Error`].
pub fn remove_list(sql: &dyn Sql, list: &str) -> Result<bool> {
    Ok(sql.execute("DELETE FROM tag_lists WHERE name_key = $1", values![name_key(list)])? == 1)
}
