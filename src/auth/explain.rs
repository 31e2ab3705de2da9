//! Why somebody may do what in a folder: every rule that was looked at, in words' reach.

use super::identity::Identity;
use super::permission::Level;
use super::rights::Rights;

/// Why somebody has a level of access to a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The level.
    pub level: Level,
    /// The rule that gave it.
    pub rule: Rule,
    /// What each of the user's groups, and Public, has.
    pub steps: Vec<Step>,
}

/// The rule that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A group of the user's with this name may administer files, or everything.
    Administrator {
        /// The group.
        group: String,
    },
    /// The record of a group for a folder.
    Record {
        /// The group.
        group: String,
        /// The folder that the record is of: the one asked for, or the nearest above it.
        folder: String,
    },
    /// No group has any record on the way up to the root.
    NoRecord,
    /// The key that was used is not good for more.
    KeyScopes,
}

/// What one group has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The group's id.
    pub group_id: i64,
    /// The group's name.
    pub group: String,
    /// The folder of its nearest record, with a slash at its beginning, and the level there.
    pub record: Option<(String, Level)>,
    /// Its system permissions give full access.
    pub administers: bool,
}

/// Explains [`Rights::level`], with which it always agrees.
#[must_use]
pub fn explain(rights: &Rights, identity: &Identity, folder_path: &str) -> Explanation {
    let steps = rights.steps(identity, folder_path);
    let (full, rule) = decide(&steps);
    let level = rights.level(identity, folder_path);
    let rule = if level < full { Rule::KeyScopes } else { rule };
    Explanation { level, rule, steps }
}

fn decide(steps: &[Step]) -> (Level, Rule) {
    if let Some(step) = steps.iter().find(|step| step.administers) {
        return (Level::DeleteFolder, Rule::Administrator { group: step.group.clone() });
    }
    let mut best = (Level::None, Rule::NoRecord);
    for step in steps {
        let Some((folder, level)) = &step.record else { continue };
        if *level > best.0 || best.1 == Rule::NoRecord {
            let rule = Rule::Record { group: step.group.clone(), folder: folder.clone() };
            best = (*level, rule);
        }
    }
    best
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Administrator { group } => {
                write!(f, "the group \"{group}\" administers files: full access everywhere")
            }
            Self::Record { group, folder } => {
                write!(f, "the record of the group \"{group}\" for the folder {folder}")
            }
            Self::NoRecord => f.write_str("no group has a record for this folder or one above it"),
            Self::KeyScopes => f.write_str("the API key is not good for more"),
        }
    }
}
