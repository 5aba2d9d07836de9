//! The styles: how ordering reaches the other services, how they answer, and where orders are kept. Nothing else
//! differs between them, and nothing here is a rule of the domain.

pub mod call;
pub mod replies;

pub mod messaging;
pub mod rest;
