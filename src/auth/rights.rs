//! Everybody's rights at one moment, in memory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::explain::Step;
use super::identity::{Identity, Scopes, SignedIn};
use super::key;
use super::moving::Moving;
use super::permission::{Level, SystemPermission, SystemPermissions};
use crate::db::folders::Which;
use crate::db::{self, Sql};

/// The ids of the templates that hold for somebody in a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FolderTemplates {
    /// The one that holds whatever is asked for.
    pub required: Option<i64>,
    /// The one that holds when none is named.
    pub default: Option<i64>,
}

/// A folder and those above it up to the root, without slashes at their ends.
pub(super) fn upwards(folder_path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder_path.trim_matches('/')), |folder| {
        (!folder.is_empty()).then(|| folder.rfind('/').map_or("", |at| &folder[..at]))
    })
}

/// Group, whether it is required, template.
pub(super) type TemplateRule = (i64, bool, Option<i64>);

/// Everybody's rights at one moment. Immutable.
#[derive(Debug, Default)]
pub struct Rights {
    version: i64,
    /// Folder path without slashes at its ends (the root is empty) → level of each group.
    folders: HashMap<Box<str>, Vec<(i64, Level)>>,
    /// Group → its system permissions.
    system: HashMap<i64, SystemPermissions>,
    /// Folder path without slashes at its ends → templates of groups: group, required, template.
    templates: HashMap<Box<str>, Vec<TemplateRule>>,
    /// The active accounts.
    accounts: HashMap<i64, Account>,
    /// Their names, ignoring case.
    names: HashMap<String, i64>,
    /// Hash of a named key → key.
    keys: HashMap<String, Key>,
    /// Names of the groups.
    groups: HashMap<i64, Box<str>>,
    /// Folders on their way from one place to another.
    moving: Moving,
}

/// An active account.
#[derive(Debug)]
struct Account {
    username: Arc<str>,
    groups: Arc<[i64]>,
    allow_api: bool,
    epoch: i64,
}

#[derive(Debug)]
struct Key {
    id: i64,
    user_id: i64,
    scopes: Scopes,
    expires_ms: i64,
}

impl Rights {
    /// Reads them. For one state of all tables, `sql` has to be a snapshot.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn load(sql: &dyn Sql) -> db::Result<Self> {
        let mut rights = Self { version: db::properties::versions(sql)?.rights, ..Self::default() };
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
        for (user, group) in db::groups::active_memberships(sql)? {
            members.entry(user).or_default().push(group);
        }
        for user in db::users::active(sql)? {
            rights.names.insert(db::users::name_key(&user.username), user.id);
            let groups = members.remove(&user.id).unwrap_or_default().into();
            let (username, allow_api) = (user.username.into(), user.allow_api);
            let account = Account { username, groups, allow_api, epoch: user.epoch };
            rights.accounts.insert(user.id, account);
        }
        for (hash, key) in db::api_keys::active(sql)? {
            let scopes = Scopes::from_stored(key.scopes);
            let expires_ms = key.expires_ms.unwrap_or(i64::MAX);
            rights.keys.insert(hash, Key { id: key.id, user_id: key.user_id, scopes, expires_ms });
        }
        for group in db::groups::all(sql)? {
            rights.set_group(group.id, &group.name);
        }
        rights.set_moving(Moving::of(&db::folder_moves::all(sql)?));
        Ok(rights)
    }

    pub(super) fn set_group(&mut self, id: i64, name: &str) {
        self.groups.insert(id, name.into());
    }

    /// Takes note of what moves. The new places count as folders with records: something changes there.
    pub(super) fn set_moving(&mut self, moving: Moving) {
        let recorded = self.folders.keys().flat_map(|folder| moving.new_places(folder));
        let places: Vec<String> = recorded.chain(moving.targets().map(str::to_owned)).collect();
        for place in places {
            self.folders.entry(place.into()).or_default();
        }
        self.moving = moving;
    }

    pub(super) fn set_level(&mut self, folder_path: &str, group: i64, level: Level) {
        let records = self.folders.entry(folder_path.trim_matches('/').into()).or_default();
        records.push((group, level));
    }

    pub(super) fn set_template(&mut self, folder_path: &str, rule: TemplateRule) {
        self.templates.entry(folder_path.trim_matches('/').into()).or_default().push(rule);
    }

    /// The number of the state: it changes with every change of rights.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// In which of the folders right in one somebody has at least a level.
    ///
    /// Where a folder has no records, somebody has in it what they have in the folder that it lies in: only
    /// the others have to be looked at, however many there are.
    #[must_use]
    pub fn within(&self, identity: &Identity, folder_path: &str, least: Level) -> Which {
        let parent = folder_path.trim_matches('/');
        let lies_here = |path: &str| match path.rfind('/') {
            Some(at) => path.get(..at) == Some(parent),
            None => parent.is_empty() && !path.is_empty(),
        };
        let has = |path: &str| self.level(identity, path) >= least;
        let as_here = has(parent);
        let recorded = self.recorded_folders().filter(|path| lies_here(path));
        let others = recorded.filter(|path| has(path) != as_here).map(|path| format!("/{path}"));
        let mut others: Vec<String> = others.collect();
        others.sort_unstable();
        if as_here { Which::AllBut(others) } else { Which::Only(others) }
    }

    /// The folders that have records of access, without slashes at their ends: below each, nothing
    /// changes before the next.
    pub fn recorded_folders(&self) -> impl Iterator<Item = &str> {
        self.folders.keys().map(AsRef::as_ref)
    }

    /// Who a user is, with the groups of this moment; none for a deleted or unknown account.
    #[must_use]
    pub fn identity(&self, user_id: i64, via: SignedIn) -> Option<Identity> {
        let account = self.accounts.get(&user_id)?;
        Some(Identity::User {
            id: user_id,
            username: Arc::clone(&account.username),
            groups: Arc::clone(&account.groups),
            allow_api: account.allow_api,
            via,
        })
    }

    /// The same for what was signed in an epoch of the account; none when that epoch is over.
    #[must_use]
    pub fn identity_in(&self, user_id: i64, epoch: i64, via: SignedIn) -> Option<Identity> {
        let account = self.accounts.get(&user_id)?;
        (account.epoch == epoch).then(|| self.identity(user_id, via)).flatten()
    }

    /// The same for what is a program's: none either when the account may not have such things.
    #[must_use]
    pub fn program_in(&self, user_id: i64, epoch: i64, via: SignedIn) -> Option<Identity> {
        self.identity_in(user_id, epoch, via).filter(Identity::allows_programs)
    }

    /// The active account of this name, ignoring case and the form of its letters.
    #[must_use]
    pub fn user_named(&self, name: &str) -> Option<i64> {
        let find = |name: &str| self.names.get(&db::users::name_key(name)).copied();
        find(name).or_else(|| find(&db::users::spelling(name)))
    }

    /// The present epoch of an active account.
    #[must_use]
    pub fn epoch(&self, user_id: i64) -> Option<i64> {
        Some(self.accounts.get(&user_id)?.epoch)
    }

    /// Whose a named key is; none for one that is unknown or has run out, and while its account may
    /// not have keys.
    #[must_use]
    pub fn key(&self, key: &str, now_ms: i64) -> Option<Identity> {
        let key = self.keys.get(&key::hash(key))?;
        let via = SignedIn::Key { id: key.id, scopes: key.scopes };
        let identity = (now_ms < key.expires_ms).then(|| self.identity(key.user_id, via)).flatten();
        identity.filter(Identity::allows_programs)
    }

    /// What somebody may do in a folder: each group takes the record of the nearest folder on the
    /// way up that has one, and the highest over the user's groups and Public holds. Who administers
    /// files may do everything everywhere. `folder_path` may have slashes at its ends; empty is the
    /// root.
    ///
    /// In a folder that is being moved, each group has what it has at both places: the records of the
    /// old place hold at the new one before the files come, and nobody ever has more than before or
    /// after.
    #[must_use]
    pub fn level(&self, identity: &Identity, folder_path: &str) -> Level {
        identity.scopes().cap(self.full_level(identity, folder_path))
    }

    /// The same before a named key's scopes take their part.
    fn full_level(&self, identity: &Identity, folder_path: &str) -> Level {
        if self.has(identity, SystemPermission::AdminFiles) {
            return Level::DeleteFolder;
        }
        let public = [db::groups::PUBLIC];
        let groups = identity.groups().iter().chain(&public);
        if self.moving.origin(folder_path).is_some() {
            let levels = groups.filter_map(|group| self.group_level(*group, folder_path));
            return levels.max().unwrap_or(Level::None);
        }
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
    /// group with the lowest number. Who administers files is free. A folder that is being moved brings
    /// its own along.
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
    pub(super) fn template(
        &self,
        groups: &[i64],
        folder_path: &str,
        required: bool,
    ) -> Option<Option<i64>> {
        let mut waiting = groups.to_vec();
        let mut nearest = None;
        for folder in self.way(folder_path) {
            let Some(records) = self.templates.get(&*folder) else { continue };
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
        identity.scopes().allow(permission) && self.granted(identity).has(permission)
    }

    /// What each group of somebody's, and Public, has in a folder.
    pub(super) fn steps(&self, identity: &Identity, folder_path: &str) -> Vec<Step> {
        let public = db::groups::PUBLIC;
        let own = identity.groups().iter().copied().filter(|group| *group != public);
        own.chain([public])
            .map(|group| Step {
                group_id: group,
                group: self.groups.get(&group).map_or_else(|| "?".into(), |name| (**name).into()),
                record: self.nearest(group, folder_path),
                administers: group != public
                    && identity.scopes().allow(SystemPermission::AdminFiles)
                    && self
                        .system
                        .get(&group)
                        .is_some_and(|granted| granted.has(SystemPermission::AdminFiles)),
            })
            .collect()
    }

    /// The way up from a folder to the root.
    fn way<'a>(&self, folder_path: &'a str) -> Vec<Cow<'a, str>> {
        match self.moving.way(folder_path) {
            Some(way) => way.into_iter().map(Cow::Owned).collect(),
            None => upwards(folder_path).map(Cow::Borrowed).collect(),
        }
    }

    /// The record of a group that holds in a folder: the one for the nearest folder on the way up that
    /// has one. Of a folder that is being moved the stricter of those at both places, and none when
    /// there is none at one of them. Told with the folder that it is of, which has a slash at its beginning.
    #[must_use]
    pub fn nearest(&self, group: i64, folder_path: &str) -> Option<(String, Level)> {
        let above = |from: &str| {
            upwards(from)
                .find_map(|folder| Some((folder.to_owned(), self.own_level(group, folder)?)))
        };
        let mut found = above(folder_path)?;
        if let Some(origin) = self.moving.origin(folder_path) {
            let there = above(&origin)?;
            found = if there.1 < found.1 { there } else { found };
        }
        Some((format!("/{}", found.0), found.1))
    }

    /// What a group may do in a folder by the record that holds for it there.
    #[must_use]
    pub fn group_level(&self, group: i64, folder_path: &str) -> Option<Level> {
        self.nearest(group, folder_path).map(|(_, level)| level)
    }

    /// A group's own record in a folder.
    pub(super) fn own_level(&self, group: i64, folder: &str) -> Option<Level> {
        let records = self.folders.get(folder)?;
        records.iter().find(|(other, _)| *other == group).map(|(_, level)| *level)
    }

    /// The ids of all groups.
    pub(super) fn group_ids(&self) -> impl Iterator<Item = i64> {
        self.groups.keys().copied()
    }

    /// Every record of access: folder, group, level.
    pub(super) fn records(&self) -> impl Iterator<Item = (&str, i64, Level)> {
        self.folders.iter().flat_map(|(folder, records)| {
            records.iter().map(move |(group, level)| (&**folder, *group, *level))
        })
    }

    /// Every record of a template: folder, and the rule.
    pub(super) fn template_records(&self) -> impl Iterator<Item = (&str, TemplateRule)> {
        let all = self.templates.iter();
        all.flat_map(|(folder, rules)| rules.iter().map(move |rule| (&**folder, *rule)))
    }

    /// The system permissions of somebody's groups.
    fn granted(&self, identity: &Identity) -> SystemPermissions {
        let groups = identity.groups().iter().filter(|group| **group != db::groups::PUBLIC);
        let granted = groups.filter_map(|group| self.system.get(group));
        granted.fold(SystemPermissions::default(), |all, set| all.union(*set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAFF: i64 = 10;
    const PRESS: i64 = 11;
    const FILES: i64 = 12;

    fn user(groups: &[i64]) -> Identity {
        signed_in(groups, SignedIn::Token)
    }

    fn signed_in(groups: &[i64], via: SignedIn) -> Identity {
        let (username, groups) = ("jo".into(), groups.into());
        Identity::User { id: 1, username, groups, allow_api: true, via }
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
            let explained = super::super::explain(&rights, identity, folder);
            assert_eq!(explained.level, *expected, "{explained:?}");
        }
    }

    #[test]
    fn the_folders_in_a_folder_are_told_by_those_with_records() {
        let mut rights = rights();
        rights.set_level("/private/press/closed", PRESS, Level::None);
        rights.set_level("/private/press/closed", db::groups::PUBLIC, Level::None);
        let all = [
            "/private",
            "/private2",
            "/staff only",
            "/x",
            "/private/press",
            "/private/other",
            "/private/press/closed",
            "/private/press/2026",
        ];
        for identity in [
            Identity::Anonymous,
            user(&[STAFF]),
            user(&[PRESS]),
            user(&[STAFF, PRESS]),
            user(&[FILES]),
        ] {
            for level in [Level::View, Level::Download, Level::Upload] {
                for folder in ["/", "private", "/private/press/", "x"] {
                    let which = rights.within(&identity, folder, level);
                    let lie_here = all.iter().filter(|path| {
                        db::folders::parent_path(path) == db::folders::normal_path(folder)
                    });
                    for path in lie_here {
                        let expected = rights.level(&identity, path) >= level;
                        assert_eq!(which.has(path), expected, "{identity:?} {level:?} {path}");
                    }
                }
            }
        }
        let which = rights.within(&Identity::Anonymous, "", Level::View);
        assert_eq!(which, Which::AllBut(vec!["/private".into()]));
        let which = rights.within(&user(&[PRESS]), "private", Level::View);
        assert_eq!(which, Which::Only(vec!["/private/press".into()]));
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
        assert_eq!(rights.identity(1, SignedIn::Token), None);
        assert_eq!(rights.key("", 0), None);
        assert_eq!(rights.user_named(""), None);
    }

    #[test]
    fn what_was_signed_in_another_epoch_is_nobodys() {
        let mut rights = rights();
        let account =
            Account { username: "Jo".into(), groups: [STAFF].into(), allow_api: false, epoch: 3 };
        rights.accounts.insert(1, account);
        rights.names.insert("jo".into(), 1);
        let identity = rights.identity_in(1, 3, SignedIn::Token).unwrap();
        assert_eq!(identity.groups(), [STAFF]);
        assert_eq!(rights.identity_in(1, 2, SignedIn::Token), None);
        assert_eq!(rights.identity_in(2, 3, SignedIn::Token), None);
        assert_eq!(rights.user_named(" JO"), Some(1));
    }

    #[test]
    fn a_named_key_is_good_for_its_scopes_until_it_runs_out() {
        let mut rights = rights();
        let account = Account {
            username: "jo".into(),
            groups: [STAFF, FILES].into(),
            allow_api: true,
            epoch: 0,
        };
        rights.accounts.insert(1, account);
        let key = Key { id: 5, user_id: 1, scopes: Scopes::READ, expires_ms: 1000 };
        rights.keys.insert(key::hash("htk_x"), key);
        let identity = rights.key("htk_x", 999).unwrap();
        assert_eq!(rights.level(&identity, "private"), Level::Download);
        assert!(!rights.has(&identity, SystemPermission::AdminFiles));
        assert_eq!(rights.key("htk_x", 1000), None);
        assert_eq!(rights.key("htk_y", 999), None);
        if let Some(account) = rights.accounts.get_mut(&1) {
            account.allow_api = false;
        }
        assert_eq!(rights.key("htk_x", 999), None, "the account may have no keys");
        let all = signed_in(&[FILES], SignedIn::Key { id: 5, scopes: Scopes::ALL });
        assert_eq!(rights.level(&all, "private"), Level::DeleteFolder);
        assert!(rights.has(&all, SystemPermission::AdminFiles));
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
