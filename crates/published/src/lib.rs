#![doc = include_str!("../README.md")]

mod customers;
mod invoices;
mod orders;
mod products;
pub mod reports;
mod shipments;
mod upcast;

pub use customers::customers;
pub use invoices::invoices;
pub use orders::orders;
pub use products::products;
pub use shipments::shipments;

/// The categories of streams, which are the names of their aggregates.
pub mod category {
    /// Of customers.
    pub const CUSTOMER: &str = "customer";
    /// Of orders.
    pub const ORDER: &str = "order";
    /// Of products.
    pub const PRODUCT: &str = "product";
    /// Of shipments.
    pub const SHIPMENT: &str = "shipment";
    /// Of invoices.
    pub const INVOICE: &str = "invoice";
}
