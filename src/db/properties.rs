//! Single values that belong to the installation, by name.

use super::error::Result;
use super::sql::Sql;
use super::value::values;

/// Random, made once: keeps cache keys of different installations apart.
pub const INSTALLATION_ID: &str = "installation_id";
/// Raised by every change of users, groups and permissions.
pub const RIGHTS_VERSION: &str = "rights_version";
/// Raised by every change of templates and of the default template.
pub const TEMPLATES_VERSION: &str = "templates_version";
/// Raised whenever a web session is ended before its time.
pub const SESSIONS_VERSION: &str = "sessions_version";
/// Raised whenever made pictures are to be made anew.
pub const PURGES: &str = "purges";
/// Name of the template that holds when none is named.
pub const DEFAULT_TEMPLATE: &str = "default_template";
/// When the first accounts and templates were made.
pub const FIRST_START_MS: &str = "first_start_ms";
/// The newest migration that a program must know to work with the schema.
pub const SCHEMA_COMPATIBLE_FROM: &str = "schema_compatible_from";

/// The value of a property.
///
/// # Errors
/// See [`super::Error`].
pub fn get(sql: &dyn Sql, key: &str) -> Result<Option<String>> {
    let row = sql.query_opt("SELECT value FROM properties WHERE key = $1", values![key])?;
    row.map(|row| row.text(0)).transpose()
}

/// Sets a property.
///
/// # Errors
/// See [`super::Error`].
pub fn set(sql: &dyn Sql, key: &str, value: &str) -> Result<()> {
    sql.execute(
        "INSERT INTO properties (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = $2",
        values![key, value],
    )?;
    Ok(())
}

/// Sets a property that has no value yet; tells whether it was this call that did. Of several
/// transactions that try, the others wait for the first one's end.
///
/// # Errors
/// See [`super::Error`].
pub fn set_once(sql: &dyn Sql, key: &str, value: &str) -> Result<bool> {
    let inserted = sql.execute(
        "INSERT INTO properties (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
        values![key, value],
    )?;
    Ok(inserted == 1)
}

/// Raises a counter by one, from 0 when it is new, and gives back its value.
///
/// # Errors
/// See [`super::Error`].
pub fn bump(sql: &dyn Sql, key: &str) -> Result<i64> {
    let row = sql.query_one(
        "INSERT INTO properties (key, value) VALUES ($1, '1') ON CONFLICT (key) DO UPDATE \
         SET value = CAST(CAST(properties.value AS BIGINT) + 1 AS TEXT) \
         RETURNING CAST(value AS BIGINT)",
        values![key],
    )?;
    row.int(0)
}

/// Raises a number to `value`; tells whether it was lower before. Of several that try to raise it to
/// the same value, one is told so.
///
/// # Errors
/// See [`super::Error`].
pub fn advance(sql: &dyn Sql, key: &str, value: i64) -> Result<bool> {
    let changed = sql.execute(
        "INSERT INTO properties (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE \
         SET value = $2 WHERE CAST(properties.value AS BIGINT) < $3",
        values![key, value.to_string(), value],
    )?;
    Ok(changed == 1)
}

/// The counters that tell of changes; 0 where there was none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Versions {
    /// Of users, groups, permissions and keys.
    pub rights: i64,
    /// Of templates.
    pub templates: i64,
    /// Of the sessions that were ended.
    pub sessions: i64,
    /// Of the purges of made pictures.
    pub purges: i64,
}

/// The counters that tell of changes, as one state.
///
/// # Errors
/// See [`super::Error`].
pub fn versions(sql: &dyn Sql) -> Result<Versions> {
    let rows = sql.query(
        "SELECT key, CAST(value AS BIGINT) FROM properties WHERE key IN ($1, $2, $3, $4)",
        values![RIGHTS_VERSION, TEMPLATES_VERSION, SESSIONS_VERSION, PURGES],
    )?;
    let mut versions = Versions::default();
    for row in rows {
        match row.text(0)?.as_str() {
            RIGHTS_VERSION => versions.rights = row.int(1)?,
            TEMPLATES_VERSION => versions.templates = row.int(1)?,
            SESSIONS_VERSION => versions.sessions = row.int(1)?,
            _ => versions.purges = row.int(1)?,
        }
    }
    Ok(versions)
}

/// The installation's id, made at the first call ever: 32 hexadecimal digits.
///
/// # Errors
/// See [`super::Error`].
pub fn installation_id(sql: &dyn Sql) -> Result<String> {
    if let Some(id) = get(sql, INSTALLATION_ID)? {
        return Ok(id);
    }
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random)
        .map_err(|error| super::Error::Statement(format!("no random numbers: {error}")))?;
    let id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    set_once(sql, INSTALLATION_ID, &id)?;
    let row =
        sql.query_one("SELECT value FROM properties WHERE key = $1", values![INSTALLATION_ID])?;
    row.text(0)
}
