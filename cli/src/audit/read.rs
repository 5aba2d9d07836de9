//! Reading `/audit`.

use std::collections::BTreeSet;

use contracts::style::Style;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value;

use super::{State, States};
use crate::remote::{Admin, App, Error};

/// The services that own something, in every style.
pub const SERVICES: [&str; 5] = ["customers", "ordering", "warehouse", "shipping", "billing"];

/// What the query side is called, in the styles that have one: it owns nothing, and has messages to handle.
pub(crate) const VIEWS: &str = "views";

/// What the broker is called, in the styles that have one: a message that it has is on its way.
const BROKER: &str = "broker";

/// What the simulators are called, and what their style is where the styles share them.
const SIMULATORS: &str = "simulators";
const ALL_STYLES: &str = "all";

/// No id comes after this one, and no sku after that one: services that answer in pages are asked for an empty one by them.
const LAST_ID: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const LAST_SKU: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

/// A page of what a service owns.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(
        alias = "customers",
        alias = "orders",
        alias = "products",
        alias = "shipments",
        alias = "invoices"
    )]
    aggregates: Vec<T>,
    /// Where the next page begins, if there is one: the id of the last aggregate of this one.
    #[serde(default)]
    next: Option<Value>,
    #[serde(flatten)]
    state: State,
}

/// What a service owns, and what it has to do and has counted, as its last page tells.
pub(crate) async fn audit<T: DeserializeOwned>(admin: &Admin, app: &App) -> Result<(Vec<T>, State), Error> {
    let mut aggregates = Vec::new();
    let mut after = String::new();
    loop {
        let page: Page<T> = admin.show(app, &format!("/audit{after}")).await?;
        aggregates.extend(page.aggregates);
        match page.next {
            None | Some(Value::Null) => return Ok((aggregates, page.state)),
            Some(Value::String(next)) => after = format!("?after={next}"),
            Some(next) => after = format!("?after={next}"),
        }
    }
}

/// What the services of these styles have to do and have counted, each style's by itself.
///
/// # Errors
/// One of them does not tell.
pub async fn states(
    admin: &Admin,
    apps: &BTreeSet<App>,
    styles: &[Style],
) -> Result<Vec<(Style, States)>, Error> {
    let mut all = Vec::new();
    for style in styles {
        let mut states = States::new();
        for app in services_of(apps, *style) {
            let last = if app.service == "warehouse" { LAST_SKU } else { LAST_ID };
            let page: Page<IgnoredAny> = admin.show(app, &format!("/audit?after={last}")).await?;
            states.insert(app.service.clone(), page.state);
        }
        all.push((*style, states));
    }
    Ok(all)
}

/// The services of a style that own something, its query side, and its broker.
pub(crate) fn services_of(apps: &BTreeSet<App>, style: Style) -> impl Iterator<Item = &App> {
    let asked = |service: &str| SERVICES.contains(&service) || [VIEWS, BROKER].contains(&service);
    apps.iter().filter(move |app| app.style == style.as_str() && asked(&app.service))
}

/// The simulators that a style asks: its own, or those of all.
#[must_use]
pub fn simulators_of(apps: &BTreeSet<App>, style: Style) -> Option<&App> {
    let of = |name: &str| apps.iter().find(|app| app.service == SIMULATORS && app.style == name);
    of(style.as_str()).or_else(|| of(ALL_STYLES))
}
