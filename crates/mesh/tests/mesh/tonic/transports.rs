//! What carries tonic's calls in real programs: hyper-util's client and a channel of tonic's, over loopback.

use std::{error::Error, net::SocketAddr};

use http::{Request, Response};
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioIo},
};
use mesh::{
    answer::AnswerLayer,
    stack::{Replay, ServerPolicy, TransportError},
};
use tonic::{
    Code, TimeoutExpired,
    body::Body,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient, health_server::HealthServer};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use super::{Do, SECOND, Service, Stage, calling, serving, serving_by};

/// A server of tonic's behind its layers, on a port of its own.
fn listening(service: &Service, policy: ServerPolicy) -> SocketAddr {
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = incoming.local_addr().expect("an address");
    let layers = mesh::server(policy).expect("a policy in its ranges");
    let routes = Server::builder().layer(layers).add_service(HealthServer::new(service.clone()));
    tokio::spawn(routes.serve_with_incoming(incoming));
    address
}

#[tokio::test]
async fn a_client_of_hyper_utils_carries_calls_and_streams() {
    let service = Service::default();
    let address = listening(&service, serving_by(""));
    let stack = mesh::client(calling("")).expect("a policy in its ranges");
    let hyper = legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let transport = ServiceBuilder::new().map_response(|it: Response<_>| it.map(Body::new)).service(hyper);
    let whole = AnswerLayer::new().layer(stack.layer(stack.endpoint().layer(transport)));
    let origin = format!("http://{address}").parse().expect("an origin");
    let mut client = HealthClient::with_origin(whole, origin);

    let mut other = client.clone();
    let call = tokio::spawn(async move { other.check(HealthCheckRequest::default()).await });
    let answer = call.await.expect("no panic").expect("an answer");
    assert_eq!(answer.into_inner(), serving());
    service.will([Do::Serve, Do::Serve, Do::Say(Code::Aborted)]);
    let mut messages = client.watch(HealthCheckRequest::default()).await.expect("headers").into_inner();
    for _ in 0..2 {
        assert_eq!(messages.message().await.expect("a message"), Some(serving()));
    }
    assert_eq!(messages.message().await.expect_err("trailers").code(), Code::Aborted);
}

/// A channel of tonic's takes only its own bodies.
fn around(
    channel: Channel,
) -> impl tower::Service<
    Request<Replay<Body>>,
    Response = Response<Body>,
    Error = tonic::transport::Error,
    Future: Send,
> + Clone
+ Send
+ 'static {
    ServiceBuilder::new().map_request(|it: Request<Replay<Body>>| it.map(Body::new)).service(channel)
}

#[tokio::test]
async fn a_channel_of_tonics_carries_them_too() {
    let service = Service::default();
    let address = listening(&service, serving_by(""));
    let stack = mesh::client(calling("")).expect("a policy in its ranges");
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address").connect_lazy();
    let whole = AnswerLayer::new().layer(stack.layer(stack.endpoint().layer(around(channel))));
    let call = async move { HealthClient::new(whole).check(HealthCheckRequest::default()).await };
    let answer = tokio::spawn(call).await.expect("no panic").expect("an answer");
    assert_eq!((answer.into_inner(), service.calls()), (serving(), 1));
}

#[tokio::test(start_paused = true)]
async fn what_a_channel_ends_by_its_own_time_out_is_told_as_one() {
    let impatient = async |pipe| {
        let mut pipe = Some(TokioIo::new(pipe));
        let connect = service_fn(move |_| std::future::ready(pipe.take().ok_or("there is one connection")));
        let channel =
            Endpoint::from_static("http://service").timeout(SECOND).connect_with_connector_lazy(connect);
        around(channel).map_err(TransportError::from).boxed_clone()
    };
    let answers = AnswerLayer::new().time_outs(<dyn Error>::is::<TimeoutExpired>);
    let mut stage = Stage::over(calling(""), serving_by(""), answers, impatient).await;
    assert_eq!(stage.code().await, Code::Ok);
    stage.service.will([Do::Hang]);
    assert_eq!(stage.code().await, Code::DeadlineExceeded);
}
