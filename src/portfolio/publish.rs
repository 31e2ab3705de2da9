//! Publishing: the background job that makes a zip file or a document of a portfolio.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::entries::Entries;
use super::exports::Exports;
use super::render::{Kept, Publisher, Renderer};
use crate::auth::{Rights, SignedIn, Templates};
use crate::db::folio_exports::{self, FolioExport, NewExport};
use crate::db::folio_images::{self, FolioImage};
use crate::db::{STATUS_ACTIVE, Sql, folios};
use crate::library::readable;
use crate::pixel::decode::Input;
use crate::pixel::encode::Pages;
use crate::source::{SourcePath, Stat};
use crate::task::{Job, TaskContext};

/// The largest document that is made: it grows in memory.
const MAX_DOCUMENT_BYTES: usize = 512 << 20;

/// Bytes copied between two looks whether to go on.
const COPIED_AT_ONCE: u64 = 8 << 20;

/// Makes the files of exports.
pub struct PublishPortfolio {
    /// Makes pictures.
    pub renderer: Renderer,
    /// Where the files go.
    pub exports: Exports,
}

/// What a task says.
#[derive(Deserialize)]
struct Wanted {
    export_id: i64,
}

impl PublishPortfolio {
    /// The name under which its tasks are queued.
    pub const KIND: &str = "export_folio";
}

/// The images of a portfolio whose files were there when they were last looked for.
fn present(sql: &dyn Sql, folio_id: i64) -> crate::db::Result<Vec<FolioImage>> {
    let mut images = folio_images::of_folio(sql, folio_id)?;
    images.retain(|image| image.image.status == STATUS_ACTIVE);
    Ok(images)
}

/// Why a portfolio cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// Something of it is not for the publisher.
    #[error(transparent)]
    Kept(#[from] Kept),
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] crate::db::Error),
}

/// Fails unless somebody may have every image of a portfolio as the export will hold it. Others can have
/// then what is published, who may not have the pictures themselves.
///
/// # Errors
/// [`NotPublished`].
pub fn check_published(
    sql: &dyn Sql,
    publisher: &Publisher,
    export: &NewExport,
) -> Result<(), NotPublished> {
    for image in present(sql, export.folio_id)? {
        let Ok(path) = SourcePath::parse(&image.image.path) else { continue };
        let checked = match export.originals {
            true => publisher.check_original(&path),
            false => publisher.check_picture(&path, [&export.parameters, &image.parameters]),
        };
        // What else can go wrong is told of by the task.
        if let Some(kept) = checked.err().and_then(|error| error.downcast().ok()) {
            return Err(NotPublished::Kept(kept));
        }
    }
    Ok(())
}

impl Job for PublishPortfolio {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let Wanted { export_id } = context.params()?;
        let db = context.db();
        let Some(export) = folio_exports::by_id(db, export_id)? else {
            return Ok(json!({ "deleted": true }));
        };
        if !export.filename.is_empty() {
            return Ok(told(&export));
        }
        let publisher = publisher(context)?;
        let images = present(db, export.folio_id)?;
        let mut file = self.exports.begin()?;
        let work = Work { job: self, context, export: &export, publisher: &publisher };
        match export.format.as_str() {
            "pdf" => work.document(&images, file.as_file_mut())?,
            _ => work.zip(&images, file.as_file_mut())?,
        }
        context.check()?;
        let (filename, len) = self.exports.keep(file, &export.format)?;
        let filesize = i64::try_from(len)?;
        if !folio_exports::finish(db, export.id, &filename, filesize)? {
            self.exports.remove(&filename)?;
            return Ok(json!({ "deleted": true }));
        }
        Ok(told(&FolioExport { filename, filesize, task_id: None, ..export }))
    }
}

fn told(export: &FolioExport) -> Value {
    json!({
        "id": export.id,
        "folio_id": export.folio_id,
        "filename": export.filename,
        "filesize": export.filesize,
    })
}

/// Who asked for the task, with the rights of this moment.
fn publisher(context: &TaskContext<'_>) -> anyhow::Result<Publisher> {
    let rights = Arc::new(context.db().snapshot(Rights::load)?);
    let templates = Arc::new(context.db().snapshot(Templates::load)?);
    let user = context.task().user_id.context("nobody asked for it")?;
    let identity = rights.identity(user, SignedIn::Token).context("the account is gone")?;
    Ok(Publisher { identity, rights, templates })
}

/// The making of one export.
struct Work<'a> {
    job: &'a PublishPortfolio,
    context: &'a TaskContext<'a>,
    export: &'a FolioExport,
    publisher: &'a Publisher,
}

impl Work<'_> {
    fn go_on(&self) -> anyhow::Result<()> {
        Ok(self.context.check()?)
    }

    fn tell(&self, done: usize, total: usize) -> anyhow::Result<()> {
        self.go_on()?;
        self.context.progress(i64::try_from(done)?, i64::try_from(total)?);
        Ok(())
    }

    fn zip(&self, images: &[FolioImage], file: &mut File) -> anyhow::Result<()> {
        let mut zip = ZipWriter::new(io::BufWriter::new(file));
        let mut entries = Entries::default();
        for (done, image) in images.iter().enumerate() {
            self.tell(done, images.len())?;
            let own = match image.filename.as_str() {
                "" => image.image.file_name(),
                name => name,
            };
            if self.export.originals {
                self.original(&mut zip, &mut entries, own, image)?;
            } else {
                let made = self.job.renderer.make(
                    self.context.db(),
                    self.publisher,
                    image,
                    &self.export.parameters,
                    &|| self.go_on(),
                )?;
                let name = entries.name(own, made.format.row().extensions);
                zip.start_file(name, stored(made.bytes.len() as u64))?;
                zip.write_all(&made.bytes)?;
            }
        }
        zip.finish()?.flush()?;
        Ok(())
    }

    fn original<W: Write + Seek>(
        &self,
        zip: &mut ZipWriter<W>,
        entries: &mut Entries,
        wanted: &str,
        image: &FolioImage,
    ) -> anyhow::Result<()> {
        let path = SourcePath::parse(&image.image.path)?;
        self.publisher.check_original(&path)?;
        let mut file = self.job.renderer.files.open(&path)?;
        // A file that grows meanwhile is taken as far as it was.
        let mut left = Stat::of(&file)?.size;
        let name = entries.name(wanted, &extensions(&path, &file, left)?);
        zip.start_file(name, stored(left))?;
        while left > 0 {
            self.go_on()?;
            match io::copy(&mut (&mut file).take(left.min(COPIED_AT_ONCE)), zip)? {
                0 => break,
                copied => left -= copied,
            }
        }
        Ok(())
    }

    fn document(&self, images: &[FolioImage], file: &mut File) -> anyhow::Result<()> {
        let folio = folios::by_id(self.context.db(), self.export.folio_id)?;
        let mut document = Pages::new(&folio.context("the portfolio is gone")?.name);
        for (done, image) in images.iter().enumerate() {
            self.tell(done, images.len())?;
            self.job.renderer.add_page(
                self.context.db(),
                self.publisher,
                image,
                &self.export.parameters,
                &mut document,
                &|| self.go_on(),
            )?;
            anyhow::ensure!(document.len() <= MAX_DOCUMENT_BYTES, "the document is too large");
        }
        file.write_all(&document.finish())?;
        Ok(())
    }
}

/// The extensions that fit an original: its own, where it is one of pictures, and those of what it holds. The file is
/// left at its start.
fn extensions<'a>(path: &'a SourcePath, mut file: &File, len: u64) -> anyhow::Result<Vec<&'a str>> {
    let named = readable(path);
    let mut fit: Vec<&str> = path.extension().filter(|_| named.is_some()).into_iter().collect();
    // What is damaged is sent as it is, too.
    if let Ok(format) = Input::of_file(file.try_clone()?, len, named)?.recognise() {
        fit.extend(format.row().extensions);
    }
    file.rewind()?;
    Ok(fit)
}

/// Pictures are compressed already. Sizes from 4 GB on need another form of entry.
fn stored(len: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(len >= u64::from(u32::MAX))
        .unix_permissions(0o644)
}
