//! What a table would change, line by line, and why of some lines nothing comes.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use sha2::{Digest as _, Sha256};

use super::lines::{self, Row};
use crate::auth::{Identity, Level};
use crate::db::image_views::{self, ImageView};
use crate::db::{STATUS_ACTIVE, tags};
use crate::library::{Changes, Was};
use crate::source::SourcePath;
use crate::web::api::current;
use crate::web::{App, Error};

/// The most characters of a description.
const MAX_DESCRIPTION_CHARS: usize = 5_000;

/// A line of a table.
pub struct Line {
    /// Its number in the table, from 1.
    pub number: u64,
    /// The image's path, as it stands there.
    pub src: String,
    /// The image, when it can be changed.
    pub image_id: Option<i64>,
    /// What is different from what is said now.
    pub changes: Vec<Change>,
    /// The same, as the library takes it.
    pub wanted: Changes,
    /// Why nothing comes of it; blank when something does.
    pub error: String,
}

/// A change of one text.
pub struct Change {
    /// `title`, `description` or `tags`.
    pub field: &'static str,
    /// What is said now.
    pub from: String,
    /// What is to be said.
    pub to: String,
}

impl Change {
    /// The tags in one of its texts.
    pub fn tags(&self, text: &str) -> Vec<String> {
        lines::taken_apart(text)
    }
}

/// Reads a table and compares it with what is said now. Nothing is changed.
///
/// # Errors
/// 400 for a table that cannot be read at all; faults of lines stand in them.
pub fn plan(app: &App, identity: &Identity, table: &str) -> Result<Vec<Line>, Error> {
    let rows = lines::read(table)?;
    let paths: Vec<String> = rows.iter().map(|row| row.src.clone()).collect();
    let views = image_views::by_paths(&app.db, &paths)?;
    let ids: Vec<i64> = views.iter().map(|view| view.id).collect();
    let now = Now {
        app,
        identity,
        views: views.into_iter().map(|view| (view.path.clone(), view)).collect(),
        tags: tags::of_images(&app.db, &ids)?,
    };
    let mut seen = HashSet::new();
    rows.into_iter().map(|row| now.compare(row, &mut seen)).collect()
}

/// A text that stands for what lines change and which cannot be used, and for nothing else.
pub fn digest(lines: &[Line]) -> String {
    let mut sum = Sha256::new();
    // Each text is told with its length, so that no two plans are told alike.
    let mut add = |text: &str| {
        sum.update((text.len() as u64).to_be_bytes());
        sum.update(text);
    };
    for line in lines.iter().filter(|line| !line.changes.is_empty() || !line.error.is_empty()) {
        add(&line.number.to_string());
        add(&line.src);
        add(&line.error);
        add(&line.changes.len().to_string());
        for change in &line.changes {
            [change.field, &change.from, &change.to].into_iter().for_each(&mut add);
        }
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is said now.
struct Now<'a> {
    app: &'a App,
    identity: &'a Identity,
    views: HashMap<String, ImageView>,
    tags: HashMap<i64, Vec<String>>,
}

impl Now<'_> {
    fn compare(&self, row: Row, seen: &mut HashSet<i64>) -> Result<Line, Error> {
        let mut line = Line {
            number: row.number,
            src: row.src.clone(),
            image_id: None,
            changes: Vec::new(),
            wanted: Changes::default(),
            error: String::new(),
        };
        match self.image(&row).and_then(|view| self.differences(&row, &view, seen, &mut line)) {
            Ok(()) => {}
            Err(error) if error.status().is_client_error() => {
                error.message().clone_into(&mut line.error);
            }
            Err(error) => return Err(error),
        }
        Ok(line)
    }

    /// The image of a line. Rights come before existence.
    fn image(&self, row: &Row) -> Result<ImageView, Error> {
        let path = SourcePath::parse(&row.src).map_err(|error| Error::parameter("src", error))?;
        if self.app.store.rights()?.level(self.identity, path.folder()) < Level::Edit {
            return Err(Error::refused("You may not edit pictures in this folder."));
        }
        match self.views.get(path.as_str()).filter(|view| view.status == STATUS_ACTIVE) {
            Some(view) => Ok(view.clone()),
            None => current(self.app, &path).map_err(|error| match error.status() {
                StatusCode::NOT_FOUND => Error::missing("picture at", &path),
                _ => error,
            }),
        }
    }

    fn differences(
        &self,
        row: &Row,
        view: &ImageView,
        seen: &mut HashSet<i64>,
        line: &mut Line,
    ) -> Result<(), Error> {
        if !seen.insert(view.id) {
            return Err(Error::parameter("src", "an earlier line is about this picture already"));
        }
        let wanted = Changes {
            title: row.title.clone().filter(|title| *title != view.title),
            description: row
                .description
                .clone()
                .filter(|text| *text != view.description.replace("\r\n", "\n")),
            ..Changes::default()
        };
        let none = Vec::new();
        let tags = self.tags.get(&view.id).unwrap_or(&none);
        let tags_wanted = row.tags.clone().filter(|wanted| keys(wanted) != keys(tags));
        check(&wanted)?;
        let wanted = Changes { tags: tags_wanted, ..wanted };
        wanted.check()?;
        let mut changes = Vec::new();
        let mut add = |field: &'static str, from: &str, to: Option<String>| {
            changes.extend(to.map(|to| Change { field, from: from.to_owned(), to }));
        };
        add("title", &view.title, wanted.title.clone());
        add("description", &view.description, wanted.description.clone());
        add("tags", &lines::joined(tags), wanted.tags.as_deref().map(lines::joined));
        line.image_id = Some(view.id);
        let was = Was {
            title: read(&view.title, wanted.title.as_deref()),
            description: read(&view.description, wanted.description.as_deref()),
            tags: wanted.tags.is_some().then(|| tags.clone()),
        };
        (line.changes, line.wanted) = (changes, Changes { was, ..wanted });
        Ok(())
    }
}

/// What a text is compared with when it is written; nothing where the change is one of blanks around it, which count
/// as none then.
fn read(from: &str, to: Option<&str>) -> Option<String> {
    let is_new = to.is_some_and(|to| to.trim() != from.replace("\r\n", "\n").trim());
    is_new.then(|| from.to_owned())
}

/// Tags without regard to their order and their case.
fn keys(tags: &[String]) -> Vec<String> {
    let mut keys: Vec<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
    keys.sort();
    keys
}

/// What a call for one image would be refused for.
fn check(wanted: &Changes) -> Result<(), Error> {
    if wanted.title.as_ref().is_some_and(|title| title.contains(char::is_control)) {
        return Err(Error::parameter("title", "must be one line without control characters"));
    }
    let text = wanted.description.as_deref().unwrap_or_default();
    if text.chars().count() > MAX_DESCRIPTION_CHARS {
        let reason = format!("must have at most {MAX_DESCRIPTION_CHARS} characters");
        return Err(Error::parameter("description", reason));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        let reason = "must not contain control characters but tabs and line ends";
        return Err(Error::parameter("description", reason));
    }
    Ok(())
}
