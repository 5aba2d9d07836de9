//! What crosses a process boundary: values, commands, replies, events and HTTP bodies.
//!
//! A service depends on this crate and on no other service. Nothing here decides anything: a value knows how to be
//! parsed and printed, a message knows its fields, and the rules that use them live in each service's `domain`.

pub mod values;

pub mod customers;
pub mod ordering;
pub mod warehouse;

pub mod billing;
pub mod shipping;

pub mod happenings;

pub mod outside;

pub mod memory;
pub mod page;
pub mod problem;
pub mod raw;
pub mod republish;
pub mod route;
pub mod style;
pub mod timeline;
pub mod topics;
pub mod views;

pub use route::Route;
pub use style::Style;
pub use values::{
    Address, Contact, Count, CountryCode, Currency, CustomerId, Email, Line, Money, Name, OrderId, Quantity,
    Reference, Sku, Timestamp,
};
