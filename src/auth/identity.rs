//! Who asks, and how that is known.

use std::sync::Arc;

use super::permission::{Level, SystemPermission};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nobody known.
    Anonymous,
    /// The user of an active account.
    User {
        /// The account.
        id: i64,
        /// Its name as it was written.
        username: Arc<str>,
        /// The groups it belongs to; Public need not be among them.
        groups: Arc<[i64]>,
        /// May have API tokens and keys.
        allow_api: bool,
        /// How the user showed who it is.
        via: SignedIn,
    },
}

/// How a request showed whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// By the cookie of a web session that began with signing in.
    Session(SessionId),
    /// By the cookie of a web session that was made of an API token: it stands for what the token
    /// stands for, and not for a person who knows the password.
    TokenSession(SessionId),
    /// By an API token.
    Token,
    /// By a named key, which may be good for a part only of what its owner may do.
    Key {
        /// The key.
        id: i64,
        /// What it is good for.
        scopes: Scopes,
    },
    /// By the front server, which has checked it.
    FrontServer,
}

/// The random name of a web session.
pub type SessionId = [u8; 16];

impl Identity {
    /// The account's id.
    #[must_use]
    pub fn user_id(&self) -> Option<i64> {
        match self {
            Self::Anonymous => None,
            Self::User { id, .. } => Some(*id),
        }
    }

    /// How it is known.
    #[must_use]
    pub fn via(&self) -> Option<SignedIn> {
        match self {
            Self::Anonymous => None,
            Self::User { via, .. } => Some(*via),
        }
    }

    /// Whether the account may have API tokens and keys.
    #[must_use]
    pub fn allows_programs(&self) -> bool {
        matches!(self, Self::User { allow_api: true, .. })
    }

    /// What the way of signing in leaves of the user's rights.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        match self.via() {
            Some(SignedIn::Key { scopes, .. }) => scopes,
            _ => Scopes::ALL,
        }
    }

    pub(super) fn groups(&self) -> &[i64] {
        match self {
            Self::Anonymous => &[],
            Self::User { groups, .. } => groups,
        }
    }
}

/// What a named key is good for, within what its owner may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Looking and downloading.
    pub const READ: Self = Self(1);
    /// Changing, uploading, deleting, portfolios.
    pub const WRITE: Self = Self(2);
    /// What system permissions allow.
    pub const ADMIN: Self = Self(4);
    /// All of these.
    pub const ALL: Self = Self(7);

    /// Every scope and its name.
    pub const NAMES: [(&'static str, Self); 3] =
        [("read", Self::READ), ("write", Self::WRITE), ("admin", Self::ADMIN)];

    /// The scopes of these names. Each includes those before it. `Err` gives the name that is none.
    ///
    /// # Errors
    /// The first name that is unknown, or an empty text when there is none at all.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut bits = 0;
        for name in names {
            let at = Self::NAMES.iter().position(|(known, _)| *known == name).ok_or(name)?;
            bits |= (2 << at) - 1;
        }
        if bits == 0 { Err("") } else { Ok(Self(bits)) }
    }

    /// The scopes that a stored number stands for.
    #[must_use]
    pub fn from_stored(stored: i64) -> Self {
        Self(u8::try_from(stored).unwrap_or(0) & Self::ALL.0)
    }

    /// The number under which they are stored.
    #[must_use]
    pub fn stored(self) -> i64 {
        self.0.into()
    }

    /// Whether all of `other` is among them.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Their names.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let held = Self::NAMES.iter().filter(|(_, scope)| self.has(*scope));
        held.map(|(name, _)| *name).collect()
    }

    /// What is left of a level of folder access.
    pub(super) fn cap(self, level: Level) -> Level {
        if self.has(Self::WRITE) {
            level
        } else if self.has(Self::READ) {
            level.min(Level::Download)
        } else {
            Level::None
        }
    }

    /// Whether they leave a system permission.
    pub(super) fn allow(self, permission: SystemPermission) -> bool {
        self.has(match permission {
            SystemPermission::Folios => Self::WRITE,
            SystemPermission::Reports => Self::READ,
            _ => Self::ADMIN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_includes_those_before_it() {
        assert_eq!(Scopes::parse(["admin"]), Ok(Scopes::ALL));
        assert_eq!(Scopes::parse(["write"]).unwrap().names(), ["read", "write"]);
        assert_eq!(Scopes::parse(["read", "root"]), Err("root"));
        assert_eq!(Scopes::parse([]), Err(""));
        for stored in [1, 3, 7] {
            assert_eq!(Scopes::from_stored(stored).stored(), stored);
        }
        assert_eq!(Scopes::from_stored(-1).names(), Vec::<&str>::new());
    }

    #[test]
    fn a_key_that_reads_does_nothing_else() {
        let read = Scopes::READ;
        for level in Level::ALL {
            assert_eq!(read.cap(level), level.min(Level::Download));
            assert_eq!(Scopes::ALL.cap(level), level);
            assert_eq!(Scopes::from_stored(0).cap(level), Level::None);
        }
        for permission in SystemPermission::ALL {
            assert_eq!(read.allow(permission), permission == SystemPermission::Reports);
            assert!(Scopes::ALL.allow(permission));
        }
    }
}
