//! Everybody's rights at one moment, in memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::permission::{Level, SystemPermission, SystemPermissions};
use crate::db::{self, Sql};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nobody known.
    Anonymous,
    /// A user who has signed in.
    User {
        /// The account.
        id: i64,
        /// The groups it belongs to; Public need not be among them.
        groups: Arc<[i64]>,
    },
}

impl Identity {
    fn groups(&self) -> &[i64] {
        match self {
            Self::Anonymous => &[],
            Self::User { groups, .. } => groups,
        }
    }
}

/// Everybody's rights at one moment. Immutable.
#[derive(Debug, Default)]
pub struct Rights {
    version: i64,
    /// Folder path without slashes at its ends (the root is empty) → level of each group.
    folders: HashMap<Box<str>, Vec<(i64, Level)>>,
    /// Group → its system permissions.
    system: HashMap<i64, SystemPermissions>,
    /// Active user → groups.
    members: HashMap<i64, Arc<[i64]>>,
}

impl Rights {
    /// Reads them. For one state of all tables, `sql` has to be a snapshot.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn load(sql: &dyn Sql) -> db::Result<Self> {
        let mut rights = Self { version: db::properties::versions(sql)?.0, ..Self::default() };
        for record in db::folder_permissions::all(sql)? {
            rights.set_level(
                &record.folder_path,
                record.group_id,
                Level::from_access(record.access),
            );
        }
        for (group, granted) in db::system_permissions::all(sql)? {
            rights.system.insert(group, SystemPermissions::from_columns(granted));
        }
        let mut members: HashMap<i64, Vec<i64>> = HashMap::new();
        for user in db::users::active_ids(sql)? {
            members.insert(user, Vec::new());
        }
        for (user, group) in db::groups::active_memberships(sql)? {
            members.entry(user).or_default().push(group);
        }
        rights.members = members.into_iter().map(|(user, groups)| (user, groups.into())).collect();
        Ok(rights)
    }

    fn set_level(&mut self, folder_path: &str, group: i64, level: Level) {
        let records = self.folders.entry(folder_path.trim_matches('/').into()).or_default();
        records.push((group, level));
    }

    /// The number of the state: it changes with every change of rights.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Who a user is, with the groups of this moment; none for a deleted or unknown account.
    #[must_use]
    pub fn identity(&self, user_id: i64) -> Option<Identity> {
        let groups = self.members.get(&user_id)?;
        Some(Identity::User { id: user_id, groups: Arc::clone(groups) })
    }

    /// What somebody may do in a folder: each group takes the record of the nearest folder on the
    /// way up that has one, and the highest over the user's groups and Public holds. Who administers
    /// files may do everything everywhere. `folder_path` may have slashes at its ends; empty is the
    /// root.
    #[must_use]
    pub fn level(&self, identity: &Identity, folder_path: &str) -> Level {
        if self.has(identity, SystemPermission::AdminFiles) {
            return Level::DeleteFolder;
        }
        let public = [db::groups::PUBLIC];
        let groups = identity.groups().iter().chain(&public);
        let mut waiting: Vec<i64> = groups.copied().collect();
        let mut best = Level::None;
        let mut folder = folder_path.trim_matches('/');
        loop {
            if let Some(records) = self.folders.get(folder) {
                for (group, level) in records {
                    if waiting.contains(group) {
                        best = best.max(*level);
                        waiting.retain(|other| other != group);
                    }
                }
            }
            if folder.is_empty() || waiting.is_empty() {
                return best;
            }
            folder = folder.rfind('/').map_or("", |at| &folder[..at]);
        }
    }

    /// What everybody may do in a folder.
    #[must_use]
    pub fn public_level(&self, folder_path: &str) -> Level {
        self.level(&Identity::Anonymous, folder_path)
    }

    /// Whether somebody has a system permission, by one of the user's groups. Nobody has one by the
    /// group Public.
    #[must_use]
    pub fn has(&self, identity: &Identity, permission: SystemPermission) -> bool {
        let groups = identity.groups().iter().filter(|group| **group != db::groups::PUBLIC);
        let granted = groups.filter_map(|group| self.system.get(group));
        granted.fold(SystemPermissions::default(), |all, set| all.union(*set)).has(permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAFF: i64 = 10;
    const PRESS: i64 = 11;
    const FILES: i64 = 12;

    fn user(groups: &[i64]) -> Identity {
        Identity::User { id: 1, groups: groups.into() }
    }

    fn rights() -> Rights {
        let mut rights = Rights::default();
        rights.set_level("/", db::groups::PUBLIC, Level::View);
        rights.set_level("/", STAFF, Level::Upload);
        rights.set_level("/private", db::groups::PUBLIC, Level::None);
        rights.set_level("/private/press", PRESS, Level::Download);
        rights.set_level("/staff only", STAFF, Level::None);
        let mut columns = [false; 7];
        columns[SystemPermission::AdminFiles as usize] = true;
        rights.system.insert(FILES, SystemPermissions::from_columns(columns));
        rights
    }

    #[test]
    fn the_nearest_record_of_each_group_holds_and_the_highest_wins() {
        let rights = rights();
        let cases: &[(Identity, &str, Level)] = &[
            (Identity::Anonymous, "", Level::View),
            (Identity::Anonymous, "/", Level::View),
            (Identity::Anonymous, "a/b/c", Level::View),
            (Identity::Anonymous, "private", Level::None),
            (Identity::Anonymous, "/private/", Level::None),
            (Identity::Anonymous, "private/press", Level::None),
            // A folder whose name only starts alike is another folder.
            (Identity::Anonymous, "private2", Level::View),
            (user(&[PRESS]), "private/press/2026", Level::Download),
            (user(&[PRESS]), "private", Level::None),
            (user(&[PRESS]), "x", Level::View),
            (user(&[STAFF]), "private/press", Level::Upload),
            // The public's level is a floor for everybody.
            (user(&[STAFF]), "staff only", Level::View),
            (user(&[STAFF, PRESS]), "private/press", Level::Upload),
            (user(&[]), "x", Level::View),
            (user(&[FILES]), "private", Level::DeleteFolder),
        ];
        for (identity, folder, expected) in cases {
            assert_eq!(rights.level(identity, folder), *expected, "{identity:?} in {folder}");
        }
    }

    #[test]
    fn without_a_record_nothing_is_allowed() {
        let rights = Rights::default();
        assert_eq!(rights.public_level("a"), Level::None);
        assert_eq!(rights.identity(1), None);
    }

    #[test]
    fn nobody_administers_by_the_group_public() {
        let mut rights = rights();
        rights.system.insert(db::groups::PUBLIC, SystemPermissions::from_columns([true; 7]));
        assert!(!rights.has(&Identity::Anonymous, SystemPermission::Reports));
        assert!(!rights.has(&user(&[db::groups::PUBLIC]), SystemPermission::Reports));
        assert!(rights.has(&user(&[FILES]), SystemPermission::AdminFiles));
        assert!(!rights.has(&user(&[FILES]), SystemPermission::AdminUsers));
    }
}
