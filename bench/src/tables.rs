//! The tables in a system's files.

use std::{collections::BTreeMap, fs, path::Path};

use rusqlite::{Connection, OpenFlags};

use crate::Failure;

/// How many rows each table has, by its file and name.
pub(crate) type Rows = BTreeMap<String, f64>;

/// What stays: orders, invoices, shipments, customers, products and what is outside; copies and views of them; and the events that
/// they are made of.
const STAYS: [&str; 15] = [
    "customers",
    "products",
    "orders",
    "order_lines",
    "order_statuses",
    "shipments",
    "invoices",
    "ledger",
    "copies",
    "view_customers",
    "view_products",
    "view_orders",
    "view_order_lines",
    "ledger_events",
    "ledger_snapshots",
];

/// The rows of every table in the files below `directory` that does not hold what stays. They may be in use meanwhile.
pub(crate) fn rows(directory: &Path) -> Result<Rows, Failure> {
    let mut rows = Rows::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            rows.extend(self::rows(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "db") {
            rows.extend(of_file(&path)?);
        }
    }
    Ok(rows)
}

fn of_file(path: &Path) -> Result<Rows, Failure> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let file = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let count = |table: &str| {
        connection.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))
    };
    let forgotten = names.iter().filter(|name| !STAYS.contains(&name.as_str()));
    forgotten.map(|name| Ok((format!("{file}.{name}"), count(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_but_for_what_stays() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("rest")).unwrap();
        let connection = Connection::open(directory.path().join("rest/ordering.db")).unwrap();
        let tables = "CREATE TABLE orders (id); CREATE TABLE journal (id); INSERT INTO orders VALUES (1);
            INSERT INTO journal VALUES (1), (2);";
        connection.execute_batch(tables).unwrap();
        assert_eq!(rows(directory.path()).unwrap(), Rows::from([("ordering.journal".to_owned(), 2.0)]));
    }
}
