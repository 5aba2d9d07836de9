//! The limit in front of a server, under a paused clock. Each test says what the caller saw, and whether the server was called.

mod adaptive;
mod mistakes;
mod queue;
mod readiness;
mod shedding;
mod threads;

use std::{pin::Pin, task::Poll, time::Duration};

use futures_util::poll;
use http::{Request, Response};
use mesh::{
    BoxError, Refused, Why,
    classify::Http,
    concurrency::{Concurrency, ConcurrencyLayer, Handle, Limit, Policy, Priority, Queue, Snapshot},
};
use tower::{Layer, Service, ServiceExt};

use crate::server::{Answer, Server};

const SECOND: Duration = Duration::from_secs(1);

type Limited = Concurrency<Server, Http>;
type Flying = Pin<Box<dyn Future<Output = Result<Response<()>, BoxError>> + Send>>;

struct Stage {
    server: Server,
    layer: ConcurrencyLayer<Http>,
    service: Limited,
    handle: Handle,
}

impl Stage {
    fn new(policy: Policy) -> Self {
        let layer = ConcurrencyLayer::new(policy, Http::new()).expect("a policy in its ranges");
        let server = Server::default();
        let (service, handle) = (layer.layer(server.clone()), layer.handle());
        Self { server, layer, service, handle }
    }

    /// With a queue of three places.
    fn queued(limit: u32) -> Self {
        let queue = Some(Queue { places: 3, time: SECOND });
        Self::new(Policy { queue, ..Policy::fixed(limit) })
    }

    /// A call of a clone, polled once: it is under way, or waits.
    async fn begin(&self, priority: Priority) -> Flying {
        let mut call: Flying = Box::pin(self.service.clone().oneshot(request(priority)));
        assert!(poll!(&mut call).is_pending());
        call
    }

    /// The same, which the server answers after so long.
    async fn begin_for(&self, time: Duration) -> Flying {
        self.server.will([Answer::After(time, 200)]);
        self.begin(Priority::Normal).await
    }

    /// Fills this much of the limit with calls that nobody answers.
    async fn fill(&self, calls: usize) -> Vec<Flying> {
        let mut flying = vec![];
        for _ in 0..calls {
            self.server.will([Answer::Never]);
            // The room above the limit, too.
            flying.push(self.begin(Priority::Critical).await);
        }
        flying
    }

    /// Makes a call that does not reach the server.
    async fn refuses(&self, priority: Priority) -> Why {
        let before = self.server.calls();
        let refused = refusal(self.service.clone().oneshot(request(priority)).await);
        assert_eq!(self.server.calls(), before, "the server was not called");
        refused.why()
    }

    /// Makes a call that the server answers at once.
    async fn passes(&self, priority: Priority) {
        let before = self.server.calls();
        let response = self.service.clone().oneshot(request(priority)).await.expect("an answer");
        assert_eq!((response.status().as_u16(), self.server.calls()), (200, before + 1));
    }

    fn snapshot(&self) -> Snapshot {
        self.handle.snapshot()
    }
}

fn request(priority: Priority) -> Request<()> {
    Request::builder().extension(priority).body(()).expect("a request")
}

fn refusal<T: std::fmt::Debug>(result: Result<T, BoxError>) -> Refused {
    let error = result.expect_err("a refusal");
    *error.downcast().expect("a refusal, and no other error")
}

async fn pass(time: Duration) {
    tokio::time::advance(time).await;
}

#[test]
fn a_wrong_policy_names_every_field() {
    let text = r#"{
        "limit": {"adaptive": {"least": 10, "most": 5, "tolerance": 1.0, "window": "1us", "floor_calls": 2}},
        "shares": {"background": 90, "normal": 80, "critical": 70},
        "queue": {"places": 0, "time": "2m"},
        "enforce": 101,
        "retry_after": "2h"
    }"#;
    let policy: Policy = serde_json::from_str(text).expect("a policy");
    let invalid = policy.validate().expect_err("nearly everything");
    let fields: Vec<_> =
        invalid.problems().iter().map(|problem| problem.split(':').next().expect("a field")).collect();
    assert_eq!(
        fields,
        [
            "`limit.adaptive.most`",
            "`limit.adaptive.initial`",
            "`limit.adaptive.tolerance`",
            "`limit.adaptive.window`",
            "`limit.adaptive.floor_calls`",
            "`shares.background`",
            "`shares.critical`",
            "`queue.places`",
            "`queue.time`",
            "`enforce`",
            "`retry_after`",
        ]
    );
    assert!(Policy::fixed(0).validate().is_err());
    assert!(serde_json::from_str::<Policy>(r#"{"limits": 1}"#).is_err());
}

#[test]
fn a_policy_is_read_as_it_was_written() {
    let queue = Some(Queue { time: Duration::from_millis(250), ..Queue::default() });
    for policy in [Policy::default(), Policy { queue, ..Policy::fixed(7) }] {
        let text = serde_json::to_string(&policy).expect("text");
        assert_eq!(serde_json::from_str::<Policy>(&text).expect("a policy"), policy);
    }
    let fixed: Policy = serde_json::from_str(r#"{"limit": {"fixed": 7}}"#).expect("a policy");
    assert_eq!(fixed.limit, Limit::Fixed(7));
}

#[tokio::test(start_paused = true)]
async fn as_many_calls_are_made_at_a_time_as_the_limit_says() {
    let stage = Stage::new(Policy::fixed(2));
    let calls = [stage.begin_for(SECOND).await, stage.begin_for(2 * SECOND).await];
    let refused = refusal(stage.service.clone().oneshot(request(Priority::Normal)).await);
    assert_eq!((refused.why(), refused.retry_in()), (Why::LimitReached, Some(SECOND)));
    assert_eq!(stage.server.calls(), 2);
    let [first, _second] = calls;
    assert_eq!(first.await.expect("an answer").status(), 200);
    stage.passes(Priority::Normal).await;
    let snapshot = stage.snapshot();
    assert_eq!((snapshot.limit, snapshot.under_way, snapshot.waiting), (2, 1, 0));
    assert_eq!(snapshot.refused.of(Priority::Normal, Why::LimitReached), 1);
    assert_eq!(snapshot.refused.total(), 1);
}
