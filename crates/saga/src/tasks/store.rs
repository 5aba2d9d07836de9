//! The table of things to be done.

use database::{Error, Kind, Migration, Schema, Transaction, params, statements};
use uuid::Uuid;

use super::Task;

/// The table of things to be done.
pub const SCHEMA: Schema = Schema {
    name: "tasks",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE tasks (
    kind       TEXT   NOT NULL,
    subject    BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    due_at     BIGINT NOT NULL,
    attempt    BIGINT NOT NULL,
    looks      BIGINT NOT NULL,
    payload    TEXT   NOT NULL,
    last_error TEXT,
    CONSTRAINT tasks_pk PRIMARY KEY (kind, subject, name)
);
CREATE INDEX tasks_due ON tasks (kind, due_at);
",
    }],
};

statements! {
    /// Writes a task down, in place of its namesake.
    const PUT: "INSERT INTO tasks (kind, subject, name, due_at, attempt, looks, payload) VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (kind, subject, name) DO UPDATE SET due_at = excluded.due_at, attempt = excluded.attempt, \
        looks = excluded.looks, payload = excluded.payload, last_error = NULL";
    /// Strikes a task out.
    const CANCEL: "DELETE FROM tasks WHERE kind = $1 AND subject = $2 AND name = $3";
    /// Has a task wait, if it is still to be done.
    const POSTPONE: "UPDATE tasks SET due_at = $4, attempt = $5, looks = $6, last_error = $7 \
        WHERE kind = $1 AND subject = $2 AND name = $3";
    /// The tasks that are due, oldest first.
    const DUE: "SELECT subject, name, attempt, looks, payload FROM tasks WHERE kind = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3";
    /// When the next task that is not due yet will be.
    const NEXT: "SELECT MIN(due_at) FROM tasks WHERE kind = $1 AND due_at > $2";
    /// How many tasks of a kind there are.
    const COUNT: "SELECT COUNT(*) FROM tasks WHERE kind = $1";
}

pub(super) async fn put(tx: &mut Transaction, task: &Task, due_at: i64) -> Result<(), Error> {
    let Task { kind, subject, name, payload, attempt, looks } = task;
    tx.execute(PUT, params![*kind, *subject, name, due_at, *attempt, *looks, payload]).await?;
    Ok(())
}

/// Strikes a task out: it is done, or does not matter any more. Whether it was still to be done.
///
/// # Errors
/// If the store fails.
pub async fn cancel(
    tx: &mut Transaction,
    kind: &'static str,
    subject: Uuid,
    name: &str,
) -> Result<bool, Error> {
    Ok(tx.execute(CANCEL, params![kind, subject, name]).await? > 0)
}

/// How many tasks of this kind are to be done, now or later.
///
/// # Errors
/// If the store fails.
pub async fn count(tx: &mut Transaction, kind: &str) -> Result<i64, Error> {
    tx.query_one(COUNT, params![kind], |row| row.get(0)).await
}

pub(super) async fn postpone(
    tx: &mut Transaction,
    task: &Task,
    due_at: i64,
    error: Option<&str>,
) -> Result<(), Error> {
    let Task { kind, subject, name, attempt, looks, .. } = task;
    tx.execute(POSTPONE, params![*kind, *subject, name, due_at, *attempt, *looks, error]).await?;
    Ok(())
}

/// The tasks that are due, oldest first and at most `limit`, and when the next one will be.
pub(super) async fn due(
    tx: &mut Transaction,
    kind: &'static str,
    limit: i64,
) -> Result<(Vec<Task>, Option<i64>), Error> {
    let now = tx.now();
    let tasks = tx
        .query(DUE, params![kind, now, limit], |row| {
            Ok(Task {
                kind,
                subject: row.get(0)?,
                name: row.get(1)?,
                attempt: row.get(2)?,
                looks: row.get(3)?,
                payload: row.get(4)?,
            })
        })
        .await?;
    let next = tx.query_one(NEXT, params![kind, now], |row| row.get(0)).await?;
    Ok((tasks, next))
}
