//! The same reports, heard in every order and some of them twice, lead through the same statuses to the same end.

use contracts::ordering::Cancel;
use proptest::{collection::vec, prelude::*, sample};

use super::*;

/// What an order hears that goes well, in the order in which it happens.
const GOING_WELL: [Outcome; 6] = [
    Outcome::CreditReserved { ship_to: None },
    Outcome::StockReserved,
    Outcome::Dispatched,
    Outcome::StockTakenOut,
    Outcome::InvoicePaid,
    Outcome::CreditSettled,
];

const UNDONE: Outcome = Outcome::CreditReleased { because: None };

/// These, each at least once, some of them again, in any order.
fn in_any_order(reports: impl Into<Vec<Outcome>>) -> impl Strategy<Value = Vec<Outcome>> {
    let reports = reports.into();
    vec(sample::select(reports.clone()), 0..6)
        .prop_flat_map(move |again| Just([&reports[..], &again].concat()).prop_shuffle())
}

/// An order that was placed and then heard this.
fn placed_then(reports: impl IntoIterator<Item = Outcome>) -> Vec<Event> {
    placed_and_asked(reports.into_iter().map(report))
}

/// An order that was placed, heard so many of what goes well, was to be cancelled, and then heard this.
fn cancelled_after(heard: usize, reports: Vec<Outcome>) -> Vec<Event> {
    let before = GOING_WELL.into_iter().take(heard).map(report);
    placed_and_asked(before.chain([cancel()]).chain(reports.into_iter().map(report)))
}

fn placed_and_asked(commands: impl Iterator<Item = Command>) -> Vec<Event> {
    live(&mut Order::default(), [create(), add("tea", 2), place()].into_iter().chain(commands))
}

proptest! {
    #[test]
    fn an_order_completes_the_same_way(reports in in_any_order(GOING_WELL)) {
        let heard = placed_then(reports);
        prop_assert_eq!(Order::fold(&heard), Order::fold(&placed_then(GOING_WELL)));
        prop_assert_eq!(statuses(&heard), [Open, Pending, CreditConfirmed, Approved, Shipped, Completed]);
    }

    #[test]
    fn a_payment_refused_and_made_later_completes_it_the_same_way(
        reports in in_any_order([&GOING_WELL[..], &[Outcome::InvoiceUnpaid]].concat()),
    ) {
        let heard = placed_then(reports);
        prop_assert_eq!(Order::fold(&heard), Order::fold(&placed_then(GOING_WELL)));
        prop_assert_eq!(statuses(&heard), [Open, Pending, CreditConfirmed, Approved, Shipped, Completed]);
    }

    #[test]
    fn an_order_whose_payment_is_refused_stays_shipped(
        reports in in_any_order([&GOING_WELL[..4], &[Outcome::InvoiceUnpaid]].concat()),
    ) {
        let heard = placed_then(reports);
        prop_assert_eq!(statuses(&heard), [Open, Pending, CreditConfirmed, Approved, Shipped]);
        prop_assert!(Order::fold(&heard).is_outcome());
    }

    #[test]
    fn refused_credit_rejects(reports in in_any_order([
        Outcome::CreditRefused { reason: Reason::InsufficientCredit },
    ])) {
        let heard = placed_then(reports);
        prop_assert_eq!(statuses(&heard), [Open, Pending, Rejected]);
        prop_assert_eq!(Order::fold(&heard).reason, Some(Reason::InsufficientCredit));
    }

    #[test]
    fn want_of_stock_rejects_once_the_credit_is_free_again(reports in in_any_order([
        Outcome::CreditReserved { ship_to: None },
        Outcome::StockRefused,
        Outcome::CreditReleased { because: Some(Reason::OutOfStock) },
    ])) {
        let heard = placed_then(reports);
        prop_assert_eq!(statuses(&heard), [Open, Pending, CreditConfirmed, Rejected]);
        prop_assert_eq!(Order::fold(&heard).reason, Some(Reason::OutOfStock));
    }

    // The undoing starts only once the order was told of the refusal, so its end is heard after that.
    #[test]
    fn a_refusal_of_the_carrier_cancels_once_everything_is_undone(
        refused in in_any_order([&GOING_WELL[..2], &[Outcome::CarrierRefused]].concat()),
        late in in_any_order([&GOING_WELL[..2], &[Outcome::CarrierRefused, UNDONE]].concat()),
    ) {
        let heard = placed_then(refused.into_iter().chain(late));
        prop_assert_eq!(statuses(&heard), [Open, Pending, CreditConfirmed, Approved, CancelPending, Cancelled]);
        prop_assert_eq!(Order::fold(&heard).reason, Some(Reason::CarrierRefused));
    }

    #[test]
    fn a_cancel_that_loses_to_the_carrier_is_too_late(before in 0..=2_usize, reports in in_any_order(GOING_WELL)) {
        let heard = cancelled_after(before, reports);
        prop_assert!(statuses(&heard).ends_with(&[CancelPending, Shipped, Completed]), "{heard:#?}");
        prop_assert_eq!(Order::fold(&heard).cancel(), Some(Cancel::TooLate));
    }

    #[test]
    fn a_cancel_that_wins_ends_cancelled_whatever_comes_late(
        before in 0..=2_usize,
        late in in_any_order([
            Outcome::CreditReserved { ship_to: None },
            Outcome::CreditRefused { reason: Reason::InsufficientCredit },
            Outcome::StockReserved,
            Outcome::StockRefused,
            Outcome::CarrierRefused,
            UNDONE,
        ]),
    ) {
        let heard = cancelled_after(before, late);
        prop_assert!(statuses(&heard).ends_with(&[CancelPending, Cancelled]), "{heard:#?}");
        let order = Order::fold(&heard);
        prop_assert_eq!((order.reason, order.cancel()), (None, Some(Cancel::Done)));
    }
}
