//! The repository of sources: plain files and folders below one root, which appear, change and
//! vanish under the server at any time.
//!
//! It turns a name from a URL into a path that cannot leave the root ([`SourcePath`]), tells a
//! file's size and time without ever waiting longer than agreed ([`Repository::stat`]) and opens
//! it ([`Repository::open`]). Serving never writes here; whoever changes the library does it through an
//! open [`Folder`]. It must not know of requests, rights,
//! the database or picture formats.

mod beneath;
mod error;
mod folder;
mod list;
mod names;
mod path;
mod pool;
mod repository;
mod stat;
mod stat_cache;

pub use error::{PathError, SourceError};
pub use folder::{Entry, Folder, FolderPath, Incoming, Taken, incoming_name};
pub use path::SourcePath;
pub use repository::{FolderError, Repository, RepositoryOptions};
pub use stat::Stat;
