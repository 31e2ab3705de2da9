//! Pictures over HTTP: `/image`, `/original`, and the addresses of old clients.

mod asked;
mod handler;
mod key;
mod locked;
mod make;
mod meant;
mod missing;
mod now;
mod original;
mod placeholder;
mod prepared;
mod respond;
mod seen;
mod subject;
mod xref;

pub use asked::context;
pub use locked::require_free;
pub use meant::Meant;
pub use now::{Memo, Memos};
pub use original::original;
pub use placeholder::answer;
pub use prepared::Prepare;
pub use respond::micros_since;
pub use subject::{Subject, format_of};
pub use xref::Xref;
