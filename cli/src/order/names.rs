//! What the names of a file stand for in the system, once it is known.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use contracts::{CustomerId, Sku};
use tokio::sync::watch;

use crate::workload::{Key, Run, Step, Workload};

/// The customers and the products of a file, in one run.
#[derive(Debug)]
pub(crate) struct Names {
    run: Run,
    customers: Slots<Key, CustomerId>,
    products: Slots<Sku, ()>,
}

/// A line that others need did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {kind} `{name}` that it needs could not be made")]
pub(crate) struct Missing {
    kind: &'static str,
    name: String,
}

/// What each name stands for: not known yet, known, or never to be known.
type Slot<T> = watch::Sender<Option<Result<T, ()>>>;
type Slots<N, T> = HashMap<N, Slot<T>>;

impl Names {
    /// Nothing is known yet.
    pub(crate) fn new(run: Run, workload: &Workload) -> Self {
        let mut names = Self { run, customers: Slots::new(), products: Slots::new() };
        for line in &workload.lines {
            match &line.step {
                Step::Customer(customer) => drop(names.customers.insert(customer.key.clone(), unknown())),
                Step::Product(product) => drop(names.products.insert(product.sku.clone(), unknown())),
                _ => {}
            }
        }
        names
    }

    /// The customer of this name, once registered; somebody whom nobody knows if no line registers one.
    ///
    /// # Errors
    /// They could not be registered.
    pub(crate) async fn customer(&self, key: &Key) -> Result<CustomerId, Missing> {
        match self.customers.get(key) {
            None => Ok(self.run.nobody(key)),
            Some(slot) => known(slot).await.ok_or_else(|| missing("customer", key)),
        }
    }

    /// Waits until the product of this name was added.
    ///
    /// # Errors
    /// It could not be.
    pub(crate) async fn product(&self, sku: &Sku) -> Result<(), Missing> {
        match self.products.get(sku) {
            None => Err(missing("product", sku)),
            Some(slot) => known(slot).await.ok_or_else(|| missing("product", sku)),
        }
    }

    /// The customers that are registered by now.
    pub(crate) fn registered_customers(&self) -> BTreeMap<Key, CustomerId> {
        let known = |(key, slot): (&Key, &Slot<CustomerId>)| Some((key.clone(), (*slot.borrow())?.ok()?));
        self.customers.iter().filter_map(known).collect()
    }

    /// What became of registering a customer.
    pub(crate) fn registered(&self, key: &Key, id: Option<CustomerId>) {
        settle(&self.customers, key, id);
    }

    /// What became of adding a product.
    pub(crate) fn added(&self, sku: &Sku, done: Option<()>) {
        settle(&self.products, sku, done);
    }
}

fn missing(kind: &'static str, name: &impl ToString) -> Missing {
    Missing { kind, name: name.to_string() }
}

fn unknown<T>() -> Slot<T> {
    watch::Sender::new(None)
}

async fn known<T: Copy>(slot: &Slot<T>) -> Option<T> {
    // The sender lives as long as the names do, so waiting ends only by an answer.
    let known = slot.subscribe().wait_for(Option::is_some).await.ok().and_then(|known| *known);
    known.and_then(Result::ok)
}

fn settle<N: Eq + Hash, T>(slots: &Slots<N, T>, name: &N, known: Option<T>) {
    if let Some(slot) = slots.get(name) {
        slot.send_replace(Some(known.ok_or(())));
    }
}
