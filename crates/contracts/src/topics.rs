//! The names of the channels that messages travel by.

/// Commands to the customers service.
pub const CUSTOMERS_COMMANDS: &str = "customers.commands";
/// Commands to the warehouse service.
pub const WAREHOUSE_COMMANDS: &str = "warehouse.commands";
/// Commands to the shipping service.
pub const SHIPPING_COMMANDS: &str = "shipping.commands";
/// Commands to the billing service.
pub const BILLING_COMMANDS: &str = "billing.commands";
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
