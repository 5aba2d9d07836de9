//! Clients whose types can be written down, as programs have them in the fields of a struct, with calls of theirs in tasks of their own.

use std::convert::Infallible;

use http::{Request, Response};
use mesh::{
    answer::{Answer, AnswerLayer},
    circuit_breaker::State,
    stack::{BrokenOff, Client, Endpoint, TransportError},
};
use tonic::{Code, body::Body};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneSyncService};

use super::{Stage, Transport, calling, serving, serving_by};

/// Its transport is in a box.
#[derive(Clone)]
struct Boxed(HealthClient<Answer<Client<Endpoint<Transport>>>>);

/// All of it is in a box, whatever the transport is.
#[derive(Clone)]
struct Whole(HealthClient<BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>>);

#[tokio::test(start_paused = true)]
async fn a_client_over_a_boxed_transport_calls_in_a_task_of_its_own() {
    let stage = Stage::new(calling(""), serving_by("")).await;
    let mut client = Boxed(stage.client);
    let call = tokio::spawn(async move { client.0.check(HealthCheckRequest::default()).await });
    assert_eq!(call.await.expect("no panic").expect("an answer").into_inner(), serving());
}

#[tokio::test(start_paused = true)]
async fn so_does_one_that_is_boxed_as_a_whole() {
    let stack = mesh::client(calling("")).expect("a policy in its ranges");
    let transport = service_fn(async |_| Err::<Response<Body>, _>(std::io::Error::other("nobody is there")));
    let service = AnswerLayer::new().layer(stack.layer(stack.endpoint().layer(transport)));
    let service = service.map_response(|answer: Response<_>| answer.map(Body::new));
    let client = Whole(HealthClient::new(BoxCloneSyncService::new(service)));
    let mut other = client.clone();
    let call = tokio::spawn(async move { other.0.check(HealthCheckRequest::default()).await });
    assert_eq!(call.await.expect("no panic").expect_err("no answer").code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn an_error_in_a_box_says_what_it_says_outside_of_it() {
    let trips = r#""circuit_breaker": {"consecutive_failures": 1, "failure_percent": null}"#;
    let caller_left = async |_| {
        let broken_off = || TransportError(Box::new(BrokenOff("the caller's body broke".into())));
        service_fn(move |_| std::future::ready(Err(broken_off()))).boxed_clone()
    };
    let mut stage = Stage::over(calling(trips), serving_by(""), AnswerLayer::new(), caller_left).await;
    assert_eq!(stage.code().await, Code::Unavailable);
    assert_eq!(stage.calling.circuit_breaker().state(), State::Closed, "that is not the server's failure");

    let hung_up = async |_| {
        let error = || TransportError::from(std::io::Error::other("the connection broke"));
        service_fn(move |_| std::future::ready(Err(error()))).boxed_clone()
    };
    let mut stage = Stage::over(calling(trips), serving_by(""), AnswerLayer::new(), hung_up).await;
    assert_eq!(stage.code().await, Code::Unavailable);
    assert_eq!(stage.calling.circuit_breaker().state(), State::Open);
}
