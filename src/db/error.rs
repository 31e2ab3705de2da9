//! What can go wrong with the database, sorted by what the caller can do about it.

use postgres::error::SqlState;
use rusqlite::ErrorCode;

/// The result of a database call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a database call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, went away, or did not answer in time. Trying later may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The data contradicts a rule of the schema.
    #[error("the database refused the data ({0:?})")]
    Constraint(Constraint),
    /// Two transactions got into each other's way; the same transaction may succeed when repeated.
    #[error("the transaction met another one")]
    Conflict,
    /// The schema is not one that this program knows.
    #[error(
        "the database has schema version {found}, this program works with {oldest} to {newest}: {advice}"
    )]
    Schema {
        /// The version found; 0 for an empty database.
        found: u32,
        /// The oldest version this program works with.
        oldest: u32,
        /// The newest version this program works with.
        newest: u32,
        /// What to do about it.
        advice: &'static str,
    },
    /// A migration failed; the schema is as it was before that migration.
    #[error("the schema could not be migrated: {0}")]
    Migration(String),
    /// The address of the database cannot be used.
    #[error("the database address is not valid: {0}")]
    Address(String),
    /// The statement or its values are wrong: a fault of the program or of what it was given.
    #[error("the database statement failed: {0}")]
    Statement(String),
}

/// Which rule of the schema the data contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// A value that must be unique exists already.
    Unique,
    /// A row that is referred to does not exist, or is still referred to.
    Reference,
    /// A value is missing.
    NotNull,
    /// A value is outside its range.
    Check,
}

impl Error {
    /// Whether trying later may help.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether a value that must be unique exists already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Constraint(Constraint::Unique))
    }
}

/// A value that does not fit the type of its column. Tells faults of the program from lost
/// connections among the driver's errors.
#[derive(Debug, thiserror::Error)]
#[error("a value does not fit its column of type {0}")]
pub(super) struct Misfit(pub(super) String);

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        if let Some(reported) = error.as_db_error() {
            return from_sqlstate(reported.code(), reported.message());
        }
        if error.is_closed() {
            return Self::Unavailable("the connection is closed".into());
        }
        match std::error::Error::source(&error) {
            Some(source) if !source.is::<Misfit>() => Self::Unavailable(source.to_string()),
            Some(source) => Self::Statement(source.to_string()),
            None => Self::Statement(error.to_string()),
        }
    }
}

fn from_sqlstate(code: &SqlState, message: &str) -> Error {
    match code.code() {
        "23505" => Error::Constraint(Constraint::Unique),
        "23503" => Error::Constraint(Constraint::Reference),
        "23502" => Error::Constraint(Constraint::NotNull),
        "23514" => Error::Constraint(Constraint::Check),
        "40001" | "40P01" => Error::Conflict,
        // A standby after a fail-over, and a lock that was not granted in time.
        "25006" | "55P03" => Error::Unavailable(message.to_owned()),
        // Connections, resources, operator intervention (shutdown, statement timeout), system.
        code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            Error::Unavailable(message.to_owned())
        }
        _ => Error::Statement(message.to_owned()),
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return Self::Statement(error.to_string());
        };
        match failure.code {
            ErrorCode::ConstraintViolation => match failure.extended_code {
                rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
                    Self::Constraint(Constraint::Reference)
                }
                rusqlite::ffi::SQLITE_CONSTRAINT_NOTNULL => Self::Constraint(Constraint::NotNull),
                rusqlite::ffi::SQLITE_CONSTRAINT_CHECK => Self::Constraint(Constraint::Check),
                _ => Self::Constraint(Constraint::Unique),
            },
            // Without SQLite's own message, which may name the file.
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::FileLockingProtocolFailed => {
                Self::Unavailable(rusqlite::ffi::code_to_str(failure.extended_code).to_owned())
            }
            _ => Self::Statement(message.clone().unwrap_or_else(|| failure.to_string())),
        }
    }
}
