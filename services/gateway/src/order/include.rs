//! `include`: which parts of an order are asked for.

use chassis::problem::{FieldError, Problem};
use serde::Deserialize;

use super::part::Part;

/// What is asked about an order.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    include: Vec<String>,
    version: Option<String>,
    as_of: Option<String>,
    known_at: Option<String>,
}

impl Asked {
    /// The parts: both, unless told; nothing is none, and an order as it was once has none.
    ///
    /// # Errors
    /// 400 for a part that no order has.
    pub(super) fn parts(&self) -> Result<Vec<Part>, Problem> {
        if self.version.is_some() || self.as_of.is_some() || self.known_at.is_some() {
            return Ok(Vec::new()); // parts are of today
        }
        if self.include.is_empty() {
            return Ok(Part::ALL.to_vec());
        }
        let named = self.include.iter().flat_map(|list| list.split(','));
        let named = named.map(str::trim).filter(|name| !name.is_empty());
        let mut parts = named.map(parse).collect::<Result<Vec<_>, _>>()?;
        parts.sort_unstable();
        parts.dedup();
        Ok(parts)
    }
}

fn parse(name: &str) -> Result<Part, Problem> {
    Part::ALL.into_iter().find(|part| part.name() == name).ok_or_else(|| {
        let message = "must be `shipment`, `invoice`, both with a comma between, or nothing";
        let error = FieldError { field: "include".to_owned(), message: message.to_owned() };
        Problem::malformed(format!("`include` {message}.")).with_errors(vec![error])
    })
}
