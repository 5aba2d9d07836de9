//! What the demo answers.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header::CONNECTION},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use chassis::{
    extract::{Json, Query},
    problem::{Problem, code},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{Faults, Trouble, config::Identity};

/// The header that says which version answers.
pub const X_VERSION: HeaderName = HeaderName::from_static("x-version");
/// The header that says which colour answers.
pub const X_COLOR: HeaderName = HeaderName::from_static("x-color");

#[derive(Clone)]
struct Demo {
    who: Who,
    trouble: Trouble,
    /// A stream that lasts longer ends its connection.
    unready: Duration,
}

/// The body of an answer.
#[derive(Clone, Serialize)]
struct Who {
    version: String,
    color: String,
    pod: String,
}

/// `GET /` and `GET /stream`.
pub fn routes(identity: Identity, trouble: Trouble, unready: Duration) -> Router {
    let Identity { version, color, pod } = identity;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let who = Who { version: text(&version), color: text(&color), pod };
    let signed = move |mut answer: Response| {
        answer.headers_mut().insert(X_VERSION, version.clone());
        answer.headers_mut().insert(X_COLOR, color.clone());
        async { answer }
    };
    Router::new()
        .route("/", get(answer))
        .route("/stream", get(streamed))
        .with_state(Demo { who, trouble, unready })
        .layer(map_response(signed))
}

/// `GET` and `PUT /faults`, on the admin port.
pub fn admin(trouble: Trouble) -> Router {
    Router::new().route("/faults", get(faults).put(set_faults)).with_state(trouble)
}

async fn answer(State(demo): State<Demo>) -> Result<Json<Who>, Problem> {
    demo.spared().await?;
    Ok(Json(demo.who))
}

#[derive(Deserialize)]
struct Length {
    /// For how long it streams.
    #[serde(default = "two")]
    seconds: u64,
}

const fn two() -> u64 {
    2
}

/// The longest stream; a server that stops gives those in flight 20 s unless told otherwise.
const LONGEST_SECONDS: u64 = 60;
const CHUNKS_PER_SECOND: u64 = 10;

async fn streamed(State(demo): State<Demo>, Query(length): Query<Length>) -> Result<Response, Problem> {
    if length.seconds > LONGEST_SECONDS {
        return Err(Problem::malformed(format!("A stream lasts {LONGEST_SECONDS} s at most.")));
    }
    demo.spared().await?;
    let line = Bytes::from(format!("{} {}\n", demo.who.version, demo.who.color));
    let lines = stream::unfold(length.seconds * CHUNKS_PER_SECOND, move |left| {
        let line = line.clone();
        async move {
            let left = left.checked_sub(1)?;
            sleep(Duration::from_secs(1) / CHUNKS_PER_SECOND as u32).await;
            Some((Ok::<_, Infallible>(line), left))
        }
    });
    let mut answer = Body::from_stream(lines).into_response();
    // When it ends the server may be closing what is idle, and it is too late to say so to whoever keeps the connection.
    if Duration::from_secs(length.seconds) >= demo.unready {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}

impl Demo {
    async fn spared(&self) -> Result<(), Problem> {
        let told = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL_ERROR, "Told to fail.");
        if self.trouble.befalls().await { Err(told()) } else { Ok(()) }
    }
}

async fn faults(State(trouble): State<Trouble>) -> Json<Faults> {
    Json(trouble.get())
}

async fn set_faults(
    State(trouble): State<Trouble>,
    Json(faults): Json<Faults>,
) -> Result<Json<Faults>, Problem> {
    faults.validate().map_err(|why| Problem::malformed(format!("{why}.")))?;
    tracing::warn!(?faults, "other faults from now on");
    trouble.set(faults);
    Ok(Json(trouble.get()))
}
