//! Where the files are: in the program, or in a folder.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::manifest::{self, Manifest};

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Embedded;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It has no manifest, or it cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The manifest.
        path: String,
        /// What is wrong.
        source: io::Error,
    },
    /// The manifest is not one.
    #[error("{path}: {source}")]
    Malformed {
        /// The manifest.
        path: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// A file's content, and its SHA-256.
pub(super) struct Content {
    pub(super) bytes: Bytes,
    pub(super) hash: [u8; 32],
}

/// Files by their names.
pub(super) enum Store {
    /// In the program.
    Embedded(Arc<Manifest>),
    /// In a folder, whose files may change at any time.
    Folder(Folder),
}

/// A folder, and its manifest as last read.
pub(super) struct Folder {
    root: PathBuf,
    known: Mutex<(Option<SystemTime>, Arc<Manifest>)>,
}

impl Store {
    /// What was compiled in.
    pub(super) fn embedded() -> Self {
        let file = Embedded::get(manifest::NAME).expect("the build does not go on without it");
        let manifest = Manifest::read(&file.data).expect("the build has made it");
        Self::Embedded(Arc::new(manifest))
    }

    /// What lies in a folder.
    pub(super) fn folder(root: &Path) -> Result<Self, Unusable> {
        let known = Mutex::new((None, Arc::default()));
        let folder = Folder { root: root.to_owned(), known };
        folder.look()?;
        Ok(Self::Folder(folder))
    }

    /// Which name stands for which file.
    pub(super) fn manifest(&self) -> Arc<Manifest> {
        match self {
            Self::Embedded(manifest) => Arc::clone(manifest),
            Self::Folder(folder) => folder.look().unwrap_or_else(|error| {
                log::error!("static_dir: {error}");
                folder.last_known()
            }),
        }
    }

    /// A file by its own name. None when there is none.
    pub(super) fn get(&self, file: &str) -> io::Result<Option<Content>> {
        match self {
            Self::Embedded(_) => Ok(Embedded::get(file).map(|file| {
                let bytes = match file.data {
                    Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                    Cow::Owned(bytes) => bytes.into(),
                };
                Content { bytes, hash: file.metadata.sha256_hash() }
            })),
            Self::Folder(folder) => folder.get(file),
        }
    }
}

impl Folder {
    fn last_known(&self) -> Arc<Manifest> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The manifest, read anew when the file has another time.
    fn look(&self) -> Result<Arc<Manifest>, Unusable> {
        let file = self.root.join(manifest::NAME);
        let path = || file.display().to_string();
        let io = |source| Unusable::Io { path: path(), source };
        let changed = fs::metadata(&file).and_then(|about| about.modified()).map_err(io)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != Some(changed) {
            let json = fs::read(&file).map_err(io)?;
            let manifest = Manifest::read(&json)
                .map_err(|source| Unusable::Malformed { path: path(), source })?;
            *known = (Some(changed), Arc::new(manifest));
        }
        Ok(Arc::clone(&known.1))
    }

    fn get(&self, file: &str) -> io::Result<Option<Content>> {
        let path = self.root.join(file);
        let missing = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        };
        match fs::metadata(&path) {
            Ok(about) if about.is_file() => {}
            Ok(_) => return Ok(None),
            Err(error) if missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
        let bytes: Bytes = fs::read(&path)?.into();
        let hash = Sha256::digest(&bytes).into();
        Ok(Some(Content { bytes, hash }))
    }
}
