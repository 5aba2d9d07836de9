//! A task as a step of the trace that it goes on from.

use journal::Cause;
use trace::Trace;
use tracing::{Instrument, Span, error_span, field::Empty, record_all};

use super::{Task, Verdict};

/// Does a task within a span of its own, which goes on from its cause: what follows from the task goes on from there. Each attempt
/// is a span, also the one after a crash, and one that failed says why.
pub async fn within_span(task: &Task, cause: Cause, work: impl AsyncFnOnce(Cause) -> Verdict) -> Verdict {
    let asked = cause.traceparent.as_deref().and_then(|text| text.parse::<Trace>().ok());
    let Some(asked) = asked else { return work(cause).await };
    let Task { kind, name, attempt, .. } = task;
    let named = || if kind == name { (*kind).to_owned() } else { format!("{kind} {name}") };
    let named = trace::recorded(&asked).then(named);
    let (span, here) = trace::child_of(&asked, || of(task, &asked, named.as_deref()));
    if here == asked {
        return work(cause).instrument(span).await;
    }
    record_all!(span, task.kind = kind, task.attempt = attempt);
    let verdict = work(Cause { traceparent: Some(here.to_string()), ..cause }).instrument(span.clone()).await;
    note(&span, &verdict);
    verdict
}

/// The span, which is there at every level: lines of the log tell by it what they are about.
fn of(task: &Task, asked: &Trace, named: Option<&str>) -> Span {
    error_span!(
        "task",
        trace_id = %asked.trace_id(),
        task.name = task.name,
        about = Empty,
        otel.link = Empty,
        otel.name = named,
        otel.kind = "internal",
        otel.status_code = Empty,
        otel.status_description = Empty,
        error.type = Empty,
        task.kind = Empty,
        task.attempt = Empty,
        task.verdict = Empty,
    )
}

fn note(span: &Span, verdict: &Verdict) {
    match verdict {
        Verdict::Settled => {}
        Verdict::Again(_) => {
            span.record("task.verdict", "again");
        }
        Verdict::Failed(failure) => {
            let why = failure.why.as_str();
            record_all!(
                span,
                task.verdict = "failed",
                error.type = "failed",
                otel.status_code = "ERROR",
                otel.status_description = why
            );
        }
    }
}
