//! What was reported, for those who were only told that something was.

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue},
    routing::get,
};
use chassis::{
    extract::{Json, Path, etag},
    problem::Problem,
};
use contracts::OrderId;
use database::{Database, Transaction};

use super::{Document, Report, Reporter};

/// The route at which others ask for the reports about an order: `GET /internal/reports/{order_id}`. It answers the
/// [`Document`], with its version as `ETag`.
pub fn routes<R: Report>(reporter: Reporter<R>, database: Database) -> Router {
    Router::new().route("/internal/reports/{order_id}", get(show::<R>)).with_state((reporter, database))
}

async fn show<R: Report>(
    State((reporter, database)): State<(Reporter<R>, Database)>,
    Path(order): Path<OrderId>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Document<R>>), Problem> {
    let work = async move |tx: &mut Transaction| reporter.about(tx, order).await;
    let document = database.read(work).await?;
    if document.version == 0 {
        return Err(Problem::not_found("report"));
    }
    Ok(([etag(document.version)], Json(document)))
}
