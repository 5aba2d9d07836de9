//! Bodies parsed, with every wrong field named at once.

use std::collections::BTreeMap;

use chassis::{context::Context, extract::Fields, problem::Problem};
use contracts::{
    CustomerId, Quantity, Reference, Sku, ordering::AddItem, ordering::CreateOrder, warehouse::Quote,
};
use database::Transaction;
use journal::{Entry, note};

use super::error;
use crate::{
    catalogue::{Catalogue, Quoted},
    domain::Lines,
};

/// A body of `POST /v1/orders` that is well-formed.
pub(super) struct Wanted {
    pub(super) customer_id: CustomerId,
    pub(super) reference: Option<Reference>,
    pub(super) lines: Vec<(Sku, Quantity)>,
}

pub(super) fn order(body: &CreateOrder) -> Result<Wanted, Problem> {
    let mut fields = Fields::new();
    let customer_id = fields.check("customer_id", body.customer_id.parse());
    let reference = body.reference.as_ref().map(|text| fields.check("reference", text.parse()));
    if body.items.len() > Lines::MAX {
        fields.note("items", format!("an order has at most {} items", Lines::MAX));
    }
    let mut lines = Vec::new();
    for (index, item) in body.items.iter().take(Lines::MAX).enumerate() {
        lines.extend(line(&mut fields, &format!("items[{index}]."), item));
    }
    fields.all(|| {
        let reference = match reference {
            Some(parsed) => Some(parsed?),
            None => None,
        };
        Some(Wanted { customer_id: customer_id?, reference, lines })
    })
}

pub(super) fn item(body: &AddItem) -> Result<(Sku, Quantity), Problem> {
    let mut fields = Fields::new();
    let line = line(&mut fields, "", body);
    fields.all(|| line)
}

pub(super) fn quantity(pieces: i64) -> Result<Quantity, Problem> {
    let mut fields = Fields::new();
    let quantity = fields.check("quantity", Quantity::new(pieces));
    fields.all(|| quantity)
}

fn line(fields: &mut Fields, prefix: &str, item: &AddItem) -> Option<(Sku, Quantity)> {
    let sku = fields.check(format!("{prefix}sku"), item.sku.parse());
    let quantity = fields.check(format!("{prefix}quantity"), Quantity::new(item.quantity));
    Some((sku?, quantity?))
}

/// Lines with what their products are called and cost.
pub(super) struct Priced {
    pub(super) lines: Vec<(Quote, Quantity)>,
    calls: Vec<Entry>,
}

impl Priced {
    /// Notes by which calls that was found out.
    pub(super) fn note_calls(&self, tx: &mut Transaction) {
        self.calls.iter().for_each(|call| note(tx, call.clone()));
    }
}

/// What each product costs, each asked for once; `field` names the one that a line's product stands in.
///
/// # Errors
/// 422 with every line whose product is not known; 503 if nobody can say, 504 if nobody said before the deadline.
pub(super) async fn quotes(
    catalogue: &dyn Catalogue,
    context: &Context,
    lines: Vec<(Sku, Quantity)>,
    field: impl Fn(usize) -> String,
) -> Result<Priced, Problem> {
    let mut asked: BTreeMap<Sku, Option<Quote>> = BTreeMap::new();
    let (mut calls, mut oldest) = (Vec::new(), None);
    for (sku, _) in &lines {
        if !asked.contains_key(sku) {
            let quoted = catalogue.quote(sku, context).await;
            if quoted.is_err() && context.is_expired() {
                return Err(Problem::deadline_exceeded());
            }
            let Quoted { quote, calls: made, age } = quoted?;
            asked.insert(sku.clone(), quote);
            calls.extend(made);
            oldest = oldest.max(age);
        }
    }
    let mut unknown = Vec::new();
    let mut priced = Vec::new();
    for (index, (sku, quantity)) in lines.into_iter().enumerate() {
        match asked.get(&sku).cloned().flatten() {
            Some(quote) => priced.push((quote, quantity)),
            None => unknown.push(field(index)),
        }
    }
    if unknown.is_empty() {
        Ok(Priced { lines: priced, calls })
    } else {
        Err(error::unknown_products(unknown, oldest))
    }
}
