//! The others, for a service that is tested alone in a style where nobody is in charge: what they tell, and what they
//! answer to who asks.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use chassis::{
    client::{self, Call, HttpClient, Response},
    platform::Platform,
};
use contracts::{CustomerId, OrderId, Style, happenings::Happening, topics};
use database::{Clock, Executor};
use messaging::{Broker, Data, Embedded, Envelope, Publisher, Subscription, embedded, republish};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

use crate::owner::Owner;

/// The styles in which a service can be put on a stage.
pub const STYLES: [Style; 2] = [Style::Notification, Style::StateTransfer];

/// Where something is told.
const TOPICS: [&str; 7] = [
    topics::ORDERING_EVENTS,
    topics::CUSTOMERS_EVENTS,
    topics::WAREHOUSE_EVENTS,
    topics::CUSTOMERS_REPORTS,
    topics::WAREHOUSE_REPORTS,
    topics::SHIPPING_REPORTS,
    topics::BILLING_REPORTS,
];

/// Everybody but the service that is tested, on a clock that goes with the runtime's, and in memory but for files.
#[derive(Debug)]
pub struct Stage {
    style: Style,
    service: &'static str,
    platform: Platform,
    directory: TempDir,
    broker: Embedded,
    owner: Owner,
    client: HttpClient,
}

/// What the service reports, as it comes.
pub struct Reported(Box<dyn Subscription>);

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "for tests, which fail by it")]
impl Stage {
    /// Sets the stage for a service. What anybody else owns is shown at one address.
    pub async fn set(style: Style, service: &'static str) -> Self {
        let began = Instant::now();
        let clock = Clock::new(move || {
            1_767_225_600_000_000 + i64::try_from(began.elapsed().as_micros()).unwrap_or(0)
        });
        let platform = Platform::simulated(1, clock.clone());
        let directory = tempfile::tempdir().unwrap();
        let database =
            database::Options { clock, executor: Executor::Inline, ..database::Options::default() };
        let options = embedded::Options { database, ..embedded::Options::default() };
        let broker = Embedded::open(&directory.path().join("broker.db"), options).await.unwrap();
        // What is told before the service listens is kept for it.
        for topic in TOPICS {
            broker.register(topic, service).await.unwrap();
        }
        let owner = Owner::away(&platform);
        owner.open(&platform);
        let client = HttpClient::new(&platform, client::Options::default());
        Self { style, service, platform, directory, broker, owner, client }
    }

    /// The style that it is set for.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.style
    }

    /// What the service is to be built on.
    #[must_use]
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The broker by which everybody hears.
    #[must_use]
    pub fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.broker.clone())
    }

    /// Where everybody is to be found.
    #[must_use]
    pub fn addresses(&self) -> BTreeMap<&'static str, String> {
        let services = ["ordering", "customers", "warehouse", "shipping", "billing"];
        services.into_iter().map(|service| (service, self.owner.url())).collect()
    }

    /// Who answers there.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// A file for the service's data.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("service.db")
    }

    /// Ordering tells of its order, which is this from now on.
    pub async fn order_is(&self, happening: Happening, order: &Value) {
        self.tells(happening, &order_id().to_string(), &format!("/v1/orders/{}", order_id()), order).await;
    }

    /// The customers service tells of the order's customer.
    pub async fn customer_is(&self, customer: &Value) {
        let (kind, topic) = ("customer.registered", topics::CUSTOMERS_EVENTS);
        let id = customer_id().to_string();
        self.tells(Happening { kind, topic }, &id, &format!("/v1/customers/{id}"), customer).await;
    }

    /// The customers service republishes the order's customer: tells again what they are, though nothing has happened.
    pub async fn customer_is_republished(&self, customer: &Value) {
        let (run, now, data) = (Uuid::from_u128(3), self.platform.clock.now(), Data::of(customer).unwrap());
        let id = customer_id().to_string();
        let message = republish::message("customers", "customer", run, &id, now, data);
        self.broker.publish(topics::CUSTOMERS_EVENTS, &[message]).await.unwrap();
    }

    /// The warehouse tells of a product.
    pub async fn product_is(&self, product: &Value) {
        let (kind, topic) = ("product.added", topics::WAREHOUSE_EVENTS);
        let sku = product["sku"].as_str().unwrap();
        self.tells(Happening { kind, topic }, sku, &format!("/v1/products/{sku}"), product).await;
    }

    /// Some service reports about the order, for the first time.
    pub async fn reports(&self, happening: Happening, order: OrderId, report: &Value) {
        let document = json!({"order_id": order, "version": 1, "reports": [report]});
        let path = format!("/internal/reports/{order}");
        self.tells(happening, &order.to_string(), &path, &document).await;
    }

    /// Somebody tells of something, as it is told in the style: that it happened, or what has become of it.
    async fn tells(&self, Happening { kind, topic }: Happening, subject: &str, path: &str, document: &Value) {
        self.owner.shows(path, document.clone());
        let version = document["version"].as_u64().unwrap();
        let data =
            if self.style == Style::Notification { Data::default() } else { Data::of(document).unwrap() };
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind}/{subject}/{version}").as_bytes());
        let source = kind.split('.').next().unwrap();
        let message = Envelope::new(id, source, kind, subject, self.platform.clock.now(), data);
        let message = Envelope { version: Some(version), ..message };
        self.broker.publish(topic, &[message]).await.unwrap();
    }

    /// Whether the service has done with all that was told on this topic.
    pub async fn has_heard(&self, topic: &str) -> bool {
        self.broker.lag(topic, self.service).await.unwrap() == 0
    }

    /// Listens to what the service reports on this topic.
    pub async fn listen(&self, topic: &str) -> Reported {
        Reported(self.broker.subscribe(topic, "audience", 0..self.broker.lanes()).await.unwrap())
    }

    /// Makes a call, to the service say.
    pub async fn send(&self, call: Call) -> Response {
        self.client.send(call).await.unwrap()
    }
}

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "for tests, which fail by it")]
impl Reported {
    /// The type of the next report.
    pub async fn next(&mut self) -> String {
        let received = self.0.receive(1, Duration::from_secs(60)).await.unwrap();
        let next = received.first().map(|delivery| delivery.envelope.kind.clone());
        assert!(next.is_some(), "nothing was reported within a minute");
        next.unwrap_or_default()
    }
}

impl std::fmt::Debug for Reported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reported")
    }
}

/// The order that all is about.
#[must_use]
pub fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

/// Who ordered.
#[must_use]
pub fn customer_id() -> CustomerId {
    CustomerId::new(Uuid::from_u128(2))
}

/// The order in this status at this version, as its owner shows it, by `customer`: two pieces of TEA for 12.50 EUR each.
#[must_use]
pub fn order_of(customer: CustomerId, status: &str, version: u64) -> Value {
    let [price, total] = [1250, 2500].map(|amount| json!({"amount": amount, "currency": "EUR"}));
    json!({
        "id": order_id(), "customer_id": customer, "status": status, "total": total, "warnings": [],
        "items": [{"sku": "TEA", "name": "Tea", "quantity": 2, "unit_price": price}],
        "created_at": "2026-01-01T00:00:00Z", "version": version,
    })
}

/// The same by [`customer_id`].
#[must_use]
pub fn order(status: &str, version: u64) -> Value {
    order_of(customer_id(), status, version)
}

/// Who ordered, as the customers service shows them.
#[must_use]
pub fn customer() -> Value {
    let (limit, none) = (json!({"amount": 9000, "currency": "EUR"}), json!({"amount": 0, "currency": "EUR"}));
    json!({
        "id": customer_id(), "name": "Ada", "email": "ada@example.org", "address": address(),
        "credit_limit": limit, "credit_reserved": none, "credit_available": limit,
        "created_at": "2026-01-01T00:00:00Z", "version": 1,
    })
}

/// Where they live.
#[must_use]
pub fn address() -> Value {
    json!({"line1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London", "country": "GB"})
}
