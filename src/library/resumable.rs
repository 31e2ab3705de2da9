//! Uploads that can be gone on with after an interruption (the rules of tus 1.0: creation,
//! termination, expiration).
//!
//! What has arrived lies under a hidden name in the target folder, and its length says where to go
//! on. While somebody writes to it, the file is locked; the lock goes with the process.

use super::put::{NewFile, Overwrite};
use super::{Caller, Error, Library, Result};
use crate::auth::Level;
use crate::db::images::ImageRow;
use crate::db::now_ms;
use crate::db::uploads::{self, Upload};
use crate::source::{FolderPath, Incoming};

/// The most unfinished uploads of one user.
const MAX_OF_USER: i64 = 100;

const HOUR_MS: i64 = 3600 * 1000;

/// Rows looked at at once.
const ROWS: u32 = 100;

/// How far an upload has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: String,
    /// How many bytes have arrived.
    pub offset: u64,
    /// How many there will be.
    pub length: u64,
    /// When it is given up, in milliseconds since 1970 UTC.
    pub expires_ms: i64,
    /// What its client said of it when it began, word for word.
    pub note: String,
}

impl Library {
    /// Begins an upload of `length` bytes. `note` is kept as it is, for who asks how far it has come.
    ///
    /// # Errors
    /// As [`put`](Self::put), as far as it can be told now; [`Error::Busy`] when the user has too many
    /// under way.
    pub fn begin_upload(
        &self,
        caller: &Caller<'_>,
        new: &NewFile<'_>,
        length: u64,
        note: &str,
    ) -> Result<Started> {
        let name = self.clean_name(new.name)?;
        caller.require(new.folder, Level::Upload)?;
        let limit_bytes = self.options.max_file_bytes;
        let length_bytes = i64::try_from(length).map_err(|_| Error::TooLarge { limit_bytes })?;
        if length > limit_bytes {
            return Err(Error::TooLarge { limit_bytes });
        }
        if let Some(user) = caller.user_id()
            && uploads::count_of_user(&self.db, user)? >= MAX_OF_USER
        {
            return Err(Error::Busy);
        }
        let folder = self.open_folder(new.folder)?;
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
        let upload = Upload {
            id: random.iter().map(|byte| format!("{byte:02x}")).collect(),
            user_id: caller.user_id(),
            folder: new.folder.as_str().to_owned(),
            name,
            overwrite: new.overwrite.text().to_owned(),
            length_bytes,
            expires_ms: self.upload_expiry(),
            note: note.to_owned(),
        };
        uploads::add(&self.db, &upload)?;
        if let Err(error) = folder.begin(&upload.id) {
            uploads::remove(&self.db, &upload.id)?;
            return Err(error.into());
        }
        Ok(started(&upload, 0))
    }

    fn upload_expiry(&self) -> i64 {
        now_ms() + i64::from(self.options.upload_expiry_h) * HOUR_MS
    }

    /// How far an upload of the caller's has come.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for somebody else's.
    pub fn upload_state(&self, caller: &Caller<'_>, id: &str) -> Result<Started> {
        let upload = self.upload(caller, id)?;
        let folder = self.open_folder(&folder_of(&upload)?)?;
        let incoming = folder.resume(id).map_err(|_| missing())?;
        Ok(started(&upload, incoming.file().metadata()?.len()))
    }

    /// Adds what comes from `from` at the byte where the upload is. What arrived before a connection
    /// broke stays. Gives back how far it is then, with the image when it was the last piece.
    ///
    /// # Errors
    /// [`Error::OutOfStep`] when the upload is elsewhere; [`Error::Busy`] while another request
    /// writes; [`Error::NotFound`]; [`Error::TooLarge`] for more than was announced; at the end as
    /// [`put`](Self::put), and then the upload is over.
    pub fn go_on(
        &self,
        caller: &Caller<'_>,
        id: &str,
        offset: u64,
        from: &mut dyn std::io::Read,
    ) -> Result<(Started, Option<ImageRow>)> {
        let upload = self.upload(caller, id)?;
        let folder_path = folder_of(&upload)?;
        caller.require(&folder_path, Level::Upload)?;
        let folder = self.open_folder(&folder_path)?;
        let mut incoming = folder.resume(id).map_err(|_| missing())?;
        match incoming.file().try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => return Err(Error::Busy),
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
            Ok(()) => {}
        }
        let at = incoming.file().metadata()?.len();
        if at != offset {
            return Err(Error::OutOfStep { at });
        }
        let at = self.append(&mut incoming, &upload, at, from)?;
        let mut state = started(&upload, at);
        if at < state.length {
            state.expires_ms = self.upload_expiry();
            uploads::extend(&self.db, id, state.expires_ms)?;
            return Ok((state, None));
        }
        let overwrite = Overwrite::parse(&upload.overwrite).unwrap_or(Overwrite::No);
        let new = NewFile { folder: &folder_path, name: &upload.name, overwrite };
        let done = self.finish(caller, &folder, &new, incoming);
        let ours = uploads::remove(&self.db, id)?;
        match done {
            Ok(image) => Ok((state, Some(image))),
            // Given up by somebody else while the last of it arrived.
            Err(Error::Io(error)) if !ours && error.kind() == std::io::ErrorKind::NotFound => {
                Err(missing())
            }
            Err(error) => {
                // Given its name or not, nothing of it stays under the hidden one.
                folder.give_up(id).unwrap_or_default();
                Err(error)
            }
        }
    }

    fn append(
        &self,
        incoming: &mut Incoming<'_>,
        upload: &Upload,
        at: u64,
        from: &mut dyn std::io::Read,
    ) -> Result<u64> {
        use std::io::{Seek as _, SeekFrom};
        let length = u64::try_from(upload.length_bytes).unwrap_or(0);
        incoming.file().seek(SeekFrom::Start(at))?;
        let added = self.fill(incoming, from, length - at);
        if let Err(Error::TooLarge { .. }) = added {
            // The surplus was not written, but what was is not what was announced either.
            incoming.file().set_len(at)?;
            return Err(Error::TooLarge { limit_bytes: length });
        }
        incoming.file().sync_data()?;
        Ok(at + added?)
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for somebody else's.
    pub fn end_upload(&self, caller: &Caller<'_>, id: &str) -> Result<()> {
        let upload = self.upload(caller, id)?;
        self.forget_upload(&upload)
    }

    fn forget_upload(&self, upload: &Upload) -> Result<()> {
        match self.open_folder(&folder_of(upload)?) {
            Ok(folder) => match folder.give_up(&upload.id) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            },
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        uploads::remove(&self.db, &upload.id)?;
        Ok(())
    }

    /// Gives up the uploads that have expired. Gives back how many.
    ///
    /// # Errors
    /// [`Error::Database`]; [`Error::Files`].
    pub fn expire_uploads(&self) -> Result<u64> {
        let mut ended = 0;
        loop {
            let expired = uploads::expired(&self.db, ROWS)?;
            if expired.is_empty() {
                return Ok(ended);
            }
            for upload in &expired {
                self.forget_upload(upload)?;
                ended += 1;
            }
        }
    }

    fn upload(&self, caller: &Caller<'_>, id: &str) -> Result<Upload> {
        let upload = uploads::by_id(&self.db, id)?.ok_or_else(missing)?;
        match caller {
            Caller::Somebody { user, .. } if upload.user_id != *user => Err(missing()),
            _ => Ok(upload),
        }
    }
}

fn missing() -> Error {
    Error::NotFound("the upload".into())
}

fn folder_of(upload: &Upload) -> Result<FolderPath> {
    FolderPath::parse(&upload.folder).map_err(|error| Error::path("path", error))
}

fn started(upload: &Upload, offset: u64) -> Started {
    Started {
        id: upload.id.clone(),
        offset,
        length: u64::try_from(upload.length_bytes).unwrap_or(0),
        expires_ms: upload.expires_ms,
        note: upload.note.clone(),
    }
}
