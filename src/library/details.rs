//! What people say of images: titles, descriptions, which tags they have; and what their files say.

use std::collections::HashSet;

use super::{Caller, Error, Library, Result, read};
use crate::auth::Level;
use crate::db::image_history::{self, Action};
use crate::db::image_metadata::{self, ImageMetadata};
use crate::db::images::{self, FocalPoint, ImageRow};
use crate::db::tags;
use crate::db::users::name_key;

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
}

impl Library {
    /// Changes what is said of an image.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`], [`Error::Parameter`] named as the field.
    pub fn change(&self, caller: &Caller<'_>, id: i64, changes: &Changes) -> Result<ImageRow> {
        let image = self.image(caller, id, Level::Edit)?;
        let title = field("title", changes.title.as_deref(), &image.title, MAX_TITLE_CHARS)?;
        let description = field(
            "description",
            changes.description.as_deref(),
            &image.description,
            MAX_DESCRIPTION_CHARS,
        )?;
        let tags = changes.tags.as_deref().map(|names| clean_tags(names, MAX_TAGS)).transpose()?;
        let mut edited = Vec::new();
        if title != image.title {
            edited.push("title");
        }
        if description != image.description {
            edited.push("description");
        }
        if tags.is_some() {
            edited.push("tags");
        }
        let image = ImageRow { title, description, ..image };
        if edited.is_empty() {
            return Ok(image);
        }
        self.db.transaction(|sql| {
            images::set_texts(sql, id, &image.title, &image.description)?;
            if let Some(names) = &tags {
                tags::set_of_image(sql, id, names)?;
            }
            let detail = format!("{} changed", edited.join(", "));
            image_history::add(sql, id, caller.user_id(), Action::Edited, &detail)?;
            read::index(sql, &image)
        })?;
        Ok(image)
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
            images::hold(sql, id)?;
            let Some(image) = images::by_id(sql, id)? else { return Ok(true) };
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
            images::set_texts(sql, id, &new.title, &new.description)?;
            tags::set_of_image(sql, id, &names)?;
            let detail = format!("{} changed", edited.join(", "));
            image_history::add(sql, id, caller.user_id(), Action::Edited, &detail)?;
            read::index(sql, &new)?;
            Ok(true)
        })?;
        let too_many = || Error::parameter("tags", format!("there are more than {MAX_TAGS}"));
        fits.then_some(()).ok_or_else(too_many)
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

/// Names of tags without blanks around them, blank ones left out; at most so many.
pub(super) fn clean_tags(names: &[String], most: usize) -> Result<Vec<String>> {
    if names.len() > most {
        return Err(Error::parameter("tags", format!("there are more than {most}")));
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
