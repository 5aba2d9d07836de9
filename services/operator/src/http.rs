//! Health and metrics, for machines: `/livez`, `/readyz` and `/metrics`.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore, time::sleep};

use crate::metrics::{Metrics, Scene};

/// So many connections are served at a time; those beyond wait to be accepted.
const CONNECTIONS: usize = 64;
/// The head of a connection's next request must have come within this time, or the connection is closed.
const HEAD: Duration = Duration::from_secs(30);
/// After a connection could not be accepted: there are too many open files, perhaps.
const PAUSE: Duration = Duration::from_secs(1);

/// How the process is. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<AtomicBool>);

impl Health {
    /// Everything has been read that there is: it can lead at once.
    pub fn ready(&self) {
        self.0.store(true, Relaxed);
    }

    /// It leaves, and shall not be counted on any more.
    pub fn leaves(&self) {
        self.0.store(false, Relaxed);
    }

    fn is_ready(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Looks at what is to be shown now.
pub type Look = Arc<dyn Fn() -> Scene + Send + Sync>;

#[derive(Clone)]
struct Shown {
    health: Health,
    metrics: Metrics,
    look: Look,
}

/// The routes.
pub fn router(health: Health, metrics: Metrics, look: Look) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(exposition))
        .with_state(Shown { health, metrics, look })
}

/// Serves them until the process ends.
///
/// # Errors
/// None: it goes on whatever happens to a connection.
pub async fn serve(listener: TcpListener, router: Router) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD);
        tokio::spawn(async move {
            // Whoever asked sees that it broke off.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
            drop(place);
        });
    }
    Ok(())
}

/// A process that has lost a part of itself ends, and so does not answer.
async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(shown): State<Shown>) -> (StatusCode, &'static str) {
    if shown.health.is_ready() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not everything has been read yet, or it leaves\n")
    }
}

async fn exposition(State(shown): State<Shown>) -> Response {
    match shown.metrics.text(&(shown.look)()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use rollout::{Phase, Reason};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    use tower::ServiceExt;

    use super::*;

    async fn ask(router: &Router, path: &str) -> (u16, String) {
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn router(health: &Health) -> Router {
        let bluegreens = vec![(Phase::Held, Some(Reason::NoColour))];
        let look = move || Scene { bluegreens: bluegreens.clone(), ..Scene::default() };
        super::router(health.clone(), Metrics::new().unwrap(), Arc::new(look))
    }

    #[tokio::test]
    async fn it_is_ready_once_everything_is_read_and_until_it_leaves() {
        let health = Health::default();
        let router = router(&health);
        let mut seen = vec![ask(&router, "/readyz").await.0];
        health.ready();
        seen.push(ask(&router, "/readyz").await.0);
        health.leaves();
        seen.push(ask(&router, "/readyz").await.0);
        assert_eq!((seen, ask(&router, "/livez").await.0), (vec![503, 200, 503], 200));
    }

    #[tokio::test]
    async fn the_metrics_count_where_the_bluegreens_stand_now() {
        let (status, text) = ask(&router(&Health::default()), "/metrics").await;
        assert_eq!(status, 200);
        assert!(text.contains(r#"switchyard_operator_held{reason="NoColour"} 1"#), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_half_a_head_is_let_go() {
        #[expect(clippy::disallowed_methods, reason = "what is bounded is a real connection")]
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router(&Health::default())));
        #[expect(clippy::disallowed_methods, reason = "what is bounded is a real connection")]
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\n").await.unwrap();
        let mut answer = vec![];
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(!String::from_utf8_lossy(&answer).contains("200"), "{answer:?}");
    }
}
