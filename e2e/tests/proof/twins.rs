//! A test of the tests: each of the classic mistakes is found by what proves that the system makes none.

use std::time::Duration;

use chassis::doubles::Doubles;
use contracts::{Style, customers::Event as CustomerEvent, ordering::Event as OrderEvent};
use customers::domain::Customer;
use ordering::domain::Order;
use test_support::twins;
use warehouse::domain::Product;

use crate::{
    concurrent::concurrent,
    faults::{plan::Plan, trial::Trial},
    generate::{self, Kind},
    seeds,
};

/// With how many seeds a mistake has to be found.
const SEEDS: u64 = 20;

/// How long orders are given, some of which will never end: enough for those that do.
const PATIENCE: Duration = Duration::from_secs(20);

/// What puts a twin around the parts of Apps.
type Around = fn(Doubles) -> Doubles;

#[test]
fn an_event_that_is_published_without_outbox_is_found() {
    found_by_faults(choreographed(), twins::published_without_outbox::<Order>);
}

#[test]
fn a_handler_without_inbox_is_found() {
    found_by_faults(with_messages(), twins::handled_without_inbox);
}

#[test]
fn a_check_some_time_before_the_decrement_is_found() {
    let glance = |doubles| {
        twins::checked_some_time_before(doubles, |product: &mut Product, before| product.stock = before.stock)
    };
    found_by_decisions(glance);
}

#[test]
fn a_cursor_that_skips_what_comes_late_is_found() {
    found_by_faults(with_messages(), twins::read_by_a_cursor_over_time);
}

#[test]
fn an_acknowledgement_before_the_effect_is_found() {
    found_by_faults(with_messages(), twins::acknowledged_before_effect);
}

#[test]
fn a_compensation_that_is_forgotten_is_found() {
    let forget = |doubles| {
        twins::changed::<Customer>(doubles, |change| {
            let undoes = |event: &CustomerEvent| matches!(event, CustomerEvent::CreditReleased { .. });
            (!change.events.iter().any(undoes)).then_some(change)
        })
    };
    found_by_decisions(forget);
}

#[test]
fn a_final_status_that_is_written_first_is_found() {
    let hurry = |doubles| {
        twins::changed::<Order>(doubles, |mut change| {
            if let Some(OrderEvent::CancelStarted { at, .. }) = change.events.last() {
                let cancelled = OrderEvent::Cancelled { at: *at };
                aggregate::Aggregate::evolve(&mut change.after, &cancelled);
                change.events.push(cancelled);
            }
            Some(change)
        })
    };
    found_by_decisions(hurry);
}

#[test]
fn a_fresh_id_at_every_try_is_found() {
    found_by_faults(with_messages(), twins::fresh_id_at_every_try);
}

fn all() -> impl Iterator<Item = Style> {
    Style::ALL.into_iter()
}

/// The styles whose services send messages.
fn with_messages() -> impl Iterator<Item = Style> {
    all().filter(|style| !matches!(style, Style::Rest | Style::EventSourcing))
}

/// Those of them in which others hear of what happens to orders.
fn choreographed() -> impl Iterator<Item = Style> {
    with_messages().filter(|style| style.is_choreographed())
}

/// The twin is found in each style by what may fail.
fn found_by_faults(styles: impl Iterator<Item = Style>, twin: Around) {
    found(styles, twin, async |style, seed, around| {
        // A broker that misbehaves and processes that end are enough, and what is away would only take time.
        let plan = Plan { outages: vec![], jumps: vec![], broker: Some(seed), ..Plan::of(seed) };
        let trial = Trial::new(style, seed, plan, around).patient(PATIENCE);
        let replayed = trial.run(&generate::lines(seed, Kind::Concurrent), 6).await;
        trial.wrong(&replayed).await
    });
}

/// The twin is found in each style by what the services decide.
fn found_by_decisions(twin: Around) {
    found(all(), twin, async |style, seed, around| {
        concurrent(style, seed, around).await.err().into_iter().collect()
    });
}

/// In each style there is a seed with which `prove` finds something wrong, and finds nothing without the twin.
fn found(
    styles: impl Iterator<Item = Style>,
    twin: Around,
    prove: impl AsyncFn(Style, u64, Around) -> Vec<String>,
) {
    for style in styles {
        let wrong = |seed, around| seeds::run(async { prove(style, seed, around).await });
        let found = (0..SEEDS).map(|seed| (seed, wrong(seed, twin))).find(|(_, wrong)| !wrong.is_empty());
        let Some((seed, found)) = found else { panic!("it is not found in the style {style}") };
        let first = found[0].lines().take(2).collect::<Vec<_>>().join(" ");
        seeds::report(format_args!("found in the style {style} with seed {seed}: {first:.200}"));
        let without = wrong(seed, |doubles| doubles);
        assert!(without.is_empty(), "found in the style {style} where it is not: {without:?}");
    }
}
