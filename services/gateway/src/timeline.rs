//! Everything that was done about one order, from all the services that did it.
//!
//! Each tells what it did, in its own order; [`causal`] puts that together. A service that is away costs a warning and not
//! the answer.

use axum::{Json, extract::State, http::StatusCode};
use chassis::{
    client::Call,
    context::Context,
    extract::Path,
    problem::{self, Problem, chain},
};
use contracts::{
    OrderId,
    ordering::Warning,
    timeline::{Entry, Kind, Part, Timeline, Totals},
};

use crate::{client::Client, routes::Owner, upstream::Upstream};

mod causal;

/// Every step of one order across the services, in causal order and of the same shape in all styles.
#[utoipa::path(
    get, path = "/v1/orders/{id}/timeline", tag = "orders", params(("id" = OrderId, Path)),
    responses(
        (status = 200, body = Timeline, description = "Complete unless `warnings` say what is missing; steps are kept for a day"),
        (status = 404, body = contracts::problem::Problem),
        (status = 503, body = contracts::problem::Problem),
    )
)]
pub(crate) async fn show(
    State(upstream): State<Upstream>,
    Path(id): Path<OrderId>,
    Client(context): Client,
) -> Result<Json<Timeline>, Problem> {
    let asked = Owner::ALL.map(async |owner| (owner, ask(&upstream, owner, &context, id).await));
    let (mut parts, mut warnings) = (Vec::new(), Vec::new());
    let mut unheard = None;
    for (owner, told) in futures_util::future::join_all(asked).await {
        match told {
            Ok(part) => {
                warnings.extend((part.left_out > 0).then(|| cut(owner, part.left_out)));
                parts.push(part);
            }
            Err(reason) => {
                tracing::warn!(order.id = %id, reason, "no timeline of {}", owner.name());
                warnings.push(unavailable(owner));
                unheard = Some(reason);
            }
        }
    }
    if parts.iter().all(|part| part.steps.is_empty()) {
        // Nobody knows of it: there is no such order, or all of it is forgotten, or those who know are away.
        match unheard {
            Some(reason) => return Err(unsaid(reason)),
            None => exists(&upstream, &context, id).await?,
        }
    }
    Ok(Json(composed(id, parts, warnings)))
}

fn composed(order_id: OrderId, parts: Vec<Part>, warnings: Vec<Warning>) -> Timeline {
    let commits = parts.iter().map(|part| part.commits).sum();
    let entries = causal::ordered(parts.into_iter().map(|part| part.steps).collect());
    let totals = entries.iter().fold(Totals { commits, ..Totals::default() }, count);
    Timeline { order_id, entries, totals, warnings }
}

/// What one more step adds to the totals: messages by those who send them, calls by those who make them.
fn count(totals: Totals, entry: &Entry) -> Totals {
    let outcome = entry.outcome.as_deref();
    let message = entry.kind == Kind::Message && outcome == Some("sent");
    let call = entry.kind == Kind::Call && outcome != Some("received");
    Totals {
        messages: totals.messages + u64::from(message),
        calls: totals.calls + u64::from(call),
        bytes: totals.bytes + entry.bytes.filter(|_| message || call).unwrap_or(0),
        ..totals
    }
}

/// Asks a service what it did about an order; or why nobody can say.
async fn ask(upstream: &Upstream, owner: Owner, context: &Context, id: OrderId) -> Result<Part, String> {
    let url = format!("{}/internal/timeline/{id}", upstream.endpoints.of(owner));
    let call = Call::get(url).to(owner.name()).for_context(context).within(upstream.patience(context));
    let answer = upstream.client.send(call).await.map_err(|error| chain(&error))?;
    if answer.status != StatusCode::OK {
        return Err(format!("the answer is {}", answer.status));
    }
    answer.json().map_err(|error| chain(&error))
}

/// That there is such an order.
async fn exists(upstream: &Upstream, context: &Context, id: OrderId) -> Result<(), Problem> {
    let owner = Owner::Ordering;
    let url = format!("{}/v1/orders/{id}", upstream.endpoints.of(owner));
    let call = Call::get(url).to(owner.name()).for_context(context).within(upstream.patience(context));
    let answer = upstream.client.send(call).await.map_err(|error| problem::unavailable(&error))?;
    match answer.status {
        StatusCode::NOT_FOUND => Err(Problem::not_found("order")),
        _ if answer.is_success() => Ok(()),
        status => Err(unsaid(format!("the answer is {status}"))),
    }
}

/// Whoever knows did not say, for this reason.
fn unsaid(reason: String) -> Problem {
    problem::unavailable(&*Box::<dyn std::error::Error>::from(reason))
}

fn unavailable(owner: Owner) -> Warning {
    let name = owner.name();
    let detail = format!("The {name} service did not answer in time; what it did for the order is left out.");
    Warning { code: format!("{}_UNAVAILABLE", name.to_uppercase()), detail }
}

fn cut(owner: Owner, left_out: u64) -> Warning {
    let name = owner.name();
    let detail = format!(
        "The {name} service did more for the order than is told here: between its first steps and its last at least \
         {left_out} are left out."
    );
    Warning { code: format!("{}_CUT", name.to_uppercase()), detail }
}
