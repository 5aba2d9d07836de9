//! Reading a snapshot from a running system.

use std::collections::BTreeSet;

use contracts::style::Style;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Ledgers, Snapshot, System, folds, views};
use crate::{
    audit::{SERVICES, VIEWS, audit, services_of, simulators_of},
    failure::Failure,
    remote::{Admin, App},
};

/// The styles that have services.
pub(super) fn styles(apps: &BTreeSet<App>) -> Vec<Style> {
    Style::ALL.into_iter().filter(|style| services_of(apps, *style).next().is_some()).collect()
}

/// All that the services and the simulators of these styles tell.
///
/// # Errors
/// One of them does not, or is not there.
pub(super) async fn snapshot(
    admin: &Admin,
    apps: &BTreeSet<App>,
    styles: &[Style],
) -> Result<Snapshot, Failure> {
    let mut snapshot = Snapshot::default();
    for style in styles {
        snapshot.systems.push(system(admin, apps, *style).await?);
    }
    Ok(snapshot)
}

async fn system(admin: &Admin, apps: &BTreeSet<App>, style: Style) -> Result<System, Failure> {
    let [customers, ordering, warehouse, shipping, billing] = SERVICES;
    let mut reader = Reader { admin, apps, style, system: System::default() };
    reader.system.style = style.to_string();
    // Orders first, and what they lead to after them: what is seen of an order is seen of its consequences.
    let orders = reader.read(ordering).await?;
    let people = reader.read(customers).await?;
    let products = reader.read(warehouse).await?;
    reader.system.orders = rows(&orders)?;
    reader.system.customers = rows(&people)?;
    reader.system.products = rows(&products)?;
    reader.system.shipments = rows(&reader.read(shipping).await?)?;
    reader.system.invoices = rows(&reader.read(billing).await?)?;
    if style == Style::EventSourcing {
        reader.system.folds = Some(folds::read(admin, style.as_str()).await?);
    }
    if let Some(simulators) = simulators_of(apps, style) {
        reader.system.ledgers = Some(Ledgers {
            own: simulators.style == style.as_str(),
            payment: admin.ledger(simulators, "payment").await?,
            carrier: admin.ledger(simulators, "carrier").await?,
            mail: admin.ledger(simulators, "mail").await?,
        });
    }
    if let Some(views) = services_of(apps, style).find(|app| app.service == VIEWS) {
        let owned = [("order", "id", orders), ("customer", "id", people), ("product", "sku", products)];
        reader.system.views = Some(views::read(admin, views, owned).await?);
        let (_, state) = audit::<Value>(admin, views).await?;
        reader.system.states.insert(VIEWS.to_owned(), state);
    }
    Ok(reader.system)
}

struct Reader<'a> {
    admin: &'a Admin,
    apps: &'a BTreeSet<App>,
    style: Style,
    system: System,
}

impl Reader<'_> {
    /// What a service owns, as it shows it.
    async fn read(&mut self, service: &str) -> Result<Vec<Value>, Failure> {
        let app = services_of(self.apps, self.style).find(|app| app.service == service).ok_or_else(|| {
            let what = format!("the style {} has no service `{service}` on the admin port", self.style);
            Failure::failed(what)
                .advise("The invariants are about all services of a style: start it as a whole.")
        })?;
        let (aggregates, state) = audit(self.admin, app).await?;
        self.system.states.insert(service.to_owned(), state);
        Ok(aggregates)
    }
}

fn rows<T: DeserializeOwned>(shown: &[Value]) -> Result<Vec<T>, Failure> {
    let rows: Result<Vec<T>, _> = shown.iter().map(T::deserialize).collect();
    rows.map_err(|error| Failure::because(&error))
}
