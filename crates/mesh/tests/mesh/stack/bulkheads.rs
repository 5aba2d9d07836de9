//! Bulkheads of a policy: where they are among the layers, and whose.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request};
use http_body_util::Full;
use mesh::{
    BoxError, Refused, Why,
    bulkhead::Snapshot,
    stack::{ClientPolicy, Server, ServerPolicy, server},
};
use tower::Layer;

use super::{SECOND, Stage, asking, retrying};
use crate::upstream::{Upstream, never, ready_call, status};

/// A call that nobody answers.
type Stuck = Pin<Box<dyn Future<Output = Result<u16, BoxError>>>>;

fn of(tenant: &str, path: &str) -> Request<Full<Bytes>> {
    let mut request = asking(Method::GET, path);
    if !tenant.is_empty() {
        request.headers_mut().insert("x-tenant", tenant.parse().expect("a name"));
    }
    request
}

fn policy<P: serde::de::DeserializeOwned>(text: &str) -> P {
    serde_json::from_str(text).expect("a policy")
}

impl Stage {
    /// Begins a call, which waits or is under way.
    fn begins(&self, tenant: &str, path: &str) -> Stuck {
        let (mut service, request) = (self.service.clone(), of(tenant, path));
        let mut call: Stuck =
            Box::pin(async move { Ok(ready_call(&mut service, request).await?.status().as_u16()) });
        assert!((&mut call).now_or_never().is_none(), "it has ended");
        call
    }

    async fn refuses(&mut self, tenant: &str, path: &str) -> Option<Why> {
        let error = self.call(of(tenant, path)).await.err()?;
        error.downcast_ref::<Refused>().map(Refused::why)
    }

    fn parted(&self) -> Snapshot {
        self.handle.bulkhead().expect("bulkheads").snapshot()
    }
}

#[tokio::test(start_paused = true)]
async fn one_key_that_is_stuck_fills_neither_the_limit_of_a_client_nor_its_queue() {
    let text = r#"{
        "bulkhead": {"header": "x-tenant", "each": {"limit": 2}},
        "concurrency": {"limit": {"fixed": 1}, "queue": {"places": 2, "time": "60s"}}
    }"#;
    let mut stage = Stage::new(policy(text));
    stage.upstream.will([never()]);
    let stuck = [stage.begins("acme", "/"), stage.begins("acme", "/")];
    assert_eq!(stage.handle.concurrency().expect("a limit").snapshot().waiting, 1, "the second waits");
    assert_eq!(stage.refuses("acme", "/").await, Some(Why::LimitReached), "who waits has his place, too");
    assert_eq!((stage.parted().keys, stage.parted().refused), (1, 1));
    let waits = stage.begins("other", "/");
    drop(stuck);
    assert_eq!(waits.await.expect("it is its turn"), 200);
    assert_eq!((stage.call(of("acme", "/")).await.expect("room again"), stage.parted().keys), (200, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_holds_one_place_with_all_its_tries_until_its_deadline() {
    let text = r#"{"bulkhead": {"header": "x-tenant", "each": {"limit": 1}}, "budget": {"floor": 100},
        "deadline": {"at_most": "2s"}, "timeout": {"headers": "5s"}}"#;
    let mut stage = Stage::new(ClientPolicy { attempts: retrying(3), ..policy(text) });
    stage.upstream.will([status(503), status(503), status(200), never()]);
    assert_eq!(stage.call(of("acme", "/")).await.expect("the third try"), 200);
    let stuck = stage.begins("acme", "/");
    assert_eq!(stage.refuses("acme", "/").await, Some(Why::LimitReached));
    assert_eq!((stage.handle.budget().reserved, stage.upstream.calls()), (2, 4), "a refusal costs no budget");
    let begun = tokio::time::Instant::now();
    assert!(stuck.await.is_err());
    assert_eq!((begun.elapsed(), stage.parted().keys), (2 * SECOND, 0), "the deadline is outside");
}

#[tokio::test(start_paused = true)]
async fn calls_without_the_header_share_a_compartment_and_a_route_may_have_its_own() {
    let text = r#"{
        "bulkhead": {"header": "x-tenant", "each": {"limit": 1}},
        "routes": [{"name": "search", "matches": {"path": "/search"}, "bulkhead": {"header": "x-tenant", "each": {"limit": 2}}}]
    }"#;
    let mut stage = Stage::new(policy(text));
    stage.upstream.will([never(), never(), never(), never()]);
    let stuck = [("", "/"), ("acme", "/"), ("acme", "/search"), ("acme", "/search")];
    let _stuck = stuck.map(|(tenant, path)| stage.begins(tenant, path));
    for (tenant, path) in [("", "/"), ("acme", "/"), ("acme", "/search")] {
        assert_eq!(stage.refuses(tenant, path).await, Some(Why::LimitReached), "{tenant} {path}");
    }
    assert_eq!(stage.call(of("other", "/")).await.expect("room"), 200);
    assert_eq!(stage.parted().keys, 2, "those of the route are in others");

    let other =
        ClientPolicy { timeout: mesh::timeout::Policy { headers: SECOND, whole: None }, ..policy(text) };
    stage.handle.reload(other).expect("a policy in its ranges");
    for (tenant, path) in [("", "/"), ("acme", "/"), ("acme", "/search")] {
        assert_eq!(stage.refuses(tenant, path).await, Some(Why::LimitReached), "it keeps who is under way");
    }
    stage.handle.reload(policy("{}")).expect("a policy in its ranges");
    assert_eq!(stage.call(of("acme", "/")).await.expect("no bulkheads"), 200);
    assert!(stage.handle.bulkhead().is_none());
}

#[tokio::test(start_paused = true)]
async fn those_of_a_server_are_inside_of_its_rate_and_outside_of_its_limit() {
    let text = r#"{
        "rate_limit": {"header": "x-tenant", "limit": {"calls": 1, "burst": 3, "per": "1h"}},
        "bulkhead": {"header": "x-tenant", "each": {"limit": 2, "retry_after": "7s"}},
        "concurrency": {"limit": {"fixed": 1}, "queue": {"places": 2, "time": "20s"}}
    }"#;
    let layers = server(policy::<ServerPolicy>(text)).expect("a policy in its ranges");
    let (inside, handle) = (Upstream::default(), layers.handle());
    let service: Server<Upstream> = layers.layer(inside.clone());
    let call = |tenant: &'static str| {
        let (mut service, request) = (service.clone(), super::servers::boxed(of(tenant, "/")));
        Box::pin(async move {
            let Ok(answer) = ready_call(&mut service, request).await;
            let retry_after = answer.headers().get("retry-after");
            let retry_after = retry_after.map(|value| value.to_str().expect("text").to_owned());
            (answer.status().as_u16(), retry_after)
        })
    };
    inside.will([never()]);
    let mut stuck = [call("acme"), call("acme")];
    assert!(stuck.iter_mut().all(|call| call.now_or_never().is_none()));
    let parted = || handle.bulkhead().expect("bulkheads").snapshot();
    assert_eq!(call("acme").await, (503, Some("7".into())), "one is under way and one waits");
    assert_eq!(
        (call("acme").await.0, parted().refused),
        (429, 1),
        "what is over the rate is not asked for a place"
    );
    assert_eq!((inside.calls(), parted().keys), (1, 1));
    let mut waits = call("other");
    assert!((&mut waits).now_or_never().is_none(), "there is a place in the queue");
    drop(stuck);
    assert_eq!((waits.await.0, parted().keys), (200, 0));
}
