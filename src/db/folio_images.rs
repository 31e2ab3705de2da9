//! The images of portfolios, in their order.

use super::STATUS_ACTIVE;
use super::bulk::id_list;
use super::error::Result;
use super::image_views::{self, ImageView};
use super::sql::{Sql, atomic};
use super::value::{Row, values};

/// An image in a portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolioImage {
    /// The record's id.
    pub id: i64,
    /// The portfolio.
    pub folio_id: i64,
    /// What is done to the image, as JSON.
    pub parameters: String,
    /// Its name in exports; blank for its own.
    pub filename: String,
    /// Its place; those with the same come in the order in which they were added.
    pub order_num: i64,
    /// The image.
    pub image: ImageView,
}

fn select(rest: &str) -> String {
    format!(
        "SELECT m.id, m.folio_id, m.parameters, m.filename, m.order_num, {} FROM folio_images m \
         JOIN images i ON i.id = m.image_id JOIN folders f ON f.id = i.folder_id {rest}",
        image_views::COLUMNS
    )
}

fn read(row: &Row) -> Result<FolioImage> {
    Ok(FolioImage {
        id: row.int(0)?,
        folio_id: row.int(1)?,
        parameters: row.text(2)?,
        filename: row.text(3)?,
        order_num: row.int(4)?,
        image: image_views::read(row, 5)?,
    })
}

/// The images of a portfolio, in order; deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn of_folio(sql: &dyn Sql, folio_id: i64) -> Result<Vec<FolioImage>> {
    let statement = select("WHERE m.folio_id = $1 ORDER BY m.order_num, m.id");
    sql.query(&statement, values![folio_id])?.iter().map(read).collect()
}

/// One image of a portfolio.
///
/// # Errors
/// See [`super::Error`].
pub fn find(sql: &dyn Sql, folio_id: i64, image_id: i64) -> Result<Option<FolioImage>> {
    let statement = select("WHERE m.folio_id = $1 AND m.image_id = $2");
    sql.query_opt(&statement, values![folio_id, image_id])?.as_ref().map(read).transpose()
}

/// Puts an image into a portfolio.
///
/// # Errors
/// [`super::Error::Constraint`] (unique) when it is there already; see [`super::Error`].
pub fn insert(
    sql: &dyn Sql,
    (folio_id, image_id): (i64, i64),
    parameters: &str,
    filename: &str,
    order_num: i64,
) -> Result<()> {
    sql.execute(
        "INSERT INTO folio_images (folio_id, image_id, parameters, filename, order_num) \
         VALUES ($1, $2, $3, $4, $5)",
        values![folio_id, image_id, parameters, filename, order_num],
    )?;
    Ok(())
}

/// Changes what is said of an image in a portfolio, its place included.
///
/// # Errors
/// See [`super::Error`].
pub fn update(sql: &dyn Sql, image: &FolioImage) -> Result<()> {
    sql.execute(
        "UPDATE folio_images SET parameters = $2, filename = $3, order_num = $4 WHERE id = $1",
        values![image.id, image.parameters.as_str(), image.filename.as_str(), image.order_num,],
    )?;
    Ok(())
}

/// Moves an image to a place, from 0, and numbers all images of the portfolio anew. A place beyond
/// the end is the end. Gives back the place; none when the image is not there.
///
/// # Errors
/// See [`super::Error`].
pub fn reorder(sql: &dyn Sql, folio_id: i64, image_id: i64, place: i64) -> Result<Option<i64>> {
    atomic(sql, |sql| {
        let mut all = of_folio(sql, folio_id)?;
        let Some(at) = all.iter().position(|image| image.image.id == image_id) else {
            return Ok(None);
        };
        let moved = all.remove(at);
        let place = usize::try_from(place.max(0)).unwrap_or(usize::MAX).min(all.len());
        all.insert(place, moved);
        for (order_num, image) in (0..).zip(&all) {
            if image.order_num != order_num {
                sql.execute(
                    "UPDATE folio_images SET order_num = $2 WHERE id = $1",
                    values![image.id, order_num],
                )?;
            }
        }
        Ok(i64::try_from(place).ok())
    })
}

/// Takes an image out of a portfolio; tells whether it was there.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, folio_id: i64, image_id: i64) -> Result<bool> {
    let removed = sql.execute(
        "DELETE FROM folio_images WHERE folio_id = $1 AND image_id = $2",
        values![folio_id, image_id],
    )?;
    Ok(removed == 1)
}

/// What a list of portfolios shows of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The portfolio.
    pub folio_id: i64,
    /// The image's path.
    pub path: String,
    /// The folder that it lies in.
    pub folder: String,
    /// What is done to the image, as JSON.
    pub parameters: String,
}

/// The pictures of portfolios that are there, in the order of each.
///
/// # Errors
/// See [`super::Error`].
pub fn shown(sql: &dyn Sql, folio_ids: &[i64]) -> Result<Vec<Shown>> {
    if folio_ids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = format!(
        "SELECT m.folio_id, i.path, f.path, m.parameters FROM folio_images m \
         JOIN images i ON i.id = m.image_id JOIN folders f ON f.id = i.folder_id \
         WHERE i.status = $1 AND m.folio_id IN ({}) ORDER BY m.folio_id, m.order_num, m.id",
        id_list(folio_ids)
    );
    let read = |row: &Row| {
        Ok(Shown {
            folio_id: row.int(0)?,
            path: row.text(1)?,
            folder: row.text(2)?,
            parameters: row.text(3)?,
        })
    };
    sql.query(&statement, values![STATUS_ACTIVE])?.iter().map(read).collect()
}

/// The place behind the last image of a portfolio.
///
/// # Errors
/// See [`super::Error`].
pub fn next_place(sql: &dyn Sql, folio_id: i64) -> Result<i64> {
    let row = sql.query_one(
        "SELECT MAX(order_num) FROM folio_images WHERE folio_id = $1",
        values![folio_id],
    )?;
    Ok(row.opt_int(0)?.map_or(0, |last| last.saturating_add(1)))
}
