//! The styles: how ordering reaches the other services and how they answer. Nothing else differs between them, and
//! nothing here is a rule of the domain.

pub mod call;
pub mod quotes;
pub mod replies;

pub mod messaging;
pub mod rest;

/// Who sends and calls.
const SOURCE: &str = "ordering";
