//! What happens to an order once it is placed, with pauses that differ from order to order.

use std::time::Duration;

use contracts::{
    Money, OrderId,
    billing::InvoiceStatus,
    ordering::{
        Cancel, Order,
        OrderStatus::{
            self, Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Rejected, Shipped,
        },
        Reason,
    },
    outside::simulators::{Behaviour, Held, Outcome},
};
use tokio::time::sleep;

use super::world::{Simulated, State, World, invoice};

/// How often a soft decline is tried.
const ATTEMPTS: u32 = 3;

/// Sees an order through, from PENDING on.
pub(super) async fn run(world: World, id: OrderId) {
    world.state().running += 1;
    if credit(&world, id).await && stock(&world, id).await && shipment(&world, id).await {
        world.change(|state| {
            let order = state.kept(id).order.clone();
            state.stock(&order.items, -1, -1);
        });
        payment(&world, id).await;
    }
    world.change(|state| state.running -= 1);
}

/// A little while, of another length each time.
async fn pause(world: &World) {
    sleep(Duration::from_micros(world.random().next_u64() % 5000)).await;
}

fn snapshot(state: &mut State, id: OrderId) -> Order {
    state.kept(id).order.clone()
}

/// Reserves credit; whether the order goes on.
async fn credit(world: &World, id: OrderId) -> bool {
    pause(world).await;
    let at = world.now();
    world.change(|state| {
        let order = snapshot(state, id);
        if order.status == CancelPending {
            state.kept(id).enter(Cancelled, None, at);
            return false;
        }
        let total = order.total.unwrap();
        match refusal(state, &order, total) {
            None => {
                state.reserve(order.customer_id, |reserved| reserved + total.amount());
                state.kept(id).enter(CreditConfirmed, None, at);
                true
            }
            Some(reason) => {
                state.kept(id).enter(Rejected, Some(reason), at);
                false
            }
        }
    })
}

fn refusal(state: &State, order: &Order, total: Money) -> Option<Reason> {
    let Some(customer) = state.customers.get(&order.customer_id) else {
        return Some(Reason::UnknownCustomer);
    };
    if customer.credit_limit.currency() != total.currency() {
        return Some(Reason::CurrencyMismatch);
    }
    let left = customer.credit_limit.amount() - customer.credit_reserved.amount();
    (left < total.amount()).then_some(Reason::InsufficientCredit)
}

/// Reserves stock; whether the order goes on.
async fn stock(world: &World, id: OrderId) -> bool {
    pause(world).await;
    let (at, faults) = (world.now(), world.faults);
    let release = |state: &mut State, order: &Order| {
        if !faults.keep_credit {
            state.reserve(order.customer_id, |reserved| reserved - order.total.unwrap().amount());
        }
    };
    world.change(|state| {
        let order = snapshot(state, id);
        let there = |item: &contracts::ordering::Item| {
            state.products[&item.sku].available.get() >= i64::from(item.quantity)
        };
        if order.status == CancelPending {
            release(state, &order);
            state.kept(id).enter(Cancelled, None, at);
            false
        } else if faults.oversell || order.items.iter().all(there) {
            state.stock(&order.items, 1, 0);
            state.kept(id).enter(Approved, None, at);
            true
        } else {
            release(state, &order);
            state.kept(id).enter(Rejected, Some(Reason::OutOfStock), at);
            false
        }
    })
}

/// Books the carrier; whether the goods have left.
async fn shipment(world: &World, id: OrderId) -> bool {
    pause(world).await;
    if world.faults.stuck {
        std::future::pending::<()>().await;
    }
    let order = world.change(|state| {
        let kept = state.kept(id);
        kept.booking = kept.order.status == Approved;
        kept.order.clone()
    });
    if order.status == CancelPending {
        undo(world, id, None).await;
        return false;
    }
    let behaviour = ask(world, |state| &mut state.carrier, &order, format!("{id}")).await;
    let at = world.now();
    if behaviour == Behaviour::Refuse {
        world.change(|state| {
            state.carrier.record(&order, format!("{id}"), None, Outcome::Refused, at);
            let kept = state.kept(id);
            if kept.order.status == Approved {
                kept.enter(CancelPending, Some(Reason::CarrierRefused), at);
            }
        });
        let reason = world.change(|state| snapshot(state, id).reason);
        undo(world, id, reason).await;
        return false;
    }
    world.change(|state| {
        state.carrier.record(&order, format!("{id}"), None, Outcome::Accepted, at);
        if world.faults.book_twice {
            state.carrier.record(&order, format!("{id}-again"), None, Outcome::Accepted, at);
        }
        let kept = state.kept(id);
        if kept.order.cancel.is_some() {
            kept.order.cancel = Some(Cancel::TooLate);
        }
        kept.enter(Shipped, None, at);
    });
    true
}

async fn undo(world: &World, id: OrderId, reason: Option<Reason>) {
    pause(world).await;
    world.change(|state| {
        let order = snapshot(state, id);
        state.stock(&order.items, -1, 0);
        if !world.faults.keep_credit {
            state.reserve(order.customer_id, |reserved| reserved - order.total.unwrap().amount());
        }
    });
    world.enter(id, Cancelled, reason);
}

/// Issues the invoice and charges it.
async fn payment(world: &World, id: OrderId) {
    let at = world.now();
    let order = world.change(|state| {
        let order = snapshot(state, id);
        state.kept(id).invoice = Some(invoice(&order, at));
        state.mail.record(&order, format!("{id}"), None, Outcome::Accepted, at);
        order
    });
    for attempt in 1..=ATTEMPTS {
        pause(world).await;
        if charge(world, &order).await || attempt == ATTEMPTS {
            return;
        }
    }
}

/// Makes one attempt; whether it was the last.
pub(super) async fn charge(world: &World, order: &Order) -> bool {
    let id = order.id;
    let attempts = world.change(|state| {
        let invoice = state.kept(id).invoice.as_mut().unwrap();
        invoice.attempts += 1;
        invoice.attempts
    });
    let behaviour = ask(world, |state| &mut state.payment, order, format!("{id}/{attempts}")).await;
    let (at, amount) = (world.now(), order.total);
    let result = match behaviour {
        Behaviour::Decline => Outcome::Declined,
        Behaviour::SoftDecline => Outcome::SoftDeclined,
        _ => Outcome::Accepted,
    };
    world.change(|state| {
        state.payment.record(order, format!("{id}/{attempts}"), amount, result, at);
        let again = result == Outcome::SoftDeclined && attempts < ATTEMPTS;
        if result == Outcome::Accepted {
            let kept = state.kept(id);
            kept.invoice.as_mut().unwrap().status = InvoiceStatus::Paid;
            let total = kept.total().amount();
            kept.enter(Completed, None, at);
            state.reserve(order.customer_id, |reserved| reserved - total);
        } else if !again {
            let kept = state.kept(id);
            if kept.invoice.as_ref().unwrap().status == InvoiceStatus::Issued {
                kept.invoice.as_mut().unwrap().status = InvoiceStatus::Unpaid;
                kept.leave_unpaid(at);
            }
        }
        !again
    })
}

/// What a simulator does about an order, once it does not hold the call.
async fn ask(world: &World, of: fn(&mut State) -> &mut Simulated, order: &Order, key: String) -> Behaviour {
    let held = Held { reference: order.reference.clone(), order_id: order.id, key };
    let mut listed = false;
    let behaviour = world.until(|state| {
        let simulated = of(state);
        let behaviour = simulated.behaviour(order.reference.as_ref());
        if behaviour == Behaviour::Hold {
            if !listed {
                simulated.held.push(held.clone());
                listed = true;
            }
            return None;
        }
        simulated.held.retain(|waiting| *waiting != held);
        Some(behaviour)
    });
    behaviour.await
}

/// Whether nothing more happens to an order in this status by itself.
pub(super) fn is_outcome(status: OrderStatus, invoice: Option<InvoiceStatus>) -> bool {
    status.is_final() || (status == Shipped && invoice == Some(InvoiceStatus::Unpaid))
}
