//! Correcting what a product cost in the past, in the style that keeps one.

use std::time::Duration;

use aggregate::AnyRepository;
use axum::http::{HeaderName, HeaderValue};
use chassis::{
    client::{self, Call, HttpClient, Response},
    ids::Ids,
    limits::Limits,
    platform::Platform,
    problem::Problem,
    retention::Retention,
    service::Running,
};
use contracts::{OrderId, Timestamp, ordering, warehouse::Event};
use database::{Clock, ManualClock, Transaction};
use event_store::{
    Append, EventTypes, Expected, Grid, Ledger, Metadata, NewEvent, Repository, append, grid, read,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::owner::ANY_PORT;
use warehouse::{
    App, Config, Reach,
    application::{Application, Correcting},
    corrections::{self, Error, Foreseen, MOST, foresee},
    domain::Product,
};

use crate::support::{addition, eur, order, refusal, sku, wrong_fields};

/// 2026-01-01.
const BEGINNING: i64 = 1_767_225_600_000_000;
const HOUR: i64 = 3_600_000_000;

/// A warehouse over a ledger, whose clock is set by hand.
struct World {
    _directory: TempDir,
    hands: ManualClock,
    ids: Ids,
    ledger: Ledger,
    app: Running,
    client: HttpClient,
}

impl World {
    /// With tea that costs 4.99 from the beginning on, and 6.00 from the second hour on.
    async fn start() -> Self {
        let (clock, hands) = Clock::manual(BEGINNING);
        let (platform, directory) = (Platform::simulated(1, clock), tempfile::tempdir().unwrap());
        let ledger = choreography::ledger::open(&directory.path().join("ledger.db"), &platform).unwrap();
        let config = Config {
            reach: Reach::EventSourcing(ledger.clone()),
            listen: ANY_PORT,
            database: directory.path().join("warehouse.db"),
            limits: Limits::default(),
            retention: Retention::default(),
        };
        let app = App::build(&config, &platform).unwrap();
        let client = HttpClient::new(&platform, client::Options::default());
        let world = Self { _directory: directory, hands, ids: platform.ids.clone(), ledger, app, client };
        let added = Call::post(world.url("/v1/products")).json(&addition("TEA", 100)).unwrap();
        assert_eq!(world.client.send(added).await.unwrap().status, 201);
        world
    }

    /// The hour that it is from now on.
    fn hour(&self, hour: u64) {
        self.hands.set(BEGINNING);
        self.hands.advance(Duration::from_secs(3_600 * hour));
    }

    async fn reprice(&self, amount: i64) {
        let body = json!({"unit_price": {"amount": amount, "currency": "EUR"}});
        let call = Call::patch(self.url("/v1/products/TEA")).json(&body).unwrap();
        assert_eq!(self.client.send(call).await.unwrap().status, 200);
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.address())
    }

    async fn get(&self, path: &str) -> Value {
        self.client.send(Call::get(self.url(path))).await.unwrap().json().unwrap()
    }

    /// What tea cost, as one looks back.
    async fn cost(&self, look: &str) -> i64 {
        self.get(&format!("/v1/products/TEA{look}")).await["unit_price"]["amount"].as_i64().unwrap()
    }

    /// Tea is put into an order.
    async fn begun(&self, order_id: OrderId, unit_price: i64, pieces: i64) {
        let line = ordering::Event::LineAdded {
            sku: sku("TEA"),
            name: "Green tea".parse().unwrap(),
            unit_price: eur(unit_price),
            quantity: pieces.try_into().unwrap(),
        };
        self.to_order(order_id, line).await;
    }

    async fn to_order(&self, order_id: OrderId, event: ordering::Event) {
        self.happened(format!("order-{order_id}"), &published::orders(), &[event]).await;
    }

    /// An order is placed, and tea is set aside for it.
    async fn ordered(&self, order_id: OrderId, unit_price: i64, pieces: i64) {
        let (quantity, at) = (pieces.try_into().unwrap(), Timestamp::from_micros(BEGINNING));
        self.begun(order_id, unit_price, pieces).await;
        self.to_order(order_id, ordering::Event::Placed { total: eur(unit_price * pieces), at }).await;
        self.to_tea(&[Event::StockReserved { order_id, quantity }]).await;
    }

    async fn to_tea(&self, events: &[Event]) {
        self.happened("product-TEA".to_owned(), &published::products(), events).await;
    }

    async fn happened<E>(&self, stream: String, types: &EventTypes<E>, events: &[E])
    where
        E: Serialize + DeserializeOwned,
    {
        let events = events.iter().map(|event| {
            let it = types.encode(event).unwrap();
            NewEvent::from_json(self.ids.next(), &it.kind, it.schema_version, it.data).unwrap()
        });
        let (stream, events) = (stream.parse().unwrap(), events.collect());
        let appends = [Append { stream, expected: Expected::Any, events }];
        let writer = self.ledger.writer(&["order", "product"]).unwrap();
        let work = async move |tx: &mut Transaction| {
            writer.append(tx, &appends, &Metadata::default()).await.map(drop)
        };
        self.ledger.database().write::<_, append::Error, _>(work).await.unwrap();
    }

    /// The position of the last event of all.
    async fn last(&self) -> u64 {
        self.ledger.database().read(async |tx: &mut Transaction| read::last(tx).await).await.unwrap()
    }

    /// The warehouse's products, as another instance keeps them.
    fn kept(&self) -> (Grid<Product>, Application) {
        let ids = self.ids.clone();
        let products = Repository::<Product>::new(&self.ledger, move || ids.next()).unwrap();
        let (grid, _) = Grid::new(products, &self.ledger, grid::Options::default());
        (grid.clone(), Application::new(AnyRepository::new(grid)))
    }

    /// What a correction would mean, looked for among so many events.
    async fn foresee(&self, correcting: &Correcting, most: u64) -> Result<Foreseen, Error> {
        let ((grid, _), correcting) = (self.kept(), correcting.clone());
        let look = async move |tx: &mut Transaction| foresee(&grid, tx, &correcting, most).await;
        self.ledger.database().read(look).await
    }

    async fn correct(&self, amount: i64, hour: i64, seen: Option<&str>) -> Response {
        self.correct_it("TEA", amount, BEGINNING + hour * HOUR, seen).await
    }

    /// Asks for a correction, or without a tag for what it would mean.
    async fn correct_it(&self, sku: &str, amount: i64, from: i64, seen: Option<&str>) -> Response {
        let body = json!({
            "unit_price": {"amount": amount, "currency": "EUR"}, "dry_run": seen.is_none(),
            "effective_from": Timestamp::from_micros(from),
        });
        let mut call = Call::post(self.url(&format!("/v1/products/{sku}/corrections"))).json(&body).unwrap();
        if let Some(tag) = seen.filter(|tag| !tag.is_empty()) {
            call = call.header(HeaderName::from_static("if-match"), HeaderValue::from_str(tag).unwrap());
        }
        self.client.send(call).await.unwrap()
    }
}

/// The tag of a dry run.
fn tag(foreseen: &Response) -> String {
    assert_eq!(foreseen.status, 200, "{foreseen:?}");
    foreseen.headers["etag"].to_str().unwrap().to_owned()
}

/// An instant as requests name it.
fn at(hour: i64) -> String {
    serde_json::to_value(Timestamp::from_micros(BEGINNING + hour * HOUR))
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_dry_run_tells_which_lines_would_have_cost_something_else_and_changes_nothing() {
    let world = World::start().await;
    world.ordered(order(1), 499, 1).await; // before
    world.hour(2);
    world.ordered(order(2), 499, 2).await;
    world.ordered(order(3), 499, 3).await;
    world.to_order(order(3), ordering::Event::Cancelled { at: Timestamp::from_micros(BEGINNING) }).await;
    world.ordered(order(4), 450, 4).await; // at what is right already
    world.begun(order(6), 499, 6).await; // not placed yet, and at the price of when it will be
    world.begun(order(7), 499, 7).await;
    world.to_order(order(7), ordering::Event::LineRemoved { sku: sku("TEA") }).await;
    world.hour(3);
    world.reprice(600).await;
    world.ordered(order(5), 600, 5).await;
    let last = world.last().await;

    let foreseen: Value = world.correct(450, 1, None).await.json().unwrap();
    let money = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let expected = json!({
        "sku": "TEA", "unit_price": money(450), "known_price": money(499), "version": null,
        "effective_from": at(1), "effective_until": at(3),
        "lines": [{
            "order_id": order(2), "quantity": 2, "unit_price": money(499), "cost": money(998),
            "would_have_cost": money(900),
        }, {
            "order_id": order(6), "quantity": 6, "unit_price": money(499), "cost": money(2_994),
            "would_have_cost": money(2_700),
        }],
    });
    assert_eq!(foreseen, expected);
    assert_eq!(world.last().await, last);
}

#[tokio::test]
async fn a_correction_is_one_event_that_counts_from_when_it_is_effective_once_it_is_known() {
    let world = World::start().await;
    world.hour(1);
    world.ordered(order(1), 499, 1).await;
    world.hour(2);
    world.reprice(600).await;
    world.hour(4);
    let (last, tag) = (world.last().await, tag(&world.correct(450, 1, None).await));
    let made: Value = world.correct(450, 1, Some(&tag)).await.json().unwrap();
    assert_eq!((&made["version"], world.last().await), (&json!(4), last + 1));

    assert_eq!(world.cost("").await, 600, "it was changed since");
    for (hour, known, cost) in [(0, 4, 499), (1, 4, 450), (1, 3, 499), (2, 4, 600)] {
        let look = format!("?as_of={}&known_at={}", at(hour), at(known));
        assert_eq!(world.cost(&look).await, cost, "{look}");
    }
    assert_eq!(world.cost(&format!("?as_of={}", at(1))).await, 450);
    let history = world.get("/v1/products/TEA/history").await;
    let event = history["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&event["event"], &event["effective_at"]), (&json!("price_corrected"), &json!(at(1))));
    assert_eq!(refusal(&world.correct(450, 1, Some(&tag)).await).0, 412, "it is known by now");
}

#[tokio::test]
async fn a_price_that_was_not_changed_since_is_the_price_from_now_on() {
    let world = World::start().await;
    world.hour(2);
    let tag = tag(&world.correct(450, 1, None).await);
    assert_eq!(world.correct(450, 1, Some(&tag)).await.status, 200);
    assert_eq!((world.cost("").await, world.cost(&format!("?as_of={}", at(0))).await), (450, 499));
}

#[tokio::test]
async fn what_was_not_foreseen_is_not_made() {
    let world = World::start().await;
    world.hour(1);
    let seen = tag(&world.correct(450, 0, None).await);
    let unseen = world.correct(450, 0, Some("")).await;
    assert_eq!(refusal(&unseen), (422, "DRY_RUN_FIRST".to_owned()));
    assert_eq!(refusal(&world.correct(451, 0, Some(&seen)).await).0, 412, "another price");
    world.ordered(order(1), 499, 1).await;
    let last = world.last().await;
    assert_eq!(refusal(&world.correct(450, 0, Some(&seen)).await).0, 412, "somebody has ordered since");
    assert_eq!(world.last().await, last);
    let seen = tag(&world.correct(450, 0, None).await);
    assert_eq!(world.correct(450, 0, Some(&seen)).await.status, 200);
}

#[tokio::test]
async fn a_correction_is_about_a_past_that_there_was() {
    let world = World::start().await;
    let unknown = world.correct_it("CUPS", 450, BEGINNING, None).await;
    assert_eq!(refusal(&unknown), (404, "NOT_FOUND".to_owned()));
    for instant in [BEGINNING - 1, BEGINNING + HOUR] {
        let refused = world.correct_it("TEA", 450, instant, None).await;
        assert_eq!((refusal(&refused).0, wrong_fields(&refused)), (422, vec!["effective_from".to_owned()]));
    }
    world.ordered(order(1), 499, 2).await;
    let too_dear = world.correct(contracts::Money::MAX, 0, None).await;
    assert_eq!((refusal(&too_dear).0, wrong_fields(&too_dear)), (422, vec!["unit_price".to_owned()]));
}

#[tokio::test]
async fn what_happens_between_the_look_and_the_transaction_is_looked_at_there() {
    let world = World::start().await;
    world.begun(order(1), 499, 1).await;
    world.hour(1);
    let (grid, application) = world.kept();
    let correcting = Correcting {
        sku: sku("TEA"),
        unit_price: eur(450),
        effective_from: Timestamp::from_micros(BEGINNING),
    };
    let foreseen = world.foresee(&correcting, MOST).await.unwrap();
    let seen = corrections::tag(&foreseen.correction);
    let make = async |foreseen: &Foreseen| {
        let (application, grid, correcting) = (application.clone(), grid.clone(), correcting.clone());
        let foreseen = foreseen.clone();
        let work = async move |tx: &mut Transaction| {
            corrections::make(&application, &grid, tx, &correcting, seen, Some(&foreseen)).await
        };
        world.ledger.database().write(work).await
    };
    world.to_order(order(1), ordering::Event::LineRemoved { sku: sku("TEA") }).await;
    assert!(matches!(make(&foreseen).await, Err(Error::Changed)), "a line is gone");
    world.begun(order(2), 499, 1).await;
    let foreseen = world.foresee(&correcting, MOST).await.unwrap();
    assert!(matches!(make(&foreseen).await, Err(Error::Changed)), "it is not what was seen");

    // What has nothing to do with the price of that time makes no difference.
    let seen = corrections::tag(&foreseen.correction);
    let placed = ordering::Event::Placed { total: eur(499), at: Timestamp::from_micros(BEGINNING) };
    world.to_order(order(2), placed).await;
    world.begun(order(3), 450, 1).await;
    world.to_tea(&[Event::Restocked { quantity: 1.try_into().unwrap() }]).await;
    let work = async move |tx: &mut Transaction| {
        corrections::make(&application, &grid, tx, &correcting, seen, Some(&foreseen)).await
    };
    assert!(world.ledger.database().write(work).await.unwrap().version.is_some());
}

#[tokio::test]
async fn a_past_in_which_too_much_happened_is_not_looked_through() {
    let world = World::start().await;
    let restocked = Event::Restocked { quantity: 1.try_into().unwrap() };
    world.hour(1);
    world.to_tea(&vec![restocked.clone(); 10]).await;
    world.hour(2);
    world.to_tea(&vec![restocked.clone(); 10]).await;
    let since = |hour: i64| Correcting {
        sku: sku("TEA"),
        unit_price: eur(450),
        effective_from: Timestamp::from_micros(BEGINNING + hour * HOUR),
    };
    assert!(matches!(world.foresee(&since(1), 10).await, Err(Error::TooLongAgo)));
    assert!(world.foresee(&since(2), 10).await.is_ok());
    let problem = Problem::from(Error::TooLongAgo);
    assert_eq!((problem.status().as_u16(), problem.code()), (409, "TOO_LONG_AGO"));
}
