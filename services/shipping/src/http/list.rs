//! Which part of a list is wanted.

use chassis::problem::Problem;
use contracts::{OrderId, page::Page, problem::FieldError};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// Things in a page, unless told otherwise.
const DEFAULT: u32 = 20;
/// Things in a page at most.
const MOST: u32 = 100;

/// The query of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Only what belongs to this order.
    #[param(value_type = Option<String>)]
    pub(super) order_id: Option<OrderId>,
    /// How many at most: 1 to 100, 20 unless told otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl Query {
    /// How many are wanted.
    ///
    /// # Errors
    /// 400 for none or too many.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(DEFAULT) {
            limit @ 1..=MOST => Ok(limit),
            _ => Err(malformed("limit", "a page has 1 to 100 things")),
        }
    }

    /// The last order of the page before.
    ///
    /// # Errors
    /// 400 for a cursor that no page had.
    pub(super) fn before(&self) -> Result<Option<OrderId>, Problem> {
        let cursor = self.cursor.as_deref().map(Uuid::try_parse).transpose();
        let cursor = cursor.map_err(|_| malformed("cursor", "a cursor is the `next` of a page"))?;
        Ok(cursor.map(OrderId::new))
    }
}

/// The page of a list that was asked for one thing more than fits, in order to know whether another page follows.
pub(super) fn page<T>(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> OrderId) -> Page<T> {
    let limit = limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| id(last).uuid().simple().to_string());
    Page { items, next }
}

fn malformed(field: &str, message: &str) -> Problem {
    let error = FieldError { field: field.to_owned(), message: message.to_owned() };
    Problem::malformed(format!("The query is malformed: {message}.")).with_errors(vec![error])
}
