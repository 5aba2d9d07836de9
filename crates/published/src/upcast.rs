//! What several upcasters do.

use event_store::NotUpcast;
use serde_json::{Value, json};

/// Until there were other currencies, an amount was a number of euro cents: what the field `from` says is money in the
/// field `to`.
pub(crate) fn cents_to_money(mut event: Value, from: &str, to: &str) -> Result<Value, NotUpcast> {
    let amount = taken(&mut event, from).as_i64().ok_or(NotUpcast("an amount was a number of cents"))?;
    event[to] = json!({"amount": amount, "currency": "EUR"});
    Ok(event)
}

/// Until parcels left the country, an address named none.
pub(crate) fn address_in_germany(mut event: Value) -> Result<Value, NotUpcast> {
    let address = event["address"].as_object_mut().ok_or(NotUpcast("an address has several fields"))?;
    address.insert("country".to_owned(), json!("DE"));
    Ok(event)
}

/// The value of a field, which is no more; null if it never was.
pub(crate) fn taken(event: &mut Value, field: &str) -> Value {
    event.as_object_mut().and_then(|fields| fields.remove(field)).unwrap_or_default()
}
