//! What a service's memory is good for, and how far it is behind the ledger: in its metrics, and with each answer.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use chassis::{backlog, service};
use contracts::memory::{LAG_EVENTS, LAG_SECONDS};
use database::Transaction;
use event_store::{EventSourced, Grid, grid::Behind};

/// Has a service show what its memory is good for, and say in every answer to a `GET` how far it is behind.
///
/// # Errors
/// It shows one already.
pub(super) fn show<A: EventSourced>(
    service: &mut service::Service,
    grid: &Grid<A>,
) -> Result<(), service::Error> {
    count(service, grid)?;
    let help = "How many positions of the ledger memory has not taken in.";
    let events = service.metrics().gauge("memory_behind_events", help, &[])?;
    let help = "For how long the first event that memory has not taken in has been in the ledger.";
    let seconds = service.metrics().float_gauge("memory_behind_seconds", help, &[])?;
    let (of, database) = (grid.clone(), grid.ledger().database().clone());
    let look = async move |tx: &mut Transaction| of.behind_in(tx).await;
    backlog::sample(service, "memory lag", &database, look, move |behind: Behind| {
        let count = i64::try_from(behind.events).unwrap_or(i64::MAX);
        events.with_label_values::<&str>(&[]).set(count);
        seconds.with_label_values::<&str>(&[]).set(behind.time.as_secs_f64());
    });
    let of = grid.clone();
    service.wrap(move |api| api.layer(from_fn_with_state(of, tell)));
    Ok(())
}

/// Answers with how far memory was behind before: what comes in between can only be told as missing.
async fn tell<A: EventSourced>(State(grid): State<Grid<A>>, request: Request, next: Next) -> Response {
    let asks = request.method() == Method::GET && request.uri().path().starts_with("/v1/");
    let behind = if asks { grid.behind().await.ok() } else { None };
    let mut response = next.run(request).await;
    if let Some(Behind { events, time }) = behind {
        let said = [(LAG_EVENTS, events.to_string()), (LAG_SECONDS, format!("{:.3}", time.as_secs_f64()))];
        for (name, value) in said {
            let value = HeaderValue::try_from(value).ok();
            response.headers_mut().extend(value.map(|value| (HeaderName::from_static(name), value)));
        }
    }
    response
}

fn count<A: EventSourced>(service: &service::Service, grid: &Grid<A>) -> Result<(), service::Error> {
    let of = grid.clone();
    let help = "Loads of aggregates, by what memory had of them.";
    service.metrics().read_counter("memory_loads_total", help, &["found"], move |shown| {
        let stats = of.stats();
        shown.count(&["current"], stats.hot);
        shown.count(&["behind"], stats.behind);
        shown.count(&["nothing"], stats.cold);
    })?;
    let of = grid.clone();
    let help = "Appends that were decided on another version than the stream's, and were decided again.";
    service.metrics().read_counter("memory_conflicts_total", help, &[], move |shown| {
        shown.count(&[], of.stats().conflicts);
    })?;
    let of = grid.clone();
    let help = "Aggregates that were let go from memory for want of room.";
    service.metrics().read_counter("memory_evictions_total", help, &[], move |shown| {
        shown.count(&[], of.stats().evicted);
    })?;
    let of = grid.clone();
    let help = "Aggregates that are in memory.";
    service.metrics().read_gauge("memory_aggregates", help, &[], move |shown| {
        shown.count(&[], of.stats().aggregates as u64);
    })?;
    Ok(())
}
