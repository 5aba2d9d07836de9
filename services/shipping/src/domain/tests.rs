use aggregate::testing::{Given, given};
use proptest::{prelude::*, sample::select};

use super::*;

fn request() -> Request {
    Request {
        reference: Some("web-4711".parse().unwrap()),
        address: Address {
            line1: "12 St James's Square".parse().unwrap(),
            postal_code: "SW1Y 4JH".parse().unwrap(),
            city: "London".parse().unwrap(),
            country: "GB".parse().unwrap(),
        },
        lines: vec![Line { sku: "TEA-100".parse().unwrap(), quantity: 2.try_into().unwrap() }],
    }
}

fn dispatch() -> Dispatch {
    Dispatch { carrier: "Hermes".into(), tracking_number: "H-1".into(), at: Timestamp::from_micros(1) }
}

/// Another answer than [`dispatch`], to tell which of two holds.
fn other_dispatch() -> Dispatch {
    Dispatch { carrier: "Iris".into(), tracking_number: "I-2".into(), at: Timestamp::from_micros(2) }
}

fn unknown() -> Given<Shipment> {
    given([])
}

fn tombstone() -> Given<Shipment> {
    given([Event::CalledOff])
}

fn after_request(events: impl IntoIterator<Item = Event>) -> Given<Shipment> {
    given([super::requested(&request())].into_iter().chain(events))
}

fn requested() -> Given<Shipment> {
    after_request([])
}

fn called_off() -> Given<Shipment> {
    after_request([Event::CalledOff])
}

fn booking() -> Given<Shipment> {
    after_request([Event::BookingStarted])
}

fn booking_with_call_off() -> Given<Shipment> {
    after_request([Event::BookingStarted, Event::CallOffAwaited])
}

fn dispatched() -> Given<Shipment> {
    after_request([Event::BookingStarted, super::dispatched(&dispatch())])
}

fn dispatched_despite_call_off() -> Given<Shipment> {
    after_request([Event::BookingStarted, Event::CallOffAwaited, super::dispatched(&dispatch())])
}

fn refused() -> Given<Shipment> {
    after_request([Event::BookingStarted, Event::Refused])
}

fn refused_with_call_off() -> Given<Shipment> {
    after_request([Event::BookingStarted, Event::CallOffAwaited, Event::Refused])
}

#[test]
fn a_request_is_taken_once() {
    unknown().when(Command::Request(request())).then([super::requested(&request())]);
    assert_eq!(requested().state().request, Some(request()));
}

#[test]
fn a_request_repeated_changes_nothing_whatever_came_of_it() {
    for shipment in [requested(), booking(), booking_with_call_off(), dispatched(), refused(), called_off()] {
        shipment.when(Command::Request(request())).then_nothing();
    }
}

#[test]
fn a_request_that_its_call_off_has_overtaken_is_refused() {
    tombstone().when(Command::Request(request())).refused(Refusal::CalledOff);
}

#[test]
fn booking_starts_from_a_request() {
    requested().when(Command::StartBooking).then([Event::BookingStarted]);
}

#[test]
fn booking_started_again_changes_nothing() {
    for shipment in [booking(), booking_with_call_off(), dispatched(), refused()] {
        shipment.when(Command::StartBooking).then_nothing();
    }
}

#[test]
fn nothing_is_booked_that_was_called_off_or_never_requested() {
    unknown().when(Command::StartBooking).refused(Refusal::NotRequested);
    for shipment in [tombstone(), called_off()] {
        shipment.when(Command::StartBooking).refused(Refusal::CalledOff);
    }
}

#[test]
fn the_carriers_answer_decides_even_while_a_call_off_waits() {
    for shipment in [booking(), booking_with_call_off()] {
        shipment.when(Command::Accept(dispatch())).then([super::dispatched(&dispatch())]);
        shipment.when(Command::Refuse).then([Event::Refused]);
    }
    assert_eq!(dispatched().state().stage, Stage::Dispatched(dispatch()));
}

#[test]
fn the_carriers_first_answer_holds() {
    for shipment in [dispatched(), dispatched_despite_call_off(), refused(), refused_with_call_off()] {
        shipment.when(Command::Accept(other_dispatch())).then_nothing();
        shipment.when(Command::Refuse).then_nothing();
    }
}

#[test]
fn an_answer_to_a_question_that_was_not_put_is_refused() {
    for shipment in [unknown(), tombstone(), requested(), called_off()] {
        shipment.when(Command::Accept(dispatch())).refused(Refusal::NotBooking);
        shipment.when(Command::Refuse).refused(Refusal::NotBooking);
    }
}

#[test]
fn a_call_off_before_booking_takes_effect_at_once() {
    requested().when(Command::CallOff).then([Event::CalledOff]);
}

#[test]
fn a_call_off_of_what_was_never_requested_leaves_a_tombstone() {
    unknown().when(Command::CallOff).then([Event::CalledOff]);
}

#[test]
fn a_call_off_while_booking_waits_for_the_carrier() {
    booking().when(Command::CallOff).then([Event::CallOffAwaited]);
    assert_eq!(booking_with_call_off().state().reply_to_call_off(), None);
}

#[test]
fn a_call_off_of_what_the_carrier_has_is_refused_and_says_who_has_it() {
    for shipment in [dispatched(), dispatched_despite_call_off()] {
        shipment.when(Command::CallOff).refused(Refusal::AlreadyDispatched(dispatch()));
    }
}

#[test]
fn a_call_off_of_what_the_carrier_refused_succeeds_and_leaves_it_refused() {
    for shipment in [refused(), refused_with_call_off()] {
        shipment.when(Command::CallOff).then_nothing();
        assert_eq!(shipment.state().reply_to_call_off(), Some(Reply::CalledOff));
        assert_eq!(shipment.state().status(), Some(ShipmentStatus::Refused));
    }
}

#[test]
fn a_call_off_repeated_changes_nothing() {
    for shipment in [tombstone(), called_off(), booking_with_call_off()] {
        shipment.when(Command::CallOff).then_nothing();
    }
}

#[test]
fn request_and_call_off_are_answered_once_the_shipment_is_decided() {
    let accepted = Reply::Dispatched { carrier: "Hermes".into(), tracking_number: "H-1".into() };
    for (shipment, to_request, to_call_off) in [
        (unknown(), None, None),
        (requested(), None, None),
        (booking(), None, None),
        (booking_with_call_off(), None, None),
        (dispatched(), Some(accepted.clone()), Some(accepted.clone())),
        (dispatched_despite_call_off(), Some(accepted.clone()), Some(accepted)),
        (refused(), Some(Reply::CarrierRefused), Some(Reply::CalledOff)),
        (refused_with_call_off(), Some(Reply::CarrierRefused), Some(Reply::CalledOff)),
        (called_off(), Some(Reply::CalledOff), Some(Reply::CalledOff)),
        (tombstone(), Some(Reply::CalledOff), Some(Reply::CalledOff)),
    ] {
        assert_eq!(shipment.state().reply_to_request(), to_request, "{shipment:?}");
        assert_eq!(shipment.state().reply_to_call_off(), to_call_off, "{shipment:?}");
    }
}

#[test]
fn clients_see_every_stage_but_the_unknown() {
    for (shipment, status) in [
        (unknown(), None),
        (requested(), Some(ShipmentStatus::Requested)),
        (booking_with_call_off(), Some(ShipmentStatus::Booking)),
        (dispatched(), Some(ShipmentStatus::Dispatched)),
        (refused(), Some(ShipmentStatus::Refused)),
        (tombstone(), Some(ShipmentStatus::CalledOff)),
    ] {
        assert_eq!(shipment.state().status(), status);
    }
}

fn any_commands() -> impl Strategy<Value = Vec<Command>> {
    let command = select(vec![
        Command::Request(request()),
        Command::StartBooking,
        Command::Accept(dispatch()),
        Command::Accept(other_dispatch()),
        Command::Refuse,
        Command::CallOff,
    ]);
    proptest::collection::vec(command, 0..12)
}

/// The states that the commands lead through, from nothing.
fn history(commands: &[Command]) -> Vec<Shipment> {
    let mut states = vec![Shipment::default()];
    for command in commands {
        let mut next = states.last().cloned().unwrap_or_default();
        for event in next.decide(command).unwrap_or_default() {
            next.evolve(&event);
        }
        states.push(next);
    }
    states
}

proptest! {
    #[test]
    fn what_was_answered_stays_answered(commands in any_commands()) {
        for pair in history(&commands).windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            if before.reply_to_request().is_some() {
                prop_assert_eq!(before, after);
            }
            prop_assert_eq!(before.reply_to_request().is_some(), before.reply_to_call_off().is_some());
        }
    }

    #[test]
    fn nothing_is_ever_both_called_off_and_with_the_carrier(commands in any_commands()) {
        let states = history(&commands);
        let called_off = states.iter().any(|shipment| shipment.stage == Stage::CalledOff);
        let asked = states.iter().any(|shipment| shipment.stage == Stage::Booking);
        prop_assert!(!(called_off && asked));
    }

    #[test]
    fn a_command_repeated_at_once_changes_nothing(commands in any_commands()) {
        let twice: Vec<Command> = commands.iter().flat_map(|command| [command.clone(), command.clone()]).collect();
        let (once, twice) = (history(&commands), history(&twice));
        prop_assert_eq!(once.last(), twice.last());
    }
}
