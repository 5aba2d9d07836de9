//! Owners that are asked to tell again what there is: scripted ones, which have nothing, and real ones.

use std::sync::Arc;

use axum::{Json, Router, extract::Query, http::StatusCode, response::IntoResponse, routing::post};
use chassis::{
    client::{self, Call, HttpClient, Response},
    limits::Limits,
    platform::Platform,
    retention::Retention,
    server::Server,
    service::Running,
    shutdown::{Trigger, drain},
};
use contracts::{
    CustomerId,
    customers::Customer,
    ordering::Order,
    republish::{Page, Republished},
    warehouse::Product,
};
use event_store::Ledger;
use messaging::Broker;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use views::Owners;

use crate::support::ANY_PORT;

/// One server for all three owners; dropped, it stops.
pub(crate) struct Scripted {
    pub(crate) owners: Owners,
    _server: Trigger,
}

impl Scripted {
    /// Owners that have nothing.
    pub(crate) fn with_nothing(platform: &Platform) -> Self {
        Self::answering(platform, |page| {
            Ok(Republished { run: page.run.unwrap_or_default(), documents: 0, next: None })
        })
    }

    pub(crate) fn answering(
        platform: &Platform,
        answer: impl Fn(Page) -> Result<Republished, StatusCode> + Clone + Send + Sync + 'static,
    ) -> Self {
        let handler = async move |Query(page): Query<Page>| match answer(page) {
            Ok(republished) => Json(republished).into_response(),
            Err(status) => status.into_response(),
        };
        let router = Router::new().route("/internal/republish", post(handler));
        let listener = platform.network.listen(ANY_PORT).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (server, drain) = drain();
        tokio::spawn(Server::new(router, listener, Limits::default()).run(drain));
        let owners = Owners { customers: url.clone(), ordering: url.clone(), warehouse: url };
        Self { owners, _server: server }
    }
}

/// Customers, ordering and the warehouse, for real; nobody ships or bills.
pub(crate) struct House {
    _directory: TempDir,
    customers: Running,
    ordering: Running,
    warehouse: Running,
    client: HttpClient,
}

impl House {
    pub(crate) fn start(platform: &Platform, broker: &Arc<dyn Broker>) -> Self {
        Self::reached(
            platform,
            customers::Reach::Messaging(broker.clone()),
            warehouse::Reach::Messaging(broker.clone()),
            ordering::Reach::Messaging(broker.clone()),
        )
    }

    pub(crate) fn over_ledger(platform: &Platform, ledger: &Ledger) -> Self {
        Self::reached(
            platform,
            customers::Reach::EventSourcing(ledger.clone()),
            warehouse::Reach::EventSourcing(ledger.clone()),
            ordering::Reach::EventSourcing(ledger.clone()),
        )
    }

    fn reached(
        platform: &Platform,
        customers: customers::Reach,
        warehouse: warehouse::Reach,
        ordering: ordering::Reach,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(format!("{name}.db"));
        let (limits, retention) = (Limits::default(), Retention::default());
        let customers = customers::Config {
            reach: customers,
            listen: ANY_PORT,
            database: file("customers"),
            limits: limits.clone(),
            retention,
        };
        let warehouse = warehouse::Config {
            reach: warehouse,
            listen: ANY_PORT,
            database: file("warehouse"),
            limits,
            retention,
        };
        let ordering = ordering::Config {
            listen: ANY_PORT,
            database: file("ordering"),
            ..ordering::Config::new(ordering)
        };
        Self {
            customers: customers::App::build(&customers, platform).unwrap(),
            warehouse: warehouse::App::build(&warehouse, platform).unwrap(),
            ordering: ordering::App::build(&ordering, platform).unwrap(),
            client: HttpClient::new(platform, client::Options::default()),
            _directory: directory,
        }
    }

    pub(crate) fn owners(&self) -> Owners {
        let url = |app: &Running| format!("http://{}", app.address());
        Owners {
            customers: url(&self.customers),
            ordering: url(&self.ordering),
            warehouse: url(&self.warehouse),
        }
    }

    async fn post<T: DeserializeOwned>(&self, app: &Running, path: &str, body: &Value) -> T {
        let call = Call::post(format!("http://{}{path}", app.address())).json(body).unwrap();
        let answer = self.client.send(call).await.unwrap();
        assert!(answer.is_success(), "{path}: {answer:?}");
        answer.json().unwrap()
    }

    pub(crate) async fn customer(&self, limit: i64) -> CustomerId {
        let body = json!({
            "name": "Ada", "email": "ada@example.org", "credit_limit": {"amount": limit, "currency": "EUR"},
            "address": {"line1": "1 Road", "postal_code": "1", "city": "London", "country": "GB"},
        });
        self.post::<Customer>(&self.customers, "/v1/customers", &body).await.id
    }

    pub(crate) async fn product(&self, sku: &str, on_hand: i64) {
        let price = json!({"amount": 100, "currency": "EUR"});
        let body = json!({"sku": sku, "name": "Tea", "unit_price": price, "on_hand": on_hand});
        self.post::<Product>(&self.warehouse, "/v1/products", &body).await;
    }

    /// An order that is placed: it is REJECTED for its credit or its stock, or goes as far as APPROVED, since nobody ships.
    pub(crate) async fn order(&self, customer: CustomerId, sku: &str, quantity: i64) -> Order {
        let items = json!([{"sku": sku, "quantity": quantity}]);
        let body = json!({"customer_id": customer, "items": items, "place": true});
        self.post(&self.ordering, "/v1/orders", &body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let app = match path.split('/').nth(2).and_then(|path| path.split('?').next()) {
            Some("customers") => &self.customers,
            Some("orders") => &self.ordering,
            _ => &self.warehouse,
        };
        self.client.send(Call::get(format!("http://{}{path}", app.address()))).await.unwrap()
    }

    /// How far the orders have come, once none is on its way: what messages are about.
    pub(crate) async fn until_settled(&self) {
        crate::support::until("settled orders", async || {
            let orders: Value = self.get("/v1/orders?limit=100").await.json().unwrap();
            let settled =
                |order: &Value| ["APPROVED", "REJECTED", "OPEN"].iter().any(|it| order["status"] == *it);
            orders["items"].as_array().unwrap().iter().all(settled).then_some(())
        })
        .await;
    }

    /// Has an owner tell a page again, in a run.
    pub(crate) async fn republish(&self, run: Uuid) -> Republished {
        self.post(&self.ordering, &format!("/internal/republish?run={run}&limit=1000"), &json!({})).await
    }
}
