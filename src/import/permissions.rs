//! What groups may do: in folders, and beside looking at pictures.

use std::collections::HashSet;

use super::{Import, Result};
use crate::auth::Level;
use crate::db::{Row, Value, bulk, folder_permissions, system_permissions};

const SYSTEM: &str = "system permissions";
const FOLDERS: &str = "folder permissions";

impl Import<'_> {
    pub(super) fn system_permissions(&mut self) -> Result<()> {
        let rows = self.rows(
            "syspermissions",
            "CAST(group_id AS BIGINT), folios, reports, admin_users, admin_files, admin_folios, \
             admin_permissions, admin_all",
        )?;
        for row in rows {
            let theirs = row.int(0)?;
            let Some(&group_id) = self.groups.get(&theirs) else {
                let which = format!("group {theirs}");
                self.report.left_out(SYSTEM, "the group does not exist", &which);
                continue;
            };
            let new = self.new_groups.contains(&group_id);
            if !self.first && !new {
                self.report.here(SYSTEM);
                continue;
            }
            system_permissions::set(self.sql, group_id, granted(&row)?)?;
            if new { self.report.new_row(SYSTEM) } else { self.report.taken_over(SYSTEM) }
        }
        Ok(())
    }

    /// At the first import, folders that were here lose what was permitted before: where a site was
    /// closed over there, it must not be open here.
    pub(super) fn folder_permissions(&mut self) -> Result<()> {
        let mut known = HashSet::new();
        for permission in folder_permissions::all(self.sql)? {
            let (folder, group) = (permission.folder_id, permission.group_id);
            if self.first && self.old_folders.contains(&folder) {
                folder_permissions::remove(self.sql, folder, group)?;
                let which = format!("{}, group {group}", permission.folder_path);
                self.report.remark(FOLDERS, "what was permitted here before is gone", &which);
            } else {
                known.insert((folder, group));
            }
        }
        let columns = "CAST(folder_id AS BIGINT), CAST(group_id AS BIGINT), CAST(access AS BIGINT)";
        self.each_page("folderpermissions", columns, |import, rows| {
            let mut new = Vec::new();
            for row in rows {
                new.extend(import.folder_permission(row, &mut known)?);
            }
            let columns = ["folder_id", "group_id", "access"];
            bulk::insert(import.sql, "folder_permissions", &columns, new)?;
            Ok(())
        })
    }

    fn folder_permission(
        &mut self,
        row: &Row,
        known: &mut HashSet<(i64, i64)>,
    ) -> Result<Option<Vec<Value>>> {
        let (folder, group, access) = (row.int(1)?, row.int(2)?, row.int(3)?);
        let which = format!("folder {folder}, group {group}, access {access}");
        let (Some(&folder_id), Some(&group_id)) =
            (self.folders.get(&folder), self.groups.get(&group))
        else {
            self.report.left_out(FOLDERS, "the folder or the group does not exist", &which);
            return Ok(None);
        };
        if Level::from_access(access).access() != access {
            self.report.left_out(FOLDERS, "there is no such level of access", &which);
            return Ok(None);
        }
        if !known.insert((folder_id, group_id)) {
            self.report.here(FOLDERS);
            return Ok(None);
        }
        self.report.new_row(FOLDERS);
        Ok(Some(vec![folder_id.into(), group_id.into(), access.into()]))
    }
}

fn granted(row: &Row) -> crate::db::Result<[bool; 7]> {
    let mut granted = [false; 7];
    for (at, value) in granted.iter_mut().enumerate() {
        *value = row.bool(at + 1)?;
    }
    Ok(granted)
}
