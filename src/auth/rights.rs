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

/// The ids of the templates that hold for somebody in a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FolderTemplates {
    /// The one that holds whatever is asked for.
    pub required: Option<i64>,
    /// The one that holds when none is named.
    pub default: Option<i64>,
}

/// A folder and those above it up to the root, without slashes at their ends.
fn upwards(folder_path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder_path.trim_matches('/')), |folder| {
        (!folder.is_empty()).then(|| folder.rfind('/').map_or("", |at| &folder[..at]))
    })
}

/// Everybody's rights at one moment. Immutable.
#[derive(Debug, Default)]
pub struct Rights {
    version: i64,
    /// Folder path without slashes at its ends (the root is empty) → level of each group.
    folders: HashMap<Box<str>, Vec<(i64, Level)>>,
    /// Group → its system permissions.
    system: HashMap<i64, SystemPermissions>,
    /// Folder path without slashes at its ends → templates of groups: group, required, template.
    templates: HashMap<Box<str>, Vec<(i64, bool, Option<i64>)>>,
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
        for record in db::folder_templates::all(sql)? {
            let rule = (record.group_id, record.required, record.template_id);
            rights.set_template(&record.folder_path, rule);
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

    fn set_template(&mut self, folder_path: &str, rule: (i64, bool, Option<i64>)) {
        self.templates.entry(folder_path.trim_matches('/').into()).or_default().push(rule);
    }

    /// The number of the state: it changes with every change of rights.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The folders that have records of access, without slashes at their ends: below each, nothing
    /// changes before the next.
    pub fn recorded_folders(&self) -> impl Iterator<Item = &str> {
        self.folders.keys().map(AsRef::as_ref)
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
        for folder in upwards(folder_path) {
            for (group, level) in self.folders.get(folder).into_iter().flatten() {
                if waiting.contains(group) {
                    best = best.max(*level);
                    waiting.retain(|other| other != group);
                }
            }
            if waiting.is_empty() {
                break;
            }
        }
        best
    }

    /// The templates that hold for somebody in a folder.
    ///
    /// Each group takes the record of the nearest folder on the way up that has one. The user's own
    /// groups decide; Public's records hold for those whose groups have none. Among several groups,
    /// one that is free frees the user, and otherwise the record of the nearest folder holds, of the
    /// group with the lowest number. Who administers files is free.
    #[must_use]
    pub fn templates(&self, identity: &Identity, folder_path: &str) -> FolderTemplates {
        if self.templates.is_empty() || self.has(identity, SystemPermission::AdminFiles) {
            return FolderTemplates::default();
        }
        let own: Vec<i64> =
            identity.groups().iter().copied().filter(|g| *g != db::groups::PUBLIC).collect();
        let find = |required| {
            self.template(&own, folder_path, required)
                .or_else(|| self.template(&[db::groups::PUBLIC], folder_path, required))
                .flatten()
        };
        FolderTemplates { required: find(true), default: find(false) }
    }

    /// The record that holds for some groups; none when they have none.
    fn template(&self, groups: &[i64], folder_path: &str, required: bool) -> Option<Option<i64>> {
        let mut waiting = groups.to_vec();
        let mut nearest = None;
        for folder in upwards(folder_path) {
            let Some(records) = self.templates.get(folder) else { continue };
            let mut here: Vec<(i64, Option<i64>)> = records
                .iter()
                .filter(|(group, holds, _)| *holds == required && waiting.contains(group))
                .map(|(group, _, template)| (*group, *template))
                .collect();
            here.sort_unstable();
            waiting.retain(|group| here.iter().all(|(other, _)| other != group));
            if here.iter().any(|(_, template)| template.is_none()) {
                return Some(None);
            }
            nearest = nearest.or(here.first().map(|(_, template)| *template));
        }
        nearest
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
    fn the_groups_of_a_user_decide_on_templates_before_the_public() {
        const PUBLIC: i64 = db::groups::PUBLIC;
        let mut rights = rights();
        for (folder, rule) in [
            ("/", (PUBLIC, true, Some(1))),
            ("/", (PUBLIC, false, Some(7))),
            ("/a", (PUBLIC, true, Some(2))),
            ("/a/free", (PUBLIC, true, None)),
            ("/a", (STAFF, true, Some(3))),
            ("/a/b", (PRESS, true, Some(4))),
            ("/c", (PRESS, true, None)),
            ("/c", (STAFF, true, Some(5))),
            ("/c/d", (STAFF, true, Some(6))),
        ] {
            rights.set_template(folder, rule);
        }
        let cases: &[(Identity, &str, Option<i64>)] = &[
            (Identity::Anonymous, "", Some(1)),
            (Identity::Anonymous, "a/b", Some(2)),
            (Identity::Anonymous, "a2", Some(1)),
            (Identity::Anonymous, "a/free/x", None),
            (user(&[]), "a", Some(2)),
            (user(&[PUBLIC]), "a", Some(2)),
            (user(&[STAFF]), "a/free", Some(3)),
            (user(&[STAFF]), "x", Some(1)),
            (user(&[STAFF, PRESS]), "a/b/c", Some(4)),
            (user(&[PRESS]), "c/d", None),
            // One group that is free frees the user, near or far.
            (user(&[STAFF, PRESS]), "c/d", None),
            (user(&[STAFF]), "c/d", Some(6)),
            (user(&[FILES]), "a", None),
        ];
        for (identity, folder, expected) in cases {
            let found = rights.templates(identity, folder);
            assert_eq!(found.required, *expected, "{identity:?} in {folder}");
        }
        assert_eq!(rights.templates(&user(&[STAFF]), "a").default, Some(7));
        assert_eq!(rights.templates(&user(&[FILES]), "a").default, None);
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
