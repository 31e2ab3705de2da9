//! Folders that the administrator has set up for uploads: a path, with places for the date of the
//! upload.

use time::OffsetDateTime;

use super::{Error, Result};
use crate::source::FolderPath;

/// Whether a target means something: it is a path, not a hidden one, and its places are known.
#[must_use]
pub fn valid(target: &str) -> bool {
    expand(target, OffsetDateTime::UNIX_EPOCH).is_ok()
}

/// The folder that a target means at a moment: `{year}` (four digits), `{month}` and `{day}` (two
/// digits each) take its date.
///
/// # Errors
/// [`Error::Parameter`] named `path_index`.
pub fn expand(target: &str, now: OffsetDateTime) -> Result<FolderPath> {
    let text = target
        .replace("{year}", &format!("{:04}", now.year()))
        .replace("{month}", &format!("{:02}", u8::from(now.month())))
        .replace("{day}", &format!("{:02}", now.day()));
    let known = !text.contains(['{', '}']);
    let folder = FolderPath::parse(&text).ok();
    folder
        .filter(|folder| known && !folder.is_hidden())
        .ok_or_else(|| Error::parameter("path_index", "this target is not set up well"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_take_their_places() {
        let now = OffsetDateTime::from_unix_timestamp(1_582_979_696).unwrap();
        assert_eq!(expand("/in/{year}/{month}-{day}/", now).unwrap().as_str(), "in/2020/02-29");
        assert_eq!(expand("in", now).unwrap().as_str(), "in");
        for wrong in ["{hour}", "a/../b", ".hidden/x", "a}"] {
            assert!(!valid(wrong), "{wrong}");
        }
    }
}
