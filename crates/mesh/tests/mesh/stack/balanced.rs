//! The place of a balancer in a client's stack: inside of the retries and of the service's breaker, and around each endpoint's time-out of a try.

use std::net::{Ipv4Addr, SocketAddr};

use http::Method;
use mesh::{
    BoxError, Refused, Why,
    balance::{self, Balance, Builder},
    circuit_breaker::{self, State},
    classify::Http,
    discovery,
    stack::{Classifier, Client, ClientHandle, ClientPolicy, Endpoint, OwnErrors, client},
    timeout,
};
use tokio::sync::watch;
use tower::Layer;

use super::{SECOND, asking, breaker, plain, retrying};
use crate::upstream::{Upstream, never, ready_call, status};

struct Stage {
    endpoints: [Upstream; 2],
    service: Client<Balance<Endpoint<Upstream>, Classifier>>,
    handle: ClientHandle,
    balancer: balance::Handle<Endpoint<Upstream>>,
    _source: watch::Sender<Option<discovery::EndpointSet>>,
}

fn address(number: u8) -> SocketAddr {
    (Ipv4Addr::new(10, 0, 0, number), 80).into()
}

impl Stage {
    /// Over two endpoints, whose gates are of this policy.
    async fn new(policy: ClientPolicy, gate: Option<circuit_breaker::Policy>) -> Self {
        let stack = client(policy).expect("a policy in its ranges");
        let endpoints = [(); 2].map(|()| Upstream::default());
        let set = (0..2).map(|number| discovery::Endpoint::new(address(number))).collect();
        let (source, sets) = watch::channel(Some(set));
        let (endpoint, upstreams) = (stack.endpoint(), endpoints.clone());
        let connect = move |of: &discovery::Endpoint| {
            let upstream = usize::from(of.address == address(1));
            endpoint.layer(upstreams[upstream].clone())
        };
        let policy = balance::Policy { slow_start: None, breaker: gate, outlier: None, ..Default::default() };
        let classifier = Classifier::Http(Http::new().errors(OwnErrors));
        let balance = Builder::new(policy).seed(1).build(sets, classifier, connect);
        let balance = balance.expect("a policy in its ranges");
        let (balancer, handle) = (balance.handle(), stack.handle());
        while balancer.snapshot().sets == 0 {
            tokio::task::yield_now().await;
        }
        Self { endpoints, service: stack.layer(balance), handle, balancer, _source: source }
    }

    async fn get(&mut self) -> Result<u16, BoxError> {
        let answer = ready_call(&mut self.service, asking(Method::GET, "/")).await?;
        Ok(answer.status().as_u16())
    }

    fn gates(&self) -> Vec<State> {
        self.balancer.snapshot().endpoints.into_iter().filter_map(|endpoint| endpoint.breaker).collect()
    }
}

fn after_one_failure() -> Option<circuit_breaker::Policy> {
    Some(circuit_breaker::Policy { consecutive_failures: Some(1), ..breaker() })
}

fn retried() -> ClientPolicy {
    ClientPolicy { circuit_breaker: Some(breaker()), attempts: retrying(2), ..plain() }
}

#[tokio::test(start_paused = true)]
async fn a_try_that_fails_is_made_again_elsewhere_and_the_service_is_well() {
    let mut stage = Stage::new(retried(), after_one_failure()).await;
    stage.endpoints[0].will([status(503)]);
    while stage.endpoints[0].calls() == 0 {
        assert_eq!(stage.get().await.expect("an answer"), 200);
    }
    assert_eq!(stage.gates(), [State::Open, State::Closed]);
    assert_eq!(stage.handle.circuit_breaker().state(), State::Closed);
    assert_eq!((stage.get().await.expect("an answer"), stage.endpoints[0].calls()), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_has_failed_when_the_time_of_its_try_is_over() {
    let timeout = timeout::Policy { headers: SECOND, ..timeout::Policy::default() };
    let mut stage = Stage::new(ClientPolicy { timeout, ..retried() }, after_one_failure()).await;
    stage.endpoints[0].will([never()]);
    while stage.endpoints[0].calls() == 0 {
        assert_eq!(stage.get().await.expect("an answer of the other"), 200);
    }
    assert_eq!(stage.gates(), [State::Open, State::Closed]);
}

#[tokio::test(start_paused = true)]
async fn gates_that_refuse_say_nothing_of_the_service_and_are_not_asked_again() {
    let after_three = circuit_breaker::Policy { consecutive_failures: Some(3), ..breaker() };
    let policy = ClientPolicy { circuit_breaker: Some(after_three), attempts: retrying(3), ..plain() };
    let mut stage = Stage::new(policy, after_one_failure()).await;
    stage.endpoints.iter().for_each(|endpoint| endpoint.will([status(503)]));
    for _ in 0..3 {
        // The first time both fail, and the third try is refused.
        let error = stage.get().await.expect_err("both gates are closed to everybody");
        let refused = error.downcast_ref::<Refused>().expect("a refusal");
        assert_eq!((refused.why(), refused.retry_in().is_some()), (Why::CircuitOpen, true));
    }
    assert_eq!(stage.handle.circuit_breaker().state(), State::Closed);
    assert_eq!(stage.gates(), [State::Open, State::Open]);
    assert_eq!(stage.endpoints.each_ref().map(Upstream::calls), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn no_endpoint_is_chosen_for_a_service_whose_circuit_is_open() {
    let mut stage = Stage::new(ClientPolicy { attempts: plain().attempts, ..retried() }, None).await;
    stage.endpoints.iter().for_each(|endpoint| endpoint.will([status(503), status(503)]));
    for _ in 0..2 {
        assert_eq!(stage.get().await.expect("an answer"), 503);
    }
    let picks = stage.balancer.snapshot().picks;
    let error = stage.get().await.expect_err("the circuit is open");
    assert_eq!(error.downcast_ref::<Refused>().map(Refused::why), Some(Why::CircuitOpen));
    assert_eq!(stage.balancer.snapshot().picks, picks);
}
