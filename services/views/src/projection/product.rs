//! A product's document.

use contracts::{
    Count, Sku,
    warehouse::{Event, Product},
};

use super::{Document, Kind};

impl Document for Product {
    type Id = Sku;
    type Event = Event;
    const KIND: Kind = Kind::Product;

    fn id(&self) -> Sku {
        self.sku.clone()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn begun(sku: &Sku, event: &Event) -> Option<Self> {
        let Event::Added { name, unit_price, on_hand } = event else { return None };
        Some(Self {
            sku: sku.clone(),
            name: name.clone(),
            unit_price: *unit_price,
            received: *on_hand,
            on_hand: *on_hand,
            reserved: Count::default(),
            available: *on_hand,
            version: 1,
        })
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Renamed { name } => self.name.clone_from(name),
            Event::Repriced { unit_price } | Event::PriceCorrected { unit_price, in_force: true, .. } => {
                self.unit_price = *unit_price;
            }
            Event::Restocked { quantity } => {
                self.received = self.received.plus(*quantity).unwrap_or(self.received);
                self.on_hand = self.on_hand.plus(*quantity).unwrap_or(self.on_hand);
            }
            Event::StockReserved { quantity, .. } => {
                self.reserved = self.reserved.plus(*quantity).unwrap_or(self.reserved);
            }
            Event::StockReleased { quantity, .. } => {
                self.reserved = self.reserved.minus(*quantity).unwrap_or(self.reserved);
            }
            Event::StockTakenOut { quantity, .. } => {
                self.reserved = self.reserved.minus(*quantity).unwrap_or(self.reserved);
                self.on_hand = self.on_hand.minus(*quantity).unwrap_or(self.on_hand);
            }
            Event::Added { .. }
            | Event::PriceCorrected { .. }
            | Event::StockRefused { .. }
            | Event::StockBarred { .. } => {}
        }
        self.available = Count::new(self.on_hand.get() - self.reserved.get()).unwrap_or_default();
    }

    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}
