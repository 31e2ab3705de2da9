//! Folders and images.

use std::collections::{HashMap, HashSet};

use super::source::text;
use super::{Ids, Import, Result};
use crate::db::folders::{self, ROOT};
use crate::db::{Row, STATUS_ACTIVE, STATUS_DELETED, Value, bulk, images, now_ms, path_key};
use crate::source::SourcePath;

const FOLDERS: &str = "folders";
const IMAGES: &str = "images";
const NO_PATH: &str = "its path cannot be that of a file here";
const IN_USE: &str = "the id is in use here, as when the library was synced before the import: \
                      addresses with ids lead elsewhere";

/// A folder's path as it stands here; `None` for one that cannot be.
fn folder_path(path: &str) -> Option<String> {
    if path.trim_matches('/').is_empty() {
        return Some(ROOT.to_owned());
    }
    SourcePath::parse(path.trim_end_matches('/')).ok().map(|path| format!("/{}", path.as_str()))
}

fn status(status: i64) -> i64 {
    if status == STATUS_DELETED { STATUS_DELETED } else { STATUS_ACTIVE }
}

/// An image over there.
struct Theirs {
    id: i64,
    path: String,
    folder: String,
    title: String,
    description: String,
    size: [Option<i64>; 2],
    status: i64,
}

/// The folders here, as far as the import has met them.
pub(super) struct Folders {
    ids: Ids,
    by_path: HashMap<String, i64>,
}

impl Import<'_> {
    pub(super) fn folders(&mut self) -> Result<()> {
        let mut theirs: Vec<(String, i64, i64)> = Vec::new();
        self.each("folders", "CAST(path AS TEXT), CAST(status AS BIGINT)", |import, row| {
            let path = text(row, 1)?;
            match folder_path(&path) {
                Some(path) => theirs.push((path, row.int(0)?, status(row.int(2)?))),
                None => import.report.left_out(FOLDERS, NO_PATH, &path),
            }
            Ok(())
        })?;
        // Parents come before what is in them, and one of several rows with a path is the oldest.
        theirs.sort_by(|a, b| (a.0.len(), &a.0, a.1).cmp(&(b.0.len(), &b.0, b.1)));
        let mut known = self.known_folders()?;
        self.old_folders = known.by_path.values().copied().collect();
        let mut met = HashSet::new();
        for (path, id, status) in theirs {
            if !met.insert(path.clone()) {
                self.report.remark(FOLDERS, "two rows over there have one path", &path);
            }
            let here = known.by_path.get(&path).copied();
            let ours = match here {
                Some(ours) => {
                    self.report.here(FOLDERS);
                    ours
                }
                None => self.folder(&mut known, &path, Some(id), status)?,
            };
            self.folders.insert(id, ours);
        }
        Ok(known.ids.end(self)?)
    }

    fn known_folders(&self) -> Result<Folders> {
        let rows = self.sql.query("SELECT path, id FROM folders", &[])?;
        let read = |row: &Row| Ok((row.text(0)?, row.int(1)?));
        let by_path = rows.iter().map(read).collect::<crate::db::Result<_>>()?;
        let ids = Ids::new(self.sql, "folders", self.highest("folders")?)?;
        Ok(Folders { ids, by_path })
    }

    /// Makes a folder, and those above it that are missing.
    fn folder(
        &mut self,
        known: &mut Folders,
        path: &str,
        theirs: Option<i64>,
        status: i64,
    ) -> Result<i64> {
        if let Some(id) = known.by_path.get(path) {
            return Ok(*id);
        }
        let parent = match path {
            ROOT => None,
            path => {
                let above = folders::parent_path(path);
                Some(self.folder(known, &above, None, STATUS_ACTIVE)?)
            }
        };
        let id = match theirs {
            Some(theirs) => {
                let taken = bulk::taken(self.sql, "folders", &[theirs])?;
                let id = known.ids.give(theirs, &taken);
                self.note_id(FOLDERS, path, theirs, id);
                id
            }
            None => {
                self.report.remark(FOLDERS, "made: only what is in it was over there", path);
                known.ids.above()
            }
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let row: Vec<Value> = vec![
            id.into(),
            path.into(),
            path_key(path).into(),
            name.into(),
            parent.into(),
            status.into(),
            folders::stored_order(name).into(),
            name.to_lowercase().into(),
        ];
        let columns =
            ["id", "path", "path_key", "name", "parent_id", "status", "name_order", "name_lower"];
        bulk::insert(self.sql, "folders", &columns, [row])?;
        known.by_path.insert(path.to_owned(), id);
        self.report.new_row(FOLDERS);
        Ok(id)
    }

    pub(super) fn images(&mut self) -> Result<()> {
        let mut ids = Ids::new(self.sql, "images", self.highest("images")?)?;
        let mut known = self.known_folders()?;
        let columns = "CAST(src AS TEXT), CAST(title AS TEXT), CAST(description AS TEXT), \
                       CAST(width AS BIGINT), CAST(height AS BIGINT), CAST(status AS BIGINT)";
        self.each_page("images", columns, |import, rows| {
            let mut theirs = Vec::new();
            for row in rows {
                theirs.extend(import.image(row)?);
            }
            import.image_page(&theirs, &mut ids, &mut known)
        })?;
        known.ids.end(self)?;
        Ok(ids.end(self)?)
    }

    fn image(&mut self, row: &Row) -> Result<Option<Theirs>> {
        let src = text(row, 1)?;
        let Ok(path) = SourcePath::parse(&src) else {
            self.report.left_out(IMAGES, NO_PATH, &src);
            return Ok(None);
        };
        let size =
            |column| Ok::<_, crate::db::Error>(row.opt_int(column)?.filter(|size| *size > 0));
        Ok(Some(Theirs {
            id: row.int(0)?,
            path: path.as_str().to_owned(),
            folder: folders::parent_path(path.as_str()),
            title: text(row, 2)?,
            description: text(row, 3)?,
            size: [size(4)?, size(5)?],
            status: status(row.int(6)?),
        }))
    }

    fn image_page(&mut self, theirs: &[Theirs], ids: &mut Ids, known: &mut Folders) -> Result<()> {
        let keys: Vec<String> = theirs.iter().map(|image| path_key(&image.path)).collect();
        let mut here = bulk::ids_of(self.sql, "images", "path_key", &keys)?;
        let wanted: Vec<i64> = theirs.iter().map(|image| image.id).collect();
        let taken = bulk::taken(self.sql, "images", &wanted)?;
        let now = now_ms();
        let mut new: Vec<Vec<Value>> = Vec::new();
        let mut made = HashSet::new();
        for (image, key) in theirs.iter().zip(keys) {
            if let Some(&ours) = here.get(&key) {
                self.images.insert(image.id, ours);
                if made.contains(&ours) {
                    let what = "two rows over there have one path";
                    self.report.left_out(IMAGES, what, &image.path);
                } else {
                    self.known_image(image, ours)?;
                }
                continue;
            }
            let folder = self.folder(known, &image.folder, None, STATUS_ACTIVE)?;
            let id = ids.give(image.id, &taken);
            if id != image.id {
                let which = format!("{}: {} over there, {id} here", image.path, image.id);
                self.report.remark(IMAGES, IN_USE, &which);
            }
            self.images.insert(image.id, id);
            here.insert(key.clone(), id);
            made.insert(id);
            self.report.new_row(IMAGES);
            new.push(vec![
                id.into(),
                image.path.as_str().into(),
                key.into(),
                folder.into(),
                image.title.as_str().into(),
                image.description.as_str().into(),
                image.size[0].into(),
                image.size[1].into(),
                image.status.into(),
                now.into(),
            ]);
        }
        let columns = [
            "id",
            "path",
            "path_key",
            "folder_id",
            "title",
            "description",
            "width",
            "height",
            "status",
            "first_seen_ms",
        ];
        bulk::insert(self.sql, "images", &columns, new)?;
        Ok(())
    }

    /// An image that is here already, found by a walk through the files or at an earlier import.
    fn known_image(&mut self, image: &Theirs, ours: i64) -> Result<()> {
        let same = ours == image.id;
        if !same && self.first {
            let which = format!("{}: {} over there, {ours} here", image.path, image.id);
            self.report.remark(IMAGES, IN_USE, &which);
        }
        let says_something = !(image.title.is_empty() && image.description.is_empty());
        if self.first && says_something {
            images::set_texts(self.sql, ours, &image.title, &image.description)?;
            self.report.taken_over(IMAGES);
        } else {
            self.report.here(IMAGES);
        }
        Ok(())
    }
}
