use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::post,
};
use database::{Clock, Executor, ManualClock, Options, leases, params};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::{
    client::{Call, Response},
    context::{ACTOR, Context, IDEMPOTENCY_KEY},
    ids::Random,
    testing::{Rig, refusal, serve},
};

const NOTES: database::Schema = database::Schema {
    name: "notes",
    migrations: &[database::Migration {
        version: 1,
        kind: database::Kind::Expand,
        sql: "CREATE TABLE notes (text TEXT NOT NULL)",
    }],
};

mod sql {
    database::statements! {
        pub const WRITE: "INSERT INTO notes (text) VALUES ($1)";
        pub const COUNT: "SELECT count(*) FROM notes";
        pub const KEPT: "SELECT count(*) FROM idempotency";
    }
}

/// A service that writes notes, and counts how often it was asked to decide.
#[derive(Clone)]
struct App {
    database: Database,
    idempotency: Idempotency,
    decided: Arc<AtomicU32>,
}

struct Fixture {
    app: App,
    rig: Rig,
    clock: ManualClock,
    _directory: TempDir,
}

/// The key of a request without a body.
fn key(text: &str) -> Key {
    let context =
        Context::background("alice", &Random::seeded(1)).with_idempotency_key(Some(text.to_owned()));
    let (parts, ()) = Request::post("/").body(()).unwrap().into_parts();
    Key::of(&context, &parts, b"")
}

fn fixture() -> Fixture {
    fixture_on(Executor::Inline)
}

fn fixture_on(executor: Executor) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let (clock, hands) = Clock::manual(1_000_000);
    let options = Options { clock, executor, ..Options::default() };
    let path = directory.path().join("notes.db");
    let database = Database::open(&path, &[NOTES, SCHEMA, leases::SCHEMA], options).unwrap();
    let app = App { database, idempotency: Idempotency::new("rest"), decided: Arc::default() };
    let router = Router::new()
        .route("/notes", post(write))
        .route("/notes/{id}/publish", post(publish))
        .with_state(app.clone());
    Fixture { rig: serve(router), app, clock: hands, _directory: directory }
}

/// Writes the note; `{"refuse": STATUS}` refuses it with that status after having written it.
async fn write(State(app): State<App>, request: Keyed<Value>) -> Result<Answered, Problem> {
    let note = request.body;
    let decided = app.decided.clone();
    let work = async move |tx: &mut Transaction| -> Result<Answer, Problem> {
        decided.fetch_add(1, Ordering::Relaxed);
        tx.execute(sql::WRITE, params![note.to_string()]).await?;
        if let Some(status) = note["refuse"].as_u64() {
            let status = StatusCode::from_u16(status as u16).unwrap();
            return Err(Problem::new(status, "REFUSED", format!("for the test: {note}")));
        }
        Ok(Answer::json(StatusCode::CREATED, &note).header(header::LOCATION, "/notes/1"))
    };
    app.idempotency.run(&app.database, &request.key, work).await
}

async fn publish(
    State(app): State<App>,
    Path(id): Path<u32>,
    request: Keyed<NoBody>,
) -> Result<Answered, Problem> {
    let work =
        async move |_: &mut Transaction| Ok::<_, database::Error>(Answer::json(StatusCode::ACCEPTED, &id));
    app.idempotency.run(&app.database, &request.key, work).await
}

impl Fixture {
    fn call(&self, path: &str, key: &str) -> Call {
        Call::post(self.rig.at(path)).header(IDEMPOTENCY_KEY, HeaderValue::from_str(key).unwrap())
    }

    async fn write(&self, key: &str, note: Value) -> Response {
        self.rig.send(self.call("/notes", key).json(&note).unwrap()).await
    }

    async fn count(&self, statement: database::Statement) -> u64 {
        let counted =
            self.app.database.read(async move |tx| tx.query_one(statement, &[], |row| row.get(0)).await);
        counted.await.map_err(|error: database::Error| error).unwrap()
    }

    fn decided(&self) -> u32 {
        self.app.decided.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn the_same_request_gets_the_first_answer_again_and_changes_nothing() {
    let fixture = fixture();
    let first = fixture.write("k1", json!({"text": "a"})).await;
    let again = fixture.write("k1", json!({"text": "a"})).await;
    for answer in [&first, &again] {
        assert_eq!(
            (answer.status, &answer.headers["location"]),
            (StatusCode::CREATED, &HeaderValue::from_static("/notes/1"))
        );
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    assert_eq!(first.body, again.body);
    assert_eq!((fixture.decided(), fixture.count(sql::COUNT).await), (1, 1));
}

#[tokio::test]
async fn without_a_key_every_request_counts_and_nothing_is_kept() {
    let fixture = fixture();
    for _ in 0..2 {
        let call = Call::post(fixture.rig.at("/notes")).json(&json!({})).unwrap();
        assert_eq!(fixture.rig.send(call).await.status, 201);
    }
    assert_eq!((fixture.count(sql::COUNT).await, fixture.count(sql::KEPT).await), (2, 0));
}

#[tokio::test]
async fn another_body_or_another_path_under_the_same_key_is_refused() {
    let fixture = fixture();
    fixture.write("k1", json!({"text": "a"})).await;
    let other_body = fixture.write("k1", json!({"text": "b"})).await;
    assert_eq!(refusal(&other_body), (422, "IDEMPOTENCY_MISMATCH".into()));
    assert_eq!(fixture.rig.send(fixture.call("/notes/1/publish", "k1")).await.body, "1", "another route");
    let other_path = fixture.rig.send(fixture.call("/notes/2/publish", "k1")).await;
    assert_eq!(refusal(&other_path), (422, "IDEMPOTENCY_MISMATCH".into()));
}

#[tokio::test]
async fn another_caller_may_use_the_same_key() {
    let fixture = fixture();
    fixture.write("k1", json!({"text": "a"})).await;
    let call = fixture.call("/notes", "k1").header(ACTOR, HeaderValue::from_static("bob"));
    assert_eq!(fixture.rig.send(call.json(&json!({"text": "b"})).unwrap()).await.status, 201);
}

#[tokio::test]
async fn a_refusal_is_kept_though_its_transaction_was_undone() {
    let fixture = fixture();
    let first = fixture.write("k1", json!({"refuse": 409})).await;
    let again = fixture.write("k1", json!({"refuse": 409})).await;
    assert_eq!((refusal(&first), refusal(&again)), ((409, "REFUSED".into()), (409, "REFUSED".into())));
    assert_ne!(first.headers["x-trace-id"], again.headers["x-trace-id"], "each answer tells its own trace");
    assert_eq!(first.problem().unwrap().detail, again.problem().unwrap().detail);
    assert_eq!((fixture.decided(), fixture.count(sql::COUNT).await), (1, 0));
}

#[tokio::test]
async fn what_says_that_nothing_was_decided_is_not_kept() {
    let fixture = fixture();
    for status in [429, 500, 503] {
        for _ in 0..2 {
            let answer = fixture.write(&format!("k{status}"), json!({"refuse": status})).await;
            assert_eq!(refusal(&answer), (status, "REFUSED".into()));
        }
    }
    assert_eq!((fixture.decided(), fixture.count(sql::KEPT).await), (6, 0));
}

#[tokio::test]
async fn while_the_first_is_worked_on_the_second_is_told_to_come_again() {
    let fixture = fixture();
    let key = key("k1").scoped("rest").unwrap();
    let claim = fixture.app.idempotency.claim(key).unwrap();
    let refused = fixture.app.idempotency.claim(key).err().unwrap();
    assert_eq!((refused.status().as_u16(), refused.code()), (409, "IDEMPOTENCY_IN_PROGRESS"));
    assert_eq!(refused.into_response().headers()["retry-after"], "1");
    drop(claim);
    assert!(fixture.app.idempotency.claim(key).is_ok());
}

/// Writes a note under a key, as a handler does.
async fn write_under(app: &App, key: &Key) -> Result<Answered, Problem> {
    let decided = app.decided.clone();
    let work = async move |tx: &mut Transaction| -> Result<Answer, database::Error> {
        decided.fetch_add(1, Ordering::Relaxed);
        tx.execute(sql::WRITE, params!["once"]).await?;
        Ok(Answer::json(StatusCode::CREATED, &"once"))
    };
    app.idempotency.run(&app.database, key, work).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_is_done_and_the_others_get_its_answer_or_come_again() {
    let fixture = fixture_on(Executor::Threads);
    let attempts = (0..50).map(|_| {
        let app = fixture.app.clone();
        tokio::spawn(async move { write_under(&app, &key("k1")).await })
    });
    for attempt in futures_util::future::join_all(attempts).await {
        match attempt.unwrap() {
            Ok(answered) => assert_eq!(answered.answer.status(), 201),
            Err(problem) => assert_eq!(problem.code(), "IDEMPOTENCY_IN_PROGRESS"),
        }
    }
    assert_eq!((fixture.decided(), fixture.count(sql::COUNT).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_and_comes_again_has_it_done_once() {
    let fixture = fixture_on(Executor::Threads);
    for round in 0..50 {
        let key = key(&format!("k{round}"));
        let (app, gone) = (fixture.app.clone(), key.clone());
        let first = tokio::spawn(async move { write_under(&app, &gone).await });
        tokio::task::yield_now().await;
        first.abort();
        let _ = first.await;
        assert_eq!(write_under(&fixture.app, &key).await.unwrap().answer.status(), 201);
    }
    assert_eq!(fixture.count(sql::COUNT).await, 50);
}

#[tokio::test]
async fn two_replicas_share_the_answer() {
    let fixture = fixture();
    let replica = App { idempotency: Idempotency::new("rest"), ..fixture.app.clone() };
    assert!(!write_under(&fixture.app, &key("k1")).await.unwrap().repeated);
    assert!(write_under(&replica, &key("k1")).await.unwrap().repeated);
    let other_style = App { idempotency: Idempotency::new("messaging"), ..fixture.app.clone() };
    assert!(!write_under(&other_style, &key("k1")).await.unwrap().repeated);
}

#[tokio::test]
async fn an_absent_body_a_null_and_any_json_are_no_body() {
    let fixture = fixture();
    let no_body = fixture.call("/notes/1/publish", "k1");
    assert_eq!(fixture.rig.send(no_body).await.status, 202);
    let empty_object = fixture.call("/notes/1/publish", "k2").json(&json!({})).unwrap();
    assert_eq!(fixture.rig.send(empty_object).await.status, 202);
    let not_json = fixture.call("/notes/1/publish", "k3").body("hello");
    assert_eq!(refusal(&fixture.rig.send(not_json).await), (415, "UNSUPPORTED_MEDIA_TYPE".into()));
}

#[tokio::test]
async fn a_malformed_key_is_400() {
    let fixture = fixture();
    for key in ["", "two words", &"k".repeat(256)] {
        let answer = fixture.write(key, json!({})).await;
        assert_eq!(refusal(&answer), (400, "MALFORMED_REQUEST".into()), "{key}");
    }
}

#[tokio::test]
async fn a_body_without_a_json_form_undoes_the_work() {
    let fixture = fixture();
    let key = Key::none();
    let work = async |tx: &mut Transaction| {
        tx.execute(sql::WRITE, params!["half done"]).await?;
        let keyed_by_tuple = std::collections::HashMap::from([((1, 2), 3)]);
        Ok::<_, database::Error>(Answer::json(StatusCode::OK, &keyed_by_tuple))
    };
    let problem = fixture.app.idempotency.run(&fixture.app.database, &key, work).await.unwrap_err();
    assert_eq!((problem.status().as_u16(), fixture.count(sql::COUNT).await), (500, 0));
}

#[tokio::test]
async fn old_answers_are_forgotten_the_oldest_first_and_young_ones_stay() {
    let fixture = fixture();
    let mut written_at = Vec::new();
    for note in ["oldest", "old", "young"] {
        written_at.push(fixture.clock.clock().now());
        fixture.write(note, json!({})).await;
        fixture.clock.advance(std::time::Duration::from_secs(60));
    }
    let before = written_at[2];
    for (limit, forgotten, left) in [(0, 0, 0), (1, 1, 1), (9, 1, 2), (9, 0, 2)] {
        let work = async move |tx: &mut Transaction| {
            Ok::<_, database::Error>((forget(tx, before, limit).await?, oldest(tx).await?))
        };
        let done = fixture.app.database.write(work).await.unwrap();
        assert_eq!(done, (forgotten, Some(written_at[left])));
    }
    fixture.write("young", json!({})).await;
    assert_eq!(fixture.decided(), 3, "its answer is kept");
    fixture.write("old", json!({})).await;
    assert_eq!(fixture.decided(), 4, "it is decided anew");
}
