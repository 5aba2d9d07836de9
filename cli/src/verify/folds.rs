//! Reading whether what is kept of a ledger is what its events make.

use serde::Deserialize;

use super::Folds;
use crate::remote::{Admin, App, Error};

/// Of which aggregates which service keeps snapshots.
const KEPT: [(&str, &str); 6] = [
    ("customers", "customer"),
    ("ordering", "order"),
    ("ordering", "product"),
    ("warehouse", "product"),
    ("shipping", "shipment"),
    ("billing", "invoice"),
];

/// A page of what was compared.
#[derive(Deserialize)]
struct Page {
    #[serde(flatten)]
    folds: Folds,
    next: Option<String>,
}

/// What every service of a style over a ledger finds when it folds its aggregates both ways.
///
/// # Errors
/// One of them does not tell.
pub(super) async fn read(admin: &Admin, style: &str) -> Result<Folds, Error> {
    let mut all = Folds::default();
    for (service, aggregate) in KEPT {
        let app = App { style: style.to_owned(), service: service.to_owned() };
        let mut after = String::new();
        loop {
            let Page { folds, next } = admin.show(&app, &format!("/folds/{aggregate}{after}")).await?;
            all.aggregates += folds.aggregates;
            all.snapshots += folds.snapshots;
            all.different.extend(folds.different.into_iter().map(|stream| format!("{service} {stream}")));
            match next {
                Some(next) => after = format!("?after={next}"),
                None => break,
            }
        }
    }
    Ok(all)
}
