//! A service and a client of tonic's between the stacks: HTTP/2 through a pipe, where the clock is paused, and over loopback.

mod answers;
mod attempts;
mod boxed;
mod streams;
mod time;
mod transports;

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mesh::{
    answer::{Answer, AnswerLayer},
    stack::{
        Client, ClientHandle, ClientPolicy, Endpoint, Replay, ServerHandle, ServerPolicy, TransportError,
    },
};
use tokio::io::DuplexStream;
use tonic::{Code, Response, Status, body::Body, metadata::MetadataMap, transport::Server};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneService};

const SECOND: Duration = Duration::from_secs(1);

/// What the service does next: of a call that is answered once, its answer; of a stream, one message or its end.
#[derive(Clone, Debug)]
enum Do {
    Serve,
    Say(Code),
    /// And does the next thing then.
    Wait(Duration),
    Hang,
}

/// Clones are the same service. With nothing to do it serves.
#[derive(Clone, Debug, Default)]
struct Service(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    todo: VecDeque<Do>,
    seen: Vec<MetadataMap>,
}

impl Service {
    fn will(&self, todo: impl IntoIterator<Item = Do>) {
        self.0.lock().expect("nobody panics while it is held").todo.extend(todo);
    }

    /// What was told with each call.
    fn seen(&self) -> Vec<MetadataMap> {
        self.0.lock().expect("nobody panics while it is held").seen.clone()
    }

    fn calls(&self) -> usize {
        self.seen().len()
    }

    fn sees(&self, request: &tonic::Request<HealthCheckRequest>) {
        let seen = request.metadata().clone();
        self.0.lock().expect("nobody panics while it is held").seen.push(seen);
    }

    /// The next answer, or the next message.
    async fn next(&self) -> Option<Result<HealthCheckResponse, Status>> {
        loop {
            let next = self.0.lock().expect("nobody panics while it is held").todo.pop_front();
            match next? {
                Do::Serve => return Some(Ok(serving())),
                Do::Say(code) => return Some(Err(said(code))),
                Do::Wait(time) => tokio::time::sleep(time).await,
                Do::Hang => return std::future::pending().await,
            }
        }
    }
}

fn serving() -> HealthCheckResponse {
    HealthCheckResponse { status: 1 }
}

fn said(code: Code) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("told-by", "service".parse().expect("a value"));
    Status::with_metadata(code, "as it was told", metadata)
}

#[tonic::async_trait]
impl Health for Service {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.sees(&request);
        self.next().await.unwrap_or_else(|| Ok(serving())).map(Response::new)
    }

    async fn watch(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.sees(&request);
        let next = async |service: Self| Some((service.next().await?, service));
        Ok(Response::new(stream::unfold(self.clone(), next).boxed()))
    }
}

/// What carries a try.
type Transport = BoxCloneService<Request<Replay<Body>>, http::Response<Body>, TransportError>;

struct Stage {
    service: Service,
    client: HealthClient<Answer<Client<Endpoint<Transport>>>>,
    calling: ClientHandle,
    serving: ServerHandle,
}

impl Stage {
    /// By hyper, through a pipe.
    async fn new(client: ClientPolicy, server: ServerPolicy) -> Self {
        Self::over(client, server, AnswerLayer::new(), through).await
    }

    /// Through a pipe, of which the client's end is given to `transport`.
    async fn over(
        client: ClientPolicy,
        server: ServerPolicy,
        answers: AnswerLayer,
        transport: impl AsyncFnOnce(DuplexStream) -> Transport,
    ) -> Self {
        let (near, far) = tokio::io::duplex(1 << 16);
        let service = Service::default();
        let layers = mesh::server(server).expect("a policy in its ranges");
        let serving = layers.handle();
        let incoming = stream::iter([Ok::<_, Infallible>(far)]);
        let routes = Server::builder().layer(layers).add_service(HealthServer::new(service.clone()));
        tokio::spawn(routes.serve_with_incoming(incoming));

        let layers = mesh::client(client).expect("a policy in its ranges");
        let calling = layers.handle();
        let transport = layers.endpoint().layer(transport(near).await);
        let whole = answers.layer(layers.layer(transport));
        let client = HealthClient::with_origin(whole, "http://service".parse().expect("an origin"));
        Self { service, client, calling, serving }
    }

    async fn check(&mut self) -> Result<Response<HealthCheckResponse>, Status> {
        self.client.check(HealthCheckRequest::default()).await
    }

    /// What a call is answered.
    async fn code(&mut self) -> Code {
        self.check().await.map_or_else(|status| status.code(), |_| Code::Ok)
    }
}

/// HTTP/2 by hyper.
async fn through(pipe: DuplexStream) -> Transport {
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(pipe));
    let (sender, connection) = handshake.await.expect("a connection");
    tokio::spawn(connection);
    let send = service_fn(move |request| {
        let mut sender = sender.clone();
        async move { Ok::<_, TransportError>(sender.send_request(request).await?.map(Body::new)) }
    });
    send.boxed_clone()
}

/// A client's policy by gRPC, the rest of it as a configuration file has it.
fn calling(rest: &str) -> ClientPolicy {
    policy(rest)
}

/// A server's.
fn serving_by(rest: &str) -> ServerPolicy {
    policy(rest)
}

fn policy<P: serde::de::DeserializeOwned>(rest: &str) -> P {
    let comma = if rest.is_empty() { "" } else { ", " };
    serde_json::from_str(&format!(r#"{{"protocol": "grpc"{comma}{rest}}}"#)).expect("a policy")
}

fn told(metadata: &MetadataMap, name: &str) -> Option<String> {
    metadata.get(name).map(|value| value.to_str().expect("text").to_owned())
}
