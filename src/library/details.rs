//! What people say of images: titles, descriptions, which tags they have; and what their files say.

use std::collections::HashSet;

use super::{Caller, Error, Library, Result, read};
use crate::auth::Level;
use crate::db::image_history::{self, Action};
use crate::db::image_metadata::{self, ImageMetadata};
use crate::db::images::{self, FocalPoint, ImageRow};
use crate::db::users::name_key;
use crate::db::{self, Sql, tags};

/// Bounds on what people say, in characters.
const MAX_TITLE_CHARS: usize = 255;
const MAX_DESCRIPTION_CHARS: usize = 10_000;
pub(super) const MAX_TAG_CHARS: usize = 100;
/// The most tags of one image.
const MAX_TAGS: usize = 100;

/// What is to be changed; what is missing stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// All of its tags.
    pub tags: Option<Vec<String>>,
    /// What whoever changes it has read.
    pub was: Was,
}

/// What was said of an image when it was read; what is missing is not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Was {
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// All of its tags.
    pub tags: Option<Vec<String>>,
}

/// A part of what is said of an image that is to be changed, whatever else is said of it by then. Blank texts
/// stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Tags that it is to have.
    pub add: Vec<String>,
    /// Tags that it is to have no longer.
    pub remove: Vec<String>,
}

impl Changes {
    /// Passes when all of it can be kept.
    ///
    /// # Errors
    /// [`Error::Parameter`] named as the field.
    pub fn check(&self) -> Result<()> {
        field("title", self.title.as_deref(), "", MAX_TITLE_CHARS)?;
        field("description", self.description.as_deref(), "", MAX_DESCRIPTION_CHARS)?;
        self.tags.as_deref().map(|names| clean_tags(names, MAX_TAGS)).transpose().map(drop)
    }

    /// Title, description and tags after the changes, tags only where they are to be set. Of what was read, only
    /// what differs from it is a change.
    fn over(
        &self,
        image: &ImageRow,
        tags: &[String],
    ) -> Result<(String, String, Option<Vec<String>>)> {
        let title = settled(self.title.as_deref(), self.was.title.as_deref(), &image.title);
        let description = settled(
            self.description.as_deref(),
            self.was.description.as_deref(),
            &image.description,
        );
        let both = [("title", &title), ("description", &description)];
        let overtaken: Vec<_> =
            both.iter().filter(|(_, text)| text.is_none()).map(|(field, _)| *field).collect();
        let (Some(title), Some(description)) = (title, description) else {
            return Err(Error::Overtaken(overtaken));
        };
        let names = self.tags.as_deref().map(|names| clean_tags(names, MAX_TAGS)).transpose()?;
        let names = match (names, &self.was.tags) {
            (Some(names), Some(was)) => Some(merged(&names, was, tags)),
            (names, _) => names,
        };
        if names.as_ref().is_some_and(|names| names.len() > MAX_TAGS) {
            return Err(too_many_tags(MAX_TAGS));
        }
        let is_same = |names: &Vec<String>| {
            names.len() == tags.len() && tags.iter().all(|tag| names.contains(tag))
        };
        Ok((title, description, names.filter(|names| !is_same(names))))
    }
}

impl Library {
    /// Changes what is said of an image.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`], [`Error::Parameter`] named as the field, [`Error::Overtaken`] when a
    /// text that was read has been changed since by somebody else, too; nothing is changed then.
    pub fn change(&self, caller: &Caller<'_>, id: i64, changes: &Changes) -> Result<ImageRow> {
        self.image(caller, id, Level::Edit)?;
        changes.check()?;
        self.db.transaction(|sql| {
            let Some(image) = images::held(sql, id)? else {
                return Ok(Err(Error::NotFound(format!("image {id}"))));
            };
            let old_tags = tags::of_image(sql, id)?;
            let (title, description, names) = match changes.over(&image, &old_tags) {
                Ok(settled) => settled,
                Err(error) => return Ok(Err(error)),
            };
            let edited = [
                (title != image.title, "title"),
                (description != image.description, "description"),
                (names.is_some(), "tags"),
            ];
            let edited: Vec<&str> =
                edited.iter().filter(|(is_new, _)| *is_new).map(|(_, field)| *field).collect();
            let image = ImageRow { title, description, ..image };
            if edited.is_empty() {
                return Ok(Ok(image));
            }
            say(sql, caller, &image, names.as_deref(), &edited)?;
            Ok(Ok(image))
        })?
    }

    /// Changes a part of what is said of an image. What others change at the same time stays.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`], [`Error::Parameter`] named as the field.
    pub fn amend(&self, caller: &Caller<'_>, id: i64, part: &Amendment) -> Result<()> {
        self.image(caller, id, Level::Edit)?;
        let title = field("title", Some(&part.title), "", MAX_TITLE_CHARS)?;
        let description = field("description", Some(&part.description), "", MAX_DESCRIPTION_CHARS)?;
        let (add, remove) =
            (clean_tags(&part.add, MAX_TAGS)?, clean_tags(&part.remove, usize::MAX)?);
        let fits = self.db.transaction(|sql| {
            let Some(image) = images::held(sql, id)? else { return Ok(true) };
            let had = tags::of_image(sql, id)?;
            let key = |name: &String| name_key(name);
            let gone: HashSet<String> = remove.iter().map(key).collect();
            let mut names: Vec<String> =
                had.iter().filter(|name| !gone.contains(&key(name))).cloned().collect();
            let mut known: HashSet<String> = names.iter().map(key).collect();
            names.extend(add.iter().filter(|name| known.insert(key(name))).cloned());
            if names.len() > MAX_TAGS {
                return Ok(false);
            }
            let or = |new: &str, old: &str| if new.is_empty() { old } else { new }.to_owned();
            let new = ImageRow {
                title: or(&title, &image.title),
                description: or(&description, &image.description),
                ..image.clone()
            };
            let edited: Vec<&str> = [
                ("title", new.title != image.title),
                ("description", new.description != image.description),
                ("tags", names != had),
            ]
            .into_iter()
            .filter_map(|(name, is_new)| is_new.then_some(name))
            .collect();
            if edited.is_empty() {
                return Ok(true);
            }
            say(sql, caller, &new, Some(&names), &edited)?;
            Ok(true)
        })?;
        fits.then_some(()).ok_or_else(|| too_many_tags(MAX_TAGS))
    }

    /// Says which point of an image matters most, or that none does. Pictures that follow it are made
    /// anew by themselves, since it is a part of their keys.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`].
    pub fn focus(&self, caller: &Caller<'_>, id: i64, point: Option<FocalPoint>) -> Result<()> {
        let image = self.image(caller, id, Level::Edit)?;
        self.db.transaction(|sql| {
            images::set_focal_point(sql, id, point)?;
            let detail = if point.is_some() { "focal point set" } else { "focal point removed" };
            image_history::add(sql, id, caller.user_id(), Action::Edited, detail)
        })?;
        self.changed(&super::images::path_of(&image.path)?);
        Ok(())
    }

    /// What an image's file says; none while it has not been read.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`].
    pub fn metadata_of(&self, caller: &Caller<'_>, id: i64) -> Result<Option<ImageMetadata>> {
        let image = self.image(caller, id, Level::View)?;
        Ok(image_metadata::get(&self.db, image.id)?)
    }

    /// An image's tags.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`].
    pub fn tags_of(&self, caller: &Caller<'_>, id: i64) -> Result<Vec<String>> {
        let image = self.image(caller, id, Level::View)?;
        Ok(tags::of_image(&self.db, image.id)?)
    }
}

pub(super) fn field(
    name: &'static str,
    given: Option<&str>,
    old: &str,
    max_chars: usize,
) -> Result<String> {
    let Some(text) = given else { return Ok(old.to_owned()) };
    if text.contains('\0') {
        return Err(Error::parameter(name, "it holds a control character"));
    }
    if text.chars().count() > max_chars {
        return Err(Error::parameter(name, format!("it is longer than {max_chars} characters")));
    }
    Ok(text.to_owned())
}

/// Writes what is said of an image, its tags where they are given, with a record of what was edited.
fn say(
    sql: &dyn Sql,
    caller: &Caller<'_>,
    image: &ImageRow,
    tags: Option<&[String]>,
    edited: &[&str],
) -> db::Result<()> {
    images::set_texts(sql, image.id, &image.title, &image.description)?;
    if let Some(names) = tags {
        tags::set_of_image(sql, image.id, names)?;
    }
    let detail = format!("{} changed", edited.join(", "));
    image_history::add(sql, image.id, caller.user_id(), Action::Edited, &detail)?;
    read::index(sql, image)
}

/// A text after a change; none when it was changed both here and by somebody else. Browsers change line ends.
fn settled(given: Option<&str>, was: Option<&str>, now: &str) -> Option<String> {
    let same = |one: &str, other: &str| {
        one.trim().replace("\r\n", "\n") == other.trim().replace("\r\n", "\n")
    };
    match (given, was) {
        (None, _) => Some(now.to_owned()),
        (Some(given), None) => Some(given.to_owned()),
        (Some(given), Some(was)) if same(given, was) => Some(now.to_owned()),
        (Some(given), Some(was)) if same(now, was) || same(now, given) => Some(given.to_owned()),
        _ => None,
    }
}

/// Tags with what was added and without what was taken off, whatever else has changed.
fn merged(names: &[String], was: &[String], now: &[String]) -> Vec<String> {
    let key = |name: &String| name.trim().to_lowercase();
    let has = |names: &[String], name: &String| names.iter().any(|one| key(one) == key(name));
    let kept = now.iter().filter(|name| has(names, name) || !has(was, name));
    let new = names.iter().filter(|name| !has(was, name) && !has(now, name));
    kept.chain(new).cloned().collect()
}

fn too_many_tags(most: usize) -> Error {
    Error::parameter("tags", format!("there are more than {most}"))
}

/// Names of tags without blanks around them, blank ones left out; at most so many.
pub(super) fn clean_tags(names: &[String], most: usize) -> Result<Vec<String>> {
    if names.len() > most {
        return Err(too_many_tags(most));
    }
    let mut tags = Vec::new();
    for name in names {
        let name = name.trim();
        if name.chars().any(char::is_control) || name.chars().count() > MAX_TAG_CHARS {
            return Err(Error::parameter(
                "tags",
                format!("a tag is a line of at most {MAX_TAG_CHARS} characters"),
            ));
        }
        if !name.is_empty() {
            tags.push(name.to_owned());
        }
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_changed_where_they_differ_from_what_was_read() {
        let now = |given, was, now| settled(given, was, now);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(now(None, Some("a"), "b"), text("b"));
        assert_eq!(now(Some("c"), None, "b"), text("c"));
        assert_eq!(now(Some("a"), Some("a"), "b"), text("b"));
        assert_eq!(now(Some("a\r\nb"), Some("a\nb"), "c"), text("c"));
        assert_eq!(now(Some("c"), Some("a"), "a"), text("c"));
        assert_eq!(now(Some(""), Some("a"), "a"), text(""));
        assert_eq!(now(Some("c"), Some("a"), "c"), text("c"));
        assert_eq!(now(Some("c"), Some("a"), "b"), None);
        assert_eq!(now(Some("c"), Some("a"), ""), None);
    }

    #[test]
    fn tags_of_two_are_put_together() {
        let names = |text: &str| -> Vec<String> {
            text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        for (given, was, now, then) in [
            ("a b", "a", "a", "a b"),
            ("", "a b", "a b c", "c"),
            ("a b", "a", "a c", "a c b"),
            ("A", "a", "a", "a"),
            ("b", "", "B", "B"),
            ("a", "a b", "c", "c"),
        ] {
            assert_eq!(merged(&names(given), &names(was), &names(now)), names(then), "{given}");
        }
    }
}
