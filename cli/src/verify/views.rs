//! Reading what the query side of a style shows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Generation, Views};
use crate::remote::{Admin, App, Error};

/// A page of the documents that answer.
#[derive(Deserialize)]
struct Export {
    items: Vec<Exported>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Exported {
    aggregate: String,
    id: String,
    document: Value,
}

#[derive(Deserialize)]
struct Audit {
    generations: Vec<Generation>,
}

/// What the views show, and what their owners have shown: of each kind, the field of its id, and the rows.
///
/// # Errors
/// The views do not tell.
pub(super) async fn read(
    admin: &Admin,
    app: &App,
    owned: [(&str, &str, Vec<Value>); 3],
) -> Result<Views, Error> {
    let Audit { generations } = admin.show(app, "/audit").await?;
    let documents = documents(admin, app).await?;
    let mut shown = BTreeMap::new();
    for (kind, id, rows) in owned {
        for mut row in rows {
            let Some(id) = row[id].as_str().map(str::to_owned) else { continue };
            // What is told to `verify` alone.
            row.as_object_mut().map(|fields| fields.remove("held"));
            shown.insert((kind.to_owned(), id), row);
        }
    }
    Ok(Views { documents, owned: shown, generations })
}

async fn documents(admin: &Admin, app: &App) -> Result<BTreeMap<(String, String), Value>, Error> {
    let (mut documents, mut after) = (BTreeMap::new(), String::new());
    loop {
        let Export { items, next } = admin.show(app, &format!("/export{after}")).await?;
        documents.extend(items.into_iter().map(|item| ((item.aggregate, item.id), item.document)));
        match next {
            Some(next) => after = format!("?after={next}"),
            None => return Ok(documents),
        }
    }
}
