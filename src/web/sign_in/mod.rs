//! Signing in and out, over HTTP.

pub mod csrf;
mod form;
pub mod kept;
mod login;
pub mod next;
pub mod session;

use std::time::Duration;

pub use form::Form;
pub use login::{login, login_keeping, logout};

use super::Error;
use crate::auth::{Directory, Proofs, Refused, Seal, SessionTimes, Signer};

/// How people and programs sign in.
pub struct SignIn {
    /// Signs sessions, tokens and forms.
    pub signer: Signer,
    /// Seals and opens the secrets of one-time passwords.
    pub seal: Seal,
    /// How long sessions last.
    pub times: SessionTimes,
    /// How long tokens are good for.
    pub token_time: Duration,
    /// Other hosts that `next` may lead to, in lower case.
    pub next_hosts: Vec<String>,
    /// Whether and how the front server's word is taken.
    pub front_server: Option<FrontServer>,
    /// The directory server, if there is one.
    pub directory: Option<Directory>,
}

impl SignIn {
    /// By what names, passwords and codes are checked.
    #[must_use]
    pub fn proofs(&self) -> Proofs<'_> {
        Proofs { directory: self.directory.as_ref(), seal: &self.seal }
    }
}

/// How the names that the front server tells are taken.
pub struct FrontServer {
    /// Leave out what follows an `@`.
    pub strip_realm: bool,
}

impl FrontServer {
    /// The account's name in what the front server tells.
    pub fn username<'a>(&self, told: &'a str) -> &'a str {
        if self.strip_realm { told.split('@').next().unwrap_or_default() } else { told }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wrong | Refused::CodeNeeded(_) => {
                Self::refused("The user name, the password or the code is wrong.")
            }
            Refused::Wait { retry_s } => Self::too_many(retry_s),
            Refused::Busy => Self::too_many(1),
            Refused::Directory(error) => Self::unavailable(error),
            Refused::Db(error) => error.into(),
        }
    }
}
