//! `recent-valuable-customers` where there is no query side: put together from what the owners answer (API composition).
//!
//! Every customer is read, and all orders of each who came lately enough, in each of the statuses: the owners cannot be asked for less.
//! So its cost grows with everything there is, however little is answered; headers say what it was. It is bounded, and beyond the bound
//! there is no answer rather than a part of one.

use axum::{
    Json,
    extract::{FromRequestParts, Request},
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use chassis::{
    client::Call,
    context::Context,
    extract::{Query, page},
    problem::{self, Problem},
};
use contracts::{
    CustomerId, Money,
    customers::Customer,
    ordering::Order,
    page::Page,
    views::{COMPOSED_BYTES, COMPOSED_REQUESTS, Valuable, ValuableCustomer, ValuableCustomersQuery},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::{routes::Owner, upstream::Upstream};

/// How many requests one answer may take.
const MOST_REQUESTS: u64 = 2_000;

/// How many customers' orders are read at a time.
const AT_ONCE: usize = 8;

/// The longest page that owners answer with.
const PAGE: u32 = 100;

/// What an answer has cost so far.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    requests: u64,
    bytes: u64,
}

/// Answers the request, by as many as it takes.
pub(crate) async fn compose(
    upstream: &Upstream,
    context: &Context,
    request: Request,
) -> Result<Response, Response> {
    let (mut parts, _) = request.into_parts();
    let wanted = Query::<ValuableCustomersQuery>::from_request_parts(&mut parts, &()).await;
    let wanted = wanted.and_then(|Query(query)| query.parse().map_err(Problem::invalid));
    let wanted = wanted.map_err(IntoResponse::into_response)?;
    let composer = Composer { upstream, context, deadline: context.deadline_within(upstream.timeout) };
    let (found, cost) = composer.compose(&wanted).await.map_err(IntoResponse::into_response)?;
    Ok(answer(found, cost))
}

fn answer(found: Page<ValuableCustomer>, cost: Cost) -> Response {
    let mut response = Json(found).into_response();
    for (name, value) in [(COMPOSED_REQUESTS, cost.requests), (COMPOSED_BYTES, cost.bytes)] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    response
}

/// Reads on behalf of one request.
struct Composer<'a> {
    upstream: &'a Upstream,
    context: &'a Context,
    deadline: Instant,
}

impl Composer<'_> {
    async fn compose(&self, wanted: &Valuable) -> Result<(Page<ValuableCustomer>, Cost), Problem> {
        let mut cost = Cost::default();
        let customers: Vec<Customer> = self.all(Owner::Customers, "/v1/customers?", &mut cost).await?;
        let recent: Vec<_> =
            customers.into_iter().filter(|customer| customer.created_at >= wanted.since).collect();
        let least = recent.len() as u64 * wanted.statuses.len() as u64;
        if cost.requests + least > MOST_REQUESTS {
            return Err(too_much());
        }
        let read = stream::iter(recent).map(|customer| self.of_customer(customer, wanted));
        let read: Vec<(Option<ValuableCustomer>, Cost)> =
            read.buffer_unordered(AT_ONCE).try_collect().await?;
        let mut found = Vec::new();
        for (valuable, of_one) in read {
            cost = Cost { requests: cost.requests + of_one.requests, bytes: cost.bytes + of_one.bytes };
            found.extend(valuable);
        }
        found.sort_by_key(|one| std::cmp::Reverse(place(one)));
        found.retain(|one| wanted.after.is_none_or(|after| place(one) < after));
        Ok((page(found, wanted.limit, ValuableCustomer::cursor), cost))
    }

    /// What a customer's orders come to, if there is one that counts; and what it took to find out.
    async fn of_customer(
        &self,
        customer: Customer,
        wanted: &Valuable,
    ) -> Result<(Option<ValuableCustomer>, Cost), Problem> {
        let mut cost = Cost::default();
        let mut totals = Vec::new();
        for status in &wanted.statuses {
            let path = format!("/v1/orders?customer_id={}&status={}&", customer.id, status.as_str());
            let orders: Vec<Order> = self.all(Owner::Ordering, &path, &mut cost).await?;
            let counts = |total: &Money| {
                total.currency() == wanted.min_total.currency() && total.amount() >= wanted.min_total.amount()
            };
            totals.extend(orders.into_iter().filter_map(|order| order.total).filter(counts));
        }
        let nothing = Money::zero(wanted.min_total.currency());
        let total = totals.iter().fold(nothing, |sum, total| sum.plus(*total).unwrap_or(sum));
        let Customer { id, name, created_at, .. } = customer;
        let orders = totals.len() as u64;
        let valuable = ValuableCustomer { customer_id: id, name, created_at, orders, total };
        Ok(((orders > 0).then_some(valuable), cost))
    }

    /// Every page of a list.
    async fn all<T: DeserializeOwned>(
        &self,
        owner: Owner,
        path: &str,
        cost: &mut Cost,
    ) -> Result<Vec<T>, Problem> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            if cost.requests >= MOST_REQUESTS {
                return Err(too_much());
            }
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Problem::deadline_exceeded());
            }
            let url = format!("{}{path}limit={PAGE}{cursor}", self.upstream.endpoints.of(owner));
            let call = Call::get(url).to(owner.name()).for_context(self.context).within(left);
            let answer =
                self.upstream.client.send(call).await.map_err(|error| problem::unavailable(&error))?;
            (cost.requests, cost.bytes) = (cost.requests + 1, cost.bytes + answer.body.len() as u64);
            if answer.status != StatusCode::OK {
                return Err(refused(owner, answer.status));
            }
            let page: Page<T> = answer.json().map_err(|error| problem::unavailable(&error))?;
            items.extend(page.items);
            match page.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }
}

/// By what customers are ordered: what they have ordered for, and who they are.
fn place(one: &ValuableCustomer) -> (i64, CustomerId) {
    (one.total.amount(), one.customer_id)
}

fn refused(owner: Owner, status: StatusCode) -> Problem {
    let reason = format!("{} answers {status}", owner.name());
    problem::unavailable(&*Box::<dyn std::error::Error>::from(reason))
}

fn too_much() -> Problem {
    let detail = format!(
        "Without a query side this takes more than {MOST_REQUESTS} requests; ask for a later `since`, or in another style."
    );
    Problem::unprocessable("TOO_MUCH_TO_COMPOSE", detail)
}
