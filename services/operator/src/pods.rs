//! How pods are asked: by their address, or through the API server where the operator runs outside the cluster.

mod proxy;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use kube::Client;
use rollout::Colour;

pub use self::proxy::Proxy;
use crate::fetch::{Fetch, Reply, Unanswered};

/// So many are asked at once.
const AT_ONCE: usize = 64;

/// A pod, as far as somebody wants to ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its address; none while it has none.
    pub ip: Option<IpAddr>,
    /// Its containers' ports that have a name.
    pub ports: BTreeMap<String, u16>,
}

impl Pod {
    /// The number of a port that is given by name or number.
    #[must_use]
    pub fn port(&self, port: &str) -> Option<u16> {
        self.ports.get(port).copied().or_else(|| port.parse().ok()).filter(|port| *port != 0)
    }
}

/// Pods by the side that they are of.
pub type Pods = BTreeMap<Colour, Vec<Pod>>;

/// What a pod is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The port, by name or number.
    pub port: &'a str,
    /// The path and query.
    pub path: &'a str,
    /// How long the answer may take.
    pub timeout: Duration,
    /// How many bytes of the answer's body are read at most; with 0 it does not matter.
    pub most: usize,
}

/// The way to the pods. Clones are the same.
#[derive(Clone, Debug)]
pub enum Reach {
    /// By their address.
    Direct(Fetch),
    /// Through the API server's proxy, which asks for the right to `get` `pods/proxy`.
    Api(Proxy),
}

/// Why a pod gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// It has no address yet.
    #[error("it has no address")]
    NoAddress,
    /// It has no such port.
    #[error("it has no port `{0}`")]
    NoPort(String),
    /// The path is none that may be asked for.
    #[error("`{0}` is no path that can be asked for")]
    BadPath(String),
    /// It did not answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// The API server did not let it be asked.
    #[error("the API server says: {0}")]
    Refused(String),
}

impl Reach {
    /// By their address.
    #[must_use]
    pub fn direct() -> Self {
        Self::Direct(Fetch::new(AT_ONCE))
    }

    /// Through the API server.
    #[must_use]
    pub fn through_the_api(client: Client) -> Self {
        Self::Api(Proxy::new(client, AT_ONCE))
    }

    /// Asks a pod of that namespace by `GET`.
    ///
    /// # Errors
    /// It gives no answer.
    pub async fn get(&self, namespace: &str, pod: &Pod, question: &Question<'_>) -> Result<Reply, Unreached> {
        let port = pod.port(question.port).ok_or_else(|| Unreached::NoPort(question.port.to_owned()))?;
        match self {
            Self::Api(proxy) => proxy.get(namespace, &pod.name, port, question).await,
            Self::Direct(fetch) => {
                let address = SocketAddr::new(pod.ip.ok_or(Unreached::NoAddress)?, port);
                let request = Request::get(format!("http://{address}{}", question.path))
                    .body(Full::<Bytes>::default())
                    .map_err(|_| Unreached::BadPath(question.path.to_owned()))?;
                Ok(fetch.send(request, question.timeout, question.most).await?)
            }
        }
    }
}
