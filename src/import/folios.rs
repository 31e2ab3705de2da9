//! Portfolios: themselves, who may see them, their pictures; their exports are only listed.

use std::collections::HashSet;

use super::source::{ms, text};
use super::{Ids, Import, Result};
use crate::db::users::name_key;
use crate::db::{Row, Value, bulk, now_ms};

const FOLIOS: &str = "portfolios";
const PERMISSIONS: &str = "portfolio permissions";
const PICTURES: &str = "portfolio pictures";
const EXPORTS: &str = "portfolio exports";

impl Import<'_> {
    pub(super) fn folios(&mut self) -> Result<()> {
        let mut ids = Ids::new(self.sql, "folios", self.highest("folios")?)?;
        let columns = concat!(
            "CAST(human_id AS TEXT), CAST(name AS TEXT), CAST(description AS TEXT), \
             CAST(owner_id AS BIGINT), ",
            ms!("last_updated")
        );
        self.each("folios", columns, |import, row| import.folio(row, &mut ids))?;
        Ok(ids.end(self)?)
    }

    fn folio(&mut self, row: &Row, ids: &mut Ids) -> Result<()> {
        let (theirs, human_id, name) = (row.int(0)?, text(row, 1)?, text(row, 2)?);
        // One without an address of its own is named by its id.
        let human_id = if human_id.trim().is_empty() { theirs.to_string() } else { human_id };
        let here = bulk::ids_of(self.sql, "folios", "human_id", std::slice::from_ref(&human_id))?;
        if let Some(ours) = here.get(&human_id) {
            self.folios.insert(theirs, *ours);
            self.report.here(FOLIOS);
            return Ok(());
        }
        let owner = row.opt_int(4)?.and_then(|id| self.users.get(&id).copied());
        if owner.is_none() {
            self.report.remark(FOLIOS, "its owner does not exist", &name);
        }
        let taken = bulk::taken(self.sql, "folios", &[theirs])?;
        let id = ids.give(theirs, &taken);
        self.note_id(FOLIOS, &name, theirs, id);
        let row = vec![
            id.into(),
            human_id.into(),
            name.as_str().into(),
            name_key(&name).into(),
            text(row, 3)?.into(),
            owner.into(),
            row.opt_int(5)?.unwrap_or_else(now_ms).into(),
        ];
        let columns =
            ["id", "human_id", "name", "name_key", "description", "owner_id", "last_updated_ms"];
        bulk::insert(self.sql, "folios", &columns, [row])?;
        self.folios.insert(theirs, id);
        self.report.new_row(FOLIOS);
        Ok(())
    }

    pub(super) fn folio_permissions(&mut self) -> Result<()> {
        let ours: Vec<i64> = self.folios.values().copied().collect();
        let mut here = pairs(self, "folio_permissions", "group_id", &ours)?;
        let columns = "CAST(folio_id AS BIGINT), CAST(group_id AS BIGINT), CAST(access AS BIGINT)";
        self.each("foliopermissions", columns, |import, row| {
            let (folio, group, access) = (row.int(1)?, row.int(2)?, row.int(3)?);
            let which = format!("portfolio {folio}, group {group}, access {access}");
            let (Some(&folio), Some(&group)) =
                (import.folios.get(&folio), import.groups.get(&group))
            else {
                let why = "the portfolio or the group does not exist";
                import.report.left_out(PERMISSIONS, why, &which);
                return Ok(());
            };
            if ![0, 10, 20].contains(&access) {
                import.report.left_out(PERMISSIONS, "there is no such level of access", &which);
                return Ok(());
            }
            if !here.insert((folio, group)) {
                import.report.here(PERMISSIONS);
                return Ok(());
            }
            let row = vec![folio.into(), group.into(), access.into()];
            let columns = ["folio_id", "group_id", "access"];
            bulk::insert(import.sql, "folio_permissions", &columns, [row])?;
            import.report.new_row(PERMISSIONS);
            Ok(())
        })
    }

    pub(super) fn folio_images(&mut self) -> Result<()> {
        let ours: Vec<i64> = self.folios.values().copied().collect();
        let mut here = pairs(self, "folio_images", "image_id", &ours)?;
        let columns = "CAST(folio_id AS BIGINT), CAST(image_id AS BIGINT), \
                       CAST(parameters AS TEXT), CAST(filename AS TEXT), CAST(order_num AS BIGINT)";
        self.each_page("folioimages", columns, |import, rows| {
            let mut new: Vec<Vec<Value>> = Vec::new();
            for row in rows {
                new.extend(import.folio_image(row, &mut here)?);
            }
            let columns = ["folio_id", "image_id", "parameters", "filename", "order_num"];
            bulk::insert(import.sql, "folio_images", &columns, new)?;
            Ok(())
        })
    }

    fn folio_image(
        &mut self,
        row: &Row,
        here: &mut HashSet<(i64, i64)>,
    ) -> Result<Option<Vec<Value>>> {
        let (folio, image) = (row.int(1)?, row.int(2)?);
        let which = format!("portfolio {folio}, image {image}");
        let (Some(&folio), Some(&image)) = (self.folios.get(&folio), self.images.get(&image))
        else {
            let why = "the portfolio or the image does not exist";
            self.report.left_out(PICTURES, why, &which);
            return Ok(None);
        };
        if !here.insert((folio, image)) {
            self.report.here(PICTURES);
            return Ok(None);
        }
        let json = self.parameters(PICTURES, &which, &text(row, 3)?);
        self.report.new_row(PICTURES);
        Ok(Some(vec![
            folio.into(),
            image.into(),
            json.unwrap_or_else(|| "{}".to_owned()).into(),
            text(row, 4)?.into(),
            row.opt_int(5)?.unwrap_or(0).into(),
        ]))
    }

    /// An export is a file over there; one here is made by publishing again.
    pub(super) fn exports(&mut self) -> Result<()> {
        let columns = "CAST(folio_id AS BIGINT), CAST(description AS TEXT), \
                       CAST(filename AS TEXT), CAST(filesize AS BIGINT), \
                       CAST(CAST(keep_until AS TIMESTAMP(0)) AS TEXT)";
        self.each("folioexports", columns, |import, row| {
            let filename = text(row, 3)?;
            if filename.is_empty() {
                return Ok(());
            }
            let which = format!(
                "portfolio {}, \"{}\", {filename}, {} bytes, until {}",
                row.int(1)?,
                text(row, 2)?,
                row.opt_int(4)?.unwrap_or(0),
                text(row, 5)?,
            );
            let why = "the file stays in the folder of exports over there; publish anew here";
            import.report.left_out(EXPORTS, why, &which);
            Ok(())
        })
    }

    pub(super) fn report_on_tasks(&mut self) -> Result<()> {
        if let Some(version) = self.property("db_migration_version")? {
            let version = version.escape_debug();
            self.report.note(format!("The database over there has schema version {version}."));
        }
        self.report.note("Tasks, and what was cached over there, do not come.");
        Ok(())
    }
}

/// The pairs of portfolio and something else that are here.
fn pairs(
    import: &Import<'_>,
    table: &'static str,
    other: &'static str,
    folios: &[i64],
) -> Result<HashSet<(i64, i64)>> {
    let rows = bulk::rows_of(import.sql, table, &["folio_id", other], ("folio_id", folios), None)?;
    let pair = |row: Vec<Value>| match row.as_slice() {
        [Value::Int(folio), Value::Int(other)] => Some((*folio, *other)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}
