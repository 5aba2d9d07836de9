//! Facts that are folded from what others publish in the ledger: projections of streams that are not the service's own.

use std::convert::Infallible;

use aggregate::{Aggregate, Repository as _};
use contracts::{
    CustomerId, Money, Name, OrderId, Sku,
    customers::{self, Customer},
    ordering::{self, Item, Order, OrderStatus},
    warehouse,
};
use database::Transaction;
use event_store::{EventSourced, EventTypes, Grid, StreamName};
use messaging::HandlerError;
use published::category::{CUSTOMER, ORDER, PRODUCT};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::facts::{Facts, Needs};

/// What an order asks for, once it is placed; nothing of what becomes of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Placed(Option<Order>);

/// Who a customer is to those who ship and bill; nothing of what they owe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact(Option<Customer>);

/// What is offered to those who order; nothing of how much of it there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Offered(pub Option<(Name, Money)>);

/// What a service knows of orders and customers.
#[derive(Clone, Debug)]
pub struct Projections {
    /// Orders.
    pub orders: Grid<Placed>,
    /// Their customers.
    pub customers: Grid<Contact>,
}

impl Projections {
    /// What is to be known for a reaction, as the transaction sees it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(super) async fn facts(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        needs: Needs,
        report: &str,
    ) -> Result<Facts, HandlerError> {
        let mut facts = Facts::default();
        match needs {
            Needs::Nothing => {}
            Needs::Report => facts.report = Some(report.to_owned()),
            Needs::Order => facts.order = self.order(tx, id).await?,
            Needs::OrderAndCustomer => {
                facts.order = self.order(tx, id).await?;
                if let Some(order) = &facts.order {
                    facts.customer = self.customer(tx, order.customer_id).await?;
                }
            }
        }
        Ok(facts)
    }

    async fn order(&self, tx: &mut Transaction, id: OrderId) -> Result<Option<Order>, HandlerError> {
        let found = self.orders.load(tx, &[id], &()).await?.pop().unwrap_or_default();
        Ok(found.state.0.map(|order| Order { id, version: found.version, ..order }))
    }

    async fn customer(&self, tx: &mut Transaction, id: CustomerId) -> Result<Option<Customer>, HandlerError> {
        let found = self.customers.load(tx, &[id], &()).await?.pop().unwrap_or_default();
        Ok(found.state.0.map(|customer| Customer { id, version: found.version, ..customer }))
    }
}

impl Aggregate for Placed {
    const NAME: &'static str = ORDER;
    type Id = OrderId;
    type Scope = ();
    /// It is another's: nothing can be asked of it.
    type Command = Infallible;
    type Event = ordering::Event;
    type Refusal = Infallible;

    fn decide(&self, never: &Infallible) -> Result<Vec<ordering::Event>, Infallible> {
        match *never {}
    }

    fn evolve(&mut self, event: &ordering::Event) {
        use ordering::Event;
        if let Event::Created { customer_id, reference, at } = event {
            self.0 = Some(Order {
                id: Uuid::nil().into(), // which it is says its stream
                customer_id: *customer_id,
                reference: reference.clone(),
                status: OrderStatus::Open,
                reason: None,
                waiting_for: None,
                cancel: None,
                items: Vec::new(),
                total: None,
                ship_to: None,
                shipment: None,
                invoice: None,
                warnings: Vec::new(),
                created_at: *at,
                placed_at: None,
                finished_at: None,
                version: 0,
            });
        }
        let Some(order) = &mut self.0 else { return };
        match event {
            Event::LineAdded { sku, name, unit_price, quantity } => order.items.push(Item {
                sku: sku.clone(),
                name: name.clone(),
                quantity: *quantity,
                unit_price: *unit_price,
            }),
            Event::LineChanged { sku, quantity } => {
                for item in order.items.iter_mut().filter(|item| item.sku == *sku) {
                    item.quantity = *quantity;
                }
            }
            Event::LineRemoved { sku } => order.items.retain(|item| item.sku != *sku),
            Event::Placed { total, at } => {
                order.status = OrderStatus::Pending;
                order.total = Some(*total);
                order.placed_at = Some(*at);
            }
            _ => {}
        }
    }
}

impl EventSourced for Placed {
    const STATE_SCHEMA: &'static str = "placed/1";

    fn event_types() -> EventTypes<ordering::Event> {
        published::orders()
    }

    fn stream_id(id: &OrderId) -> String {
        id.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<OrderId> {
        stream.id().parse().ok()
    }
}

impl Aggregate for Contact {
    const NAME: &'static str = CUSTOMER;
    type Id = CustomerId;
    type Scope = ();
    /// It is another's: nothing can be asked of it.
    type Command = Infallible;
    type Event = customers::Event;
    type Refusal = Infallible;

    fn decide(&self, never: &Infallible) -> Result<Vec<customers::Event>, Infallible> {
        match *never {}
    }

    fn evolve(&mut self, event: &customers::Event) {
        if let customers::Event::Registered { name, email, address, credit_limit, at } = event {
            self.0 = Some(Customer {
                id: CustomerId::new(Uuid::nil()), // who it is says the stream
                name: name.clone(),
                email: email.clone(),
                address: address.clone(),
                credit_limit: *credit_limit,
                credit_reserved: contracts::Money::zero(credit_limit.currency()),
                credit_available: *credit_limit,
                created_at: *at,
                version: 0,
            });
        }
    }
}

impl EventSourced for Contact {
    const STATE_SCHEMA: &'static str = "contact/1";

    fn event_types() -> EventTypes<customers::Event> {
        published::customers()
    }

    fn stream_id(id: &CustomerId) -> String {
        id.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<CustomerId> {
        stream.id().parse().ok()
    }
}

impl Aggregate for Offered {
    const NAME: &'static str = PRODUCT;
    type Id = Sku;
    type Scope = ();
    /// It is another's: nothing can be asked of it.
    type Command = Infallible;
    type Event = warehouse::Event;
    type Refusal = Infallible;

    fn decide(&self, never: &Infallible) -> Result<Vec<warehouse::Event>, Infallible> {
        match *never {}
    }

    fn evolve(&mut self, event: &warehouse::Event) {
        use warehouse::Event;
        match (event, &mut self.0) {
            (Event::Added { name, unit_price, .. }, offer) => *offer = Some((name.clone(), *unit_price)),
            (Event::Renamed { name }, Some(offer)) => offer.0.clone_from(name),
            (Event::Repriced { unit_price }, Some(offer)) => offer.1 = *unit_price,
            (Event::PriceCorrected { unit_price, in_force: true, .. }, Some(offer)) => offer.1 = *unit_price,
            _ => {}
        }
    }
}

impl EventSourced for Offered {
    const STATE_SCHEMA: &'static str = "offered/1";

    fn event_types() -> EventTypes<warehouse::Event> {
        published::products()
    }

    fn stream_id(sku: &Sku) -> String {
        sku.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<Sku> {
        stream.id().parse().ok()
    }
}
