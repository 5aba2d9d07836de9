use aggregate::testing::{Given, given};
use contracts::Currency;
use proptest::{prelude::*, sample::select};
use uuid::Uuid;

use super::*;

const AT: Timestamp = Timestamp::from_micros(7);
const PAID: Event = Event::Paid { attempt: 1, at: AT };
const ACCEPTED: PaymentResult = PaymentResult::Accepted { at: AT };
const HARD: PaymentResult = PaymentResult::Declined(Decline::Hard);
const SOFT: PaymentResult = PaymentResult::Declined(Decline::Soft);

fn bill() -> Bill {
    Bill {
        customer_id: CustomerId::new(Uuid::from_u128(1)),
        reference: Some("web-4711".parse().unwrap()),
        amount: Money::new(1299, Currency::EUR).unwrap(),
        bill_to: BillTo { name: "Ada Lovelace".parse().unwrap(), email: "ada@example.org".parse().unwrap() },
        at: Timestamp::from_micros(1),
    }
}

fn started(attempt: u32) -> Event {
    Event::AttemptStarted { attempt }
}

fn declined(attempt: u32, decline: Decline) -> Event {
    Event::AttemptDeclined { attempt, decline }
}

fn result(attempt: u32, result: PaymentResult) -> Command {
    Command::RecordResult { attempt, result }
}

fn unknown() -> Given<Invoice> {
    given([])
}

fn after_issue(events: impl IntoIterator<Item = Event>) -> Given<Invoice> {
    given([super::issued(&bill())].into_iter().chain(events))
}

/// Nothing was tried yet.
fn issued() -> Given<Invoice> {
    after_issue([])
}

/// The first attempt is in doubt.
fn collecting() -> Given<Invoice> {
    after_issue([started(1)])
}

/// The first attempt was softly declined, and the next is due.
fn between_attempts() -> Given<Invoice> {
    after_issue([started(1), declined(1, Decline::Soft)])
}

fn after_left_unpaid(events: impl IntoIterator<Item = Event>) -> Given<Invoice> {
    after_issue([started(1), declined(1, Decline::Hard), Event::LeftUnpaid].into_iter().chain(events))
}

fn unpaid() -> Given<Invoice> {
    after_left_unpaid([])
}

/// A client pays what was left unpaid, and that attempt, the second, is in doubt.
fn paying() -> Given<Invoice> {
    after_left_unpaid([started(2)])
}

fn paid() -> Given<Invoice> {
    after_issue([started(1), PAID])
}

/// Everything but [`unknown`].
fn every_issued() -> [Given<Invoice>; 6] {
    [issued(), collecting(), between_attempts(), unpaid(), paying(), paid()]
}

#[test]
fn an_invoice_is_issued_once() {
    unknown().when(Command::Issue(bill())).then([super::issued(&bill())]);
    assert_eq!(issued().state().bill, Some(bill()));
    for invoice in every_issued() {
        invoice.when(Command::Issue(bill())).then_nothing();
    }
}

#[test]
fn nothing_else_can_be_done_with_what_was_not_issued() {
    for command in [Command::RecordMail, Command::StartAttempt, Command::Pay, result(1, ACCEPTED)] {
        unknown().when(command).refused(Refusal::NotIssued);
    }
}

#[test]
fn the_mail_is_recorded_once_and_hinders_nothing() {
    for invoice in every_issued() {
        invoice.when(Command::RecordMail).then([Event::Mailed]);
    }
    let mailed = after_issue([Event::Mailed]);
    mailed.when(Command::RecordMail).then_nothing();
    mailed.when(Command::StartAttempt).then([started(1)]);
}

#[test]
fn billing_tries_by_itself_while_it_collects() {
    issued().when(Command::StartAttempt).then([started(1)]);
    between_attempts().when(Command::StartAttempt).then([started(2)]);
}

#[test]
fn billing_tries_nothing_by_itself_while_an_attempt_is_in_doubt_or_after_the_outcome() {
    for invoice in [collecting(), unpaid(), paying(), paid()] {
        invoice.when(Command::StartAttempt).then_nothing();
    }
}

#[test]
fn pay_is_refused_while_billing_collects_by_itself() {
    for invoice in [issued(), collecting(), between_attempts()] {
        invoice.when(Command::Pay).refused(Refusal::PaymentInProgress);
    }
}

#[test]
fn pay_is_refused_when_nothing_is_due() {
    paid().when(Command::Pay).refused(Refusal::NothingDue);
}

#[test]
fn pay_makes_one_attempt_at_what_was_left_unpaid() {
    unpaid().when(Command::Pay).then([started(2)]);
}

#[test]
fn pay_joins_an_attempt_that_is_in_doubt() {
    paying().when(Command::Pay).then_nothing();
}

#[test]
fn an_accepted_attempt_pays_the_invoice() {
    collecting().when(result(1, ACCEPTED)).then([PAID]);
    paying().when(result(2, ACCEPTED)).then([Event::Paid { attempt: 2, at: AT }]);
    assert_eq!(paid().state().stage, Stage::Paid { at: AT });
}

#[test]
fn a_hard_decline_leaves_it_unpaid_at_once() {
    collecting().when(result(1, HARD)).then([declined(1, Decline::Hard), Event::LeftUnpaid]);
}

#[test]
fn a_soft_decline_leaves_it_unpaid_the_third_time() {
    let first = [started(1), declined(1, Decline::Soft), started(2)];
    let second = [declined(2, Decline::Soft), started(3)];
    collecting().when(result(1, SOFT)).then([declined(1, Decline::Soft)]);
    after_issue(first.clone()).when(result(2, SOFT)).then([declined(2, Decline::Soft)]);
    after_issue(first.into_iter().chain(second))
        .when(result(3, SOFT))
        .then([declined(3, Decline::Soft), Event::LeftUnpaid]);
}

#[test]
fn a_declined_pay_leaves_it_unpaid_whatever_the_kind_of_decline() {
    paying().when(result(2, SOFT)).then([declined(2, Decline::Soft)]);
    paying().when(result(2, HARD)).then([declined(2, Decline::Hard)]);
    let declined_again = after_left_unpaid([started(2), declined(2, Decline::Soft)]);
    assert_eq!(declined_again.state().outcome(), Some(Reply::InvoiceUnpaid));
    declined_again.when(Command::StartAttempt).then_nothing();
    declined_again.when(Command::Pay).then([started(3)]);
}

#[test]
fn a_result_of_an_attempt_that_is_not_in_doubt_changes_nothing() {
    for outcome in [ACCEPTED, HARD, SOFT] {
        for invoice in [issued(), between_attempts(), unpaid(), paying(), paid()] {
            invoice.when(result(1, outcome)).then_nothing();
        }
        collecting().when(result(2, outcome)).then_nothing();
    }
}

#[test]
fn an_attempt_is_pending_from_its_start_to_its_result() {
    for (invoice, pending) in [
        (unknown(), None),
        (issued(), None),
        (collecting(), Some(1)),
        (between_attempts(), None),
        (unpaid(), None),
        (paying(), Some(2)),
        (paid(), None),
    ] {
        assert_eq!(invoice.state().pending_attempt(), pending, "{invoice:?}");
    }
}

#[test]
fn the_one_who_had_it_issued_hears_of_paid_and_of_unpaid() {
    for (invoice, status, outcome) in [
        (unknown(), None, None),
        (issued(), Some(InvoiceStatus::Issued), None),
        (collecting(), Some(InvoiceStatus::Issued), None),
        (unpaid(), Some(InvoiceStatus::Unpaid), Some(Reply::InvoiceUnpaid)),
        (paying(), Some(InvoiceStatus::Unpaid), Some(Reply::InvoiceUnpaid)),
        (paid(), Some(InvoiceStatus::Paid), Some(Reply::InvoicePaid)),
    ] {
        assert_eq!(invoice.state().status(), status, "{invoice:?}");
        assert_eq!(invoice.state().outcome(), outcome, "{invoice:?}");
    }
}

#[test]
fn every_attempt_has_a_key_of_its_own() {
    let invoice = OrderId::new(Uuid::from_u128(5));
    assert_eq!(payment_key(invoice, 2), "00000000-0000-0000-0000-000000000005/2");
}

fn any_commands() -> impl Strategy<Value = Vec<Command>> {
    let results = (1..6_u32, select(vec![ACCEPTED, HARD, SOFT, SOFT])).prop_map(|(n, r)| result(n, r));
    let others = vec![Command::Issue(bill()), Command::RecordMail, Command::StartAttempt, Command::Pay];
    proptest::collection::vec(prop_oneof![results, select(others)], 0..40)
}

/// The states that the commands lead through, from an issued invoice, and the events between them.
fn history(commands: &[Command]) -> (Vec<Invoice>, Vec<Event>) {
    let (mut states, mut events) = (vec![issued().state().clone()], vec![]);
    for command in commands {
        for event in states.last().and_then(|state| state.decide(command).ok()).unwrap_or_default() {
            let mut next = states.last().cloned().unwrap_or_default();
            next.evolve(&event);
            states.push(next);
            events.push(event);
        }
    }
    (states, events)
}

#[test]
fn the_result_of_every_attempt_is_known_for_ever() {
    use AttemptResult::{Accepted, Declined};
    let results = |given: &Given<Invoice>| [0, 1, 2, 3].map(|attempt| given.state().result_of(attempt));
    let paid = Event::Paid { attempt: 2, at: AT };
    assert_eq!(results(&issued()), [None; 4]);
    assert_eq!(results(&collecting()), [None; 4], "in doubt");
    assert_eq!(results(&between_attempts()), [None, Some(Declined), None, None]);
    assert_eq!(results(&after_left_unpaid([started(2)])), [None, Some(Declined), None, None]);
    assert_eq!(results(&after_left_unpaid([started(2), paid])), [None, Some(Declined), Some(Accepted), None]);
}

proptest! {
    #[test]
    fn it_is_paid_at_most_once_and_then_nothing_but_the_mail_follows(commands in any_commands()) {
        let (_, events) = history(&commands);
        let after_paid = events.iter().skip_while(|event| !matches!(event, Event::Paid { .. })).skip(1);
        prop_assert!(after_paid.into_iter().all(|event| *event == Event::Mailed));
    }

    #[test]
    fn attempts_are_counted_one_by_one_and_never_two_are_in_doubt(commands in any_commands()) {
        let (states, events) = history(&commands);
        for (event, pair) in events.iter().zip(states.windows(2)) {
            let (before, after) = (&pair[0], &pair[1]);
            match event {
                Event::AttemptStarted { attempt } => {
                    prop_assert_eq!(before.pending_attempt(), None);
                    prop_assert_eq!(*attempt, before.attempts + 1);
                    prop_assert_eq!(after.pending_attempt(), Some(*attempt));
                }
                _ => prop_assert_eq!(before.attempts, after.attempts),
            }
        }
    }

    #[test]
    fn collecting_is_given_up_once_and_after_three_attempts_at_most(commands in any_commands()) {
        let (states, events) = history(&commands);
        prop_assert!(events.iter().filter(|event| **event == Event::LeftUnpaid).count() <= 1);
        prop_assert!(states.iter().all(|state| state.stage != Stage::Issued || state.attempts <= AUTOMATIC_ATTEMPTS));
        let back = states.windows(2).any(|pair| pair[0].stage == Stage::Unpaid && pair[1].stage == Stage::Issued);
        prop_assert!(!back);
    }
}
