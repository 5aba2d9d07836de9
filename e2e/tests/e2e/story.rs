//! What one client wants of one order, and what it has been told.

use axum::http::{Method, StatusCode};
use chassis::client::Response;
use contracts::{
    OrderId, Style, customers::Customer, ordering::Order, timeline::Timeline, warehouse::Product,
};
use serde_json::{Value, json};

use crate::{
    client::{Client, NoAnswer, Request},
    patience::until,
    promise,
    shop::{new_customer, new_product},
    told,
};

/// What a client wants of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Register a customer, who orders.
    Register,
    /// Add a product, which is ordered.
    Offer,
    /// Begin the order, and place it if so told.
    Create { place: bool },
    /// Place it, and wait so many seconds for its outcome.
    Place { wait: u64 },
    /// Cancel it.
    Cancel,
}

/// What a step was answered.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) step: Step,
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

/// One client and its order. It asks one thing after the other, each under a key of its own, and asks again under
/// the same key as long as it was not answered.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// What the client calls the order.
    pub(crate) name: String,
    pub(crate) style: Style,
    pub(crate) customer: String,
    pub(crate) sku: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) told: Vec<Told>,
}

impl Told {
    /// The order as it was then; `None` if the answer was no, or is about something else.
    pub(crate) fn order(&self) -> Option<Order> {
        let is_order = !matches!(self.step, Step::Register | Step::Offer);
        (is_order && self.status.is_success()).then(|| serde_json::from_value(self.body.clone()).unwrap())
    }
}

impl Story {
    /// A client that wants these things, and has not been told anything.
    pub(crate) fn new(name: &str, style: Style, customer: &str, sku: &str, steps: &[Step]) -> Self {
        let (name, customer, sku) = (name.to_owned(), customer.to_owned(), sku.to_owned());
        Self { name, style, customer, sku, steps: steps.to_owned(), told: Vec::new() }
    }

    /// The order's id, once the client knows it.
    pub(crate) fn order(&self) -> Option<OrderId> {
        self.told.iter().find_map(Told::order).map(|order| order.id)
    }

    /// Asks for all that the client still wants.
    ///
    /// # Errors
    /// One of it was not answered.
    pub(crate) async fn go_on(&mut self, client: &Client) -> Result<(), NoAnswer> {
        while let Some(step) = self.steps.get(self.told.len()).copied() {
            let told = told(step, &client.ask(&self.request(step)).await?);
            match step {
                Step::Register => self.customer = told.body["id"].as_str().unwrap().to_owned(),
                Step::Offer => self.sku = told.body["sku"].as_str().unwrap().to_owned(),
                _ => {}
            }
            self.told.push(told);
        }
        Ok(())
    }

    /// Looks at what the client was told something about: that must still be so, or have gone on from there.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn check(&self, client: &Client) -> Result<(), NoAnswer> {
        let style = self.style;
        for told in &self.told {
            let body = &told.body;
            match told.step {
                Step::Register => {
                    let path = format!("/{style}/v1/customers/{}", self.customer);
                    promise::customer_stays(&parsed(body), &client.get::<Customer>(&path).await?);
                }
                Step::Offer => {
                    let path = format!("/{style}/v1/products/{}", self.sku);
                    promise::product_stays(&parsed(body), &client.get::<Product>(&path).await?);
                }
                _ => {}
            }
        }
        if let Some(id) = self.order() {
            let now = client.order(style, id).await?;
            self.told.iter().for_each(|told| promise::order_goes_on(told, &now));
        }
        Ok(())
    }

    /// Asks everything again that was answered: the answers must be the same.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn repeat(&self, client: &Client) -> Result<(), NoAnswer> {
        for before in &self.told {
            let again = told(before.step, &client.ask(&self.request(before.step)).await?);
            promise::answer_stays(before, &again);
        }
        Ok(())
    }

    /// Waits until nothing more happens to the order.
    pub(crate) async fn end(&self, client: &Client) -> Order {
        let id = self.order().unwrap();
        let end = async || match client.order(self.style, id).await {
            Ok(order) if promise::is_at_rest(&order) => Ok(order),
            Ok(order) => Err(format!("{order:?}")),
            Err(error) => Err(format!("{error:?}")),
        };
        until("an order's end", end).await
    }

    /// Looks at what is told of the order, which has come to rest.
    pub(crate) async fn is_told(&self, client: &Client) {
        let (style, id) = (self.style, self.order().unwrap());
        let timeline = client.get(&format!("/{style}/v1/orders/{id}/timeline")).await;
        told::is_all(style, &client.order(style, id).await.unwrap(), &timeline.unwrap());
    }

    /// What is told of the order says nothing of where services listen, and quotes nothing.
    pub(crate) async fn tells_no_address(&self, client: &Client) {
        let (style, id) = (self.style, self.order().unwrap());
        let timeline = client.get::<Timeline>(&format!("/{style}/v1/orders/{id}/timeline")).await.unwrap();
        told::no_address(&timeline);
    }

    fn request(&self, step: Step) -> Request {
        let Self { name, style, customer, sku, .. } = self;
        let order = || self.order().unwrap();
        let (what, path, body) = match step {
            Step::Register => ("register", "customers".to_owned(), Some(new_customer(name, 1_000_000))),
            Step::Offer => ("offer", "products".to_owned(), Some(new_product(&own_sku(name), 1000))),
            Step::Create { place } => {
                let items = json!([{"sku": sku, "quantity": 2}]);
                let body =
                    json!({"customer_id": customer, "reference": name, "items": items, "place": place});
                ("create", "orders".to_owned(), Some(body))
            }
            Step::Place { .. } => ("place", format!("orders/{}/place", order()), None),
            Step::Cancel => ("cancel", format!("orders/{}/cancel", order()), None),
        };
        let wait = if let Step::Place { wait } = step { wait } else { 0 };
        let (key, path) = (format!("{name}-{what}"), format!("/{style}/v1/{path}"));
        Request { method: Method::POST, path, key, wait, body }
    }
}

fn own_sku(name: &str) -> String {
    name.to_uppercase()
}

fn told(step: Step, response: &Response) -> Told {
    let Response { status, body, .. } = response;
    let refused = matches!(step, Step::Cancel) && *status == StatusCode::CONFLICT;
    assert!(status.is_success() || refused, "{step:?} was answered {response:?}");
    Told { step, status: *status, body: serde_json::from_slice(body).unwrap() }
}

fn parsed<T: serde::de::DeserializeOwned>(body: &Value) -> T {
    serde_json::from_value(body.clone()).unwrap()
}
