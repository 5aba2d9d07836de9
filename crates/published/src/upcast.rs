//! What several upcasters do.

use event_store::NotUpcast;
use serde_json::{Map, Value, json};

/// Until there were other currencies, an amount was a number of euro cents: what the field `from` says is money in the
/// field `to`.
pub(crate) fn cents_to_money(event: Value, from: &str, to: &str) -> Result<Value, NotUpcast> {
    changed(event, |fields| {
        let amount = taken(fields, from).as_i64().ok_or(NotUpcast("an amount was a number of cents"))?;
        put(fields, to, json!({"amount": amount, "currency": "EUR"}));
        Ok(())
    })
}

/// Until parcels left the country, an address named none.
pub(crate) fn address_in_germany(event: Value) -> Result<Value, NotUpcast> {
    changed(event, |fields| {
        let address = fields.get_mut("address").and_then(Value::as_object_mut);
        put(address.ok_or(NotUpcast("an address has several fields"))?, "country", json!("DE"));
        Ok(())
    })
}

/// An event whose fields are others.
pub(crate) fn changed(
    mut event: Value,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), NotUpcast>,
) -> Result<Value, NotUpcast> {
    change(event.as_object_mut().ok_or(NotUpcast("an event has fields"))?)?;
    Ok(event)
}

/// The value of a field, which is no more; null if it never was.
pub(crate) fn taken(fields: &mut Map<String, Value>, field: &str) -> Value {
    fields.remove(field).unwrap_or_default()
}

/// Has a field say this.
pub(crate) fn put(fields: &mut Map<String, Value>, field: &str, value: Value) {
    fields.insert(field.to_owned(), value);
}
