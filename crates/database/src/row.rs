//! One row of a result.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::ValueRef;
use serde::de::DeserializeOwned;

use crate::{Error, FromColumn, Statement, Value};

/// One row of a result, valid while it is being read.
pub struct Row<'a> {
    backend: Backend<'a>,
    statement: &'a Statement,
}

enum Backend<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
}

impl<'a> Row<'a> {
    pub(crate) fn sqlite(row: &'a rusqlite::Row<'a>, statement: &'a Statement) -> Self {
        Self { backend: Backend::Sqlite(row), statement }
    }

    /// The value of the column at `index`, counted from 0.
    ///
    /// # Errors
    ///
    /// [`Error::Column`] if there is no such column or if it holds something else.
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T, Error> {
        let found = match self.value(index) {
            Ok(value) => match T::from_column(value) {
                Some(value) => return Ok(value),
                None => value.kind(),
            },
            Err(found) => found,
        };
        Err(Error::Column {
            statement: self.statement.name(),
            column: self.column(index),
            expected: T::EXPECTED,
            found,
        })
    }

    /// The value whose text form the column at `index` holds.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and if the text is not the form of a `T`.
    pub fn parse<T: FromStr>(&self, index: usize) -> Result<T, Error> {
        let text = self.get::<String>(index)?;
        text.parse().map_err(|_| self.other_form(index))
    }

    /// As [`parse`](Self::parse), of a column that may be null.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_opt<T: FromStr>(&self, index: usize) -> Result<Option<T>, Error> {
        let text = self.get::<Option<String>>(index)?;
        text.map(|text| text.parse().map_err(|_| self.other_form(index))).transpose()
    }

    /// The value that the column at `index` holds as JSON; null is JSON's null.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and if the text is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self, index: usize) -> Result<T, Error> {
        let text = self.get::<Option<String>>(index)?;
        serde_json::from_str(text.as_deref().unwrap_or("null")).map_err(|_| self.other_form(index))
    }

    fn other_form(&self, index: usize) -> Error {
        Error::Column {
            statement: self.statement.name(),
            column: self.column(index),
            expected: "the text of a value that the program knows",
            found: "another text",
        }
    }

    /// The value itself, or a word for what cannot be read.
    fn value(&self, index: usize) -> Result<Value<'_>, &'static str> {
        let Backend::Sqlite(row) = self.backend;
        match row.get_ref(index) {
            Ok(ValueRef::Null) => Ok(Value::Null),
            Ok(ValueRef::Integer(integer)) => Ok(Value::Integer(integer)),
            Ok(ValueRef::Text(text)) => {
                str::from_utf8(text).map(Value::Text).map_err(|_| "text that is not UTF-8")
            }
            Ok(ValueRef::Blob(bytes)) => Ok(Value::Bytes(bytes)),
            Ok(ValueRef::Real(_)) => Err("a floating-point number"),
            Err(_) => Err("nothing, for there is no such column"),
        }
    }

    fn column(&self, index: usize) -> String {
        let Backend::Sqlite(row) = self.backend;
        row.as_ref().column_name(index).map_or_else(|_| index.to_string(), str::to_owned)
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("statement", &self.statement.name()).finish_non_exhaustive()
    }
}
