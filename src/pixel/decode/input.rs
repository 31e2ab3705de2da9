//! A file that has not been looked at yet, and telling what it is.
//!
//! Knows no format but by its first bytes, and nothing of where files come from.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::read_error;
use crate::pixel::{Cancel, Error, Format, Result};

/// Bytes at the beginning of a file that tell its format.
pub const HEAD_BYTES: usize = 512;

/// A readable, seekable source of bytes that may move between threads.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// A file that has not been looked at yet.
pub struct Input {
    reader: Box<dyn ReadSeek>,
    len: u64,
    named: Option<Format>,
    file: Option<fs::File>,
    cancel: Option<Arc<Cancel>>,
}

impl Input {
    /// A file of `len` bytes, read from the start of `reader` wherever that stands; `named` is the format that its
    /// name promises, if it promises one.
    #[must_use]
    pub fn new(reader: impl Read + Seek + Send + 'static, len: u64, named: Option<Format>) -> Self {
        Self { reader: Box::new(reader), len, named, file: None, cancel: None }
    }

    /// A file of the system, which can be handed to another process as it is.
    ///
    /// # Errors
    /// [`Error::Io`] when the file's descriptor cannot be duplicated.
    pub fn of_file(file: fs::File, len: u64, named: Option<Format>) -> Result<Self> {
        let reader = file.try_clone().map_err(Error::Io)?;
        Ok(Self { reader: Box::new(reader), len, named, file: Some(file), cancel: None })
    }

    /// The same, read no longer once this is called off: as far as another process reads it, which may take long.
    #[must_use]
    pub fn wanted_until(self, cancel: &Arc<Cancel>) -> Self {
        Self { cancel: Some(Arc::clone(cancel)), ..self }
    }

    /// What calls off the reading, if anything does.
    #[must_use]
    pub fn cancel(&self) -> Option<&Arc<Cancel>> {
        self.cancel.as_ref()
    }

    /// The format of the content, which its name must not gainsay. The reader is left at its start.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the content is no image, [`Error::Unsupported`] when it is another format than the
    /// name says.
    pub fn recognise(&mut self) -> Result<Format> {
        let mut head = [0; HEAD_BYTES];
        let mut len = 0;
        self.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        while len < head.len() {
            match self.reader.read(&mut head[len..]) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(error)),
            }
        }
        self.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        recognise(&head[..len], self.named)
    }

    /// Length of the file in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The file of the system behind it, if there is one. Its position is shared with the reader's.
    #[must_use]
    pub fn file(&self) -> Option<&fs::File> {
        self.file.as_ref()
    }

    /// The bytes, from wherever they have been read to.
    #[must_use]
    pub fn into_reader(self) -> Box<dyn ReadSeek> {
        self.reader
    }
}

fn recognise(head: &[u8], named: Option<Format>) -> Result<Format> {
    let article = |format: Format| format.row().title;
    // Some formats share their first bytes: what the name says is asked first.
    if let Some(named) = named.filter(|named| (named.row().matches)(head)) {
        return Ok(named);
    }
    match (Format::sniff(head), named) {
        (Some(found), None) => Ok(found),
        (Some(found), Some(named)) if found == named => Ok(found),
        // Illustrator writes PDF.
        (Some(Format::Pdf), Some(Format::Postscript)) => Ok(Format::Pdf),
        (Some(found), Some(named)) => Err(Error::Unsupported(format!(
            "its content is {} but its name says {}",
            article(found),
            article(named)
        ))),
        (None, _) => Err(Error::Malformed("its content is not an image".into())),
    }
}
