//! One folder: what lies in it against what is known of it.

use std::collections::HashSet;
use std::ffi::OsStr;

use super::{Report, picture_path};
use crate::db::image_history::{self, Action};
use crate::db::walk::{self, KnownFile, WaitingFolder};
use crate::db::{folders, images, now_ms, uploads};
use crate::library::{Error, Library, Result, readable, tree};
use crate::source::{Entry, Folder, FolderPath, SourceError, SourcePath, Stat};

/// Files looked up at once.
const FILES: usize = 500;

/// Rows compared at once.
const ROWS: u32 = 1000;

/// After this time a file that was being written by a process that is gone is rubbish.
const RUBBISH_AFTER_MS: i64 = 2 * 24 * 3600 * 1000;

/// What looking into one folder gathers: never more than one piece of its names, and the ids of the
/// files that were there.
struct Look<'a> {
    library: &'a Library,
    folder: &'a Folder,
    path: &'a FolderPath,
    /// The walk that it is a part of.
    run: Option<i64>,
    report: &'a mut Report,
    piece: Vec<(SourcePath, Stat)>,
    there: HashSet<i64>,
    /// Folders in it that were not known as active before.
    new_folders: Vec<FolderPath>,
}

impl Library {
    /// A folder as a part of a walk.
    pub(super) fn walk_folder(
        &self,
        waiting: &WaitingFolder,
        run: i64,
        report: &mut Report,
    ) -> Result<()> {
        let Ok(path) = FolderPath::parse(&waiting.path) else {
            return Ok(walk::walked(&self.db, waiting.id, run)?);
        };
        if self.is_moving(&path)? {
            return Ok(walk::pass_over(&self.db, path.as_str(), run)?);
        }
        let folder = match self.files.folder(&path) {
            Ok(folder) => folder,
            Err(SourceError::NotFound | SourceError::NotAFile) if !path.is_root() => {
                return Ok(walk::unmeet(&self.db, waiting.id, run)?);
            }
            Err(error) if !path.is_root() => {
                return self.pass_over(&path, run, report, &error.into());
            }
            Err(error) => return Err(error.into()),
        };
        if !path.is_root() && !self.is_mounted(waiting.id, &folder)? {
            report.problem(&path, "nothing is mounted here, though something was");
            return Ok(walk::pass_over(&self.db, path.as_str(), run)?);
        }
        match self.look_into(&folder, &path, Some(run), report) {
            Ok((there, _)) => {
                self.note_missing(waiting.id, &there, &mut |id, _| {
                    Ok(walk::miss(&self.db, id, run)?)
                })?;
                Ok(walk::walked(&self.db, waiting.id, run)?)
            }
            // A disk that fails half-way through a folder has not shown all of it.
            Err(error @ (Error::Io(_) | Error::Files(_))) => {
                self.pass_over(&path, run, report, &error)
            }
            Err(error) => Err(error),
        }
    }

    fn pass_over(
        &self,
        path: &FolderPath,
        run: i64,
        report: &mut Report,
        error: &Error,
    ) -> Result<()> {
        if path.is_root() {
            return Err(Error::parameter("images_dir", error.to_string()));
        }
        report.problem(path, &error.to_string());
        Ok(walk::pass_over(&self.db, path.as_str(), run)?)
    }

    /// A folder by itself, and new ones in it: what is new or changed gets its rows at once. Gives
    /// back what is missing of it, at most `limit` of them.
    pub(in crate::library) fn look_through(&self, path: &FolderPath) -> Result<(Report, Vec<i64>)> {
        let (mut report, mut missing) = (Report::default(), Vec::new());
        let mut ahead = vec![path.clone()];
        while let Some(path) = ahead.pop() {
            let folder = match self.files.folder(&path) {
                Ok(folder) => folder,
                Err(SourceError::NotFound | SourceError::NotAFile) => continue,
                Err(error) => return Err(error.into()),
            };
            let id = folders::seen(&self.db, path.as_str())?;
            if !self.is_mounted(id, &folder)? {
                continue;
            }
            let (there, new_folders) = self.look_into(&folder, &path, None, &mut report)?;
            report.folders += 1;
            ahead.extend(new_folders);
            self.note_missing(id, &there, &mut |id, _| {
                missing.push(id);
                Ok(())
            })?;
        }
        Ok((report, missing))
    }

    fn look_into(
        &self,
        folder: &Folder,
        path: &FolderPath,
        run: Option<i64>,
        report: &mut Report,
    ) -> Result<(HashSet<i64>, Vec<FolderPath>)> {
        let mut look = Look {
            library: self,
            folder,
            path,
            run,
            report,
            piece: Vec::with_capacity(FILES),
            there: HashSet::new(),
            new_folders: Vec::new(),
        };
        folder.each_name(|name| look.name(name))?;
        look.flush()?;
        Ok((look.there, look.new_folders))
    }

    /// Calls `missing` with each active image of a folder that was not there.
    fn note_missing(
        &self,
        folder_id: i64,
        there: &HashSet<i64>,
        missing: &mut dyn FnMut(i64, &str) -> Result<()>,
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let rows = walk::in_folder_after(&self.db, folder_id, after, ROWS)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = *last;
            for (id, path) in rows.iter().filter(|(id, _)| !there.contains(id)) {
                // Rows of files that came while the folder was read are not missing.
                if self.still_missing(path)? {
                    missing(*id, path)?;
                }
            }
        }
    }

    fn still_missing(&self, path: &str) -> Result<bool> {
        let Ok(path) = SourcePath::parse(path) else { return Ok(true) };
        Ok(!self.is_there(&path)?)
    }
}

impl Look<'_> {
    fn name(&mut self, name: &OsStr) -> Result<()> {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b".") {
            return match self.clear_rubbish(name) {
                // It has just got its name.
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                result => result,
            };
        }
        let text = name.to_str().filter(|text| self.path.join(text).is_ok());
        let Some(text) = text else {
            self.report.skip(self.path, bytes);
            return Ok(());
        };
        match self.folder.entry(name) {
            Ok(Entry::File(stat)) => self.file(text, stat),
            Ok(Entry::Folder { .. }) => self.subfolder(text),
            Ok(Entry::Other) => self.link(text),
            // It has just gone.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn file(&mut self, name: &str, stat: Stat) -> Result<()> {
        let Some(path) = picture_path(self.path, name) else { return Ok(()) };
        self.piece.push((path, stat));
        if self.piece.len() < FILES { Ok(()) } else { self.flush() }
    }

    fn subfolder(&mut self, name: &str) -> Result<()> {
        let Ok(path) = self.path.folder(name) else { return Ok(()) };
        let db = &self.library.db;
        match self.run {
            Some(run) => {
                walk::meet_folder(db, path.as_str(), run)?;
            }
            None => {
                let known = folders::by_path(db, path.as_str())?;
                if known.is_none_or(|folder| folder.status != crate::db::STATUS_ACTIVE) {
                    self.new_folders.push(path);
                }
            }
        }
        Ok(())
    }

    /// Links to files within the library are served; those to folders are not entered, but what was
    /// asked for through them is not missing.
    fn link(&mut self, name: &str) -> Result<()> {
        let Ok(path) = self.path.join(name) else { return Ok(()) };
        if readable(&path).is_some()
            && let Ok(file) = self.library.files.open(&path)
        {
            return self.file(name, Stat::of(&file)?);
        }
        let folder = FolderPath::of_folder(&path);
        if let Some(run) = self.run
            && self.library.files.folder(&folder).is_ok()
        {
            walk::pass_over(&self.library.db, folder.as_str(), run)?;
        }
        Ok(())
    }

    /// Removes what an upload that ended long ago has left under a hidden name.
    fn clear_rubbish(&self, name: &OsStr) -> Result<()> {
        if !Folder::is_incoming(name) {
            return Ok(());
        }
        let made = match self.folder.entry(name)? {
            Entry::File(stat) => stat.mtime_ns,
            Entry::Folder { .. } => self.folder.folder(name)?.mtime_ns()?,
            Entry::Other => return Ok(()),
        };
        let text = name.to_string_lossy();
        let id = text.rsplit('-').next().unwrap_or_default();
        let old = now_ms() - made / 1_000_000 > RUBBISH_AFTER_MS;
        if old && uploads::by_id(&self.library.db, id)?.is_none() {
            match self.folder.entry(name)? {
                Entry::Folder { .. } => tree::remove_tree(self.folder, name, &|| true)?,
                _ => self.folder.remove_file(name)?,
            }
        }
        Ok(())
    }

    /// Compares what was gathered with the rows, and writes what differs in one transaction.
    fn flush(&mut self) -> Result<()> {
        let piece = std::mem::take(&mut self.piece);
        let paths: Vec<&str> = piece.iter().map(|(path, _)| path.as_str()).collect();
        let known = walk::known_files(&self.library.db, &paths)?;
        let known: std::collections::HashMap<&str, &KnownFile> =
            known.iter().map(|file| (file.path.as_str(), file)).collect();
        let mut differing = Vec::new();
        for (path, stat) in &piece {
            self.report.files += 1;
            let size_bytes = i64::try_from(stat.size).unwrap_or(i64::MAX);
            let known = known.get(path.as_str());
            match known {
                Some(file)
                    if file.active
                        && file.size_bytes == Some(size_bytes)
                        && file.mtime_ns == Some(stat.mtime_ns) =>
                {
                    self.there.insert(file.id);
                }
                _ => differing.push((path, size_bytes, stat.mtime_ns, known.copied())),
            }
        }
        if differing.is_empty() {
            return Ok(());
        }
        let ids = self.library.db.transaction(|sql| {
            let mut ids = Vec::with_capacity(differing.len());
            for (path, size_bytes, mtime_ns, known) in &differing {
                let image = images::seen(sql, path.as_str(), *size_bytes, *mtime_ns)?;
                if let Some((action, detail)) = told(*known) {
                    image_history::add(sql, image.id, None, action, detail)?;
                }
                ids.push(image.id);
            }
            Ok(ids)
        })?;
        self.there.extend(ids);
        for (path, _, _, known) in &differing {
            match known {
                None => self.report.new += 1,
                Some(file) if !file.active => self.report.returned += 1,
                // An imported row whose file is seen for the first time has not changed.
                Some(file) if file.mtime_ns.is_none() => {}
                Some(_) => self.report.changed += 1,
            }
            self.library.changed(path);
        }
        Ok(())
    }
}

/// What the history says of a file that differs from its row.
fn told(known: Option<&KnownFile>) -> Option<(Action, &'static str)> {
    match known {
        None => Some((Action::Created, "found on disk")),
        Some(file) if !file.active => Some((Action::Created, "back on disk")),
        Some(file) if file.mtime_ns.is_none() => None,
        Some(_) => Some((Action::Replaced, "changed on disk")),
    }
}
