//! Minor messages, from which nothing follows: those that come at once share a transaction.

use std::sync::Arc;

use database::{Database, Transaction};
use messaging::consumer::{Enriched, Handler};
use messaging::{Consumer, Embedded, Envelope, HandlerError, Publisher};
use uuid::Uuid;

use crate::world::{Effects, GROUP, TOPIC, effects_of, event, options, outcome, started};

/// Takes first versions for minor.
#[derive(Clone)]
struct Later(Effects);

impl Enriched for Later {
    type Facts = ();

    async fn enrich(&self, _message: &Envelope) -> Result<(), HandlerError> {
        Ok(())
    }

    fn is_minor(&self, message: &Envelope) -> bool {
        message.version == Some(1)
    }

    async fn handle(&self, tx: &mut Transaction, message: &Envelope, (): &()) -> Result<(), HandlerError> {
        Handler::handle(&self.0, tx, message).await
    }
}

fn consumer(broker: &Embedded, db: &Database, handler: &Effects) -> Consumer<Later> {
    Consumer::new(Arc::new(broker.clone()), TOPIC, GROUP, Later(handler.clone()), db.clone(), options())
}

#[tokio::test]
async fn they_share_a_transaction_but_for_those_of_a_key_that_has_others() {
    let (_world, broker, db, handler) = started().await;
    let mut consumer = consumer(&broker, &db, &handler);
    consumer.consume_once().await.unwrap();
    let sent = [event("a", 1), event("b", 1), event("c", 1), event("c", 2), event("d", 1)];
    broker.publish(TOPIC, &sent).await.unwrap();
    let before = db.stats().committed;
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(5, 0, 0));
    assert_eq!(db.stats().committed - before, 2, "those of `c`, and the others");
    assert_eq!(effects_of(&db, "c").await, [1, 2]);

    broker.publish(TOPIC, &sent).await.unwrap();
    assert_eq!(consumer.consume_once().await.unwrap(), outcome(0, 5, 0));
}

#[tokio::test]
async fn the_journal_tells_of_each_that_it_came() {
    let (_world, broker, db, handler) = started().await;
    let subjects = [1, 2, 3].map(Uuid::from_u128);
    let about =
        |subject: Uuid| Envelope { correlation_id: Some(subject), ..event(&format!("about {subject}"), 1) };
    broker.publish(TOPIC, &subjects.map(about)).await.unwrap();
    consumer(&broker, &db, &handler).consume_once().await.unwrap();
    for subject in subjects {
        let told = db.read(async move |tx| journal::read(tx, subject, 9).await).await.unwrap();
        let [written] = &*told.written else { panic!("{told:?}") };
        assert_eq!(written.records[0].cause, Some(about(subject).id));
    }
}

#[tokio::test]
async fn one_that_fails_parks_only_those_of_its_key() {
    let (_world, broker, db, handler) = started().await;
    handler.fail(&["a"]);
    broker.publish(TOPIC, &[event("a", 1), event("b", 1)]).await.unwrap();
    assert_eq!(consumer(&broker, &db, &handler).consume_once().await.unwrap(), outcome(1, 0, 1));
    assert_eq!((effects_of(&db, "a").await, effects_of(&db, "b").await), (vec![], vec![1]));
}
