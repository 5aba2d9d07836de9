//! Orders in the ledger, for the style in which that is the only place where they are.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use contracts::{
    OrderId,
    ordering::{self, Event},
};
use database::{Error, Transaction};
use event_store::{EventSourced, EventTypes, Filter as Events, Grid, Recorded, Repository, StreamName, read};
use published::category::ORDER;
use uuid::Uuid;

use crate::{
    domain::Order,
    store::{Entry, Filter, Listed, entries},
    view,
};

/// How many orders are looked at for a page of a list.
const PAGE: u32 = 256;

/// How many events are looked at for what is unpaid at a time.
const SCAN: usize = 1_024;

impl EventSourced for Order {
    const STATE_SCHEMA: &'static str = "e9f5edd90e5cb15d";

    fn event_types() -> EventTypes<Event> {
        published::orders()
    }

    fn stream_id(id: &OrderId) -> String {
        id.to_string()
    }

    fn id_of(stream: &StreamName) -> Option<OrderId> {
        stream.id().parse().ok()
    }
}

/// Orders, for whoever looks at them.
#[derive(Clone, Debug)]
pub struct Orders {
    grid: Grid<Order>,
    unpaid: Arc<Mutex<Unpaid>>,
}

/// Which orders are shipped and not paid for, as far as the ledger was read.
#[derive(Clone, Debug, Default)]
struct Unpaid {
    position: u64,
    orders: BTreeSet<OrderId>,
}

impl Orders {
    /// Those in this grid.
    #[must_use]
    pub fn new(grid: Grid<Order>) -> Self {
        Self { grid, unpaid: Arc::default() }
    }

    /// Where they are.
    #[must_use]
    pub const fn grid(&self) -> &Grid<Order> {
        &self.grid
    }

    pub(crate) async fn find(
        &self,
        tx: &mut Transaction,
        id: OrderId,
    ) -> Result<Option<ordering::Order>, Error> {
        Ok(view::of(id, &self.grid.whole(tx, &id).await?))
    }

    /// Looks at so many of the newest and at no others, however few of them fit: a view has an index, a ledger has none. So
    /// what a page costs is bounded, and the next begins where this one ended.
    pub(crate) async fn list(
        &self,
        tx: &mut Transaction,
        filter: &Filter,
        limit: u32,
    ) -> Result<Listed, Error> {
        let page = self.grid.page_before(tx, filter.before.as_ref(), PAGE, &()).await?;
        let orders = page.iter().filter_map(|(id, order)| view::of(*id, order));
        let orders: Vec<_> = orders.filter(|order| fits(filter, order)).take(limit as usize).collect();
        let goes_on = page.len() == PAGE as usize && orders.len() < limit as usize;
        let looked = page.last().filter(|_| goes_on).map(|(id, _)| *id);
        Ok(Listed { orders, looked })
    }

    pub(crate) async fn statuses_after(
        &self,
        tx: &mut Transaction,
        id: OrderId,
        seq: u64,
    ) -> Result<Vec<Entry>, Error> {
        let stream = Repository::<Order>::stream(&id)?;
        let events = self.grid.repository().tail(tx, &stream, 0).await?;
        let mut entries = entries(id, Order::default(), 0, &events);
        entries.retain(|entry| entry.seq > seq);
        Ok(entries)
    }

    pub(crate) async fn audit(
        &self,
        tx: &mut Transaction,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<ordering::Order>, Error> {
        let page = self.grid.page(tx, Some(&after.into()), limit, &()).await?;
        Ok(page.iter().filter_map(|(id, order)| view::of(*id, order)).collect())
    }

    /// Reads what was appended since it was asked last: the whole ledger, the first time.
    pub(crate) async fn unpaid(&self, tx: &mut Transaction) -> Result<i64, Error> {
        let mut unpaid = self.unpaid.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let end = read::last(tx).await?;
        let kinds = Events::default().kinds(&["invoice_unpaid", "invoice_paid"]);
        while unpaid.position < end {
            let page = read::all(tx, unpaid.position, end, &kinds, SCAN).await?;
            page.events.iter().for_each(|event| unpaid.take(event));
            unpaid.position = page.scanned;
        }
        let count = i64::try_from(unpaid.orders.len()).unwrap_or(i64::MAX);
        *self.unpaid.lock().unwrap_or_else(PoisonError::into_inner) = unpaid;
        Ok(count)
    }
}

impl Unpaid {
    /// Only the order's own events say what it knows; those of billing's reports have the same names.
    fn take(&mut self, event: &Recorded) {
        let Some(id) = Order::id_of(&event.stream).filter(|_| event.stream.category() == ORDER) else {
            return;
        };
        match event.kind.as_str() {
            "invoice_unpaid" => _ = self.orders.insert(id),
            _ => _ = self.orders.remove(&id),
        }
    }
}

fn fits(filter: &Filter, order: &ordering::Order) -> bool {
    filter.customer.is_none_or(|customer| order.customer_id == customer)
        && filter.status.is_none_or(|status| order.status == status)
        && filter.placed_after.is_none_or(|after| order.placed_at.is_some_and(|at| at > after))
        && filter.sku.as_ref().is_none_or(|sku| order.items.iter().any(|item| item.sku == *sku))
}

#[cfg(test)]
mod tests {
    use aggregate::Aggregate as _;
    use contracts::{Address, CustomerId, Money, Timestamp, ordering::Reason};
    use event_store::testing::shape;

    use super::*;

    #[test]
    fn snapshots_are_of_the_form_that_is_written_down() {
        let at = Timestamp::from_micros(0);
        let ship_to = Some(Address {
            line1: "12 St James Square".parse().unwrap(),
            postal_code: "SW1Y 4JH".parse().unwrap(),
            city: "London".parse().unwrap(),
            country: "GB".parse().unwrap(),
        });
        let unit_price = Money::new(1_299, "EUR".parse().unwrap()).unwrap();
        let (sku, name, quantity) =
            ("TEA".parse().unwrap(), "Green tea".parse().unwrap(), 2.try_into().unwrap());
        let (customer_id, reference) = (CustomerId::new(uuid::Uuid::nil()), Some("mine".parse().unwrap()));
        let order = Order::fold(&[
            Event::Created { customer_id, reference, at },
            Event::LineAdded { sku, name, unit_price, quantity },
            Event::Placed { total: unit_price, at },
            Event::CreditConfirmed { ship_to, at },
            Event::Rejected { reason: Reason::OutOfStock, at },
        ]);
        assert_eq!(Order::STATE_SCHEMA, shape(&[order]));
    }
}
