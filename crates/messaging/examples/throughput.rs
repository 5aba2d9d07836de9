//! Messages a second through outbox, relay, broker and consumer, every commit synced to the disk.
//!
//! `cargo run --release -p messaging --example throughput [MESSAGES]`
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use database::{Database, Transaction};
use futures_util::future::try_join_all;
use messaging::outbox::{self, Relay};
use messaging::{
    Broker, Consumer, Data, Embedded, Envelope, HandlerError, Publisher, audit, consumer, embedded,
};
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

const TOPIC: &str = "orders.events";
const CLIENTS: u64 = 64;
const KEYS: u64 = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let messages = std::env::args().nth(1).map_or(Ok(100_000), |arg| arg.parse())?;
    let directory = tempfile::tempdir()?;
    println!("{messages} messages of 200 bytes, {KEYS} keys, {CLIENTS} clients, synchronous=FULL");
    let schemas = [&messaging::SCHEMAS[..], &[database::leases::SCHEMA]].concat();
    let open = |name| Database::open(&directory.path().join(name), &schemas, database::Options::default());
    let (producer, service) = (open("producer.db")?, open("consumer.db")?);
    // All of them have to fit in when the parts take their turns.
    let backlog = embedded::Backlog { messages: messages + 1, bytes: messages * 1_000 };
    let options = embedded::Options { backlog, ..embedded::Options::default() };
    let broker = Embedded::open(&directory.path().join("broker.db"), options).await?;
    broker.register(TOPIC, "group").await?;

    in_turn(&producer, &broker, &service, messages).await?;
    at_once(&producer, &broker, &service, messages).await?;
    let outbox: audit::OutboxAudit = producer.read(async |tx| audit::of_outbox(tx).await).await?;
    let inbox: audit::InboxAudit = service.read(async |tx| audit::of_inbox(tx).await).await?;
    let disagreements = audit::compare(&[("/bench".to_owned(), outbox)].into(), &[inbox]);
    println!("counts and hash sums of both sides agree: {}", disagreements.is_empty());
    Ok(())
}

/// Each part alone, one after the other.
async fn in_turn(
    producer: &Database,
    broker: &Embedded,
    service: &Database,
    messages: u64,
) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    enqueue(producer, &outbox::Handle::default(), 0, messages).await?;
    report("outbox, one transaction each", messages, begun.elapsed());

    let publisher: Arc<dyn Publisher> = Arc::new(broker.clone());
    let begun = Instant::now();
    Relay::new(producer.clone(), publisher, outbox::Options::new("bench")).run(async {}).await;
    report("relay and broker", messages, begun.elapsed());

    let handled = Arc::new(AtomicU64::new(0));
    let mut consumer = consumer(broker, service, &handled);
    let begun = Instant::now();
    while handled.load(Relaxed) < messages {
        consumer.consume_once().await?;
    }
    report("consumer, one transaction each", messages, begun.elapsed());
    Ok(())
}

/// All parts at the same time.
async fn at_once(
    producer: &Database,
    broker: &Embedded,
    service: &Database,
    messages: u64,
) -> Result<(), Box<dyn Error>> {
    let (stop_relay, relay_stopped) = oneshot::channel::<()>();
    let (stop_consumer, consumer_stopped) = oneshot::channel::<()>();
    let publisher: Arc<dyn Publisher> = Arc::new(broker.clone());
    let relay = Relay::new(producer.clone(), publisher, outbox::Options::new("bench"));
    let handle = relay.handle();
    let handled = Arc::new(AtomicU64::new(0));
    let consumer = consumer(broker, service, &handled);
    let relay = tokio::spawn(relay.run(async { drop(relay_stopped.await) }));
    let consumer = tokio::spawn(consumer.run(async { drop(consumer_stopped.await) }));

    let begun = Instant::now();
    enqueue(producer, &handle, messages, messages).await?;
    while handled.load(Relaxed) < messages {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    report("all at the same time", messages, begun.elapsed());

    let mut latencies = Vec::new();
    for n in 0..200 {
        let (before, begun) = (handled.load(Relaxed), Instant::now());
        enqueue_one(producer, &handle, 2 * messages + n).await?;
        while handled.load(Relaxed) == before {
            tokio::task::yield_now().await;
        }
        latencies.push(begun.elapsed());
    }
    latencies.sort_unstable();
    println!(
        "from the call to the effect, one at a time: p50 {:?}, p99 {:?}",
        latencies[100], latencies[197]
    );
    drop((stop_relay, stop_consumer));
    relay.await?;
    consumer.await?;
    Ok(())
}

fn consumer(
    broker: &Embedded,
    service: &Database,
    handled: &Arc<AtomicU64>,
) -> Consumer<impl messaging::Handler + use<>> {
    let handled = Arc::clone(handled);
    let handler = async move |tx: &mut Transaction, _: &Envelope| -> Result<(), HandlerError> {
        let handled = Arc::clone(&handled);
        tx.after_commit(move || {
            handled.fetch_add(1, Relaxed);
        });
        Ok(())
    };
    let broker: Arc<dyn Broker> = Arc::new(broker.clone());
    Consumer::new(broker, TOPIC, "group", handler, service.clone(), consumer::Options::default())
}

async fn enqueue(
    db: &Database,
    handle: &outbox::Handle,
    from: u64,
    messages: u64,
) -> Result<(), database::Error> {
    let clients = (0..CLIENTS).map(|client| async move {
        for n in (from..from + messages).skip(usize::try_from(client).unwrap_or(0)).step_by(64) {
            enqueue_one(db, handle, n).await?;
        }
        Ok(())
    });
    try_join_all(clients).await.map(drop)
}

async fn enqueue_one(db: &Database, handle: &outbox::Handle, n: u64) -> Result<(), database::Error> {
    let handle = handle.clone();
    db.write(async move |tx| {
        let data = Data::from_json(format!("{{\"note\":\"{:0>188}\"}}", n)).unwrap_or_default();
        let order = format!("order-{}", n % KEYS);
        let envelope =
            Envelope::new(Uuid::from_u128(n.into()), "/bench", "order.changed", &order, tx.now(), data);
        handle.enqueue(tx, TOPIC, &envelope).await
    })
    .await
}

fn report(what: &str, messages: u64, took: Duration) {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    println!("{what}: {} messages/s ({took:.2?})", messages * 1_000_000 / micros);
}
