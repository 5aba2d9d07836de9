//! What holds for an order whatever is asked of it and reported to it, in whatever order.

use proptest::{collection::vec, prelude::*, sample};

use super::*;
use crate::domain::Lines;

/// The arrows of an order's life.
const ARROWS: [(OrderStatus, OrderStatus); 13] = [
    (Open, Pending),
    (Open, Cancelled),
    (Pending, CreditConfirmed),
    (Pending, Rejected),
    (Pending, CancelPending),
    (CreditConfirmed, Approved),
    (CreditConfirmed, Rejected),
    (CreditConfirmed, CancelPending),
    (Approved, Shipped),
    (Approved, CancelPending),
    (CancelPending, Shipped),
    (CancelPending, Cancelled),
    (Shipped, Completed),
];

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::CreditReserved { ship_to: None },
        Outcome::CreditReserved { ship_to: Some(address()) },
        Outcome::CreditRefused { reason: Reason::UnknownCustomer },
        Outcome::CreditRefused { reason: Reason::InsufficientCredit },
        Outcome::StockReserved,
        Outcome::StockRefused,
        Outcome::CreditReleased { because: None },
        Outcome::CreditReleased { because: Some(Reason::OutOfStock) },
        Outcome::Dispatched,
        Outcome::CarrierRefused,
        Outcome::StockTakenOut,
        Outcome::InvoicePaid,
        Outcome::InvoiceUnpaid,
        Outcome::CreditSettled,
    ]
}

prop_compose! {
    fn a_line_command()(
        which in 0..3,
        name in sample::select(vec!["tea", "cup", "pot", "gold"]),
        pieces in prop_oneof![1..4_i64, 999_990..=1_000_000_i64],
        price in prop_oneof![Just(eur(500)), Just(eur(Money::MAX / 3)), Just(Money::new(1, Currency::USD).unwrap())],
    ) -> Command {
        match which {
            0 => add_priced(name, pieces, price),
            1 => change(name, pieces),
            _ => remove(name),
        }
    }
}

fn a_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(create()),
        3 => a_line_command(),
        1 => Just(place()),
        1 => Just(cancel()),
        8 => sample::select(outcomes()).prop_map(report),
    ]
}

/// Anything at all, on an order of any kind.
fn a_life() -> impl Strategy<Value = Vec<Command>> {
    (0..3_usize, vec(a_command(), 0..24)).prop_map(|(begun, rest)| {
        [create(), add("tea", 2), place()].into_iter().take(begun + 1).chain(rest).collect()
    })
}

proptest! {
    #[test]
    fn every_step_follows_an_arrow(commands in a_life()) {
        let past = live(&mut Order::default(), commands);
        for step in statuses(&past).windows(2) {
            prop_assert!(ARROWS.contains(&(step[0], step[1])), "{:?} in {past:#?}", step);
        }
    }

    #[test]
    fn once_it_is_to_be_cancelled_it_is_never_rejected_or_approved(commands in a_life()) {
        let seen = statuses(&live(&mut Order::default(), commands));
        let after = seen.iter().skip_while(|status| **status != CancelPending);
        prop_assert!(after.clone().all(|status| !matches!(status, Rejected | Approved)), "{seen:?}");
    }

    #[test]
    fn a_final_status_never_changes_and_nothing_happens_after_it(commands in a_life(), more in a_life()) {
        let mut order = Order::default();
        live(&mut order, commands);
        if order.status.is_final() {
            prop_assert_eq!(live(&mut order, more), []);
        }
    }

    #[test]
    fn its_past_alone_makes_its_state(commands in a_life()) {
        let mut order = Order::default();
        let past = live(&mut order, commands);
        prop_assert_eq!(Order::fold(&past), order);
    }

    #[test]
    fn what_was_accepted_changes_nothing_when_asked_again(commands in a_life(), command in a_command()) {
        let mut order = Order::default();
        live(&mut order, commands);
        if order.decide(&command).is_ok() {
            live(&mut order, [command.clone()]);
            let again = order.decide(&command);
            match command {
                // Placed again, it is locked; a client that repeats itself says so with an idempotency key.
                Command::Place { .. } => prop_assert_eq!(again, Err(Refusal::OrderLocked)),
                // So many more, once more.
                Command::AddLine { .. } => {}
                _ => prop_assert_eq!(again, Ok(vec![])),
            }
        }
    }

    #[test]
    fn adding_twice_is_adding_the_double(pieces in 1..=500_000_i64) {
        let mut order = Order::default();
        live(&mut order, [create(), add("tea", pieces), add("tea", pieces)]);
        prop_assert_eq!(order.lines[0].quantity, quantity(2 * pieces));
    }

    #[test]
    fn lines_always_have_a_total_in_one_currency(commands in vec(a_line_command(), 0..40)) {
        let mut order = Order::default();
        live(&mut order, [create()]);
        live(&mut order, commands);
        let total: i64 = order.lines.iter().map(|line| line.unit_price.amount() * i64::from(line.quantity)).sum();
        prop_assert_eq!(order.total().map(Money::amount), (!order.lines.is_empty()).then_some(total));
        prop_assert!(order.lines.windows(2).all(|pair| pair[0].unit_price.currency() == pair[1].unit_price.currency()));
        prop_assert!(order.lines.len() <= Lines::MAX);
    }

    #[test]
    fn what_it_waits_for_is_known_exactly_between_its_placing_and_its_outcome(commands in a_life()) {
        let mut order = Order::default();
        live(&mut order, commands);
        prop_assert_eq!(order.waiting_for().is_none(), order.status == Open || order.is_outcome());
    }
}
