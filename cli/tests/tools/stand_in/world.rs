//! What the stand-in knows: customers, products, orders, and the ledgers of the simulators.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chassis::{ids::Random, platform::Platform, problem::Problem};
use contracts::{
    CustomerId, Money, OrderId, Quantity, Sku, Timestamp,
    billing::{Invoice, InvoiceStatus},
    customers::Customer,
    ordering::{Cancel, Item, Order, OrderStatus, Reason, StatusChange},
    outside::simulators::{Behaviour, Entry, Held, Outcome},
    warehouse::Product,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

/// What goes wrong on purpose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Every so many requests one is answered 503; 0 is none.
    pub(crate) busy_every: u64,
    /// Streams of events end after each event.
    pub(crate) cut_streams: bool,
    /// Stock is never refused.
    pub(crate) oversell: bool,
    /// Credit is never given back.
    pub(crate) keep_credit: bool,
    /// The carrier is asked twice.
    pub(crate) book_twice: bool,
    /// Orders stay APPROVED for ever.
    pub(crate) stuck: bool,
    /// From the second second after the start on, no request is worked on for this long.
    pub(crate) stall: Duration,
}

/// One style's system. Clones are the same.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) faults: Faults,
    state: Arc<Mutex<State>>,
    /// Told whenever anything has changed.
    changed: watch::Sender<()>,
    began: Instant,
}

/// Everything that the system owns.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    pub(crate) products: BTreeMap<Sku, Product>,
    pub(crate) orders: BTreeMap<OrderId, Kept>,
    /// Orders under way.
    pub(crate) running: i64,
    pub(crate) requests: u64,
    pub(crate) answers: HashMap<String, OrderId>,
    pub(crate) payment: Simulated,
    pub(crate) carrier: Simulated,
    pub(crate) mail: Simulated,
    /// The messages that billing could not handle, and why those were discarded that were.
    pub(crate) parked: Vec<Uuid>,
    pub(crate) retried: Vec<Uuid>,
    pub(crate) discarded: Vec<(Uuid, String)>,
}

/// An order, and what it was.
pub(crate) struct Kept {
    pub(crate) order: Order,
    pub(crate) history: Vec<(StatusChange, bool)>,
    /// Whether the carrier is being asked: a cancel has to wait.
    pub(crate) booking: bool,
    pub(crate) invoice: Option<Invoice>,
}

/// A simulator.
#[derive(Default)]
pub(crate) struct Simulated {
    pub(crate) scripts: BTreeMap<contracts::Reference, Behaviour>,
    pub(crate) held: Vec<Held>,
    pub(crate) ledger: Vec<Entry>,
}

impl World {
    pub(super) fn new(platform: Platform, faults: Faults) -> Self {
        Self {
            platform,
            faults,
            state: Arc::default(),
            changed: watch::Sender::new(()),
            began: Instant::now(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits while the stand-in stalls.
    pub(super) async fn stalled(&self) {
        let from = self.began + Duration::from_secs(2);
        if (from..from + self.faults.stall).contains(&Instant::now()) {
            sleep_until(from + self.faults.stall).await;
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.platform.clock.now())
    }

    pub(super) fn random(&self) -> &Random {
        self.platform.random()
    }

    /// Changes something, and has everybody who waits look again.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.send_replace(());
        changed
    }

    /// Waits until `look` finds something.
    pub(super) async fn until<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(found) = look(&mut self.state()) {
                return found;
            }
            changed.changed().await.unwrap();
        }
    }

    /// Moves an order on, unless `unless` says that it went elsewhere meanwhile.
    pub(super) fn enter(&self, id: OrderId, status: OrderStatus, reason: Option<Reason>) {
        let at = self.now();
        self.change(|state| state.kept(id).enter(status, reason, at));
    }
}

impl State {
    pub(super) fn kept(&mut self, id: OrderId) -> &mut Kept {
        self.orders.get_mut(&id).unwrap()
    }

    /// Changes how much of a customer's credit is reserved.
    pub(super) fn reserve(&mut self, id: CustomerId, change: impl FnOnce(i64) -> i64) {
        let customer = self.customers.get_mut(&id).unwrap();
        let (limit, currency) = (customer.credit_limit.amount(), customer.credit_limit.currency());
        let reserved = change(customer.credit_reserved.amount());
        customer.credit_reserved = Money::new(reserved, currency).unwrap();
        // A stand-in that misbehaves may have nothing left; what clients see cannot be less.
        customer.credit_available = Money::new((limit - reserved).max(0), currency).unwrap();
    }

    /// Changes how many pieces of an order's products are reserved and on hand.
    pub(super) fn stock(&mut self, items: &[Item], reserved: i64, on_hand: i64) {
        for item in items {
            let product = self.products.get_mut(&item.sku).unwrap();
            let pieces = i64::from(item.quantity);
            product.reserved = (product.reserved.get() + reserved * pieces).try_into().unwrap();
            product.on_hand = (product.on_hand.get() + on_hand * pieces).max(0).try_into().unwrap();
            product.available = (product.on_hand.get() - product.reserved.get()).max(0).try_into().unwrap();
        }
    }
}

impl Kept {
    /// Comes to a status. A final one is an outcome.
    pub(super) fn enter(&mut self, status: OrderStatus, reason: Option<Reason>, at: Timestamp) {
        self.order.status = status;
        self.order.reason = reason;
        self.order.version += 1;
        if status == OrderStatus::Cancelled && self.order.cancel.is_some() {
            self.order.cancel = Some(Cancel::Done);
        }
        if status.is_final() {
            self.order.finished_at = Some(at);
        }
        let change = self.now_as(at);
        self.history.push((change.clone(), false));
        if status.is_final() {
            self.history.push((change, true));
        }
    }

    /// Is left unpaid, which is an outcome without another status.
    pub(super) fn leave_unpaid(&mut self, at: Timestamp) {
        let change = self.now_as(at);
        self.history.push((change, true));
    }

    fn now_as(&self, at: Timestamp) -> StatusChange {
        let Order { id, status, reason, cancel, .. } = self.order;
        StatusChange { order_id: id, status, reason, cancel, at }
    }

    /// What it costs.
    pub(super) fn total(&self) -> Money {
        self.order.total.unwrap()
    }

    /// Puts its lines in, or takes them out, and adds up what it costs.
    pub(super) fn set_item(&mut self, product: &Product, quantity: Option<Quantity>) {
        let Product { sku, name, unit_price, .. } = product.clone();
        let known = self.order.items.iter().position(|item| item.sku == sku);
        match (known, quantity) {
            (Some(place), Some(quantity)) => self.order.items[place].quantity = quantity,
            (Some(place), None) => drop(self.order.items.remove(place)),
            (None, Some(quantity)) => self.order.items.push(Item { sku, name, quantity, unit_price }),
            (None, None) => {}
        }
        let line = |item: &Item| item.unit_price.times(item.quantity.get()).unwrap();
        self.order.total = self.order.items.iter().map(line).reduce(|sum, line| sum.plus(line).unwrap());
    }

    /// A client's wish to cancel it.
    pub(super) fn cancel(&mut self, at: Timestamp) -> Result<(), Problem> {
        use OrderStatus::{
            Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Open, Pending, Rejected, Shipped,
        };
        match self.order.status {
            Open => {
                self.order.cancel = Some(Cancel::Requested);
                self.enter(Cancelled, None, at);
            }
            Pending | CreditConfirmed | Approved => {
                self.order.cancel = Some(Cancel::Requested);
                self.enter(CancelPending, None, at);
            }
            CancelPending => self.order.cancel = Some(Cancel::Requested),
            Cancelled => {}
            Shipped | Completed => {
                return Err(Problem::conflict("ALREADY_DISPATCHED", "It has left already."));
            }
            Rejected => return Err(Problem::conflict("ORDER_REJECTED", "It was rejected.")),
        }
        Ok(())
    }
}

impl Simulated {
    pub(super) fn behaviour(&self, reference: Option<&contracts::Reference>) -> Behaviour {
        reference.and_then(|reference| self.scripts.get(reference)).copied().unwrap_or_default()
    }

    pub(super) fn record(
        &mut self,
        order: &Order,
        key: String,
        amount: Option<Money>,
        result: Outcome,
        at: Timestamp,
    ) {
        let position = self.ledger.len() as u64 + 1;
        let (reference, id) = (order.reference.clone(), format!("entry-{position}"));
        self.ledger.push(Entry { position, id, key, reference, order_id: order.id, amount, result, at });
    }
}

/// A new invoice for an order.
pub(super) fn invoice(order: &Order, at: Timestamp) -> Invoice {
    Invoice {
        id: order.id,
        order_id: order.id,
        customer_id: order.customer_id,
        amount: order.total.unwrap(),
        attempts: 0,
        status: InvoiceStatus::Issued,
        issued_at: at,
        paid_at: None,
        version: 1,
    }
}
