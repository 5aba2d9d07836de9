//! The language of the query side: what is told across services.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Count, Currency, CustomerId, Money, Name, OrderId, Reference, Sku, Timestamp,
    ordering::{OrderStatus, Reason},
    problem::FieldError,
};

/// The answer's header that says how many messages have come to the views and are not in them yet.
pub const LAG_EVENTS: &str = "x-view-lag-events";
/// The answer's header that says how old the latest of those in the views is while others wait, in seconds.
pub const LAG_SECONDS: &str = "x-view-lag-seconds";
/// The answer's header that says which generation of the tables it is from, and whether that is complete.
pub const GENERATION: &str = "x-view-generation";
/// The request's header, and the answer's: at least which versions it should be of, and whether it is.
pub const AT_LEAST: &str = "x-view-at-least";
/// How many requests it took to put an answer together where there are no views.
pub const COMPOSED_REQUESTS: &str = "x-composed-requests";
/// How many bytes the answers to those had.
pub const COMPOSED_BYTES: &str = "x-composed-bytes";

/// A customer who came lately and has ordered a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValuableCustomer {
    /// The customer.
    pub customer_id: CustomerId,
    /// Their name.
    pub name: Name,
    /// When they became a customer.
    pub created_at: Timestamp,
    /// How many of their orders cost as much as was asked for, in one of the statuses asked for.
    pub orders: u64,
    /// What those cost together.
    pub total: Money,
}

/// One order in a customer's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastOrder {
    /// The order.
    pub order_id: OrderId,
    /// What the client calls it.
    pub reference: Option<Reference>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it was refused, or cancelled by others than its client.
    pub reason: Option<Reason>,
    /// How many lines it has.
    pub lines: u64,
    /// What it costs; null while it has none.
    pub total: Option<Money>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// How many events made this state.
    pub version: u64,
}

/// What a customer has ordered, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderHistory {
    /// The customer.
    pub customer_id: CustomerId,
    /// Their name; null as long as only their orders are known.
    pub name: Option<Name>,
    /// How many orders there are, on this page or not.
    pub orders: u64,
    /// What the completed ones cost together, in each currency.
    pub spent: Vec<Money>,
    /// The orders.
    pub items: Vec<PastOrder>,
    /// Ask with this as `cursor` for what follows; null at the end.
    pub next: Option<String>,
}

/// How much there is of a product, and how much of that somebody is about to want.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stock {
    /// Its stock-keeping unit.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// What one piece costs.
    pub unit_price: Money,
    /// How many are in the house.
    pub on_hand: Count,
    /// How many of those are set aside for orders.
    pub reserved: Count,
    /// How many can still be ordered.
    pub available: Count,
    /// How many have left the house.
    pub gone: Count,
    /// How many are in orders that have not set any aside yet: OPEN, PENDING or CREDIT_CONFIRMED.
    pub wanted: Count,
    /// How many such orders there are.
    pub wanted_by: u64,
    /// How many events made the product's state.
    pub version: u64,
}

/// `GET /v1/views/recent-valuable-customers`, as it arrives.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ValuableCustomersQuery {
    /// Customers who came then, or later.
    #[param(example = "2026-01-01T00:00:00Z")]
    pub since: Option<String>,
    /// What at least one of their orders costs at least.
    #[param(example = "1000.00 EUR")]
    pub min_total: Option<String>,
    /// The statuses in which an order counts; SHIPPED and COMPLETED unless told.
    #[serde(default)]
    pub status: Vec<String>,
    /// How many at most: 1 to 100, 20 unless told.
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// Which customers are valuable, and how many are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valuable {
    /// Those who came then, or later.
    pub since: Timestamp,
    /// What an order costs at least.
    pub min_total: Money,
    /// The statuses in which an order counts.
    pub statuses: Vec<OrderStatus>,
    /// How many at most.
    pub limit: u32,
    /// What the orders of the last one of the page before cost together, and who that is.
    pub after: Option<(i64, CustomerId)>,
}

impl ValuableCustomersQuery {
    /// What is asked for.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(&self) -> Result<Valuable, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut note =
            |field: &str, message: String| wrong.push(FieldError { field: field.to_owned(), message });
        let since = self.since.as_deref().unwrap_or_default().parse();
        let since =
            since.map_err(|_| note("since", "must be a time such as 2026-01-01T00:00:00Z".to_owned()));
        let min_total = self.min_total.as_deref().unwrap_or_default().parse::<WrittenMoney>();
        let min_total = min_total.map_err(|error| note("min_total", error.to_string()));
        let statuses =
            self.statuses().map_err(|name| note("status", format!("`{name}` is no status of an order")));
        let limit = Some(self.limit.unwrap_or(20)).filter(|limit| (1..=100).contains(limit));
        let limit = limit.ok_or_else(|| note("limit", "must be from 1 to 100".to_owned()));
        let after = self.cursor.as_deref().map(after).transpose();
        let after = after.map_err(|()| note("cursor", "must be the `next` of the page before".to_owned()));
        match (since, min_total, statuses, limit, after) {
            (Ok(since), Ok(WrittenMoney(min_total)), Ok(statuses), Ok(limit), Ok(after)) => {
                Ok(Valuable { since, min_total, statuses, limit, after })
            }
            _ => Err(wrong),
        }
    }

    fn statuses(&self) -> Result<Vec<OrderStatus>, String> {
        if self.status.is_empty() {
            return Ok(vec![OrderStatus::Shipped, OrderStatus::Completed]);
        }
        let named = |name: &String| serde_json::from_value(name.clone().into()).map_err(|_| name.clone());
        self.status.iter().map(named).collect()
    }
}

fn after(cursor: &str) -> Result<(i64, CustomerId), ()> {
    let (total, id) = cursor.split_once('-').ok_or(())?;
    Ok((total.parse().map_err(|_| ())?, id.parse().map_err(|_| ())?))
}

impl ValuableCustomer {
    /// The cursor of what follows this one.
    #[must_use]
    pub fn cursor(&self) -> String {
        format!("{}-{}", self.total.amount(), self.customer_id)
    }
}

/// An amount as people write it: `1000.00 EUR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenMoney(pub Money);

/// Not an amount as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is written as `1000.00 EUR`, with as many decimals as the currency has, or none")]
pub struct NotMoney;

impl FromStr for WrittenMoney {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let (amount, currency) = text.trim().split_once(' ').ok_or(NotMoney)?;
        let currency: Currency = currency.trim().parse().map_err(|_| NotMoney)?;
        let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let places = decimals_of(currency);
        let fits = decimals.is_empty() && !amount.ends_with('.') || decimals.len() == places;
        if whole.is_empty() || !digits(whole) || !digits(decimals) || !fits {
            return Err(NotMoney);
        }
        let minor: i64 = format!("{whole}{decimals:0<places$}").parse().map_err(|_| NotMoney)?;
        Money::new(minor, currency).map(Self).map_err(|_| NotMoney)
    }
}

/// How many decimals a currency has, by ISO 4217.
fn decimals_of(currency: Currency) -> usize {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        let minor = |text: &str| text.parse::<WrittenMoney>().ok().map(|WrittenMoney(money)| money.amount());
        assert_eq!(minor("1000.00 EUR"), Some(100_000));
        assert_eq!(minor("1000 EUR"), Some(100_000));
        assert_eq!(minor("1000 JPY"), Some(1000));
        assert_eq!(minor("1.234 KWD"), Some(1234));
        for bad in [
            "",
            "1000",
            "EUR",
            "1.5 EUR",
            "1. EUR",
            ".50 EUR",
            "-1.00 EUR",
            "1.00 euro",
            "1.00 JPY",
            "1e3 EUR",
        ] {
            assert_eq!(minor(bad), None, "{bad}");
        }
    }
}
