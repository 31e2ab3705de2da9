//! Users, groups and who belongs to them.

use std::collections::HashSet;

use super::source::text;
use super::{Ids, Import, Result};
use crate::auth::names::{self, Met};
use crate::auth::password;
use crate::db::groups::{self, Group};
use crate::db::users::{self, AUTH_LDAP, AUTH_PASSWORD, User, name_key};
use crate::db::{STATUS_ACTIVE, STATUS_DELETED, Value, bulk, now_ms};

const USERS: &str = "users";
const GROUPS: &str = "groups";
const MEMBERS: &str = "memberships";

/// A name under which no other row of the import comes: names here ignore case, and those over there
/// need not.
pub(super) fn own_name(used: &mut HashSet<String>, name: &str) -> (String, bool) {
    let name = name.trim();
    let mut found = name.to_owned();
    let mut number = 1;
    while !used.insert(name_key(&found)) {
        number += 1;
        found = format!("{name} ({number})");
    }
    (found, number > 1)
}

impl Import<'_> {
    /// Tells of a name that comes as it is and could not be given here any more.
    fn note_name(&mut self, kind: &'static str, met: &mut Met, name: &str) {
        if let Some(fault) = names::fault(name) {
            let what = format!("a name that new ones are not to be like: it {fault}");
            self.report.remark(kind, &what, name);
        }
        if let Some(other) = met.meet(name) {
            let which = format!("{name} and {other}");
            self.report.remark(kind, "names that look alike; rename one", &which);
        }
    }

    pub(super) fn users(&mut self) -> Result<()> {
        let mut ids = Ids::new(self.sql, "users", self.highest("users")?)?;
        let (mut used, mut met) = (HashSet::new(), Met::default());
        self.each(
            "users",
            "CAST(username AS TEXT), CAST(first_name AS TEXT), CAST(last_name AS TEXT), \
             CAST(email AS TEXT), CAST(password AS TEXT), CAST(auth_type AS BIGINT), allow_api, \
             CAST(status AS BIGINT)",
            |import, row| {
                let theirs = row.int(0)?;
                let (username, renamed) = own_name(&mut used, &text(row, 1)?);
                if renamed {
                    import.report.remark(USERS, "another name differs in case alone", &username);
                }
                import.note_name(USERS, &mut met, &username);
                let ldap = row.opt_int(6)? == Some(AUTH_LDAP);
                let user = User {
                    id: theirs,
                    username,
                    first_name: text(row, 2)?,
                    last_name: text(row, 3)?,
                    email: text(row, 4)?,
                    auth_type: if ldap { AUTH_LDAP } else { AUTH_PASSWORD },
                    allow_api: row.bool(7)?,
                    status: if row.int(8)? == STATUS_DELETED {
                        STATUS_DELETED
                    } else {
                        STATUS_ACTIVE
                    },
                };
                let hash = row.opt_text(5)?.filter(|hash| !hash.is_empty() && !ldap);
                import.user(user, hash, &mut ids)
            },
        )?;
        Ok(ids.end(self)?)
    }

    fn user(&mut self, mut user: User, hash: Option<String>, ids: &mut Ids) -> Result<()> {
        let theirs = user.id;
        let known = hash.as_deref().is_none_or(password::is_known);
        if user.auth_type == AUTH_PASSWORD && (hash.is_none() || !known) {
            let what = "the password cannot be verified here; set one with `halftone user passwd`";
            self.report.remark(USERS, what, &user.username);
        }
        if let Some((ours, _)) = users::by_name(self.sql, &user.username)? {
            self.users.insert(theirs, ours.id);
            if !self.first {
                self.report.here(USERS);
                return Ok(());
            }
            user.id = ours.id;
            users::update(self.sql, &user)?;
            if let Some(hash) = hash.filter(|_| known) {
                users::set_password(self.sql, ours.id, &hash)?;
                let what = "was here already and has its password from over there now";
                self.report.remark(USERS, what, &user.username);
            }
            if user.status != ours.status {
                users::set_status(self.sql, ours.id, user.status)?;
            }
            self.report.taken_over(USERS);
            return Ok(());
        }
        let taken = bulk::taken(self.sql, "users", &[theirs])?;
        user.id = ids.give(theirs, &taken);
        self.note_id(USERS, &user.username, theirs, user.id);
        bulk::insert(
            self.sql,
            "users",
            &[
                "id",
                "username",
                "username_key",
                "first_name",
                "last_name",
                "email",
                "password",
                "auth_type",
                "allow_api",
                "status",
                "created_ms",
            ],
            [vec![
                user.id.into(),
                user.username.as_str().into(),
                name_key(&user.username).into(),
                user.first_name.into(),
                user.last_name.into(),
                user.email.into(),
                hash.filter(|_| known).into(),
                user.auth_type.into(),
                user.allow_api.into(),
                user.status.into(),
                now_ms().into(),
            ]],
        )?;
        self.users.insert(theirs, user.id);
        self.report.new_row(USERS);
        Ok(())
    }

    /// Tells that a row has another id here.
    pub(super) fn note_id(&mut self, kind: &'static str, name: &str, theirs: i64, ours: i64) {
        if theirs != ours {
            let which = format!("{name}: {theirs} over there, {ours} here");
            self.report.remark(kind, "the id is in use here", &which);
        }
    }

    pub(super) fn groups(&mut self) -> Result<()> {
        let mut ids = Ids::new(self.sql, "groups", self.highest("groups")?)?;
        let (mut used, mut met) = (HashSet::new(), Met::default());
        self.each(
            "groups",
            "CAST(name AS TEXT), CAST(description AS TEXT), CAST(group_type AS BIGINT)",
            |import, row| {
                let (name, renamed) = own_name(&mut used, &text(row, 1)?);
                if renamed {
                    import.report.remark(GROUPS, "another name differs in case alone", &name);
                }
                import.note_name(GROUPS, &mut met, &name);
                let group_type = match row.opt_int(3)? {
                    Some(known @ (groups::TYPE_SYSTEM | groups::TYPE_LDAP)) => known,
                    _ => groups::TYPE_LOCAL,
                };
                let description = text(row, 2)?;
                import.group(Group { id: row.int(0)?, name, description, group_type }, &mut ids)
            },
        )?;
        Ok(ids.end(self)?)
    }

    fn group(&mut self, mut group: Group, ids: &mut Ids) -> Result<()> {
        let theirs = group.id;
        let all = groups::all(self.sql)?;
        // The three that rules know by their ids.
        let of_system = group.group_type == groups::TYPE_SYSTEM;
        let same = all.iter().find(|ours| {
            let by_id = of_system && ours.group_type == groups::TYPE_SYSTEM && ours.id == theirs;
            by_id || name_key(&ours.name) == name_key(&group.name)
        });
        if let Some(ours) = same {
            self.groups.insert(theirs, ours.id);
            let free = |name: &str| {
                !all.iter().any(|g| g.id != ours.id && name_key(&g.name) == name_key(name))
            };
            if self.first && free(&group.name) {
                group.id = ours.id;
                group.group_type = ours.group_type;
                groups::update(self.sql, &group)?;
                self.report.taken_over(GROUPS);
            } else {
                self.report.here(GROUPS);
            }
            return Ok(());
        }
        let taken = all.iter().map(|ours| ours.id).collect();
        group.id = ids.give(theirs, &taken);
        self.note_id(GROUPS, &group.name, theirs, group.id);
        let row: Vec<Value> = vec![
            group.id.into(),
            group.name.as_str().into(),
            name_key(&group.name).into(),
            group.description.into(),
            if of_system { groups::TYPE_LOCAL } else { group.group_type }.into(),
        ];
        let columns = ["id", "name", "name_key", "description", "group_type"];
        bulk::insert(self.sql, "groups", &columns, [row])?;
        self.groups.insert(theirs, group.id);
        self.new_groups.insert(group.id);
        self.report.new_row(GROUPS);
        Ok(())
    }

    pub(super) fn memberships(&mut self) -> Result<()> {
        let rows = self.rows("usergroups", "CAST(user_id AS BIGINT), CAST(group_id AS BIGINT)")?;
        for row in rows {
            let (user, group) = (row.int(0)?, row.int(1)?);
            let (Some(&user_id), Some(&group_id)) =
                (self.users.get(&user), self.groups.get(&group))
            else {
                let which = format!("user {user}, group {group}");
                self.report.left_out(MEMBERS, "the user or the group does not exist", &which);
                continue;
            };
            let known = groups::of_user(self.sql, user_id)?;
            if known.iter().any(|known| known.id == group_id) {
                self.report.here(MEMBERS);
            } else {
                groups::add_member(self.sql, group_id, user_id)?;
                self.report.new_row(MEMBERS);
            }
        }
        Ok(())
    }
}
