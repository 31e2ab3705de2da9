//! The record of administrative acts: who did what, to what, when and from where.

use std::net::IpAddr;

use super::identity::Identity;
use crate::db::{self, Sql, audit_log};

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The account; none for the command line and for what happens by itself.
    pub user_id: Option<i64>,
    /// Its name, or what stands for it.
    pub username: String,
    /// Where from, when that is known.
    pub address: Option<IpAddr>,
}

impl Actor {
    /// Whoever runs the command line.
    #[must_use]
    pub fn command_line() -> Self {
        Self { user_id: None, username: "(command line)".into(), address: None }
    }

    /// The server itself.
    #[must_use]
    pub fn server() -> Self {
        Self { user_id: None, username: "(server)".into(), address: None }
    }

    /// Whoever sent a request.
    #[must_use]
    pub fn of(identity: &Identity, address: Option<IpAddr>) -> Self {
        match identity {
            Identity::Anonymous => Self { user_id: None, username: "(anonymous)".into(), address },
            Identity::User { id, username, .. } => {
                Self { user_id: Some(*id), username: username.to_string(), address }
            }
        }
    }
}

/// Notes an act. `action` is a word with a dot, such as `user.create`; `object` names what it was
/// done to; `detail` says more, and never a password, key or code. In the transaction of the act, so
/// that neither is without the other.
///
/// # Errors
/// See [`db::Error`].
pub fn write(
    sql: &dyn Sql,
    actor: &Actor,
    action: &str,
    object: &str,
    detail: &str,
) -> db::Result<()> {
    let address = actor.address.map(|address| address.to_string()).unwrap_or_default();
    audit_log::insert(
        sql,
        &audit_log::NewEntry {
            user_id: actor.user_id,
            username: &actor.username,
            address: &address,
            action,
            object,
            detail,
        },
    )
}
