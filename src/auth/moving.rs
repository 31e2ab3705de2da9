//! Folders that are being moved: where what stands at their new place comes from, as long as rows still
//! tell of the old one.
//!
//! Knows paths only; what follows for levels and templates stands in [`super::rights`].

use crate::db::folder_moves::{FolderMove, is_within};

/// The moves that are under way; most of the time there is none. Paths have no slash in front.
#[derive(Debug, Default)]
pub(super) struct Moving(Vec<(Box<str>, Box<str>)>);

impl Moving {
    pub fn of(moves: &[FolderMove]) -> Self {
        let bare = |path: &str| path.trim_matches('/').into();
        Self(moves.iter().map(|one| (bare(&one.from), bare(&one.to))).collect())
    }

    /// The move that a folder is a part of by its new place: from where, to where.
    fn bringing(&self, folder: &str) -> Option<(&str, &str)> {
        let found = self.0.iter().find(|(_, to)| is_within(folder, to));
        found.map(|(from, to)| (&**from, &**to))
    }

    /// Where a folder comes from that stands at its new place, or is about to.
    pub fn origin(&self, folder: &str) -> Option<String> {
        let (from, to) = self.bringing(folder.trim_matches('/'))?;
        Some(replaced(folder.trim_matches('/'), to, from))
    }

    /// Where folders will be that lie at or below a place that is left.
    pub fn new_places<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = String> + 'a {
        let leaving = self.0.iter().filter(move |(from, _)| is_within(folder, from));
        leaving.map(move |(from, to)| replaced(folder, from, to))
    }

    /// The new places themselves.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, to)| &**to)
    }

    /// The way up from a folder that is being moved, as it will be: through the moved folder where its
    /// records stand now, then from the new parent on.
    pub fn way(&self, folder: &str) -> Option<Vec<String>> {
        let folder = folder.trim_matches('/');
        let (from, to) = self.bringing(folder)?;
        let moved = super::rights::upwards(folder).take_while(|at| is_within(at, to));
        let mut way: Vec<String> = moved.map(|at| replaced(at, to, from)).collect();
        way.extend(super::rights::upwards(to).skip(1).map(str::to_owned));
        Some(way)
    }
}

/// A path within `old`, as it is called when that is called `new`.
fn replaced(path: &str, old: &str, new: &str) -> String {
    format!("{new}{}", path.get(old.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Identity, Level, Rights, SignedIn, explain};
    use crate::db::folder_moves::State;
    use crate::db::folders::parent_path;
    use crate::db::groups::PUBLIC;

    const STAFF: i64 = 10;
    const PRESS: i64 = 11;

    fn user(groups: &[i64]) -> Identity {
        let (username, groups) = ("jo".into(), groups.into());
        Identity::User { id: 1, username, groups, allow_api: true, via: SignedIn::Token }
    }

    fn rights() -> Rights {
        let mut rights = Rights::default();
        for (folder, group, level) in [
            ("/", PUBLIC, Level::View),
            ("/", STAFF, Level::Upload),
            ("/private", PUBLIC, Level::None),
            ("/private/press", PRESS, Level::Download),
            ("/private/press", PUBLIC, Level::View),
            ("/open/own", PUBLIC, Level::None),
            ("/open/own", STAFF, Level::Download),
            ("/open/own/inner", PUBLIC, Level::Download),
            ("/there", STAFF, Level::None),
        ] {
            rights.set_level(folder, group, level);
        }
        rights.set_template("/open/own", (PUBLIC, true, Some(1)));
        rights.set_template("/there", (PUBLIC, true, Some(2)));
        rights
    }

    fn moving((from, to): (&str, &str)) -> FolderMove {
        FolderMove {
            id: 1,
            folder_id: 1,
            from: from.into(),
            to: to.into(),
            task_id: None,
            user_id: None,
            state: State::Going,
            changed_ms: 0,
        }
    }

    #[test]
    fn what_moves_has_the_stricter_of_both_places() {
        let moves = [("/open/own", "/new"), ("/private/press", "/shown"), ("/open/a", "/there/a")];
        let (before, mut rights) = (rights(), rights());
        rights.set_moving(Moving::of(&moves.map(moving)));
        for identity in &[Identity::Anonymous, user(&[STAFF]), user(&[PRESS])] {
            for (from, to) in moves {
                for below in ["", "/inner", "/inner/deeper"] {
                    let (from, to) = (format!("{from}{below}"), format!("{to}{below}"));
                    let now = rights.level(identity, &to);
                    assert!(now <= before.level(identity, &from), "{identity:?} {from} {to}");
                    assert!(now <= before.level(identity, &to), "{identity:?} {from} {to}");
                    assert_eq!(rights.level(identity, &from), before.level(identity, &from));
                    assert_eq!(explain(&rights, identity, &to).level, now);
                }
            }
        }
        // So are the folders in a folder, whose records may stand at another place.
        let paths =
            ["/new", "/newer", "/shown", "/new/inner", "/new/other", "/there/a", "/there/b"];
        for identity in &[Identity::Anonymous, user(&[STAFF]), user(&[PRESS])] {
            for path in paths {
                let which = rights.within(identity, &parent_path(path), Level::View);
                let expected = rights.level(identity, path) >= Level::View;
                assert_eq!(which.has(path), expected, "{identity:?} {path}");
            }
        }
        let public = |folder: &str| rights.public_level(folder);
        assert_eq!((public("new"), public("new/inner")), (Level::None, Level::View));
        assert_eq!(public("newer"), Level::View);
        // A record at the old place alone opens nothing, and one at the new place alone neither.
        assert_eq!(rights.level(&user(&[PRESS]), "shown"), Level::View);
        assert_eq!(rights.level(&user(&[STAFF]), "there/a"), Level::View);
        let recorded: Vec<&str> = rights.recorded_folders().collect();
        for place in ["new", "new/inner", "shown", "there/a"] {
            assert!(recorded.contains(&place), "{place}: {recorded:?}");
        }
        let required = |folder| rights.templates(&Identity::Anonymous, folder).required;
        assert_eq!((required("new/inner"), required("open/own")), (Some(1), Some(1)));
        assert_eq!((required("there/a"), required("open/a")), (Some(2), None));
    }

    #[test]
    fn paths_are_told_of_both_places() {
        let moving = Moving(vec![("a/b".into(), "c".into())]);
        assert_eq!(moving.origin("/c/d/").as_deref(), Some("a/b/d"));
        assert_eq!(moving.origin("c").as_deref(), Some("a/b"));
        assert_eq!(moving.origin("cc"), None);
        assert_eq!(moving.origin("a/b"), None);
        assert_eq!(moving.new_places("a/b/d").collect::<Vec<_>>(), ["c/d"]);
        assert_eq!(moving.new_places("a/bd").count(), 0);
        assert_eq!(moving.way("c/d").unwrap(), ["a/b/d", "a/b", ""]);
        assert_eq!(moving.way("x"), None);
        let deeper = Moving(vec![("a".into(), "x/y/z".into())]);
        assert_eq!(deeper.way("x/y/z/1").unwrap(), ["a/1", "a", "x/y", "x", ""]);
    }
}
