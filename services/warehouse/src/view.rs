//! A product as others see it.

use aggregate::Versioned;
use contracts::{Sku, warehouse};

use crate::domain::Product;

/// The product as clients see it; `None` if there is no such product.
#[must_use]
pub fn of(sku: Sku, product: &Versioned<Product>) -> Option<warehouse::Product> {
    let Product { offer, stock, .. } = &product.state;
    let offer = offer.as_ref()?;
    Some(warehouse::Product {
        sku,
        name: offer.name.clone(),
        unit_price: offer.unit_price,
        received: stock.received,
        on_hand: stock.on_hand,
        reserved: stock.reserved,
        available: stock.available(),
        version: product.version,
    })
}
