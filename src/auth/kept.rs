//! What groups could do in a folder when it was taken away, so that it is not more open when it comes
//! back: to a place whose records are others by now, or under another name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::permission::Level;
use super::rights::{Rights, TemplateRule, upwards};
use crate::db::groups;

/// What groups could do in and below a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRights {
    /// The folder that it lay in (a file, too), by its id: as long as that is the one above it again, what was
    /// inherited is inherited anew.
    pub above: Option<i64>,
    /// What each group had by inheritance.
    inherited: BTreeMap<i64, i64>,
    /// Its own records and those below it: path from the folder on, group, level.
    records: Vec<(String, i64, i64)>,
    /// The same of templates: path, group, whether it is required, template.
    templates: Vec<TemplateSetting>,
}

/// A record that has to be set: folder, group, level.
pub type Tightening = (String, i64, Level);

/// A record of a template that has to be set: folder, group, whether it is required, template.
pub type TemplateSetting = (String, i64, bool, Option<i64>);

/// The last part of a path, from a folder on: empty for that folder itself.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    match path.strip_prefix(folder)? {
        "" => Some(""),
        rest if folder.is_empty() => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}

fn joined(folder: &str, below: &str) -> String {
    if below.is_empty() { folder.to_owned() } else { format!("{folder}/{below}") }
}

impl KeptRights {
    /// What somebody could do by what was inherited: by the groups that the user is in now.
    #[must_use]
    pub fn level(&self, identity: &Identity) -> Level {
        let groups = identity.groups().iter().chain(&[groups::PUBLIC]);
        let levels = groups.filter_map(|group| self.inherited.get(group));
        let best = levels.map(|access| Level::from_access(*access)).max();
        identity.scopes().cap(best.unwrap_or(Level::None))
    }
}

impl Rights {
    /// What groups can do with a file of a folder now: all that it has is inherited, from the folder
    /// with this id.
    #[must_use]
    pub fn kept_of_file(&self, folder: &str, folder_id: Option<i64>) -> KeptRights {
        let mut kept = KeptRights { above: folder_id, ..KeptRights::default() };
        for group in self.group_ids() {
            if let Some(level) = self.group_level(group, folder) {
                kept.inherited.insert(group, level.access());
            }
            if let Some(Some(template)) = self.template(&[group], folder, true) {
                kept.templates.push((String::new(), group, true, Some(template)));
            }
        }
        kept.templates.sort();
        kept
    }

    /// The records that have to be set in a folder before a file with these rights lies in it, so that
    /// nobody may do more with the file than before.
    #[must_use]
    pub fn file_tightenings(
        &self,
        kept: &KeptRights,
        folder: &str,
    ) -> (Vec<Tightening>, Vec<TemplateSetting>) {
        let folder = folder.trim_matches('/');
        let levels = self.group_ids().filter_map(|group| {
            let now = self.group_level(group, folder).unwrap_or(Level::None);
            let most = kept.inherited.get(&group).map_or(Level::None, |at| Level::from_access(*at));
            (now > most).then(|| (folder.to_owned(), group, most))
        });
        let lost = kept.templates.iter().filter(|(_, group, required, template)| {
            self.template(&[*group], folder, *required) != Some(*template)
        });
        let templates = lost.map(|(_, group, required, template)| {
            (folder.to_owned(), *group, *required, *template)
        });
        (levels.collect(), templates.collect())
    }

    /// What groups can do in and below a folder now.
    #[must_use]
    pub fn kept(&self, folder: &str, above: Option<i64>) -> KeptRights {
        let folder = folder.trim_matches('/');
        let parent = upwards(folder).nth(1).unwrap_or_default();
        let inherited = self.group_ids().filter_map(|group| {
            self.group_level(group, parent).map(|level| (group, level.access()))
        });
        let mut kept =
            KeptRights { above, inherited: inherited.collect(), ..KeptRights::default() };
        for (path, group, level) in self.records() {
            if let Some(rest) = below(path, folder) {
                kept.records.push((rest.to_owned(), group, level.access()));
            }
        }
        for (path, (group, required, template)) in self.template_records() {
            if let Some(rest) = below(path, folder) {
                kept.templates.push((rest.to_owned(), group, required, template));
            }
        }
        kept.records.sort();
        kept.templates.sort();
        kept
    }

    /// The records that have to be set before something with these rights stands at `at`, so that
    /// nobody may do more there than before: its own records come along where there are none, and hold
    /// where those that are there by now allow more. With `same_above` it lies in the folder that it lay
    /// in, from which it inherits as it always would have; else nobody inherits more than there was.
    #[must_use]
    pub fn tightenings(&self, kept: &KeptRights, at: &str, same_above: bool) -> Vec<Tightening> {
        let at = at.trim_matches('/');
        let mut set: BTreeMap<(String, i64), Level> = BTreeMap::new();
        for (rest, group, access) in &kept.records {
            let (path, level) = (joined(at, rest), Level::from_access(*access));
            match self.own_level(*group, &path) {
                Some(there) if there <= level => {}
                _ => drop(set.insert((path, *group), level)),
            }
        }
        let parent = upwards(at).nth(1).unwrap_or_default();
        let allowed = |rest: &str, group: i64| {
            let own = |at: &str| {
                let found = kept.records.iter().find(|(path, of, _)| path == at && *of == group);
                found.map(|(_, _, access)| Level::from_access(*access))
            };
            upwards(rest).find_map(own).unwrap_or_else(|| match same_above {
                true => self.group_level(group, parent).unwrap_or(Level::None),
                false => {
                    kept.inherited.get(&group).map_or(Level::None, |at| Level::from_access(*at))
                }
            })
        };
        // Those above before those below: what is set above holds below.
        let mut places: BTreeSet<(usize, String)> = BTreeSet::from([(0, String::new())]);
        let known = kept.records.iter().map(|(rest, _, _)| rest.as_str());
        for rest in known.chain(self.recorded_folders().filter_map(|path| below(path, at))) {
            places.insert((rest.len(), rest.to_owned()));
        }
        for (_, rest) in &places {
            let path = joined(at, rest);
            for group in self.group_ids() {
                let now = upwards(&path).find_map(|folder| {
                    let planned = set.get(&(folder.to_owned(), group)).copied();
                    planned.or_else(|| self.own_level(group, folder))
                });
                let most = allowed(rest, group);
                if now.unwrap_or(Level::None) > most {
                    set.insert((path.clone(), group), most);
                }
            }
        }
        set.into_iter().map(|((path, group), level)| (path, group, level)).collect()
    }

    /// The records of templates that have to be set likewise.
    #[must_use]
    pub fn missing_templates(&self, kept: &KeptRights, at: &str) -> Vec<TemplateSetting> {
        let at = at.trim_matches('/');
        let kept = kept.templates.iter().map(|(rest, group, required, template)| {
            (joined(at, rest), *group, *required, *template)
        });
        let known: BTreeSet<(&str, TemplateRule)> = self.template_records().collect();
        kept.filter(|(path, group, required, template)| {
            !known.contains(&(path.as_str(), (*group, *required, *template)))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: i64 = 1;
    const STAFF: i64 = 2;

    fn rights(records: &[(&str, i64, Level)]) -> Rights {
        let mut rights = Rights::default();
        for group in [PUBLIC, STAFF] {
            rights.set_group(group, "g");
        }
        for (folder, group, level) in records {
            rights.set_level(folder, *group, *level);
        }
        rights
    }

    fn told(set: &[Tightening]) -> Vec<(&str, i64, i64)> {
        set.iter().map(|(path, group, level)| (path.as_str(), *group, level.access())).collect()
    }

    #[test]
    fn what_comes_back_as_it_was_needs_nothing() {
        let rights = rights(&[
            ("", PUBLIC, Level::View),
            ("a/secret", PUBLIC, Level::None),
            ("a/secret/open", PUBLIC, Level::View),
            ("a", STAFF, Level::Upload),
        ]);
        let kept = rights.kept("/a/secret", Some(7));
        assert_eq!(kept.above, Some(7));
        assert_eq!(rights.tightenings(&kept, "a/secret", true), []);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<KeptRights>(&text).unwrap(), kept);
    }

    #[test]
    fn under_another_name_its_records_come_along() {
        let before = rights(&[
            ("", PUBLIC, Level::View),
            ("a", PUBLIC, Level::None),
            ("a/open", PUBLIC, Level::Download),
            ("ab", PUBLIC, Level::Upload),
        ]);
        let kept = before.kept("a", None);
        let set = before.tightenings(&kept, "a-001", true);
        assert_eq!(told(&set), [("a-001", PUBLIC, 0), ("a-001/open", PUBLIC, 20)]);
    }

    #[test]
    fn records_that_were_purged_or_opened_meanwhile_hold_again() {
        let before = rights(&[("", PUBLIC, Level::View), ("a", PUBLIC, Level::None)]);
        let kept = before.kept("a", None);
        let purged = rights(&[("", PUBLIC, Level::View)]);
        assert_eq!(told(&purged.tightenings(&kept, "a", true)), [("a", PUBLIC, 0)]);
        let opened = rights(&[
            ("", PUBLIC, Level::View),
            ("a", PUBLIC, Level::Download),
            ("a/b", PUBLIC, Level::Upload),
            ("a", STAFF, Level::Upload),
        ]);
        let set = opened.tightenings(&kept, "a", true);
        // The staff had what it inherits, which is nothing.
        assert_eq!(told(&set), [("a", PUBLIC, 0), ("a", STAFF, 0), ("a/b", PUBLIC, 0)]);
        let closed = rights(&[("a", PUBLIC, Level::None), ("a/b", PUBLIC, Level::None)]);
        assert_eq!(closed.tightenings(&kept, "a", true), []);
    }

    #[test]
    fn below_another_folder_nobody_inherits_more() {
        let before = rights(&[("", PUBLIC, Level::View), ("p", PUBLIC, Level::None)]);
        let kept = before.kept("p/a", Some(3));
        // The folder above went elsewhere with its records.
        let now = rights(&[("", PUBLIC, Level::View), ("q", PUBLIC, Level::None)]);
        assert_eq!(told(&now.tightenings(&kept, "p/a", false)), [("p/a", PUBLIC, 0)]);
        // The same folder above that was opened since is no reason to close what lies in it.
        let opened = rights(&[("", PUBLIC, Level::View)]);
        assert_eq!(opened.tightenings(&kept, "p/a", true), []);
    }
}
