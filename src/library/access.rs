//! Who wants something done, and whether they may. Rights are asked for again at each step, so that
//! one that is taken away while a request is under way is gone at its next step.

use std::sync::Arc;

use super::{Error, Result};
use crate::auth::{
    Actor, Identity, KeptRights, Level, Rights, RightsStore, SignedIn, SystemPermission,
    Unavailable,
};
use crate::db::search::Scope;
use crate::source::FolderPath;

/// Knows everybody's rights of this moment.
pub trait RightsNow: Sync {
    /// The rights of this moment.
    ///
    /// # Errors
    /// When they are not known.
    fn now(&self) -> Result<Arc<Rights>, Unavailable>;

    /// How the user has shown who it is; a named key may be good for a part only of the rights.
    fn via(&self) -> SignedIn {
        SignedIn::Token
    }
}

impl RightsNow for RightsStore {
    fn now(&self) -> Result<Arc<Rights>, Unavailable> {
        self.rights()
    }
}

impl RightsNow for Arc<Rights> {
    fn now(&self) -> Result<Arc<Rights>, Unavailable> {
        Ok(Self::clone(self))
    }
}

/// Who wants something done.
#[derive(Clone, Copy)]
pub enum Caller<'a> {
    /// The server itself, or its administrator on the command line: may do everything.
    System,
    /// A user, or nobody known.
    Somebody {
        /// Everybody's rights.
        rights: &'a dyn RightsNow,
        /// The user's id.
        user: Option<i64>,
    },
}

impl Caller<'_> {
    /// The user, if it is one.
    #[must_use]
    pub fn user_id(&self) -> Option<i64> {
        match self {
            Self::System => None,
            Self::Somebody { user, .. } => *user,
        }
    }

    /// The caller, for the record of administrative acts. From where, only requests know.
    ///
    /// # Errors
    /// [`Error::Rights`].
    pub fn actor(&self) -> Result<Actor> {
        let Self::Somebody { rights: source, user } = self else { return Ok(Actor::server()) };
        let identity = match user {
            None => Some(Identity::Anonymous),
            Some(id) => source.now()?.identity(*id, source.via()),
        };
        let unknown = Actor { user_id: *user, username: String::new(), address: None };
        Ok(identity.map_or(unknown, |identity| Actor::of(&identity, None)))
    }

    /// Passes when the caller may do this in the folder.
    ///
    /// # Errors
    /// [`Error::Denied`], also for an account that is no longer active; [`Error::Rights`].
    pub fn require(&self, folder: &FolderPath, level: Level) -> Result<()> {
        let Self::Somebody { rights: source, user } = self else { return Ok(()) };
        let rights = source.now()?;
        let identity = match user {
            None => Some(Identity::Anonymous),
            Some(id) => rights.identity(*id, source.via()),
        };
        match identity {
            Some(identity) if rights.level(&identity, folder.as_str()) >= level => Ok(()),
            _ => Err(Error::Denied { level, folder: folder.to_string() }),
        }
    }

    /// Passes when the caller administers files.
    ///
    /// # Errors
    /// [`Error::NotAdministrator`]; [`Error::Rights`].
    pub fn require_administrator(&self) -> Result<()> {
        let Self::Somebody { rights: source, user } = self else { return Ok(()) };
        let rights = source.now()?;
        let identity = user.and_then(|id| rights.identity(id, source.via()));
        match identity {
            Some(identity) if rights.has(&identity, SystemPermission::AdminFiles) => Ok(()),
            _ => Err(Error::NotAdministrator),
        }
    }

    /// Whether the caller administers files.
    ///
    /// # Errors
    /// [`Error::Rights`].
    pub fn administers(&self) -> Result<bool> {
        match self.require_administrator() {
            Ok(()) => Ok(true),
            Err(Error::NotAdministrator) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What the caller could do with a file when it was deleted.
    ///
    /// # Errors
    /// [`Error::Rights`].
    pub(super) fn kept_level(&self, kept: &KeptRights) -> Result<Level> {
        let Self::Somebody { rights: source, user } = self else { return Ok(Level::DeleteFolder) };
        let identity = match user {
            None => Some(Identity::Anonymous),
            Some(id) => source.now()?.identity(*id, source.via()),
        };
        Ok(identity.map_or(Level::None, |identity| kept.level(&identity)))
    }

    /// In which folders the caller has at least this level.
    ///
    /// # Errors
    /// [`Error::Rights`].
    pub fn scope(&self, level: Level) -> Result<Scope> {
        let Self::Somebody { rights: source, user } = self else {
            return Ok(Scope { folders: Vec::new(), elsewhere: true });
        };
        let rights = source.now()?;
        let identity = match user {
            None => Some(Identity::Anonymous),
            Some(id) => rights.identity(*id, source.via()),
        };
        let Some(identity) = identity else {
            return Ok(Scope { folders: Vec::new(), elsewhere: false });
        };
        let shown = |folder: &str| rights.level(&identity, folder) >= level;
        Ok(scope(rights.recorded_folders().collect(), &shown))
    }
}

/// What is shown changes at folders with records only; of those, at the ones that differ from what
/// holds above them.
fn scope(mut recorded: Vec<&str>, shown: &dyn Fn(&str) -> bool) -> Scope {
    // Longer paths first: whatever lies within another stands before it.
    recorded.sort_by_key(|path| (std::cmp::Reverse(path.len()), *path));
    let above = |path: &str| path.rfind('/').map_or("", |at| &path[..at]).to_owned();
    let folders = recorded
        .iter()
        .filter(|path| !path.is_empty() && shown(path) != shown(&above(path)))
        .map(|path| (format!("/{path}"), shown(path)))
        .collect();
    Scope { folders, elsewhere: shown("") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_only_the_folders_where_something_changes() {
        let hidden = ["private", "private/press/embargo"];
        let open = ["private/press", "a"];
        let shown = |folder: &str| {
            let nearest = |list: &[&str]| {
                let holds = |of: &&&str| folder == **of || folder.starts_with(&format!("{of}/"));
                list.iter().filter(holds).map(|of| of.len()).max().unwrap_or(0)
            };
            nearest(&open) >= nearest(&hidden)
        };
        let recorded = vec!["", "a", "private", "private/press", "private/press/embargo"];
        let scope = scope(recorded, &shown);
        assert!(scope.elsewhere);
        let expected = [
            ("/private/press/embargo".to_owned(), false),
            ("/private/press".to_owned(), true),
            ("/private".to_owned(), false),
        ];
        assert_eq!(scope.folders, expected);
    }
}
