//! What holds for a customer whatever is asked, in whatever order.

use proptest::{collection::vec, prelude::*};

use super::*;

fn an_amount() -> impl Strategy<Value = Money> {
    prop_oneof![
        6 => (0..600_i64).prop_map(eur),
        1 => (0..600_i64).prop_map(usd),
        1 => Just(eur(Money::MAX)),
    ]
}

fn a_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(register()),
        3 => an_amount().prop_map(change_limit),
        6 => (0..6_u128, an_amount()).prop_map(|(number, amount)| reserve(number, amount)),
        3 => (0..6_u128).prop_map(release),
        3 => (0..6_u128).prop_map(settle),
    ]
}

fn an_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        an_amount().prop_map(registered),
        an_amount().prop_map(limit_changed),
        (0..3_u128, an_amount()).prop_map(|(number, amount)| reserved(number, amount)),
        (0..3_u128, an_amount()).prop_map(|(number, amount)| insufficient(number, amount)),
        (0..3_u128, an_amount()).prop_map(|(number, amount)| released(number, amount)),
        (0..3_u128).prop_map(barred),
        (0..3_u128, an_amount()).prop_map(|(number, amount)| settled(number, amount)),
    ]
}

fn a_life() -> impl Strategy<Value = Vec<Command>> {
    vec(a_command(), 0..40).prop_map(|rest| [register()].into_iter().chain(rest).collect())
}

/// Asks all of this, one after the other; what is refused changes nothing. Looks at the customer after each.
fn live(
    commands: Vec<Command>,
    mut look: impl FnMut(&Customer) -> Result<(), TestCaseError>,
) -> Result<(Customer, Vec<Event>), TestCaseError> {
    let (mut customer, mut past) = (Customer::default(), vec![]);
    for command in commands {
        let events = customer.decide(&command).unwrap_or_default();
        events.iter().for_each(|event| customer.evolve(event));
        past.extend(events);
        look(&customer)?;
    }
    Ok((customer, past))
}

proptest! {
    #[test]
    fn what_is_reserved_is_what_is_held_and_never_above_the_limit(commands in a_life()) {
        live(commands, |customer| {
            let account = customer.account.as_ref().unwrap();
            let held: i64 = customer.reservations.values().map(|reservation| match reservation {
                Reservation::Held(amount) => amount.amount(),
                Reservation::Refused(_) | Reservation::Released | Reservation::Settled => 0,
            }).sum();
            prop_assert_eq!(account.credit_reserved.amount(), held);
            prop_assert!(held <= account.credit_limit.amount());
            prop_assert_eq!(account.credit_reserved.currency(), account.credit_limit.currency());
            prop_assert_eq!(account.credit_available().amount(), account.credit_limit.amount() - held);
            Ok(())
        })?;
    }

    #[test]
    fn what_was_accepted_changes_nothing_when_asked_again(commands in a_life(), command in a_command()) {
        let (mut customer, _) = live(commands, |_| Ok(()))?;
        if let Ok(events) = customer.decide(&command) {
            events.iter().for_each(|event| customer.evolve(event));
            prop_assert_eq!(customer.decide(&command), Ok(vec![]));
        }
    }

    #[test]
    fn its_past_alone_makes_its_state(commands in a_life()) {
        let (customer, past) = live(commands, |_| Ok(()))?;
        prop_assert_eq!(Customer::fold(&past), customer);
    }

    // A store loads only the reservation that a command is about.
    #[test]
    fn a_command_is_decided_alike_without_the_reservations_of_other_orders(
        commands in a_life(),
        number in 0..6_u128,
        amount in an_amount(),
    ) {
        let (whole, _) = live(commands, |_| Ok(()))?;
        let mut part = whole.clone();
        part.reservations.retain(|order_id, _| *order_id == order(number));
        for command in [reserve(number, amount), release(number), settle(number)] {
            prop_assert_eq!(part.decide(&command), whole.decide(&command));
        }
        part.reservations.clear();
        prop_assert_eq!(part.decide(&change_limit(amount)), whole.decide(&change_limit(amount)));
    }

    #[test]
    fn any_past_can_be_taken_in(events in vec(an_event(), 0..40)) {
        let customer = Customer::fold(&events);
        if let Some(account) = &customer.account {
            prop_assert_eq!(account.credit_available().currency(), account.credit_limit.currency());
        }
    }
}
