//! Which part of a list is asked for.

use contracts::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::{FieldError, Problem};

/// How much of a list is asked for, and from where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Slice {
    /// At most so many: 1 to 100, 20 unless told otherwise.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl Slice {
    /// How many are asked for.
    ///
    /// # Errors
    /// 400 for none and for more than 100.
    pub fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(20) {
            limit @ 1..=100 => Ok(limit),
            _ => Err(malformed("limit", "a whole number from 1 to 100")),
        }
    }

    /// The key after which the slice begins, as `parse` reads it from what [`page`] made of it.
    ///
    /// # Errors
    /// 400 for a cursor that was never given out.
    pub fn after<K>(&self, parse: impl FnOnce(&str) -> Option<K>) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        parse(cursor).map(Some).ok_or_else(|| malformed("cursor", "the `next` of a page, as it was"))
    }
}

/// The first `limit` of the items, of which there is one more if another page follows.
#[must_use]
pub fn page<T>(mut items: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Page<T> {
    let limit = limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items, next }
}

fn malformed(field: &str, expected: &str) -> Problem {
    let error = FieldError { field: field.to_owned(), message: format!("must be {expected}") };
    Problem::malformed(format!("`{field}` must be {expected}.")).with_errors(vec![error])
}
