//! What an order is made of.

use std::ops::Deref;

use contracts::{
    Money, Name, Quantity, Sku,
    ordering::{Event, Item},
    values::MoneyError,
};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// The lines of an order, in the order in which their products were first added: at most [`Lines::MAX`], one per
/// product, all in one currency, with a total that is an amount of money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines(Vec<Item>);

impl Lines {
    /// How many lines an order may have.
    pub const MAX: usize = 100;

    /// The line of this product.
    #[must_use]
    pub fn find(&self, sku: &Sku) -> Option<&Item> {
        self.0.iter().find(|line| line.sku == *sku)
    }

    /// What they cost together; `None` if there are none.
    ///
    /// # Errors
    /// [`MoneyError`] if they are not in one currency or cost more than [`Money::MAX`]. No lines that passed the rules
    /// here are.
    pub fn total(&self) -> Result<Option<Money>, MoneyError> {
        let mut costs = self.0.iter().map(|line| line.unit_price.times(line.quantity.get()));
        let Some(first) = costs.next() else { return Ok(None) };
        costs.try_fold(first?, |total, cost| total.plus(cost?)).map(Some)
    }

    pub(super) fn add(
        &self,
        sku: &Sku,
        name: &Name,
        unit_price: Money,
        quantity: Quantity,
    ) -> Result<Vec<Event>, Refusal> {
        match self.find(sku) {
            Some(line) => {
                let quantity = line.quantity.plus(quantity).ok_or(Refusal::QuantityTooLarge)?;
                self.if_it_adds_up(Event::LineChanged { sku: sku.clone(), quantity })
            }
            None if self.len() >= Self::MAX => Err(Refusal::TooManyLines),
            None => self.if_it_adds_up(Event::LineAdded {
                sku: sku.clone(),
                name: name.clone(),
                unit_price,
                quantity,
            }),
        }
    }

    pub(super) fn change(&self, sku: &Sku, quantity: Quantity) -> Result<Vec<Event>, Refusal> {
        match self.find(sku) {
            None => Err(Refusal::UnknownLine),
            Some(line) if line.quantity == quantity => Ok(vec![]),
            Some(_) => self.if_it_adds_up(Event::LineChanged { sku: sku.clone(), quantity }),
        }
    }

    pub(super) fn remove(&self, sku: &Sku) -> Vec<Event> {
        // A line that is not there was removed already, as far as anybody can tell.
        self.find(sku).map(|line| Event::LineRemoved { sku: line.sku.clone() }).into_iter().collect()
    }

    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::LineAdded { sku, name, unit_price, quantity } => self.0.push(Item {
                sku: sku.clone(),
                name: name.clone(),
                quantity: *quantity,
                unit_price: *unit_price,
            }),
            Event::LineChanged { sku, quantity } => {
                for line in self.0.iter_mut().filter(|line| line.sku == *sku) {
                    line.quantity = *quantity;
                }
            }
            Event::LineRemoved { sku } => self.0.retain(|line| line.sku != *sku),
            _ => {}
        }
    }

    /// The change, if the lines have a total after it.
    fn if_it_adds_up(&self, change: Event) -> Result<Vec<Event>, Refusal> {
        let mut after = self.clone();
        after.evolve(&change);
        after.total()?;
        Ok(vec![change])
    }
}

impl Deref for Lines {
    type Target = [Item];

    fn deref(&self) -> &[Item] {
        &self.0
    }
}

/// For a store that puts an order together again.
impl FromIterator<Item> for Lines {
    fn from_iter<I: IntoIterator<Item = Item>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}
