//! Workload files: what to do to a system, and what should come of it, one JSON object a line.
//!
//! ```text
//! {"customer": {"key": "c1", "credit_limit": {"amount": 100000, "currency": "EUR"}}}
//! {"product": {"sku": "tea", "unit_price": {"amount": 1299, "currency": "EUR"}, "on_hand": 10}}
//! {"order": {"key": "o1", "customer": "c1", "items": [{"sku": "tea", "quantity": 2}], "expect": {"status": "COMPLETED"}}}
//! ```
//!
//! Keys and skus are names inside the file: a [`Run`] prefixes them, so that a file can be run again on the same system.
//! A file is read and checked as a whole ([`read`]) before anything of it is done.

mod check;
mod expect;
mod line;
mod run;

#[cfg(test)]
mod tests;

pub use check::{BadLine, BadWorkload, Line, Workload, read};
pub(crate) use expect::word;
pub use expect::{Expect, Outcome};
pub use line::{
    CarrierScript, Change, Key, Limit, Moment, NewCustomer, NewOrder, NewProduct, PaymentScript, Price,
    Restock, Step, Wanted,
};
pub use run::Run;
