//! The public API of one style, call by call.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header::InvalidHeaderValue},
    response::Response as Streamed,
};
use chassis::{
    client::{self, Call},
    context::{ANONYMOUS, Context, IDEMPOTENCY_KEY},
    ids::Random,
    trace,
};
use contracts::{
    CustomerId, OrderId, Sku,
    billing::Invoice,
    customers::{ChangeCreditLimit, Customer, RegisterCustomer},
    ordering::{AddItem, ChangeItem, CreateOrder, Order, OrderStatus},
    page::Page,
    timeline::Timeline,
    warehouse::{AddProduct, ChangeProduct, Product, Restock},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Caller, Error, Pushback};
use crate::workload::word;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Whoever places or cancels by a script wants to go on at once.
const AT_ONCE: HeaderValue = HeaderValue::from_static("wait=0");

/// How much longer than it was asked to wait a server may take to answer.
const ON_TOP: Duration = Duration::from_secs(5);

/// The API of one style.
#[derive(Clone, Debug)]
pub struct Api {
    caller: Caller,
    /// Nothing, or `/{style}`.
    prefix: String,
    random: Random,
}

impl Api {
    pub(super) const fn new(caller: Caller, prefix: String, random: Random) -> Self {
        Self { caller, prefix, random }
    }

    /// The same, asking again for another time.
    #[must_use]
    pub fn patient(&self, patience: Duration) -> Self {
        Self { caller: self.caller.patient(patience), ..self.clone() }
    }

    /// The beginning of a trace, under which calls that belong together are found together. Where traces are recorded, this one
    /// is: whoever types a command may want to see what became of it.
    #[must_use]
    pub fn begin(&self) -> Context {
        let trace = trace::fresh(&self.random).sampled(true);
        Context { actor: ANONYMOUS.to_owned(), trace, deadline: None, idempotency_key: None }
    }

    /// Registers a customer. `context` carries the key by which the call is recognised when it is repeated, as for all calls
    /// that follow and make or begin something.
    ///
    /// # Errors
    /// It was not done, or nobody knows; so for all that follow.
    pub async fn register_customer(
        &self,
        context: &Context,
        body: &RegisterCustomer,
    ) -> Result<Customer, Error> {
        self.send(context, Call::post(self.at("/v1/customers")), body).await
    }

    /// Changes what a customer may owe.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn change_limit(
        &self,
        context: &Context,
        id: CustomerId,
        body: &ChangeCreditLimit,
    ) -> Result<Customer, Error> {
        self.send(context, Call::patch(self.at(&format!("/v1/customers/{id}"))), body).await
    }

    /// Adds a product.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn add_product(&self, context: &Context, body: &AddProduct) -> Result<Product, Error> {
        self.send(context, Call::post(self.at("/v1/products")), body).await
    }

    /// Changes a product's name or price.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn change_product(
        &self,
        context: &Context,
        sku: &Sku,
        body: &ChangeProduct,
    ) -> Result<Product, Error> {
        self.send(context, Call::patch(self.at(&format!("/v1/products/{sku}"))), body).await
    }

    /// A product.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn product(&self, context: &Context, sku: &Sku) -> Result<Product, Error> {
        self.read(Call::get(self.at(&format!("/v1/products/{sku}"))).for_context(context)).await
    }

    /// A hundred customers, the oldest first, or those after a cursor.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn customers(&self, context: &Context, cursor: Option<&str>) -> Result<Page<Customer>, Error> {
        let after = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        let call = Call::get(self.at(&format!("/v1/customers?limit=100{after}")));
        self.read(call.for_context(context)).await
    }

    /// The newest hundred of a customer's orders that are in this status.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn orders_of(
        &self,
        context: &Context,
        customer: CustomerId,
        status: OrderStatus,
    ) -> Result<Page<Order>, Error> {
        let status = word(&status);
        let call =
            Call::get(self.at(&format!("/v1/orders?customer_id={customer}&status={status}&limit=100")));
        self.read(call.for_context(context)).await
    }

    /// Takes in more of a product.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn restock(&self, context: &Context, sku: &Sku, body: &Restock) -> Result<Product, Error> {
        self.send(context, Call::post(self.at(&format!("/v1/products/{sku}/restock"))), body).await
    }

    /// Begins an order.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn create_order(&self, context: &Context, body: &CreateOrder) -> Result<Order, Error> {
        self.send(context, Call::post(self.at("/v1/orders")), body).await
    }

    /// Adds to an order's line, or a line.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn add_item(&self, context: &Context, id: OrderId, body: &AddItem) -> Result<Order, Error> {
        self.send(context, Call::post(self.at(&format!("/v1/orders/{id}/items"))), body).await
    }

    /// Changes the quantity of an order's line.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn change_item(
        &self,
        context: &Context,
        id: OrderId,
        sku: &Sku,
        body: &ChangeItem,
    ) -> Result<Order, Error> {
        self.send(context, Call::put(self.at(&format!("/v1/orders/{id}/items/{sku}"))), body).await
    }

    /// Takes a line off an order.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn remove_item(&self, context: &Context, id: OrderId, sku: &Sku) -> Result<Order, Error> {
        let call = Call::delete(self.at(&format!("/v1/orders/{id}/items/{sku}")));
        self.read(call.for_context(context)).await
    }

    /// Places an order, and does not wait for what becomes of it.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn place(&self, context: &Context, id: OrderId) -> Result<Order, Error> {
        let call = Call::post(self.at(&format!("/v1/orders/{id}/place")));
        self.read(call.for_context(context).header(PREFER, AT_ONCE)).await
    }

    /// Cancels an order, and does not wait for the decision.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn cancel(&self, context: &Context, id: OrderId) -> Result<Order, Error> {
        let call = Call::post(self.at(&format!("/v1/orders/{id}/cancel")));
        self.read(call.for_context(context).header(PREFER, AT_ONCE)).await
    }

    /// Everything that was done about an order.
    ///
    /// # Errors
    /// There is no such order, or nobody tells.
    pub async fn timeline(&self, id: OrderId) -> Result<Timeline, Error> {
        self.read(Call::get(self.at(&format!("/v1/orders/{id}/timeline")))).await
    }

    /// Makes one attempt at an unpaid invoice. `None` while its result is not known.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn pay(&self, context: &Context, order: OrderId) -> Result<Option<Invoice>, Error> {
        let call = Call::post(self.at(&format!("/v1/invoices/{order}/pay"))).for_context(context);
        let response = self.caller.ask(call).await?;
        if response.status == StatusCode::ACCEPTED {
            return Ok(None);
        }
        response.json().map(Some).map_err(Error::Unclear)
    }

    /// Begins and places an order in one request, which is answered at its outcome or after `wait`, at most 30 s and counted in
    /// whole ones. Under the same `key` it is asked again how the same order stands.
    ///
    /// It belongs to no trace of the caller's: whether it is recorded is up to the system, as for any client's.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn order_and_wait(
        &self,
        key: &str,
        body: &CreateOrder,
        wait: Duration,
    ) -> Result<Order, Error> {
        let call = Call::post(self.at("/v1/orders")).json(body).map_err(Error::Unclear)?;
        self.read(waiting(call, key, wait)?).await
    }

    /// Cancels an order, and is answered at the decision or after `wait`; else as [`order_and_wait`](Self::order_and_wait).
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn cancel_and_wait(&self, key: &str, id: OrderId, wait: Duration) -> Result<Order, Error> {
        let call = Call::post(self.at(&format!("/v1/orders/{id}/cancel")));
        self.read(waiting(call, key, wait)?).await
    }

    /// An order by itself, without what others hold of it; else as [`order_and_wait`](Self::order_and_wait).
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn bare_order(&self, id: OrderId) -> Result<Order, Error> {
        self.read(Call::get(self.at(&format!("/v1/orders/{id}?include=")))).await
    }

    /// How often this API was asked again, by all clones of it.
    #[must_use]
    pub fn pushback(&self) -> Pushback {
        self.caller.pushback()
    }

    /// An order with its invoice, without its shipment.
    ///
    /// # Errors
    /// See [`register_customer`](Self::register_customer).
    pub async fn order(&self, context: &Context, id: OrderId) -> Result<Order, Error> {
        let call = Call::get(self.at(&format!("/v1/orders/{id}?include=invoice")));
        self.read(call.for_context(context)).await
    }

    /// The URL of a path of this style's API.
    pub(super) fn at(&self, path: &str) -> String {
        self.caller.at(&format!("{}{path}", self.prefix))
    }

    pub(super) async fn stream(&self, request: Request) -> Result<Streamed, Error> {
        self.caller.stream(request).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        context: &Context,
        call: Call,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        self.read(call.for_context(context).json(body).map_err(Error::Unclear)?).await
    }

    async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let response: client::Response = self.caller.ask(call).await?;
        response.json().map_err(Error::Unclear)
    }
}

/// A call under a key, which waits.
fn waiting(call: Call, key: &str, wait: Duration) -> Result<Call, Error> {
    let malformed = |source: InvalidHeaderValue| client::Error::Malformed {
        call: call.to_string(),
        source: source.into(),
    };
    let key = HeaderValue::from_str(key).map_err(malformed).map_err(Error::Unclear)?;
    let prefer = HeaderValue::from_str(&format!("wait={}", wait.as_secs()));
    let prefer = prefer.map_err(malformed).map_err(Error::Unclear)?;
    Ok(call.header(IDEMPOTENCY_KEY, key).header(PREFER, prefer).within(wait + ON_TOP))
}
