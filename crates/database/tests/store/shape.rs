//! What the callers' code looks like must compile: futures that can be spawned, traits without `Send` bounds.

use database::{Database, Error, Transaction, params};

use crate::fixture::{Fixture, PUT, TEXT};

/// As a repository is: its futures are not said to be `Send`, since only the writer's thread polls them.
trait Repository: Clone + Send + Sync + 'static {
    type Transaction;
    type Error;
    async fn load(&self, tx: &mut Self::Transaction, ids: &[i64])
    -> Result<Vec<Option<String>>, Self::Error>;
    async fn save(&self, tx: &mut Self::Transaction, id: i64, text: &str) -> Result<(), Self::Error>;
}

#[derive(Clone)]
struct Rows;

impl Repository for Rows {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(&self, tx: &mut Transaction, ids: &[i64]) -> Result<Vec<Option<String>>, Error> {
        let mut texts = Vec::new();
        for id in ids {
            texts.push(tx.query_opt(TEXT, params![id], |row| row.get(0)).await?);
        }
        Ok(texts)
    }

    async fn save(&self, tx: &mut Transaction, id: i64, text: &str) -> Result<(), Error> {
        tx.execute(PUT, params![id, text]).await.map(drop)
    }
}

#[derive(Debug, PartialEq)]
enum Refusal {
    Exists(String),
    Store(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Store(error.to_string())
    }
}

async fn create<R>(store: &Database, repository: &R, id: i64, text: String) -> Result<usize, Refusal>
where
    R: Repository<Transaction = Transaction, Error = Error>,
{
    let repository = repository.clone();
    store
        .write(async move |tx: &mut Transaction| {
            let mut found = repository.load(tx, &[id]).await?;
            if let Some(Some(text)) = found.pop() {
                return Err(Refusal::Exists(text));
            }
            repository.save(tx, id, &text).await?;
            Ok(text.len())
        })
        .await
}

#[tokio::test]
async fn an_application_is_generic_over_its_repository_and_can_be_spawned() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let store = fixture.store.clone();
        let spawned = tokio::spawn(async move {
            let created = create(&store, &Rows, 1, "hello".to_owned()).await;
            (created, create(&store, &Rows, 1, "again".to_owned()).await)
        });
        assert_eq!(spawned.await.unwrap(), (Ok(5), Err(Refusal::Exists("hello".to_owned()))));
    }
}
