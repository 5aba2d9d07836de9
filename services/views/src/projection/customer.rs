//! A customer's document.

use contracts::{
    CustomerId, Money,
    customers::{Customer, Event},
};

use super::{Document, Kind};

impl Document for Customer {
    type Id = CustomerId;
    type Event = Event;
    const KIND: Kind = Kind::Customer;

    fn id(&self) -> CustomerId {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn begun(id: &CustomerId, event: &Event) -> Option<Self> {
        let Event::Registered { name, email, address, credit_limit, at } = event else { return None };
        Some(Self {
            id: *id,
            name: name.clone(),
            email: email.clone(),
            address: address.clone(),
            credit_limit: *credit_limit,
            credit_reserved: Money::zero(credit_limit.currency()),
            credit_available: *credit_limit,
            created_at: *at,
            version: 1,
        })
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::CreditLimitChanged { credit_limit } => {
                self.credit_limit = *credit_limit;
                if self.credit_reserved.currency() != credit_limit.currency() {
                    // It only changes while nothing is reserved.
                    self.credit_reserved = Money::zero(credit_limit.currency());
                }
            }
            Event::CreditReserved { amount, .. } => {
                self.credit_reserved = self.credit_reserved.plus(*amount).unwrap_or(self.credit_reserved);
            }
            Event::CreditReleased { amount, .. } | Event::CreditSettled { amount, .. } => {
                self.credit_reserved = self.credit_reserved.minus(*amount).unwrap_or(self.credit_reserved);
            }
            Event::Registered { .. } | Event::CreditRefused { .. } | Event::CreditBarred { .. } => {}
        }
        let nothing = Money::zero(self.credit_limit.currency());
        self.credit_available = self.credit_limit.minus(self.credit_reserved).unwrap_or(nothing);
    }

    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}
