//! Somebody who owns things: shows them as it is told to, and remembers what it was asked.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "for tests, which fail by it")]

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chassis::platform::Platform;
use serde_json::Value;
use tokio::sync::watch;

/// A port that is free.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// An owner of things at one address; clones are the same one.
#[derive(Clone, Debug)]
pub struct Owner(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    says: Mutex<Says>,
    thinks: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Says {
    documents: BTreeMap<String, (u64, Value)>,
    refuses: Option<StatusCode>,
    asked: Vec<Asked>,
}

/// What was asked, and what was said to be known already.
pub type Asked = (String, Option<String>);

impl Owner {
    /// An owner that is away until it is [opened](Self::open).
    #[must_use]
    pub fn away(platform: &Platform) -> Self {
        let address = platform.network.reserve(ANY_PORT).unwrap();
        Self(Arc::new(Shared { address, says: Mutex::default(), thinks: watch::Sender::new(false) }))
    }

    /// Has it answer from now on.
    pub fn open(&self, platform: &Platform) {
        let router = Router::new().fallback(answer).with_state(self.clone());
        let listener = platform.network.listen(self.0.address).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// From now on this is what it shows there; the document says its version.
    pub fn shows(&self, path: &str, document: Value) {
        let version = document["version"].as_u64().unwrap();
        self.says().documents.insert(path.to_owned(), (version, document));
    }

    /// From now on it answers nothing else.
    pub fn refuses(&self, status: Option<StatusCode>) {
        self.says().refuses = status;
    }

    /// Whether it takes its time, for as long as it does.
    pub fn thinks(&self, thinks: bool) {
        self.0.thinks.send_replace(thinks);
    }

    /// What it was asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.says().asked.clone()
    }

    fn says(&self) -> MutexGuard<'_, Says> {
        self.0.says.lock().unwrap()
    }
}

async fn answer(State(owner): State<Owner>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().to_owned();
    let known = headers.get(header::IF_NONE_MATCH).map(|tag| tag.to_str().unwrap().to_owned());
    owner.says().asked.push((path.clone(), known.clone()));
    owner.0.thinks.subscribe().wait_for(|thinks| !thinks).await.unwrap();
    let says = owner.says();
    if let Some(status) = says.refuses {
        return status.into_response();
    }
    let Some((version, document)) = says.documents.get(&path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{version}\"");
    let status = if known.as_ref() == Some(&tag) { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let tag = [(header::ETAG, tag)];
    match status {
        StatusCode::NOT_MODIFIED => (status, tag).into_response(),
        _ => (status, tag, Json(document.clone())).into_response(),
    }
}
