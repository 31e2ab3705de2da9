//! The record of administrative acts: who did what, to what, when and from where.

use std::fmt::{Display, Write as _};
use std::net::IpAddr;

use super::identity::Identity;
use crate::db::groups::{self, Group};
use crate::db::{self, Sql, audit_log, users};

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

/// The most characters that are told of one text.
const TOLD_CHARS: usize = 200;

/// What an act changed, field by field, as the detail of [`write()`]: `email "a" -> "b"; allow_api false
/// -> true`. What stayed as it was is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(String);

impl Changes {
    /// A text. Control characters and what cannot be seen are written by their codes, long ones are
    /// cut.
    #[must_use]
    pub fn text(self, field: &str, before: &str, after: &str) -> Self {
        if before == after { self } else { self.value(field, quoted(before), quoted(after)) }
    }

    /// A number, a flag, or words of ours.
    #[must_use]
    pub fn value<T: Display + PartialEq>(mut self, field: &str, before: T, after: T) -> Self {
        if before != after {
            let separator = if self.0.is_empty() { "" } else { "; " };
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{separator}{field} {before} -> {after}");
        }
        self
    }

    /// As it is noted; blank when nothing changed.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0
    }
}

/// A text of somebody's, fit to stand within a line.
#[must_use]
pub fn quoted(text: &str) -> String {
    let (told, more) = beginning(text);
    format!("{told:?}{more}")
}

/// JSON, which has its own quotes and no line ends, of a length that can be noted.
#[must_use]
pub fn shortened(json: &str) -> String {
    let (told, more) = beginning(json);
    format!("{told}{more}")
}

fn beginning(text: &str) -> (&str, &str) {
    match text.char_indices().nth(TOLD_CHARS) {
        Some((at, _)) => (&text[..at], "…"),
        None => (text, ""),
    }
}

/// A group, for the detail of an act.
#[must_use]
pub fn told_group(group: &Group) -> String {
    format!("group {} {}", group.id, quoted(&group.name))
}

/// An account, for the detail of an act.
#[must_use]
pub fn told_user(user: &users::User) -> String {
    format!("user {} {}", user.id, quoted(&user.username))
}

/// The group of this id, for the detail of an act.
///
/// # Errors
/// See [`db::Error`].
pub fn group_of(sql: &dyn Sql, id: i64) -> db::Result<String> {
    Ok(groups::by_id(sql, id)?.map_or_else(|| format!("group {id}"), |group| told_group(&group)))
}

/// Notes an act. `action` is a word with a dot, such as `user.create`; `object` names what it was
/// done to, by the name that it had; `detail` says more, and never a password, key or code. In the transaction of the act, so
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_tell_before_and_after_of_what_changed_alone() {
        let changes = Changes::default()
            .text("username", "jo", "jim")
            .text("email", "same", "same")
            .value("allow_api", false, true)
            .value("access", 10, 10)
            .text("description", "", "two\nlines \u{202e}");
        let expected = r#"username "jo" -> "jim"; allow_api false -> true; description "" -> "two\nlines \u{202e}""#;
        assert_eq!(changes.detail(), expected);
        assert_eq!(Changes::default().value("access", 1, 1).detail(), "");
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(quoted(&"ü".repeat(200)), format!("\"{}\"", "ü".repeat(200)));
        assert_eq!(quoted(&"ü".repeat(201)), format!("\"{}\"…", "ü".repeat(200)));
    }
}
