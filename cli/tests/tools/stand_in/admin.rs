//! The admin port, as far as the commands use it.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use chassis::problem::Problem;
use contracts::{
    OrderId,
    billing::Invoice,
    outside::simulators::{ChangeSettings, Entry, Settings, Simulator},
    page::Page,
    shipping::ShipmentStatus,
    style::Style,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{Simulated, World};

/// How many orders a page of the audit has: few, so that there are several.
const PAGE: usize = 100;

const SERVICES: [&str; 6] = ["customers", "ordering", "warehouse", "shipping", "billing", "simulators"];

pub(super) fn router(worlds: &[(Style, World)]) -> Router {
    let styles: Vec<_> = worlds.iter().map(|(style, _)| *style).collect();
    let checks = styles.iter().flat_map(|style| {
        SERVICES
            .map(|service| json!({ "style": style, "service": service, "name": "database", "ready": true }))
    });
    let report = json!({ "ready": true, "checks": checks.collect::<Vec<_>>() });
    let build = chassis::platform::BuildInfo::current();
    let mut router = Router::new()
        .route(
            "/readyz",
            get({
                let report = report.clone();
                async move || Json(report)
            }),
        )
        .route("/livez", get(async move || Json(report)))
        .route("/version", get(async move || Json(build)));
    for (style, world) in worlds {
        router = router.nest(&format!("/{style}"), of_style(world.clone()));
    }
    router
}

fn of_style(world: World) -> Router {
    Router::new()
        .route("/customers/audit", get(customers))
        .route("/ordering/audit", get(orders))
        .route("/ordering/sagas/{id}", get(saga))
        .route("/warehouse/audit", get(products))
        .route("/shipping/audit", get(shipments))
        .route("/billing/audit", get(invoices))
        .route("/billing/dead-letters", get(dead_letters))
        .route("/billing/dead-letters/{id}", get(dead_letter))
        .route("/billing/dead-letters/{id}/retry", post(retry))
        .route("/billing/dead-letters/{id}/discard", post(discard))
        .route("/{service}/folds/{aggregate}", get(folds))
        .route("/simulators/simulators/{system}", get(simulator).put(set))
        .route("/simulators/simulators/{system}/ledger", get(ledger))
        .with_state(world)
}

async fn folds() -> Json<Value> {
    Json(json!({ "aggregates": 0, "snapshots": 0, "different": [], "next": null }))
}

async fn customers(State(world): State<World>) -> Json<Value> {
    let all: Vec<_> = world.state().customers.values().cloned().collect();
    Json(json!({ "service": "customers", "aggregates": all, "pending": {} }))
}

#[derive(Deserialize)]
struct After {
    after: Option<OrderId>,
}

async fn orders(State(world): State<World>, Query(After { after }): Query<After>) -> Json<Value> {
    let state = world.state();
    let later = state.orders.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
    let page: Vec<_> = later.take(PAGE).map(|(_, kept)| kept.order.clone()).collect();
    let next = page.last().filter(|_| page.len() == PAGE).map(|order| order.id);
    let pending = json!({ "sagas": state.running });
    Json(json!({ "service": "ordering", "orders": page, "next": next, "pending": pending }))
}

async fn products(State(world): State<World>) -> Json<Value> {
    let all: Vec<_> = world.state().products.values().cloned().collect();
    Json(json!({ "service": "warehouse", "aggregates": all, "pending": {} }))
}

async fn shipments(State(world): State<World>) -> Json<Value> {
    let state = world.state();
    let dispatched = state.carrier.ledger.iter().map(|entry| (entry.order_id, entry.result));
    let all: Vec<_> = dispatched
        .map(|(order_id, result)| {
            let accepted = result == contracts::outside::simulators::Outcome::Accepted;
            let status = if accepted { ShipmentStatus::Dispatched } else { ShipmentStatus::Refused };
            json!({ "order_id": order_id, "status": status })
        })
        .collect();
    Json(json!({ "service": "shipping", "aggregates": all, "pending": { "tasks": 0 } }))
}

async fn invoices(State(world): State<World>) -> Json<Value> {
    let state = world.state();
    let all: Vec<Invoice> = state.orders.values().filter_map(|kept| kept.invoice.clone()).collect();
    Json(json!({ "service": "billing", "aggregates": all, "pending": { "tasks": 0 } }))
}

async fn saga(State(world): State<World>, Path(id): Path<OrderId>) -> Result<Json<Value>, Problem> {
    let state = world.state();
    let kept = state.orders.get(&id).ok_or_else(|| Problem::not_found("saga"))?;
    let began = kept.order.created_at.micros();
    let log: Vec<_> = kept
        .history
        .iter()
        .map(|(change, _)| {
            json!({ "seq": 1, "at": change.at.micros(), "step": "saga", "entry": change.status, "detail": null })
        })
        .collect();
    Ok(Json(json!({
        "name": "place_order", "definition": 1, "phase": "completed", "progress": { "steps": { "ship": "done" } },
        "started_at": began, "changed_at": began, "log": log,
    })))
}

fn parked(id: Uuid) -> Value {
    json!({
        "id": id, "consumer": "billing", "topic": "billing.commands", "kind": "billing.command", "subject": "s",
        "key": "k", "ahead": 0, "behind": 2, "failures": 5, "error": "reading the command",
        "blocked_at": 1_000_000, "retry_at": null,
    })
}

async fn dead_letters(State(world): State<World>) -> Json<Value> {
    let state = world.state();
    let items: Vec<_> = state.parked.iter().map(|id| parked(*id)).collect();
    let discarded = state.discarded.iter().map(|(id, reason)| {
        json!({ "id": id, "consumer": "billing", "topic": "billing.commands", "by": "ada", "reason": reason })
    });
    Json(json!({ "items": items, "parked": items.len(), "discarded": discarded.collect::<Vec<_>>() }))
}

async fn dead_letter(State(world): State<World>, Path(id): Path<Uuid>) -> Result<Json<Value>, Problem> {
    let known = world.state().parked.contains(&id);
    if known { Ok(Json(json!([parked(id)]))) } else { Err(Problem::not_found("dead letter")) }
}

async fn retry(State(world): State<World>, Path(id): Path<Uuid>) -> Result<Json<Value>, Problem> {
    unpark(&world, id)?;
    world.state().retried.push(id);
    Ok(Json(json!({ "consumers": 1 })))
}

#[derive(Deserialize)]
struct Discard {
    by: String,
    reason: String,
}

async fn discard(
    State(world): State<World>,
    Path(id): Path<Uuid>,
    Json(Discard { by, reason }): Json<Discard>,
) -> Result<Json<Value>, Problem> {
    unpark(&world, id)?;
    world.state().discarded.push((id, format!("{reason} ({by})")));
    Ok(Json(json!({ "consumers": 1 })))
}

fn unpark(world: &World, id: Uuid) -> Result<(), Problem> {
    let parked = &mut world.state().parked;
    let place =
        parked.iter().position(|known| *known == id).ok_or_else(|| Problem::not_found("dead letter"))?;
    parked.remove(place);
    Ok(())
}

fn of<'a>(state: &'a mut super::world::State, system: &str) -> &'a mut Simulated {
    match system {
        "payment" => &mut state.payment,
        "carrier" => &mut state.carrier,
        _ => &mut state.mail,
    }
}

async fn simulator(State(world): State<World>, Path(system): Path<String>) -> Json<Simulator> {
    Json(shown(of(&mut world.state(), &system)))
}

fn shown(simulated: &Simulated) -> Simulator {
    Simulator {
        settings: Settings::default(),
        scripts: simulated.scripts.clone(),
        scripts_total: simulated.scripts.len() as u64,
        held: simulated.held.clone(),
    }
}

async fn set(
    State(world): State<World>,
    Path(system): Path<String>,
    Json(change): Json<ChangeSettings>,
) -> Json<Simulator> {
    Json(world.change(|state| {
        let simulated = of(state, &system);
        for (reference, script) in change.scripts {
            match script {
                Some(script) => drop(simulated.scripts.insert(reference, script)),
                None => drop(simulated.scripts.remove(&reference)),
            }
        }
        shown(simulated)
    }))
}

#[derive(Deserialize)]
struct Cursor {
    #[serde(default)]
    cursor: u64,
}

async fn ledger(
    State(world): State<World>,
    Path(system): Path<String>,
    Query(Cursor { cursor }): Query<Cursor>,
) -> Json<Page<Entry>> {
    let mut state = world.state();
    let later: Vec<_> =
        of(&mut state, &system).ledger.iter().filter(|entry| entry.position > cursor).cloned().collect();
    let next = later.get(PAGE).map(|_| later[PAGE - 1].position.to_string());
    Json(Page { items: later.into_iter().take(PAGE).collect(), next })
}
