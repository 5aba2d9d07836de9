//! What holds for a product whatever is asked, in whatever order.

use proptest::{collection::vec, prelude::*, sample};

use super::*;

fn pieces() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 1..20_i64, 1 => Just(i64::from(Quantity::MAX))]
}

fn counts() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 0..60_i64, 1 => Just(Count::MAX)]
}

fn prices() -> impl Strategy<Value = Money> {
    sample::select(vec![eur(0), eur(500), usd(500)])
}

fn a_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => counts().prop_map(add),
        1 => sample::select(vec!["Green tea", "Tea"]).prop_map(rename),
        1 => prices().prop_map(reprice),
        2 => pieces().prop_map(restock),
        6 => (0..6_u128, pieces()).prop_map(|(number, pieces)| reserve(number, pieces)),
        3 => (0..6_u128).prop_map(release),
        3 => (0..6_u128).prop_map(take_out),
    ]
}

fn an_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        counts().prop_map(added),
        Just(renamed("Tea")),
        prices().prop_map(repriced),
        pieces().prop_map(restocked),
        (0..3_u128, pieces()).prop_map(|(number, pieces)| reserved(number, pieces)),
        (0..3_u128, pieces()).prop_map(|(number, pieces)| refused(number, pieces)),
        (0..3_u128, pieces()).prop_map(|(number, pieces)| released(number, pieces)),
        (0..3_u128).prop_map(barred),
        (0..3_u128, pieces()).prop_map(|(number, pieces)| taken_out(number, pieces)),
    ]
}

fn a_life() -> impl Strategy<Value = Vec<Command>> {
    (counts(), vec(a_command(), 0..40))
        .prop_map(|(on_hand, rest)| [add(on_hand)].into_iter().chain(rest).collect())
}

/// Asks all of this, one after the other; what is refused changes nothing. Looks at the product, and at all that
/// happened to it, after each.
fn live(
    commands: Vec<Command>,
    mut look: impl FnMut(&Product, &[Event]) -> Result<(), TestCaseError>,
) -> Result<(Product, Vec<Event>), TestCaseError> {
    let (mut product, mut past) = (Product::default(), vec![]);
    for command in commands {
        let events = product.decide(&command).unwrap_or_default();
        events.iter().for_each(|event| product.evolve(event));
        past.extend(events);
        look(&product, &past)?;
    }
    Ok((product, past))
}

proptest! {
    #[test]
    fn what_is_reserved_is_what_is_held_and_is_on_hand(commands in a_life()) {
        live(commands, |product, _| {
            let held: i64 = product.reservations.values().map(|reservation| match reservation {
                Reservation::Held(quantity) => i64::from(*quantity),
                Reservation::Refused | Reservation::Released | Reservation::TakenOut => 0,
            }).sum();
            let stock = product.stock;
            prop_assert_eq!(stock.reserved.get(), held);
            prop_assert!(held <= stock.on_hand.get());
            prop_assert_eq!(stock.available().get(), stock.on_hand.get() - held);
            Ok(())
        })?;
    }

    #[test]
    fn what_is_on_hand_is_what_came_in_without_what_was_taken_out(commands in a_life()) {
        live(commands, |product, past| {
            let came_in: i64 = past.iter().map(|event| match event {
                Event::Added { on_hand, .. } => on_hand.get(),
                Event::Restocked { quantity } => i64::from(*quantity),
                _ => 0,
            }).sum();
            let went_out: i64 = past.iter().map(|event| match event {
                Event::StockTakenOut { quantity, .. } => i64::from(*quantity),
                _ => 0,
            }).sum();
            prop_assert_eq!(product.stock.received.get(), came_in);
            prop_assert_eq!(product.stock.on_hand.get(), came_in - went_out);
            Ok(())
        })?;
    }

    #[test]
    fn what_was_accepted_changes_nothing_when_asked_again(commands in a_life(), command in a_command()) {
        let (mut product, _) = live(commands, |_, _| Ok(()))?;
        if let Ok(events) = product.decide(&command) {
            events.iter().for_each(|event| product.evolve(event));
            // So many more, once more; a client that repeats itself says so with an idempotency key.
            if !matches!(command, Command::Restock { .. }) {
                prop_assert_eq!(product.decide(&command), Ok(vec![]));
            }
        }
    }

    #[test]
    fn its_past_alone_makes_its_state(commands in a_life()) {
        let (product, past) = live(commands, |_, _| Ok(()))?;
        prop_assert_eq!(Product::fold(&past), product);
    }

    // A store loads only the reservation that a command is about.
    #[test]
    fn a_command_is_decided_alike_without_the_reservations_of_other_orders(
        commands in a_life(),
        number in 0..6_u128,
        pieces in pieces(),
    ) {
        let (whole, _) = live(commands, |_, _| Ok(()))?;
        let mut part = whole.clone();
        part.reservations.retain(|order_id, _| *order_id == order(number));
        for command in [reserve(number, pieces), release(number), take_out(number)] {
            prop_assert_eq!(part.decide(&command), whole.decide(&command));
        }
        part.reservations.clear();
        prop_assert_eq!(part.decide(&restock(pieces)), whole.decide(&restock(pieces)));
    }

    #[test]
    fn any_past_can_be_taken_in(events in vec(an_event(), 0..40)) {
        let stock = Product::fold(&events).stock;
        prop_assert!(stock.available() <= stock.on_hand);
    }
}
