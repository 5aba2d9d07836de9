//! What can be asked of whom.

use contracts::{CustomerId, OrderId, Sku};

/// A question to the owner of something. Its address is the one under which the owner shows it to everybody, or to other
/// services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What is this order?
    Order(OrderId),
    /// Who is this customer?
    Customer(CustomerId),
    /// What is this product?
    Product(Sku),
    /// What has this service reported about an order?
    Reports(&'static str, OrderId),
}

impl Ask {
    /// The service that knows.
    #[must_use]
    pub const fn owner(&self) -> &'static str {
        match self {
            Self::Order(_) => "ordering",
            Self::Customer(_) => "customers",
            Self::Product(_) => "warehouse",
            Self::Reports(service, _) => service,
        }
    }

    /// Method and template of the path.
    #[must_use]
    pub const fn route(&self) -> &'static str {
        match self {
            Self::Order(_) => "GET /v1/orders/{id}",
            Self::Customer(_) => "GET /v1/customers/{id}",
            Self::Product(_) => "GET /v1/products/{sku}",
            Self::Reports(..) => "GET /internal/reports/{order_id}",
        }
    }

    /// The path; no two questions have the same, but for those to different services.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Order(id) => format!("/v1/orders/{id}"),
            Self::Customer(id) => format!("/v1/customers/{id}"),
            Self::Product(sku) => format!("/v1/products/{sku}"),
            Self::Reports(_, order) => format!("/internal/reports/{order}"),
        }
    }

    /// What an answer is known by.
    pub(super) fn key(&self) -> String {
        format!("{}{}", self.owner(), self.path())
    }
}
