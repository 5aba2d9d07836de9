//! What a workload has become, in a form that is the same in every style: the file's names in place of ids, whether there is a
//! time in place of the time, and neither tracking numbers nor versions.

use std::collections::BTreeMap;

use contracts::{Style, outside::simulators::Entry};
use serde_json::{Map, Value, json};
use switchyard::{
    audit::simulators_of,
    order::Replayed,
    workload::{Step, Workload},
};

use crate::world::World;

/// What is another in every run.
const ACCIDENTAL: [&str; 3] = ["id", "version", "tracking_number"];

/// Everything that a workload has become in one style, by name: what the API shows of each customer, product and order, what
/// the systems outside have answered, and which lines were refused.
pub(crate) async fn state(
    world: &World,
    style: Style,
    workload: &Workload,
    replayed: &Replayed,
) -> BTreeMap<String, Value> {
    let names = Names::of(replayed);
    let mut state = BTreeMap::new();
    for (key, id) in &replayed.customers {
        let shown = world.show(&format!("/{style}/v1/customers/{id}")).await;
        state.insert(format!("customer {key}"), names.canonical(shown));
    }
    for line in &workload.lines {
        let Step::Product(product) = &line.step else { continue };
        let sku = replayed.run.sku(&product.sku).unwrap();
        let shown = world.show(&format!("/{style}/v1/products/{sku}")).await;
        state.insert(format!("product {}", product.sku), names.canonical(shown));
    }
    for (key, id) in &replayed.orders {
        let shown = world.show(&format!("/{style}/v1/orders/{id}")).await;
        state.insert(format!("order {key}"), names.canonical(shown));
    }
    for system in ["carrier", "payment", "mail"] {
        for (key, answered) in ledger(world, style, system, replayed).await {
            state.insert(format!("{system} for {key}"), answered.into());
        }
    }
    for problem in &replayed.problems {
        let what = problem.code.clone().unwrap_or_else(|| names.text(&problem.what));
        state.insert(format!("line {}", problem.line), what.into());
    }
    state
}

/// What a system outside has answered about each order of the run, in this order.
async fn ledger(
    world: &World,
    style: Style,
    system: &str,
    replayed: &Replayed,
) -> BTreeMap<String, Vec<Value>> {
    let admin = world.admin();
    let apps = admin.apps().await.unwrap();
    let entries = admin.ledger(simulators_of(&apps, style).unwrap(), system).await.unwrap();
    let prefix = format!("{}-", replayed.run);
    let mut ledger = BTreeMap::<_, Vec<_>>::new();
    for Entry { reference, amount, result, .. } in entries {
        let reference = reference.map(|it| it.to_string()).unwrap_or_default();
        if let Some(key) = reference.strip_prefix(&prefix) {
            ledger.entry(key.to_owned()).or_default().push(json!([result, amount]));
        }
    }
    ledger
}

/// What ids and prefixed names are called in the file.
struct Names {
    prefix: String,
    ids: BTreeMap<String, String>,
}

impl Names {
    fn of(replayed: &Replayed) -> Self {
        let customers = replayed.customers.iter().map(|(key, id)| (id.to_string(), key.to_string()));
        let orders = replayed.orders.iter().map(|(key, id)| (id.to_string(), key.clone()));
        Self { prefix: format!("{}-", replayed.run), ids: customers.chain(orders).collect() }
    }

    fn canonical(&self, value: Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields.into_iter().filter_map(|(name, value)| self.field(name, value)).collect::<Map<_, _>>(),
            ),
            Value::Array(values) => values.into_iter().map(|value| self.canonical(value)).collect(),
            Value::String(text) => self.text(&text).into(),
            other => other,
        }
    }

    fn field(&self, name: String, value: Value) -> Option<(String, Value)> {
        let value = match () {
            () if ACCIDENTAL.contains(&&*name) => return None,
            // Whether something was is no accident; when it was is.
            () if name.ends_with("_at") => Value::Bool(!value.is_null()),
            // An id that was made of the run's name stands for nobody.
            () if name == "customer_id" => self.ids.get(value.as_str()?).map_or("nobody", |key| key).into(),
            () => self.canonical(value),
        };
        Some((name, value))
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.replace(&self.prefix, "");
        for (id, key) in &self.ids {
            text = text.replace(id, key);
        }
        text
    }
}
