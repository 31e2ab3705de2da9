//! Pictures over HTTP: `/image`, `/original`, and the addresses of old clients.

mod asked;
mod handler;
mod key;
mod locked;
mod make;
mod now;
mod original;
mod prepared;
mod respond;
mod subject;
mod xref;

pub use handler::{image, legacy};
pub use now::{Memo, Memos};
pub use original::original;
pub use prepared::Prepare;
pub use respond::micros_since;
pub use subject::{Subject, format_of};
pub use xref::Xref;
