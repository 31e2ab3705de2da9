//! Tags of images: free ones, and those of lists that the administrator keeps. Names ignore case.

use std::collections::HashMap;

use super::bulk::id_list;
use super::error::Result;
use super::search::{Scope, Statement};
use super::sql::{Sql, atomic};
use super::users::name_key;
use super::value::{Row, values};

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
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Tag> {
    Ok(Tag { id: row.int(0)?, name: row.text(1)?, list: row.opt_text(2)? })
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

/// A list that the administrator keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagList {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// Every list, by name.
///
/// # Errors
/// See [`super::Error`].
pub fn lists(sql: &dyn Sql) -> Result<Vec<TagList>> {
    let rows = sql.query("SELECT id, name FROM tag_lists ORDER BY name_key", &[])?;
    rows.iter().map(|row| Ok(TagList { id: row.int(0)?, name: row.text(1)? })).collect()
}

/// Makes a list and gives back its id.
///
/// # Errors
/// See [`super::Error`]; a name that is taken is a duplicate.
pub fn add_list(sql: &dyn Sql, name: &str) -> Result<i64> {
    let row = sql.query_one(
        "INSERT INTO tag_lists (name, name_key) VALUES ($1, $2) RETURNING id",
        values![name, name_key(name)],
    )?;
    row.int(0)
}

/// Renames a list; false when there is no such.
///
/// # Errors
/// See [`super::Error`]; a name that is taken is a duplicate.
pub fn rename_list(sql: &dyn Sql, id: i64, name: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE tag_lists SET name = $2, name_key = $3 WHERE id = $1",
        values![id, name, name_key(name)],
    )?;
    Ok(changed == 1)
}

/// Sets which tags a list has; those that leave it become free ones.
///
/// # Errors
/// See [`super::Error`].
pub fn fill_list(sql: &dyn Sql, id: i64, names: &[String]) -> Result<()> {
    atomic(sql, |sql| {
        sql.execute("UPDATE tags SET list_id = NULL WHERE list_id = $1", values![id])?;
        for name in names {
            make(sql, name, Some(id))?;
        }
        Ok(())
    })
}

/// Takes a list away; its tags become free ones. False when there is no such.
///
/// # Errors
/// See [`super::Error`].
pub fn remove_list(sql: &dyn Sql, id: i64) -> Result<bool> {
    Ok(sql.execute("DELETE FROM tag_lists WHERE id = $1", values![id])? == 1)
}

/// Renames a tag; false when there is no such.
///
/// # Errors
/// See [`super::Error`]; a name that is taken is a duplicate.
pub fn rename(sql: &dyn Sql, id: i64, name: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE tags SET name = $2, name_key = $3 WHERE id = $1",
        values![id, name, name_key(name)],
    )?;
    Ok(changed == 1)
}

/// Takes a tag off one image.
///
/// # Errors
/// See [`super::Error`].
pub fn take_off(sql: &dyn Sql, id: i64, image_id: i64) -> Result<()> {
    sql.execute(
        "DELETE FROM image_tags WHERE tag_id = $1 AND image_id = $2",
        values![id, image_id],
    )?;
    Ok(())
}

/// Takes a tag away from every image and out of its list; false when there is no such.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, id: i64) -> Result<bool> {
    Ok(sql.execute("DELETE FROM tags WHERE id = $1", values![id])? == 1)
}

/// The tag of this id.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<Tag>> {
    let row = sql.query_opt(
        "SELECT t.id, t.name, l.name FROM tags t LEFT JOIN tag_lists l ON l.id = t.list_id \
         WHERE t.id = $1",
        values![id],
    )?;
    row.as_ref().map(read).transpose()
}

/// Whether there is a tag of this name beside the one of this id.
///
/// # Errors
/// See [`super::Error`].
pub fn is_taken(sql: &dyn Sql, name: &str, id: i64) -> Result<bool> {
    let found = sql.query_opt(
        "SELECT id FROM tags WHERE name_key = $1 AND id <> $2",
        values![name_key(name), id],
    )?;
    Ok(found.is_some())
}

/// The images that have a tag.
///
/// # Errors
/// See [`super::Error`].
pub fn images_with(sql: &dyn Sql, id: i64) -> Result<Vec<i64>> {
    let rows = sql.query(
        "SELECT image_id FROM image_tags WHERE tag_id = $1 ORDER BY image_id",
        values![id],
    )?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// Conditions of which tags are told of.
struct Told {
    /// On images `i` in folders `f`: those within the scope.
    images: String,
    /// On tags `t`: those whose names begin so.
    names: String,
    /// On tags `t`: those that are told of though no such image has them.
    unseen: &'static str,
}

/// These conditions, and the statement that has their values.
fn told(beginning: &str, scope: &Scope, whole_lists: bool) -> (Statement, Told) {
    let mut statement = Statement::default();
    let active = statement.value(super::STATUS_ACTIVE);
    statement.conditions.push(format!("i.status = {active}"));
    statement.limit_to(scope);
    let images = statement.conditions.join(" AND ");
    let key = name_key(beginning);
    let length = key.chars().count();
    let key = statement.value(key);
    let names = format!("substr(t.name_key, 1, {length}) = {key}");
    let unseen = if whole_lists { "t.list_id IS NOT NULL" } else { "1 = 0" };
    (statement, Told { images, names, unseen })
}

/// A part of the tags whose names begin so, by name, each with how many images within the scope have
/// it; and how many there are in all. Those that no such image has are left out, but for those of
/// lists when `whole_lists` says so.
///
/// # Errors
/// See [`super::Error`].
pub fn counted(
    sql: &dyn Sql,
    beginning: &str,
    scope: &Scope,
    whole_lists: bool,
    (start, limit): (i64, i64),
) -> Result<(Vec<(Tag, i64)>, i64)> {
    let (mut statement, Told { images, names, unseen }) = told(beginning, scope, whole_lists);
    let from = format!(
        "SELECT t.id, t.name, l.name AS list, COUNT(c.image_id) AS images, t.name_key FROM tags t \
         LEFT JOIN tag_lists l ON l.id = t.list_id \
         LEFT JOIN (SELECT x.tag_id, x.image_id FROM image_tags x JOIN images i ON i.id = x.image_id \
         JOIN folders f ON f.id = i.folder_id WHERE {images}) c ON c.tag_id = t.id \
         WHERE {names} \
         GROUP BY t.id, t.name, l.name, t.list_id, t.name_key \
         HAVING COUNT(c.image_id) > 0 OR {unseen}"
    );
    let total = format!("SELECT COUNT(*) FROM ({from}) q");
    let total = sql.query_one(&total, &statement.given)?.int(0)?;
    let (limit, start) = (statement.value(limit), statement.value(start));
    let part = format!("{from} ORDER BY t.name_key LIMIT {limit} OFFSET {start}");
    let rows = sql.query(&part, &statement.given)?;
    let tags = rows.iter().map(|row| Ok((read(row)?, row.int(3)?))).collect::<Result<_>>()?;
    Ok((tags, total))
}

/// The names of the first tags by name that begin like this, of those that [`counted`] tells of, at most so many.
///
/// # Errors
/// See [`super::Error`].
pub fn offered(
    sql: &dyn Sql,
    beginning: &str,
    scope: &Scope,
    whole_lists: bool,
    most: i64,
) -> Result<Vec<String>> {
    let (mut statement, Told { images, names, unseen }) = told(beginning, scope, whole_lists);
    let most = statement.value(most);
    let offered = format!(
        "SELECT t.name FROM tags t WHERE {names} AND ({unseen} \
         OR EXISTS (SELECT 1 FROM image_tags x JOIN images i ON i.id = x.image_id \
         JOIN folders f ON f.id = i.folder_id WHERE x.tag_id = t.id AND {images})) \
         ORDER BY t.name_key LIMIT {most}"
    );
    sql.query(&offered, &statement.given)?.iter().map(|row| row.text(0)).collect()
}
