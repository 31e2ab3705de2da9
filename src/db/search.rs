//! Finding images by words and by what is known of them.
//!
//! Words come ready made, small letters and digits only, so that both databases find the same:
//! neither of them takes texts apart by rules of its own.

use std::fmt::Write as _;

use super::dialect::Dialect;
use super::error::Result;
use super::sql::Sql;
use super::users::name_key;
use super::value::Value;
use super::walk::range_below;
use super::{STATUS_ACTIVE, folders};

/// The most words of one weight that are kept of an image.
const MAX_WORDS: usize = 4000;

/// Images whose words one statement sets.
const PUT_AT_ONCE: usize = 100;

/// The words of one image, those that weigh most first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Of the file's name.
    pub name: Vec<String>,
    /// Of the title.
    pub title: Vec<String>,
    /// Of tags and keywords.
    pub tags: Vec<String>,
    /// Of everything else.
    pub text: Vec<String>,
}

/// Sets the words of an image.
///
/// # Errors
/// See [`super::Error`].
pub fn put(sql: &dyn Sql, image_id: i64, words: &Words) -> Result<()> {
    let parts = [&words.name, &words.title, &words.tags, &words.text];
    let mut given: Vec<Value> = vec![image_id.into()];
    match sql.dialect() {
        Dialect::Postgres => given.push(vector(&parts).into()),
        Dialect::Sqlite => {
            given.extend(parts.iter().map(|part| {
                let kept: Vec<&str> = part.iter().take(MAX_WORDS).map(String::as_str).collect();
                Value::from(kept.join(" "))
            }));
        }
    }
    sql.execute("{search_put}", &given)?;
    Ok(())
}

/// Sets the words of many images: where each statement is a way to a server and back, in few of them.
/// An image must not stand there twice.
///
/// # Errors
/// See [`super::Error`].
pub fn put_all(sql: &dyn Sql, words: &[(i64, Words)]) -> Result<()> {
    if sql.dialect() == Dialect::Sqlite {
        return words.iter().try_for_each(|(id, words)| put(sql, *id, words));
    }
    for some in words.chunks(PUT_AT_ONCE) {
        let mut given: Vec<Value> = Vec::with_capacity(2 * some.len());
        let mut rows = Vec::with_capacity(some.len());
        for (number, (id, words)) in some.iter().enumerate() {
            let parts = [&words.name, &words.title, &words.tags, &words.text];
            given.extend([(*id).into(), vector(&parts).into()]);
            let (id, text) = (2 * number + 1, 2 * number + 2);
            rows.push(format!("(${id}, CAST(CAST(${text} AS TEXT) AS tsvector))"));
        }
        let statement = format!(
            "INSERT INTO image_search (image_id, words) VALUES {} \
             ON CONFLICT (image_id) DO UPDATE SET words = excluded.words",
            rows.join(", ")
        );
        sql.execute(&statement, &given)?;
    }
    Ok(())
}

/// The words as PostgreSQL writes a document: each with its places and weights. Places are counted
/// through, up to the highest that there may be.
fn vector(parts: &[&Vec<String>; 4]) -> String {
    let mut text = String::new();
    let mut place = 0;
    for (part, weight) in parts.iter().zip(['A', 'B', 'C', 'D']) {
        for word in part.iter().take(MAX_WORDS) {
            place = (place + 1).min(16_383);
            let _ = write!(text, "'{word}':{place}{weight} ");
        }
    }
    text
}

/// The most folders of a scope that each image is compared with.
const MOST_COMPARED: usize = 30;

/// In which folders images may be found: the first entry that a folder lies in (or is) decides, and
/// `elsewhere` where none does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Folder paths, those further down before those above them, and whether what lies there may be
    /// found.
    pub folders: Vec<(String, bool)>,
    /// Whether everything else may be found.
    pub elsewhere: bool,
}

/// The order of what is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The best first; without words the newest rows first.
    #[default]
    Best,
    /// The oldest rows first.
    First,
    /// By path.
    Path,
    /// The latest taken first, those of unknown time last.
    Taken,
}

/// What is looked for. Empty and missing fields ask for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Beginnings of words, all of which are there.
    pub words: Vec<String>,
    /// A folder in which, or below which, it lies.
    pub folder: Option<String>,
    /// Names of tags, all of which it has.
    pub tags: Vec<String>,
    /// Names of formats, one of which it has.
    pub formats: Vec<String>,
    /// A part of the camera's name.
    pub camera: Option<String>,
    /// Taken at this moment or later.
    pub taken_from_ms: Option<i64>,
    /// Taken before this moment.
    pub taken_before_ms: Option<i64>,
    /// At least this wide.
    pub min_width: Option<u32>,
    /// At least this high.
    pub min_height: Option<u32>,
    /// Taken within south, west, north, east, in degrees. West may be greater than east.
    pub within: Option<[f64; 4]>,
    /// How it is ordered.
    pub order: Order,
    /// How many to leave out.
    pub start: u32,
    /// How many to give at most.
    pub limit: u32,
}

/// The ids of the images found, and how many there are in all.
///
/// # Errors
/// See [`super::Error`].
pub fn find(sql: &dyn Sql, query: &Query, scope: &Scope) -> Result<(Vec<i64>, i64)> {
    let mut statement = Statement::default();
    let mut tables = String::from(
        "images i JOIN folders f ON f.id = i.folder_id \
         LEFT JOIN image_metadata m ON m.image_id = i.id",
    );
    if !query.words.is_empty() {
        // The dialect's texts know it as $1.
        statement.given.push(wanted_words(sql.dialect(), &query.words).into());
        tables.push_str(" JOIN image_search s ON {search_id} = i.id");
        statement.conditions.push("{search_matches}".into());
    }
    statement.filter(query);
    statement.limit_to(scope);
    let from = format!("FROM {tables} WHERE {}", statement.conditions.join(" AND "));
    let total = sql.query_one(&format!("SELECT COUNT(*) {from}"), &statement.given)?.int(0)?;
    let order = match query.order {
        Order::Best if query.words.is_empty() => "i.id DESC",
        Order::Best => "{search_rank} DESC, i.id DESC",
        Order::First => "i.id",
        Order::Path => "i.path",
        Order::Taken => {
            "CASE WHEN m.taken_ms IS NULL THEN 1 ELSE 0 END, m.taken_ms DESC, i.id DESC"
        }
    };
    let (limit, start) = (statement.value(query.limit), statement.value(query.start));
    let rows = sql.query(
        &format!("SELECT i.id {from} ORDER BY {order} LIMIT {limit} OFFSET {start}"),
        &statement.given,
    )?;
    let ids = rows.iter().map(|row| row.int(0)).collect::<Result<_>>()?;
    Ok((ids, total))
}

/// Beginnings of words, as each database asks for them.
fn wanted_words(dialect: Dialect, words: &[String]) -> String {
    let each = |word: &String| match dialect {
        Dialect::Postgres => format!("'{word}':*"),
        Dialect::Sqlite => format!("\"{word}\" *"),
    };
    let join = match dialect {
        Dialect::Postgres => " & ",
        Dialect::Sqlite => " AND ",
    };
    words.iter().map(each).collect::<Vec<_>>().join(join)
}

/// Conditions and the values they speak of.
#[derive(Default)]
pub(super) struct Statement {
    pub(super) conditions: Vec<String>,
    pub(super) given: Vec<Value>,
}

impl Statement {
    /// Adds a value, and gives back its place in the text.
    pub(super) fn value(&mut self, value: impl Into<Value>) -> String {
        self.given.push(value.into());
        format!("${}", self.given.len())
    }

    fn one_of(&mut self, names: &[String]) -> String {
        let places: Vec<String> = names.iter().map(|name| self.value(name.as_str())).collect();
        places.join(", ")
    }

    /// That a folder is another one or lies in it.
    fn in_folder(&mut self, path: &str) -> String {
        let path = folders::normal_path(path);
        let (first, end) = range_below(&path);
        let (path, first, end) = (self.value(path), self.value(first), self.value(end));
        format!("(f.path = {path} OR (f.path >= {first} AND f.path < {end}))")
    }

    fn compare(&mut self, column: &str, sign: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let place = self.value(value);
            self.conditions.push(format!("{column} {sign} {place}"));
        }
    }

    fn filter(&mut self, query: &Query) {
        self.compare("i.status", "=", Some(STATUS_ACTIVE));
        self.compare("m.taken_ms", ">=", query.taken_from_ms);
        self.compare("m.taken_ms", "<", query.taken_before_ms);
        self.compare("i.width", ">=", query.min_width);
        self.compare("i.height", ">=", query.min_height);
        if let Some(folder) = &query.folder {
            let condition = self.in_folder(folder);
            self.conditions.push(condition);
        }
        if !query.formats.is_empty() {
            let places = self.one_of(&query.formats);
            self.conditions.push(format!("m.format IN ({places})"));
        }
        for tag in &query.tags {
            let place = self.value(name_key(tag));
            self.conditions.push(format!(
                "EXISTS (SELECT 1 FROM image_tags x JOIN tags t ON t.id = x.tag_id \
                 WHERE x.image_id = i.id AND t.name_key = {place})"
            ));
        }
        if let Some(camera) = &query.camera {
            let place = self.value(camera.to_lowercase());
            self.conditions.push(format!("{{contains}}(lower(m.camera), {place}) > 0"));
        }
        if let Some([south, west, north, east]) = query.within {
            self.compare("m.latitude", ">=", Some(south));
            self.compare("m.latitude", "<=", Some(north));
            let (from, to) = (self.value(west), self.value(east));
            let join = if west <= east { "AND" } else { "OR" };
            self.conditions.push(format!("(m.longitude >= {from} {join} m.longitude <= {to})"));
        }
    }

    /// That the images of `i` in the folders of `f` are within a scope.
    pub(super) fn limit_to(&mut self, scope: &Scope) {
        if scope.folders.is_empty() {
            if !scope.elsewhere {
                self.conditions.push("1 = 0".into());
            }
            return;
        }
        if scope.folders.len() > MOST_COMPARED {
            return self.limit_to_many(scope);
        }
        let mut text = String::from("CASE");
        for (folder, shown) in &scope.folders {
            let condition = self.in_folder(folder);
            let _ = write!(text, " WHEN {condition} THEN {}", i32::from(*shown));
        }
        let _ = write!(text, " ELSE {} END = 1", i32::from(scope.elsewhere));
        self.conditions.push(text);
    }

    /// The same of a scope of so many folders that to compare each image with each of them would take too long:
    /// from the root downwards every folder has what is said of it, else what holds above it.
    fn limit_to_many(&mut self, scope: &Scope) {
        let said =
            scope.folders.iter().map(|(path, shown)| (path.clone(), i32::from(*shown).into()));
        let said = serde_json::Value::Object(said.collect());
        let said = self.value(said.to_string());
        self.conditions.push(format!(
            "f.id IN (WITH RECURSIVE said (path, is_shown) AS MATERIALIZED \
             (SELECT key, CAST(value AS INTEGER) FROM {{pairs_begin}}{said}{{pairs_end}}), \
             below (id, is_shown) AS (SELECT id, {} FROM folders WHERE parent_id IS NULL \
             UNION ALL SELECT b.id, COALESCE(said.is_shown, below.is_shown) \
             FROM below JOIN folders b ON b.parent_id = below.id \
             LEFT JOIN said ON said.path = b.path) SELECT id FROM below WHERE is_shown = 1)",
            i32::from(scope.elsewhere)
        ));
    }
}

/// Forgets the words of images whose rows are gone. Gives back how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge(sql: &dyn Sql) -> Result<u64> {
    sql.execute(
        "DELETE FROM image_search AS s WHERE NOT EXISTS \
         (SELECT 1 FROM images i WHERE i.id = {search_id})",
        &[],
    )
}
