//! Reports kept as rows.

use std::marker::PhantomData;

use aggregate::{Change, Repository, Versioned};
use contracts::OrderId;
use database::{Error, Kind, Migration, Schema, Transaction, params, statements};

use super::{Report, Reports};

/// The table of reports. A row stays for as long as its order does: who follows the reports counts their versions.
pub const SCHEMA: Schema = Schema {
    name: "reports",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE reports (
    order_id BYTEA  NOT NULL,
    version  BIGINT NOT NULL CONSTRAINT reports_version CHECK (version >= 1),
    report   TEXT   NOT NULL,
    CONSTRAINT reports_pk PRIMARY KEY (order_id, version)
);
",
    }],
};

statements! {
    /// All that was said about one order.
    const LOAD: "SELECT report FROM reports WHERE order_id = $1 ORDER BY version";
    /// What is said next, unless somebody else has said something meanwhile.
    const INSERT: "INSERT INTO reports (order_id, version, report) VALUES ($1, $2, $3) \
        ON CONFLICT (order_id, version) DO NOTHING";
}

/// The reports of one service, in its own database.
#[derive(Debug)]
pub struct Rows<R>(PhantomData<fn() -> R>);

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<R: Report> Repository<Reports<R>> for Rows<R> {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[OrderId],
        _scope: &(),
    ) -> Result<Vec<Versioned<Reports<R>>>, Error> {
        let mut loaded = Vec::with_capacity(ids.len());
        for id in ids {
            let texts = tx.query(LOAD, params![id.uuid()], |row| row.get::<String>(0)).await?;
            let reports = texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<R>, _>>();
            let reports = Reports(reports.map_err(|_| unreadable(R::SERVICE))?);
            loaded.push(Versioned { version: reports.0.len() as u64, state: reports });
        }
        Ok(loaded)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Reports<R>>]) -> Result<(), Error> {
        let mut sorted: Vec<_> = changes.iter().collect();
        sorted.sort_by_key(|change| change.id);
        for change in sorted {
            for (version, report) in (change.expected + 1..).zip(&change.events) {
                // An answer is made of texts and numbers: it always has a JSON form.
                let text = serde_json::to_string(report).map_err(|_| unreadable(R::SERVICE))?;
                if tx.execute(INSERT, params![change.id.uuid(), version, text]).await? == 0 {
                    return Err(tx.conflict("report"));
                }
            }
        }
        Ok(())
    }
}

fn unreadable(service: &'static str) -> Error {
    let (column, found) = (service.to_owned(), "another release's");
    Error::Column { statement: LOAD.name(), column, expected: "a report", found }
}
