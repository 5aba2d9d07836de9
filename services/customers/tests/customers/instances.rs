//! Two instances of the service over one ledger: they serve the same state, and lose nothing that either was told.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use aggregate::{AnyRepository, Change, Repository, Versioned};
use axum::http::{HeaderName, HeaderValue};
use chassis::{
    client::{self, Call, HttpClient, Response},
    doubles::Doubles,
    ids::{Ids, Random},
    limits::Limits,
    platform::Platform,
    retention::Retention,
    service::Running,
    telemetry::LogHandle,
};
use contracts::{
    CustomerId, OrderId, Timestamp,
    customers::Customer,
    memory::{LAG_EVENTS, LAG_SECONDS},
    ordering,
};
use customers::{App, Config, Reach, domain::Customer as Account};
use database::{Clock, Error, Executor, Transaction};
use event_store::{Append, Expected, Ledger, Metadata, NewEvent, append};
use futures_util::future::join_all;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::support::{ANY_PORT, eur, order, refusal, registration};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One instance.
struct Instance {
    app: Running,
    admin: String,
    client: HttpClient,
}

/// Two instances over one ledger, each with a name, ids and memory of its own.
struct World {
    _directory: TempDir,
    platform: Platform,
    ledger: Ledger,
    one: Instance,
    other: Instance,
}

impl World {
    async fn start() -> Self {
        Self::doubled(Doubles::default()).await
    }

    /// With something around the parts of the other instance.
    async fn doubled(doubles: Doubles) -> Self {
        let platform = Platform { executor: Executor::Threads, ..Platform::simulated(1, Clock::system()) };
        let directory = tempfile::tempdir().unwrap();
        let ledger = choreography::ledger::open(&directory.path().join("ledger.db"), &platform).unwrap();
        let start = |name: &str, seed: u64, doubles: Doubles| {
            let ids = Ids::new(platform.clock.clone(), Random::seeded(seed));
            let platform = Platform { ids, ..platform.clone() }.named(name).doubled(doubles);
            let config = Config {
                reach: Reach::EventSourcing(ledger.clone()),
                listen: ANY_PORT,
                database: directory.path().join("customers.db"),
                limits: Limits::default(),
                retention: Retention::default(),
            };
            let mut app = App::build(&config, &platform).unwrap();
            let admin = app.serve_admin(ANY_PORT, LogHandle::detached()).unwrap();
            let client = HttpClient::new(&platform, client::Options::default());
            Instance { app, admin: format!("http://{admin}"), client }
        };
        let (one, other) = (start("one", 2, Doubles::default()), start("other", 3, doubles));
        Self { _directory: directory, platform: platform.clone(), ledger, one, other }
    }

    /// An order of this customer is placed.
    async fn placed(&self, order_id: OrderId, customer_id: CustomerId, cents: i64) {
        let at = Timestamp::from_micros(0);
        let line = ordering::Event::LineAdded {
            sku: "TEA".parse().unwrap(),
            name: "Green tea".parse().unwrap(),
            unit_price: eur(cents),
            quantity: 1.try_into().unwrap(),
        };
        let created = ordering::Event::Created { customer_id, reference: None, at };
        let events = [created, line, ordering::Event::Placed { total: eur(cents), at }];
        let types = published::orders();
        let events = events.iter().map(|event| {
            let it = types.encode(event).unwrap();
            NewEvent::from_json(self.platform.ids.next(), &it.kind, it.schema_version, it.data).unwrap()
        });
        let stream = format!("order-{order_id}").parse().unwrap();
        let appends = [Append { stream, expected: Expected::None, events: events.collect() }];
        let writer = self.ledger.writer(&["order"]).unwrap();
        let work = async move |tx: &mut Transaction| {
            writer.append(tx, &appends, &Metadata::default()).await.map(drop)
        };
        self.ledger.database().write::<_, append::Error, _>(work).await.unwrap();
    }
}

impl Instance {
    async fn send(&self, call: Call) -> Response {
        self.client.send(call).await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.address())
    }

    async fn customer(&self, limit: i64) -> CustomerId {
        let call = Call::post(self.url("/v1/customers")).json(&registration(limit)).unwrap();
        self.send(call).await.json::<Customer>().unwrap().id
    }

    async fn shown(&self, id: CustomerId) -> Response {
        self.send(Call::get(self.url(&format!("/v1/customers/{id}")))).await
    }

    async fn find(&self, id: CustomerId) -> Customer {
        self.shown(id).await.json().unwrap()
    }

    async fn limit(&self, id: CustomerId, seen: Option<u64>, cents: i64) -> Response {
        let url = self.url(&format!("/v1/customers/{id}"));
        let mut call = Call::patch(url).json(&json!({"credit_limit": eur(cents)})).unwrap();
        if let Some(seen) = seen {
            let tag = HeaderValue::from_str(&format!("\"{seen}\"")).unwrap();
            call = call.header(HeaderName::from_static("if-match"), tag);
        }
        self.send(call).await
    }

    /// How many appends it has decided again.
    async fn conflicts(&self) -> u64 {
        let shown = self.send(Call::get(format!("{}/metrics", self.admin))).await;
        let text = String::from_utf8(shown.body.to_vec()).unwrap();
        let line = text.lines().find(|line| line.starts_with("memory_conflicts_total")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }
}

/// How far the memory behind an answer was behind: in events, and in seconds.
fn lag(answer: &Response) -> (u64, f64) {
    let said = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    (said(LAG_EVENTS).parse().unwrap(), said(LAG_SECONDS).parse().unwrap())
}

async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "not {what} within {PATIENCE:?}");
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn what_one_is_told_the_other_serves_at_once_and_says_how_far_its_memory_is_behind() {
    let World { one, other, .. } = &World::start().await;
    let id = one.customer(1_000).await;
    assert_eq!(other.shown(id).await.body, one.shown(id).await.body);
    // Memory follows at its own pace; answers do not wait for it.
    let behind = || async {
        let changed: Customer = one.limit(id, None, 2_000).await.json().unwrap();
        let shown = other.shown(id).await;
        assert_eq!(shown.json::<Customer>().unwrap().version, changed.version);
        Some(lag(&shown)).filter(|(events, _)| *events > 0)
    };
    until("behind", behind).await;
    let caught_up = || async { Some(lag(&other.shown(id).await)).filter(|(events, _)| *events == 0) };
    assert_eq!(until("up to date", caught_up).await, (0, 0.0));
    assert_eq!(other.shown(id).await.body, one.shown(id).await.body);
}

#[tokio::test]
async fn what_both_decide_at_once_is_all_there_and_each_order_is_reserved_for_once() {
    let world = World::start().await;
    let World { one, other, .. } = &world;
    let id = one.customer(1_000_000).await;
    let limits = (0..40).map(|number| {
        let instance = if number % 2 == 0 { one } else { other };
        instance.limit(id, None, 1_000_001 + number)
    });
    let orders = (1..=20).map(|number| world.placed(order(number), id, 100));
    let (changed, _) = tokio::join!(join_all(limits), join_all(orders));
    let versions: BTreeSet<u64> =
        changed.iter().map(|answer| answer.json::<Customer>().unwrap().version).collect();
    assert_eq!(versions.len(), 40, "each made a version of its own: {changed:?}");

    // Of the orders each instance follows some: whoever does reserves.
    let reserved = || async { Some(one.find(id).await).filter(|it| it.version == 1 + 40 + 20) };
    let customer = until("all reserved", reserved).await;
    assert_eq!(customer.credit_reserved, eur(2_000));
    assert_eq!(other.find(id).await, customer);
}

/// Customers as one sees them who has read before the other writes, as two may over a server's database: until it saves, what
/// it loads is what it loaded last.
struct Late {
    customers: AnyRepository<Account, Transaction, Error>,
    loaded: Mutex<Vec<Versioned<Account>>>,
    late: Arc<Mutex<bool>>,
}

impl Repository<Account> for Late {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[CustomerId],
        scope: &Option<OrderId>,
    ) -> Result<Vec<Versioned<Account>>, Error> {
        if *self.late.lock().unwrap() {
            return Ok(self.loaded.lock().unwrap().clone());
        }
        let loaded = self.customers.load(tx, ids, scope).await?;
        self.loaded.lock().unwrap().clone_from(&loaded);
        Ok(loaded)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Account>]) -> Result<(), Error> {
        *self.late.lock().unwrap() = false;
        self.customers.save(tx, changes).await
    }
}

#[tokio::test]
async fn what_was_decided_on_an_older_state_is_decided_again_on_what_the_other_has_made_of_it() {
    let late = Arc::new(Mutex::new(false));
    let switch = late.clone();
    let around = move |customers: AnyRepository<Account, Transaction, Error>| {
        AnyRepository::new(Late { customers, loaded: Mutex::default(), late: switch.clone() })
    };
    let World { one, other, .. } = &World::doubled(Doubles::default().with(around)).await;
    let id = one.customer(1_000).await;
    assert_eq!(other.find(id).await.version, 1);

    assert_eq!(one.limit(id, None, 2_000).await.status, 200);
    *late.lock().unwrap() = true;
    let decided: Customer = other.limit(id, None, 3_000).await.json().unwrap();
    assert_eq!((decided.version, decided.credit_limit, other.conflicts().await), (3, eur(3_000), 1));

    // What it should be decided on is not so any more: it is refused, and nothing is lost.
    assert_eq!(other.find(id).await.version, 3);
    assert_eq!(one.limit(id, Some(3), 4_000).await.status, 200);
    *late.lock().unwrap() = true;
    assert_eq!(refusal(&other.limit(id, Some(3), 5_000).await).0, 412);
    assert_eq!((other.find(id).await.version, other.conflicts().await), (4, 2));
    assert_eq!(one.find(id).await, other.find(id).await);
    assert_eq!(one.conflicts().await, 0);
}
