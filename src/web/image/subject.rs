//! The original that a request is about: that it exists, which one it is, and in which revision.

use std::io::Read as _;

use crate::db::image_ids::ImageId;
use crate::pixel::decode::HEAD_BYTES;
use crate::pixel::{Format, Point};
use crate::source::{SourceError, SourcePath, Stat};
use crate::web::{App, Error};

/// An original in one revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The image's id in the database.
    pub id: i64,
    /// Size and time of the file.
    pub stat: Stat,
    /// How often it was written through us.
    pub revision_counter: i64,
    /// The point that matters most, if somebody said which.
    pub focus: Option<Point>,
}

impl Subject {
    /// Finds an original by its path, and keeps the database's rows in step with the disk.
    ///
    /// A picture that this worker knows needs no query, and goes on being served while the database
    /// is away.
    pub fn find(app: &App, path: &SourcePath) -> Result<Self, Error> {
        let stat = match app.repository.stat(path) {
            Ok(stat) => stat,
            Err(error) => {
                if matches!(error, SourceError::NotFound | SourceError::NotAFile) {
                    forget(app, path);
                }
                return Err(error.into());
            }
        };
        // A row is for a picture; a name that says nothing leaves it to the content.
        if format_of(path).is_none() && !begins_like_a_picture(app, path)? {
            return Err(Error::unreadable("it is not a picture"));
        }
        let size_bytes = size_bytes(&stat);
        app.image_ids.heed(app.store.purges());
        let image = app.image_ids.resolve(&app.db, path.as_str(), size_bytes, stat.mtime_ns)?;
        Ok(Self {
            id: image.id,
            stat,
            revision_counter: image.revision_counter,
            focus: focus(&image),
        })
    }

    /// Whether this worker still takes it to have the same focal point. Never blocks.
    pub fn keeps_focus(&self, app: &App, path: &SourcePath) -> bool {
        let known = app.image_ids.known(path.as_str(), size_bytes(&self.stat), self.stat.mtime_ns);
        known.is_some_and(|image| focus(&image) == self.focus)
    }

    /// The revision as text: changes whenever the file does, on every host alike.
    pub fn revision_text(&self) -> String {
        format!("{:x}-{:x}-{:x}", self.stat.size, self.stat.mtime_ns, self.revision_counter)
    }
}

fn size_bytes(stat: &Stat) -> i64 {
    i64::try_from(stat.size).unwrap_or(i64::MAX)
}

fn focus(image: &ImageId) -> Option<Point> {
    image.focal_point.map(|point| Point { x: point.x(), y: point.y() })
}

/// The format that a file's name says, if files of that format can be read.
pub fn format_of(path: &SourcePath) -> Option<Format> {
    path.extension().and_then(Format::from_extension).filter(|format| format.row().read)
}

/// Whether a file's first bytes are those of a format that can be read.
fn begins_like_a_picture(app: &App, path: &SourcePath) -> Result<bool, Error> {
    let mut head = Vec::new();
    let file = app.repository.open_in_time(path)?;
    file.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(Error::unavailable)?;
    Ok(Format::sniff(&head).is_some_and(|format| format.row().read))
}

/// Marks a vanished image as deleted, unless it may be that a disk is absent: then the next walk tells. The
/// client hears "not found" whatever comes of it.
fn forget(app: &App, path: &SourcePath) {
    if !app.repository.is_removal(path) {
        return;
    }
    if let Err(error) = app.image_ids.vanished(&app.db, path.as_str())
        && !error.is_unavailable()
    {
        log::warn!("a vanished image could not be marked as deleted: {error}");
    }
}
