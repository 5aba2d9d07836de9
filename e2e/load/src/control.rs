//! Looking at a load and stopping it from outside.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{Load, Totals};

#[derive(Debug, Deserialize)]
struct From {
    #[serde(default)]
    from: usize,
}

/// Answers until the process ends.
///
/// # Errors
/// The listener fails.
pub async fn serve(load: Arc<Load>, listener: TcpListener) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/now", get(async |State(load): State<Arc<Load>>| load.journal().now().to_string()))
        .route("/totals", get(async |State(load): State<Arc<Load>>| Json(load.journal().totals())))
        .route("/failures", get(async |State(load): State<Arc<Load>>| lines(&load.journal().failures())))
        .route("/requests", get(requests))
        .route("/stop", post(stop))
        .with_state(load);
    axum::serve(listener, routes).await
}

async fn requests(State(load): State<Arc<Load>>, Query(From { from }): Query<From>) -> String {
    lines(&load.journal().requests(from))
}

async fn stop(State(load): State<Arc<Load>>) -> Json<Totals> {
    load.stop().await;
    Json(load.journal().totals())
}

/// One JSON object on each line.
fn lines<T: Serialize>(all: &[T]) -> String {
    let mut text = String::new();
    for each in all {
        // What is a name, a number or a text cannot fail to be written.
        text.push_str(&serde_json::to_string(each).unwrap_or_default());
        text.push('\n');
    }
    text
}
