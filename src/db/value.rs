//! Values that go into statements, and rows that come out, alike for both databases.

use bytes::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::error::{Error, Misfit, Result};

/// A value of a parameter or of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// An integer of any width.
    Int(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// A truth value; SQLite gives it back as an integer.
    Bool(bool),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The values of a statement's parameters: `values![id, "name", None::<i64>]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Value::from($value)),*] };
}
pub(crate) use values;

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let misfit = || Misfit(ty.name().to_owned());
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => match *ty {
                Type::INT8 => value.to_sql(ty, out),
                Type::INT4 => i32::try_from(*value).map_err(|_| misfit())?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*value).map_err(|_| misfit())?.to_sql(ty, out),
                _ => Err(misfit().into()),
            },
            Self::Real(value) if *ty == Type::FLOAT8 => value.to_sql(ty, out),
            Self::Bool(value) if *ty == Type::BOOL => value.to_sql(ty, out),
            Self::Text(value) if <&str as ToSql>::accepts(ty) => value.to_sql(ty, out),
            _ => Err(misfit().into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Bool(value) => ValueRef::Integer((*value).into()),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
        }))
    }
}

/// A row of a result. Columns are read by their place, from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    pub(super) fn from_postgres(row: &postgres::Row) -> Result<Self> {
        let read = |at: usize, ty: &Type| -> Result<Value> {
            Ok(match *ty {
                Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
                Type::INT4 => row.try_get::<_, Option<i32>>(at)?.map(i64::from).into(),
                Type::INT2 => row.try_get::<_, Option<i16>>(at)?.map(i64::from).into(),
                Type::FLOAT8 => row.try_get::<_, Option<f64>>(at)?.into(),
                Type::BOOL => row.try_get::<_, Option<bool>>(at)?.into(),
                Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => {
                    row.try_get::<_, Option<String>>(at)?.into()
                }
                _ => return Err(Error::Statement(format!("a column has type {}", ty.name()))),
            })
        };
        let columns = row.columns().iter().enumerate();
        Ok(Self { values: columns.map(|(at, c)| read(at, c.type_())).collect::<Result<_>>()? })
    }

    pub(super) fn from_sqlite(row: &rusqlite::Row<'_>, columns: usize) -> Result<Self> {
        let read = |at: usize| -> Result<Value> {
            Ok(match row.get_ref(at)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(value) => Value::Int(value),
                ValueRef::Real(value) => Value::Real(value),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(_) => return Err(Error::Statement("a column has type blob".into())),
            })
        };
        Ok(Self { values: (0..columns).map(read).collect::<Result<_>>()? })
    }

    /// Every column.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    fn value(&self, column: usize) -> &Value {
        self.values.get(column).unwrap_or(&Value::Null)
    }

    fn wrong<T>(column: usize, wanted: &str) -> Result<T> {
        Err(Error::Statement(format!("column {column} of the result is not {wanted}")))
    }

    /// An integer.
    ///
    /// # Errors
    /// [`Error::Statement`] when the column holds something else.
    pub fn int(&self, column: usize) -> Result<i64> {
        self.opt_int(column)?.map_or_else(|| Self::wrong(column, "an integer"), Ok)
    }

    /// An integer or NULL.
    ///
    /// # Errors
    /// [`Error::Statement`] when the column holds something else.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self.value(column) {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(*value)),
            _ => Self::wrong(column, "an integer"),
        }
    }

    /// A floating-point number or NULL.
    ///
    /// # Errors
    /// [`Error::Statement`] when the column holds something else.
    pub fn opt_real(&self, column: usize) -> Result<Option<f64>> {
        match self.value(column) {
            Value::Null => Ok(None),
            Value::Real(value) => Ok(Some(*value)),
            _ => Self::wrong(column, "a number"),
        }
    }

    /// A truth value.
    ///
    /// # Errors
    /// [`Error::Statement`] when the column holds something else.
    pub fn bool(&self, column: usize) -> Result<bool> {
        match self.value(column) {
            Value::Bool(value) => Ok(*value),
            Value::Int(value) => Ok(*value != 0),
            _ => Self::wrong(column, "a truth value"),
        }
    }

    /// Text.
    ///
    /// # Errors
    /// [`Error::Statement`] when the column holds something else.
    pub fn text(&self, column: usize) -> Result<String> {
        self.opt_text(column)?.map_or_else(|| Self::wrong(column, "text"), Ok)
    }

    /// Text or NULL.
    ///
    /// # Errors
    /// [`Error::Statement`] when the column holds something else.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>> {
        match self.value(column) {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value.clone())),
            _ => Self::wrong(column, "text"),
        }
    }
}
