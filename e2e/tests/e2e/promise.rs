//! What an answer promises for all that comes after it, whatever becomes of the process.

use contracts::{
    billing::InvoiceStatus,
    customers::Customer,
    ordering::{
        Cancel, Order,
        OrderStatus::{
            self, Approved, CancelPending, Cancelled, Completed, CreditConfirmed, Open, Pending, Rejected,
            Shipped,
        },
    },
    warehouse::Product,
};

use crate::story::{Step, Story, Told};

/// A customer who was there is there.
pub(crate) fn customer_stays(told: &Customer, now: &Customer) {
    assert_eq!((told.id, &told.name, told.credit_limit), (now.id, &now.name, now.credit_limit));
    assert!(told.version <= now.version, "{now:?} is older than {told:?}");
}

/// A product that was there is there.
pub(crate) fn product_stays(told: &Product, now: &Product) {
    assert_eq!((&told.sku, told.unit_price, told.received), (&now.sku, now.unit_price, now.received));
    assert!(told.version <= now.version, "{now:?} is older than {told:?}");
}

/// An order is where it was, or further on.
pub(crate) fn order_goes_on(told: &Told, now: &Order) {
    match told.order() {
        Some(then) => {
            assert_eq!((then.id, &then.reference, &then.items), (now.id, &now.reference, &now.items));
            assert!(then.version <= now.version, "{now:?} is older than {told:?}");
            assert!(may_become(then.status, now.status), "{now:?} does not follow from {told:?}");
            assert!(then.cancel.is_none() || now.cancel.is_some(), "{now:?} knows nothing of {told:?}");
        }
        None if told.step == Step::Cancel => {
            let refused = matches!(now.status, Shipped | Completed | Rejected);
            assert!(refused, "{now:?} does not follow from {told:?}");
        }
        None => {}
    }
}

/// Under the same key the answer is the same; what tells how far an order is tells it as of now.
pub(crate) fn answer_stays(told: &Told, again: &Told) {
    match told.step {
        Step::Register | Step::Offer | Step::Create { place: false } => {
            assert_eq!((told.status, &told.body), (again.status, &again.body));
        }
        _ => match again.order() {
            Some(now) => order_goes_on(told, &now),
            None => assert_eq!((told.status, &told.body["code"]), (again.status, &again.body["code"])),
        },
    }
}

/// Whether nothing more happens to an order unless its client wants it.
pub(crate) fn is_at_rest(order: &Order) -> bool {
    let unpaid = || order.invoice.as_ref().is_some_and(|invoice| invoice.status == InvoiceStatus::Unpaid);
    order.status == Open || order.status.is_final() || (order.status == Shipped && unpaid())
}

/// At rest an order has the outcome that its client was promised.
pub(crate) fn kept(story: &Story, end: &Order) {
    story.told.iter().for_each(|told| order_goes_on(told, end));
    let placed =
        story.steps.iter().any(|step| matches!(step, Step::Create { place: true } | Step::Place { .. }));
    assert!(end.status != Open || !placed, "{end:?} was placed");
    let cancelled = story.told.iter().any(|told| told.step == Step::Cancel && told.status.is_success());
    if cancelled {
        let lost = matches!(end.status, Shipped | Completed) && end.cancel == Some(Cancel::TooLate);
        assert!(end.status == Cancelled || lost, "{end:?} was cancelled");
    }
}

/// Whether an order in the one status may be in the other later.
fn may_become(then: OrderStatus, now: OrderStatus) -> bool {
    let later: &[OrderStatus] = match then {
        Open => return true,
        Pending => &[CreditConfirmed, Approved, Shipped, Completed, Rejected, CancelPending, Cancelled],
        CreditConfirmed => &[Approved, Shipped, Completed, Rejected, CancelPending, Cancelled],
        Approved => &[Shipped, Completed, CancelPending, Cancelled],
        CancelPending => &[Shipped, Completed, Cancelled],
        Shipped => &[Completed],
        Completed | Rejected | Cancelled => &[],
    };
    then == now || later.contains(&now)
}
