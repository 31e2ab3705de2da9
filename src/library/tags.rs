//! Tags and the lists of them that administrators of files keep.
//!
//! Images are found by the names of their tags, so that a tag that changes makes work at each image
//! that has it: a task does it.

use super::details::{MAX_TAG_CHARS, clean_tags, field};
use super::{Caller, Error, Library, Result, read};
use crate::auth::Level;
use crate::db::tags::{self, Tag, TagList};
use crate::db::{self, images};

/// The most tags of a list.
const MAX_OF_LIST: usize = 10_000;

/// Images that are made findable anew in one transaction.
const IMAGES: usize = 200;

impl Library {
    /// Every tag there is, with its list.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn tags(&self) -> Result<Vec<Tag>> {
        Ok(tags::all(&self.db)?)
    }

    /// A part of the tags whose names begin so, each with how many images have it that the caller may
    /// view; and how many there are in all. Tags that the caller sees at no image are told of only
    /// when they are of lists, and to users.
    ///
    /// # Errors
    /// [`Error::Database`]; [`Error::Rights`].
    pub fn counted_tags(
        &self,
        caller: &Caller<'_>,
        beginning: &str,
        part: (i64, i64),
    ) -> Result<(Vec<(Tag, i64)>, i64)> {
        let scope = caller.scope(Level::View)?;
        let is_user = matches!(caller, Caller::System) || caller.user_id().is_some();
        Ok(tags::counted(&self.db, beginning, &scope, is_user, part)?)
    }

    /// The names of the first tags by name that begin like this, of those that the caller is told of, at most so
    /// many.
    ///
    /// # Errors
    /// [`Error::Database`]; [`Error::Rights`].
    pub fn offered_tags(
        &self,
        caller: &Caller<'_>,
        beginning: &str,
        most: i64,
    ) -> Result<Vec<String>> {
        let scope = caller.scope(Level::View)?;
        let is_user = matches!(caller, Caller::System) || caller.user_id().is_some();
        Ok(tags::offered(&self.db, beginning, &scope, is_user, most)?)
    }

    /// Every list, by name.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn tag_lists(&self) -> Result<Vec<TagList>> {
        Ok(tags::lists(&self.db)?)
    }

    /// Makes a list of these tags; those that there are not yet are made. Gives back its id.
    ///
    /// # Errors
    /// [`Error::NotAdministrator`]; [`Error::Parameter`]; [`Error::Exists`].
    pub fn make_tag_list(&self, caller: &Caller<'_>, name: &str, names: &[String]) -> Result<i64> {
        caller.require_administrator()?;
        let (name, names) = (clean_name(name)?, clean_tags(names, MAX_OF_LIST)?);
        let made = self.db.transaction(|sql| {
            let id = tags::add_list(sql, &name)?;
            tags::fill_list(sql, id, &names)?;
            Ok(id)
        });
        made.map_err(|error| taken(&name, error))
    }

    /// Renames a list, and sets its tags if they are given. Those that leave it become free ones.
    ///
    /// # Errors
    /// As [`make_tag_list`](Self::make_tag_list); [`Error::NotFound`].
    pub fn change_tag_list(
        &self,
        caller: &Caller<'_>,
        id: i64,
        name: &str,
        names: Option<&[String]>,
    ) -> Result<()> {
        caller.require_administrator()?;
        let name = clean_name(name)?;
        let names = names.map(|names| clean_tags(names, MAX_OF_LIST)).transpose()?;
        let found = self.db.transaction(|sql| {
            let found = tags::rename_list(sql, id, &name)?;
            if let Some(names) = names.as_deref().filter(|_| found) {
                tags::fill_list(sql, id, names)?;
            }
            Ok(found)
        });
        match found {
            Ok(true) => Ok(()),
            Ok(false) => Err(missing_list(id)),
            Err(error) => Err(taken(&name, error)),
        }
    }

    /// Takes a list of tags away; its tags stay, as free ones.
    ///
    /// # Errors
    /// [`Error::NotAdministrator`]; [`Error::NotFound`].
    pub fn remove_tag_list(&self, caller: &Caller<'_>, id: i64) -> Result<()> {
        caller.require_administrator()?;
        if tags::remove_list(&self.db, id)? { Ok(()) } else { Err(missing_list(id)) }
    }

    /// Passes when the caller may give a tag this name, or with none take it away; gives back the name
    /// as it will be kept.
    ///
    /// # Errors
    /// As [`change_tag`](Self::change_tag).
    pub(super) fn may_change_tag(
        &self,
        caller: &Caller<'_>,
        id: i64,
        name: Option<&str>,
    ) -> Result<(Tag, Option<String>)> {
        caller.require_administrator()?;
        let missing = || Error::NotFound(format!("the tag {id}"));
        let tag = tags::by_id(&self.db, id)?.ok_or_else(missing)?;
        let name = name.map(clean_name).transpose()?;
        if let Some(name) = &name
            && tags::is_taken(&self.db, name, id)?
        {
            return Err(Error::Exists(format!("the tag {name}")));
        }
        Ok((tag, name))
    }

    /// Renames a tag, or with no name takes it away, at every image that has it. Gives back how many
    /// those are.
    ///
    /// # Errors
    /// [`Error::NotAdministrator`]; [`Error::NotFound`]; [`Error::Exists`]; [`Error::Parameter`];
    /// [`Error::Stopped`].
    pub fn change_tag(
        &self,
        caller: &Caller<'_>,
        id: i64,
        name: Option<&str>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<usize> {
        let (_, name) = self.may_change_tag(caller, id, name)?;
        let with = tags::images_with(&self.db, id)?;
        if let Some(name) = &name {
            let renamed = tags::rename(&self.db, id, name);
            renamed.map_err(|error| taken(name, error))?;
        }
        for ids in with.chunks(IMAGES) {
            if !go_on() {
                return Err(Error::Stopped);
            }
            self.db.transaction(|sql| {
                for image in images::by_ids(sql, ids)? {
                    if name.is_none() {
                        tags::take_off(sql, id, image.id)?;
                    }
                    read::index(sql, &image)?;
                }
                Ok(())
            })?;
        }
        // Last, so that an attempt after this one finds what is left to do.
        if name.is_none() {
            tags::remove(&self.db, id)?;
        }
        Ok(with.len())
    }
}

fn clean_name(name: &str) -> Result<String> {
    let name = field("name", Some(name.trim()), "", MAX_TAG_CHARS)?;
    if name.is_empty() {
        return Err(Error::parameter("name", "it must have one"));
    }
    Ok(name)
}

fn missing_list(id: i64) -> Error {
    Error::NotFound(format!("the list {id}"))
}

fn taken(name: &str, error: db::Error) -> Error {
    if error.is_duplicate() { Error::Exists(name.to_owned()) } else { error.into() }
}
