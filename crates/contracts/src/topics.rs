//! The names of the channels that messages travel by.
//!
//! What happened to aggregates travels by the topics `….events`: each message is a change of one aggregate, of the type
//! `customer.changed`, `order.changed`, `product.changed`, `shipment.changed` or `invoice.changed`. Its data is the list of
//! the events that the change is made of, each an `Event` of the service's module, and its version is that of the last.

/// Commands to the customers service.
pub const CUSTOMERS_COMMANDS: &str = "customers.commands";
/// Commands to the warehouse service.
pub const WAREHOUSE_COMMANDS: &str = "warehouse.commands";
/// Commands to the shipping service.
pub const SHIPPING_COMMANDS: &str = "shipping.commands";
/// Commands to the billing service.
pub const BILLING_COMMANDS: &str = "billing.commands";
/// Requests to the warehouse service for what a product costs; answered at once, or not at all.
pub const WAREHOUSE_QUOTES: &str = "warehouse.quotes";
/// Requests to the customers service to tell again what there is, page by page; answered at once, or not at all.
pub const CUSTOMERS_REPUBLISH: &str = "customers.republish";
/// The same, to the ordering service.
pub const ORDERING_REPUBLISH: &str = "ordering.republish";
/// The same, to the warehouse service.
pub const WAREHOUSE_REPUBLISH: &str = "warehouse.republish";
/// Replies to the ordering service, from all its participants.
pub const ORDERING_REPLIES: &str = "ordering.replies";

/// What happened to customers, for later readers.
pub const CUSTOMERS_EVENTS: &str = "customers.events";
/// What happened to orders, for later readers.
pub const ORDERING_EVENTS: &str = "ordering.events";
/// What happened to products, for later readers.
pub const WAREHOUSE_EVENTS: &str = "warehouse.events";
/// What happened to shipments, for later readers.
pub const SHIPPING_EVENTS: &str = "shipping.events";
/// What happened to invoices, for later readers.
pub const BILLING_EVENTS: &str = "billing.events";

/// What the customers service reports about its part in each order, in styles where nobody is in charge.
pub const CUSTOMERS_REPORTS: &str = "customers.reports";

/// What the warehouse service reports about its part in each order.
pub const WAREHOUSE_REPORTS: &str = "warehouse.reports";

/// What the shipping service reports about its part in each order.
pub const SHIPPING_REPORTS: &str = "shipping.reports";

/// What the billing service reports about its part in each order.
pub const BILLING_REPORTS: &str = "billing.reports";

/// The types that commands, requests and replies have, in their envelopes. The data is the `Command` or the `Reply` of the
/// service's module, and the subject is the order that it is about.
pub mod kinds {
    /// A command to the customers service.
    pub const CUSTOMERS_COMMAND: &str = "customers.command";
    /// A command to the warehouse service.
    pub const WAREHOUSE_COMMAND: &str = "warehouse.command";
    /// A command to the shipping service.
    pub const SHIPPING_COMMAND: &str = "shipping.command";
    /// A command to the billing service.
    pub const BILLING_COMMAND: &str = "billing.command";
    /// A request for what a product costs: a `QuoteRequest`.
    pub const WAREHOUSE_QUOTE_REQUEST: &str = "warehouse.quote_request";
    /// What a product costs: a `Quote`, or null if there is no such product.
    pub const WAREHOUSE_QUOTE: &str = "warehouse.quote";
    /// A request to tell again what there is: a `republish::Page`.
    pub const REPUBLISH_REQUEST: &str = "republish.request";
    /// What was told again: a `republish::Republished`.
    pub const REPUBLISHED: &str = "republish.done";
    /// A reply of the customers service.
    pub const CUSTOMERS_REPLY: &str = "customers.reply";
    /// A reply of the warehouse service.
    pub const WAREHOUSE_REPLY: &str = "warehouse.reply";
    /// A reply of the shipping service.
    pub const SHIPPING_REPLY: &str = "shipping.reply";
    /// A reply of the billing service.
    pub const BILLING_REPLY: &str = "billing.reply";
}
