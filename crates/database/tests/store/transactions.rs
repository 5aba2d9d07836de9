//! What a transaction's closure may do, and what becomes of it when it does something else.

use std::time::Duration;

use database::{Error, Transaction, params};
use uuid::Uuid;

use crate::fixture::{ADD, ALL, ANSWER, Fixture, PUT, REMOVE, TEXT};

database::statements! {
    const OUT_OF_ORDER: "SELECT $2 || $1 || $2 || '$3 ?' -- it's $9";
    const ONE: "SELECT $1 AS value";
    const TWO_ROWS: "SELECT 1 UNION ALL SELECT 2";
    const FLOAT: "SELECT 0.5 AS half";
}

#[tokio::test]
async fn after_a_statements_error_the_work_is_rolled_back_even_if_it_returns_ok() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let result = fixture
            .store
            .write(async |tx: &mut Transaction| {
                tx.execute(ADD, params![1_i64, "kept?"]).await?;
                let twice = tx.execute(ADD, params![1_i64, "twice"]).await;
                assert_eq!(twice.unwrap_err().constraint(), Some("notes.id"));
                let later = tx.execute(ADD, params![2_i64, "later"]).await;
                assert!(matches!(later, Err(Error::Poisoned { .. })));
                Ok::<_, Error>(())
            })
            .await;
        let error = result.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the transaction cannot go on after the failure of `{}`", ADD.name())
        );
        assert!(fixture.ids().await.is_empty());
    }
}

#[tokio::test]
async fn a_closure_that_awaits_something_else_is_refused() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let result = fixture
            .store
            .write(async |tx: &mut Transaction| {
                tx.execute(ADD, params![1_i64, "text"]).await?;
                tokio::time::sleep(Duration::ZERO).await;
                Ok::<_, Error>(())
            })
            .await;
        // On the writer's thread there is no runtime, so a timer panics; inline it is merely not ready.
        assert!(matches!(result, Err(Error::AwaitedElsewhere | Error::Panicked { .. })), "{result:?}");

        let waiting = fixture.store.write(async |_: &mut Transaction| {
            std::future::pending::<()>().await;
            Ok::<_, Error>(())
        });
        assert!(matches!(waiting.await, Err(Error::AwaitedElsewhere)));
        assert!(fixture.ids().await.is_empty());
        fixture.add(2).await.unwrap();
    }
}

#[tokio::test]
async fn a_transaction_inside_of_a_transaction_is_refused() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let store = fixture.store.clone();
        let nested = async move |_: &mut Transaction| crate::fixture::add(&store, 1).await;
        assert!(matches!(fixture.store.write(nested.clone()).await, Err(Error::AwaitedElsewhere)));
        assert!(matches!(fixture.store.read(nested).await, Err(Error::AwaitedElsewhere)));
        fixture.add(2).await.unwrap();
        assert_eq!(fixture.ids().await, [2]);
    }
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_caller_and_the_writer_lives_on() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let result = fixture
            .store
            .write(async |tx: &mut Transaction| {
                tx.execute(ADD, params![1_i64, "text"]).await?;
                if tx.now() != 0 {
                    panic!("the {}th of its kind", 1);
                }
                Ok::<_, Error>(())
            })
            .await;
        assert_eq!(result.unwrap_err().to_string(), "a transaction panicked: the 1th of its kind");

        let hook = async |tx: &mut Transaction| {
            tx.after_commit(|| panic!("in a hook"));
            tx.execute(ADD, params![2_i64, "text"]).await
        };
        assert_eq!(fixture.store.write::<_, Error, _>(hook).await.unwrap(), 1);
        fixture.add(3).await.unwrap();
        assert_eq!(fixture.ids().await, [2, 3]);
    }
}

#[tokio::test]
async fn a_panic_while_an_error_is_converted_ends_nothing_but_its_work() {
    struct Fragile;
    impl From<Error> for Fragile {
        fn from(error: Error) -> Self {
            panic!("cannot convert: {error}")
        }
    }
    let fixture = Fixture::new();
    let twice = async |tx: &mut Transaction| {
        tx.execute(ADD, params![1_i64, "text"]).await?;
        tx.execute(ADD, params![1_i64, "twice"]).await?;
        Ok::<_, Fragile>(())
    };
    let store = fixture.store.clone();
    let caller = tokio::spawn(async move { store.write(twice).await });
    assert!(caller.await.is_err(), "the caller cannot be told, since telling it panics");
    fixture.add(2).await.unwrap();
    assert_eq!(fixture.ids().await, [2]);
}

#[tokio::test]
async fn parameters_are_bound_by_number_in_any_order_and_repeatedly() {
    let fixture = Fixture::new();
    assert_eq!((OUT_OF_ORDER.parameters(), STATEMENTS.len()), (2, 4));
    let text = fixture
        .store
        .read(async |tx: &mut Transaction| {
            tx.query_one(OUT_OF_ORDER, params!["1", "2"], |row| row.get::<String>(0)).await
        })
        .await;
    assert_eq!(text.map_err(|error: Error| error.to_string()), Ok("212$3 ?".to_owned()));
}

#[tokio::test]
async fn every_type_comes_back_as_it_went() {
    async fn echo<T>(tx: &mut Transaction, value: T) -> Result<(), Error>
    where
        T: database::ToParam + database::FromColumn + PartialEq + std::fmt::Debug,
    {
        let back = tx.query_one(ONE, params![value], |row| row.get::<T>(0)).await?;
        assert_eq!(back, value);
        Ok(())
    }
    let echoes = async |tx: &mut Transaction| {
        echo(tx, i64::MIN).await?;
        echo(tx, i64::MAX as u64).await?;
        echo(tx, u32::MAX).await?;
        echo(tx, true).await?;
        echo(tx, "naïve".to_owned()).await?;
        echo(tx, vec![0_u8, 255]).await?;
        echo(tx, Uuid::from_u128(42)).await?;
        echo(tx, None::<String>).await?;
        echo(tx, Some(7_i64)).await
    };
    Fixture::new().store.read::<_, Error, _>(echoes).await.unwrap();
}

#[tokio::test]
async fn an_error_names_the_statement_and_the_column() {
    let fixture = Fixture::new();
    let messages = async |work: &str| {
        let work = work.to_owned();
        let result = fixture.store.read(async move |tx: &mut Transaction| match work.as_str() {
            "kind" => tx.query_one(ONE, params!["text"], |row| row.get::<i64>(0)).await.map(drop),
            "null" => tx.query_one(ONE, params![None::<i64>], |row| row.get::<i64>(0)).await.map(drop),
            "float" => tx.query_one(FLOAT, params![], |row| row.get::<i64>(0)).await.map(drop),
            "missing" => tx.query_one(ONE, params![1_i64], |row| row.get::<i64>(1)).await.map(drop),
            "range" => tx.query_one(ONE, params![-1_i64], |row| row.get::<u64>(0)).await.map(drop),
            "large" => tx.execute(ONE, params![u64::MAX]).await.map(drop),
            "count" => tx.execute(ONE, params![]).await.map(drop),
            "none" => tx.query_one(TEXT, params![1_i64], |row| row.get::<String>(0)).await.map(drop),
            _ => tx.query_opt(TWO_ROWS, params![], |row| row.get::<i64>(0)).await.map(drop),
        });
        result
            .await
            .map_err(|error: Error| error.to_string().replace("store::transactions::", ""))
            .unwrap_err()
    };
    assert_eq!(messages("kind").await, "column `value` of `ONE` should hold an integer, but holds text");
    assert_eq!(messages("null").await, "column `value` of `ONE` should hold an integer, but holds null");
    assert_eq!(
        messages("float").await,
        "column `half` of `FLOAT` should hold an integer, but holds a floating-point number"
    );
    assert_eq!(
        messages("missing").await,
        "column `1` of `ONE` should hold an integer, but holds nothing, for there is no such column"
    );
    assert_eq!(
        messages("range").await,
        "column `value` of `ONE` should hold an integer from 0, but holds an integer"
    );
    assert_eq!(
        messages("large").await,
        "18446744073709551615 is above the largest integer that can be stored, 9223372036854775807"
    );
    assert_eq!(messages("count").await, "`ONE` takes 1 parameters, not 0");
    assert_eq!(messages("none").await, "`store::fixture::TEXT` should find one row, but found none");
    assert_eq!(messages("two").await, "`TWO_ROWS` should find at most one row, but found more");
}

#[tokio::test]
async fn a_violated_constraint_is_told_by_name() {
    let fixture = Fixture::new();
    let empty = async |tx: &mut Transaction| tx.execute(PUT, params![1_i64, ""]).await;
    let error: Error = fixture.store.write(empty).await.unwrap_err();
    assert_eq!(error.constraint(), Some("text_is_not_empty"));

    let null = async |tx: &mut Transaction| tx.execute(PUT, params![1_i64, None::<String>]).await;
    let error: Error = fixture.store.write(null).await.unwrap_err();
    assert_eq!(error.constraint(), Some("notes.text"));

    let dangling = async |tx: &mut Transaction| tx.execute(ANSWER, params![1_i64, "text", 2_i64]).await;
    let error: Error = fixture.store.write(dangling).await.unwrap_err();
    assert_eq!(error.constraint(), Some("FOREIGN KEY"));
    assert_eq!(Error::Closed.constraint(), None);
}

#[tokio::test]
async fn rows_are_counted_that_works_read_and_change_and_a_statement_without_any_as_one() {
    for fixture in [Fixture::new(), Fixture::inline()] {
        let before = fixture.store.stats();
        let work = async |tx: &mut Transaction| {
            for id in 1..=3_i64 {
                tx.execute(ADD, params![id, "text"]).await?;
            }
            tx.execute(REMOVE, params![9_i64]).await?;
            tx.query_opt(TEXT, params![9_i64], |row| row.get::<String>(0)).await?;
            tx.query(ALL, params![], |row| row.get::<i64>(0)).await.map(drop)
        };
        fixture.store.write::<_, Error, _>(work).await.unwrap();
        assert_eq!(fixture.ids().await.len(), 3);
        let after = fixture.store.stats();
        assert_eq!(after.rows_changed - before.rows_changed, 3 + 1);
        assert_eq!(after.rows_read - before.rows_read, 1 + 3 + 3);
    }
}
