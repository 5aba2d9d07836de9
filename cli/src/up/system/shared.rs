//! What the services of one system share: a broker, or a ledger.

use std::path::Path;

use axum::{Router, extract::State, routing::get};
use chassis::{
    extract::Json,
    limits::Limits,
    observe,
    platform::Platform,
    problem::Problem,
    service::{self, Service},
};
use contracts::Style;
use event_store::Ledger;
use messaging::{Embedded, embedded};
use serde_json::json;

use super::failed;
use crate::up::Error;

/// The broker of one system, in a file of its own beside the services', and what operators see of it.
pub(super) async fn open_broker(
    style: Style,
    directory: &Path,
    platform: &Platform,
) -> Result<(Embedded, Box<Service>), Error> {
    let mut options = embedded::Options::default();
    options.database.clock = platform.clock.clone();
    options.database.executor = platform.executor;
    options.database = platform.doubles.around(options.database);
    std::fs::create_dir_all(directory).map_err(failed("broker", style))?;
    let broker =
        Embedded::open(&directory.join("broker.db"), options).await.map_err(failed("broker", style))?;
    let service = operate(&broker, style, platform).map_err(failed("broker", style))?;
    Ok((broker, Box::new(service)))
}

/// Shows the broker on the admin port, and closes its file when the system stops.
fn operate(broker: &Embedded, style: Style, platform: &Platform) -> Result<Service, service::Error> {
    let mut service = Service::new("broker", style.as_str(), platform, Limits::default())?;
    service.keep(broker.database())?;
    observe::broker::show(service.metrics(), broker)?;
    let audit = Router::new().route("/audit", get(on_their_way)).with_state(broker.clone());
    service.merge_admin(audit);
    Ok(service)
}

/// What the broker still has to do, in the words of every service's audit.
async fn on_their_way(State(broker): State<Embedded>) -> Result<Json<serde_json::Value>, Problem> {
    let unacknowledged = broker.unacknowledged().await?;
    Ok(Json(json!({"service": "broker", "aggregates": [], "pending": {"unacknowledged": unacknowledged}})))
}

/// The ledger of one system, in a file of its own, and what operators see of it.
pub(super) fn open_ledger(
    style: Style,
    directory: &Path,
    platform: &Platform,
) -> Result<(Ledger, Box<Service>), Error> {
    std::fs::create_dir_all(directory).map_err(failed("ledger", style))?;
    let path = directory.join("ledger.db");
    let ledger = choreography::ledger::open(&path, platform).map_err(failed("ledger", style))?;
    let service = Service::new("ledger", style.as_str(), platform, Limits::default());
    let mut service = service.map_err(failed("ledger", style))?;
    service.keep(ledger.database()).map_err(failed("ledger", style))?;
    Ok((ledger, Box::new(service)))
}
