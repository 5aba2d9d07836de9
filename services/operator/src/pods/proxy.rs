//! Pods through the API server: `GET /api/v1/namespaces/NAMESPACE/pods/http:NAME:PORT/proxy/PATH`.

use std::sync::Arc;

use http::Request;
use hyper::body::Bytes;
use kube::{Client, client::Body, core::Status};
use tokio::{sync::Semaphore, time::timeout};

use super::{Question, Unreached};
use crate::fetch::{Reply, Unanswered, innermost, read};

/// An API server's own words are no longer.
const STATUS_BYTES: usize = 16 * 1024;

/// The API server's proxy. Clones are the same.
#[derive(Clone)]
pub struct Proxy {
    client: Client,
    at_once: Arc<Semaphore>,
}

impl Proxy {
    pub(super) fn new(client: Client, at_once: usize) -> Self {
        Self { client, at_once: Arc::new(Semaphore::new(at_once)) }
    }

    pub(super) async fn get(
        &self,
        namespace: &str,
        pod: &str,
        port: u16,
        question: &Question<'_>,
    ) -> Result<Reply, Unreached> {
        let bad_path = || Unreached::BadPath(question.path.to_owned());
        if leads_elsewhere(question.path) {
            return Err(bad_path());
        }
        let path = format!("/api/v1/namespaces/{namespace}/pods/http:{pod}:{port}/proxy{}", question.path);
        let request = Request::get(path).body(Body::empty()).map_err(|_| bad_path())?;
        let _one_of_them = self.at_once.acquire().await;
        timeout(question.timeout, self.exchange(request, question.most))
            .await
            .unwrap_or(Err(Unanswered::TimedOut(question.timeout).into()))
    }

    async fn exchange(&self, request: Request<Body>, most: usize) -> Result<Reply, Unreached> {
        let response = self.client.send(request).await;
        let (head, body) = response.map_err(|error| Unanswered::Failed(innermost(&error)))?.into_parts();
        let status = head.status;
        if !status.is_client_error() && !status.is_server_error() {
            return Ok(Reply { status, body: read(body, most).await? });
        }
        match read(body, most.max(STATUS_BYTES)).await {
            Ok(body) => match own_words(&body) {
                Some(words) => Err(Unreached::Refused(words)),
                None => Ok(Reply { status, body }),
            },
            // So long only a pod's page is, and nobody wants to read it.
            Err(Unanswered::TooLong(_)) if most == 0 => Ok(Reply { status, body: Bytes::new() }),
            Err(error) => Err(error.into()),
        }
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Proxy").field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

/// Whether a path could lead out of what the proxy is for: it is asked for with the operator's own rights.
fn leads_elsewhere(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let plain = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    !path.starts_with('/') || plain.split(['/', '\\']).any(|part| part == "." || part == "..")
}

/// What the API server says itself, which must not be taken for the pod's answer.
fn own_words(body: &[u8]) -> Option<String> {
    let status: serde_json::Value = serde_json::from_slice(body).ok()?;
    if status.get("kind")? != "Status" || status.get("apiVersion")? != "v1" {
        return None;
    }
    let status: Status = serde_json::from_value(status).ok()?;
    Some(status.message)
}

#[cfg(test)]
mod tests {
    use super::leads_elsewhere;

    #[test]
    fn a_path_stays_with_its_pod() {
        for path in ["/readyz", "/a/b.c/..d?x=/../y", "/", "/%2e%2ehidden"] {
            assert!(!leads_elsewhere(path), "{path}");
        }
        for path in ["/../x", "/a/%2E%2e/b", "/a%2f..%2fb", "/.", "readyz", "/a\\..\\b"] {
            assert!(leads_elsewhere(path), "{path}");
        }
    }
}
