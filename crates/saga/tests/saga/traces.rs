//! A task goes on in the trace that it was written down with.

use journal::Cause;
use saga::tasks::{Task, Verdict, within_span};
use test_support::collector::{Span, Tree};
use test_support::recording::{CLIENT, CLIENT_SPAN, Recording, TRACE_ID};
use uuid::Uuid;

fn cause() -> Cause {
    Cause { traceparent: Some(CLIENT.to_owned()), ..Cause::default() }
}

fn task(attempt: u32) -> Task {
    Task { attempt, ..Task::new("purchase", Uuid::nil(), "ship", "{}") }
}

fn tree_of(count: usize) -> impl FnMut(Vec<Span>) -> Result<Tree, String> {
    move |spans| {
        if spans.len() == count { Tree::below(CLIENT_SPAN, spans) } else { Err(format!("{spans:#?}")) }
    }
}

#[tokio::test]
async fn every_attempt_is_a_step_that_what_it_asks_goes_on_from() {
    let recording = Recording::start([]);
    let mut told = Vec::new();
    for (attempt, verdict) in [(0, Verdict::Failed("nobody there".into())), (1, Verdict::Settled)] {
        let work = async |cause: Cause| {
            told.push(cause.traceparent.unwrap_or_default());
            verdict.clone()
        };
        assert_eq!(within_span(&task(attempt), cause(), work).await, verdict);
    }
    let tree = recording.collector.until(TRACE_ID, tree_of(2)).await;
    let attempts = tree.named("purchase ship");
    assert_eq!(attempts.len(), 2, "{tree}");
    for (number, (span, told)) in attempts.iter().zip(&told).enumerate() {
        assert!(told.contains(&span.span_id) && told.contains(TRACE_ID), "{told}");
        assert_eq!(span.attribute("task.attempt"), number.to_string());
    }
    assert_eq!([attempts[0].is_error, attempts[1].is_error], [true, false]);
    assert_eq!(attempts[0].description, "nobody there");
}

#[tokio::test]
async fn what_is_not_recorded_hands_its_cause_on_as_it_is() {
    let recording = Recording::start([]);
    let unsampled = Cause { traceparent: Some(CLIENT.replace("-01", "-00")), ..Cause::default() };
    for cause in [unsampled, Cause::default()] {
        let work = async |told: Cause| {
            assert_eq!(told, cause);
            Verdict::Settled
        };
        within_span(&task(0), cause.clone(), work).await;
    }
    recording.traces.stop().await;
    assert!(recording.collector.spans().is_empty());
}
