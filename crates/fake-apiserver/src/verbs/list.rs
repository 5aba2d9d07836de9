//! Objects are listed, as of now or as of an earlier version, all or a page of them.

use std::ops::Bound;

use kube::core::Status;
use serde_json::{Value, json};

use crate::{
    Resource,
    call::Call,
    refusal,
    store::{Key, Store},
};

/// The objects that the call is about.
pub(super) fn list(store: &Store, call: &Call) -> Result<Value, Box<Status>> {
    let (revision, after) = from(store, call)?;
    let Some(objects) = store.table(&call.resource)?.at(revision) else {
        let what = if after.is_some() { "continue parameter" } else { "resourceVersion" };
        return Err(refusal::expired(&format!("The provided {what} is too old.")));
    };
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = objects.range((start, Bound::Unbounded)).filter(|(_, object)| call.filter.matches(object));
    let limit = if call.params.limit == 0 { usize::MAX } else { call.params.limit };
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    let remaining = rest.count();
    if remaining > 0 {
        metadata["continue"] = page.last().map_or_else(String::new, |(key, _)| token(revision, key)).into();
        if !call.filter.selects() {
            metadata["remainingItemCount"] = remaining.into();
        }
    }
    Ok(json!({
        "kind": format!("{}List", call.resource.kind),
        "apiVersion": call.resource.api_version(),
        "metadata": metadata,
        "items": page.into_iter().map(|(_, object)| item(call, object)).collect::<Vec<_>>(),
    }))
}

/// Of what kind they are the list alone says, unless they are custom resources.
fn item(call: &Call, object: &Value) -> Value {
    let mut item = object.clone();
    if let Some(fields) = item.as_object_mut().filter(|_| Resource::BUILT_IN.contains(&call.resource)) {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    item
}

/// As of which version, and after which object.
fn from(store: &Store, call: &Call) -> Result<(u64, Option<Key>), Box<Status>> {
    if !call.params.token.is_empty() {
        let (revision, key) = read(&call.params.token)
            .ok_or_else(|| refusal::bad_request("invalid continue token: continue key is not valid"))?;
        return Ok((revision, Some(key)));
    }
    let asked = call.params.revision()?;
    if let Some(asked) = asked.filter(|asked| *asked > store.revision) {
        return Err(refusal::too_large(asked, store.revision));
    }
    match (call.params.resource_version_match.as_str(), asked) {
        ("Exact", Some(asked)) => Ok((asked, None)),
        _ => Ok((store.revision, None)),
    }
}

fn token(revision: u64, (namespace, name): &Key) -> String {
    format!("{revision}.{namespace}/{name}")
}

fn read(token: &str) -> Option<(u64, Key)> {
    let (revision, key) = token.split_once('.')?;
    let (namespace, name) = key.split_once('/')?;
    Some((revision.parse().ok()?, (namespace.to_owned(), name.to_owned())))
}
