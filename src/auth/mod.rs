//! Who may do what: levels of folder access, system permissions, and what a worker knows of them.
//!
//! Rights are read from the database as a whole ([`Rights`]) and kept in memory ([`RightsStore`]),
//! so that deciding on a request costs no query, and goes on for a while when the database is away.
//! Nothing here knows a route or a file.

pub mod accounts;
pub mod acts;
pub mod audit;
pub mod directory;
mod explain;
mod first_start;
mod identity;
mod kept;
pub mod key;
mod moving;
pub mod names;
mod old_hash;
pub mod password;
mod permission;
mod rights;
mod seal;
mod session;
mod sign_in;
mod signer;
mod store;
pub mod templates;
pub mod throttle;
mod token;
pub mod totp;

pub use audit::Actor;
pub use directory::{Directory, DirectoryOptions};
pub use explain::{Explanation, Rule, Step, explain};
pub use first_start::{FirstStart, FirstStartError, first_start};
pub use identity::{Identity, Scopes, SessionId, SignedIn};
pub use kept::{KeptRights, TemplateSetting, Tightening};
pub use key::KEY_PREFIX;
pub use permission::{Level, SystemPermission, SystemPermissions};
pub use rights::{FolderTemplates, Rights};
pub use seal::{Seal, SealError};
pub use session::{Session, SessionTimes};
pub use sign_in::{Attempt, Proofs, Refused, confirm_password, second_step, sign_in};
pub use signer::{Purpose, SECRET_MIN_BYTES, Signer};
pub use store::{KNOWN_AFTER, RightsStore, StoreOptions, Templates, Unavailable};
pub use token::{TOKEN_PREFIX, Token};
