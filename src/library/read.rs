//! What files say of themselves: read once, kept, and made findable.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use super::{Caller, Error, Library, Result, readable, words};
use crate::db::image_metadata::{self, ImageMetadata, ReadState};
use crate::db::images::{self, ImageRow};
use crate::db::search::{self, Words};
use crate::db::{self, Sql, tags, walk};
use crate::pixel::decode::{Input, Opening};
use crate::pixel::{self, Description, Format};
use crate::source::{SourceError, SourcePath, Stat};

/// The version of the reader: raised when it learns to read more, so that all is read again.
pub const READER: i64 = 1;

/// Images read between two looks at whether to go on.
const ROWS: u32 = 50;

/// What was read of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    pub said: ImageMetadata,
    /// Width and height as displayed; none when it could not be read.
    pub size: Option<(u32, u32)>,
}

impl Library {
    /// Reads the header of a file that promises this format.
    ///
    /// # Errors
    /// [`Error::NotAPicture`] when the content is damaged or another format; [`Error::Io`].
    pub(super) fn read_header(&self, file: &File, named: Option<Format>) -> Result<Read> {
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let len = file.metadata()?.len();
        let mut input = Input::of_file(file, len, named).map_err(Error::picture)?;
        let format = input.recognise().map_err(Error::picture)?;
        match self.engine.open(input, &Opening::default()) {
            Ok(opened) => Ok(self.described(opened.info())),
            // It is what its name says, and may be readable on another host, or later.
            Err(pixel::Error::Unsupported(reason)) => Ok(Read {
                said: ImageMetadata {
                    error: Some(reason),
                    format: format.extension().to_owned(),
                    ..ImageMetadata::default()
                },
                size: None,
            }),
            Err(error) => Err(Error::picture(error)),
        }
    }

    fn described(&self, info: &pixel::decode::Info) -> Read {
        let Description {
            taken_ms,
            camera,
            position,
            headline,
            caption,
            keywords,
            creator,
            copyright,
        } = Description::of(&info.metadata);
        let turned = self.options.upright && info.orientation.swaps_axes();
        let (width, height) = (info.width, info.height);
        Read {
            said: ImageMetadata {
                error: None,
                format: info.format.extension().to_owned(),
                pages: info.pages.into(),
                taken_ms,
                camera,
                position,
                headline,
                caption,
                keywords,
                creator,
                copyright,
            },
            size: Some(if turned { (height, width) } else { (width, height) }),
        }
    }

    /// Keeps what was read of an image's file, and makes it findable.
    pub(super) fn keep_read(sql: &dyn Sql, image: &ImageRow, read: &Read) -> db::Result<()> {
        let state = ReadState {
            reader: READER,
            size_bytes: image.size_bytes.unwrap_or(0),
            mtime_ns: image.mtime_ns.unwrap_or(0),
            revision_counter: image.revision_counter,
        };
        image_metadata::put(sql, image.id, &state, &read.said)?;
        if let Some((width, height)) = read.size {
            images::set_size(sql, image.id, width, height)?;
        }
        index(sql, image)
    }

    /// Whether there are images whose files were not read as they are now.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn has_unread(&self) -> Result<bool> {
        Ok(!image_metadata::unread_after(&self.db, READER, 0, 1)?.is_empty())
    }

    /// Reads the files of images that were not read as they are now, until there are none left.
    /// Gives back how many were read and how many of them could not be understood. `go_on` is told
    /// how many are done.
    ///
    /// # Errors
    /// [`Error::Stopped`] when `go_on` says so; [`Error::Database`]; [`Error::Files`] while the files
    /// cannot be reached.
    pub fn read_new(&self, go_on: &dyn Fn(u64) -> bool) -> Result<(u64, u64)> {
        let (mut after, mut read, mut failed) = (0, 0, 0);
        loop {
            let rows = image_metadata::unread_after(&self.db, READER, after, ROWS)?;
            let Some(last) = rows.last() else { return Ok((read, failed)) };
            after = last.id;
            for row in &rows {
                if !go_on(read) {
                    return Err(Error::Stopped);
                }
                match self.read_one(&row.path)? {
                    Some(true) => read += 1,
                    Some(false) => (read, failed) = (read + 1, failed + 1),
                    None => {}
                }
            }
        }
    }

    /// Reads one image's file; none when it is gone or changed meanwhile, else whether it could be
    /// understood.
    fn read_one(&self, path: &str) -> Result<Option<bool>> {
        let Ok(path) = SourcePath::parse(path) else { return Ok(None) };
        let file = match self.files.open(&path) {
            Ok(file) => file,
            Err(SourceError::NotFound | SourceError::NotAFile) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let stat = Stat::of(&file)?;
        let read = match self.read_header(&file, readable(&path)) {
            Ok(read) => read,
            Err(Error::NotAPicture(reason)) => Read {
                said: ImageMetadata { error: Some(reason), ..ImageMetadata::default() },
                size: None,
            },
            Err(error) => return Err(error),
        };
        let size_bytes = i64::try_from(stat.size).unwrap_or(i64::MAX);
        self.db.transaction(|sql| {
            let image = images::seen(sql, path.as_str(), size_bytes, stat.mtime_ns)?;
            Self::keep_read(sql, &image, &read)
        })?;
        Ok(Some(read.said.error.is_none()))
    }

    /// What is known of the file of an image that the caller may see.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`], [`Error::Database`].
    pub fn metadata(&self, caller: &Caller<'_>, id: i64) -> Result<Option<ImageMetadata>> {
        let image = self.image(caller, id, crate::auth::Level::View)?;
        Ok(image_metadata::get(&self.db, image.id)?)
    }
}

/// Images that are indexed between two looks at the table.
const INDEX_PAGE: u32 = 500;

/// Makes every image findable anew, from its row alone: after rows came from elsewhere.
///
/// # Errors
/// See [`db::Error`].
pub fn index_all(sql: &dyn Sql) -> db::Result<()> {
    let mut after = 0;
    loop {
        let page = images::active_after(sql, after, INDEX_PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        index_page(sql, &page)?;
    }
}

fn index_page(sql: &dyn Sql, page: &[(i64, String)]) -> db::Result<()> {
    let ids: Vec<i64> = page.iter().map(|(id, _)| *id).collect();
    let (mut said, mut tags) = (image_metadata::of_images(sql, &ids)?, tags::of_images(sql, &ids)?);
    let found: Vec<(i64, Words)> = images::by_ids(sql, &ids)?
        .iter()
        .map(|image| {
            let said = said.remove(&image.id).unwrap_or_default();
            let tags = tags.remove(&image.id).unwrap_or_default();
            (image.id, words_of(image, &said, &tags))
        })
        .collect();
    search::put_all(sql, &found)
}

impl Library {
    /// Makes the images below a folder findable anew. `go_on` is told how many are done; gives back how
    /// many there were.
    ///
    /// # Errors
    /// [`Error::Stopped`]; [`Error::Database`].
    pub fn index_below(&self, folder: &str, go_on: &dyn Fn(u64) -> bool) -> Result<u64> {
        let (mut after, mut done) = (0, 0);
        loop {
            let page = walk::below_after(&self.db, folder, after, INDEX_PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(done) };
            if !go_on(done) {
                return Err(Error::Stopped);
            }
            after = *last;
            self.db.transaction(|sql| index_page(sql, &page))?;
            done += page.len() as u64;
        }
    }
}

/// Makes an image findable by all that is known of it.
pub(super) fn index(sql: &dyn Sql, image: &ImageRow) -> db::Result<()> {
    let said = image_metadata::get(sql, image.id)?.unwrap_or_default();
    let own_tags = tags::of_image(sql, image.id)?;
    search::put(sql, image.id, &words_of(image, &said, &own_tags))
}

fn words_of(image: &ImageRow, said: &ImageMetadata, own_tags: &[String]) -> Words {
    let (folder, name) = image.path.rsplit_once('/').unwrap_or(("", &image.path));
    let text = [
        image.description.as_str(),
        &said.caption,
        &said.headline,
        &said.creator,
        &said.copyright,
        &said.camera,
        folder,
    ];
    Words {
        name: words::of(name),
        title: words::of(&image.title),
        tags: own_tags.iter().chain(&said.keywords).flat_map(|tag| words::of(tag)).collect(),
        text: text.iter().flat_map(|text| words::of(text)).collect(),
    }
}
