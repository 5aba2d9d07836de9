//! A broker, with somebody at the other end of it.

use std::{sync::Arc, time::Duration};

use contracts::{OrderId, Sku, topics, topics::kinds, warehouse};
use messaging::{
    Broker, Data, Envelope, Publisher, Subscription,
    broker::RequestError,
    embedded::{self, Embedded},
};
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

/// How long a message that must come may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Bus {
    _directory: TempDir,
    broker: Embedded,
}

impl Bus {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("broker.db");
        let broker = Embedded::open(&file, embedded::Options::default()).await.unwrap();
        Self { _directory: directory, broker }
    }

    pub(crate) fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.broker.clone())
    }

    /// Sends a command as ordering does, in the message of this number.
    pub(crate) async fn send(&self, number: u128, command: &warehouse::Command) {
        let (warehouse::Command::ReserveStock { order_id, .. }
        | warehouse::Command::ReleaseStock { order_id, .. }
        | warehouse::Command::TakeStockOut { order_id, .. }) = command;
        self.publish(message(number, kinds::WAREHOUSE_COMMAND, *order_id, Data::of(command).unwrap())).await;
    }

    /// Sends a message to whom commands go.
    pub(crate) async fn publish(&self, message: Envelope) {
        self.broker.publish(topics::WAREHOUSE_COMMANDS, &[message]).await.unwrap();
    }

    /// Asks what a product costs until somebody is there who answers.
    pub(crate) async fn quote(&self, sku: &Sku) -> Envelope {
        let replied = async {
            loop {
                match self.try_quote(sku).await {
                    Ok(reply) => return reply,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, replied).await.unwrap()
    }

    /// Asks what a product costs, as ordering does.
    pub(crate) async fn try_quote(&self, sku: &Sku) -> Result<Envelope, RequestError> {
        let data = Data::of(&warehouse::QuoteRequest { sku: sku.clone() }).unwrap();
        let kind = kinds::WAREHOUSE_QUOTE_REQUEST;
        let request = Envelope::new(Uuid::from_u128(99), "ordering", kind, sku.as_str(), 1, data);
        self.broker.request(topics::WAREHOUSE_QUOTES, request, Instant::now() + PATIENCE).await
    }

    /// Hears what is sent to a topic.
    pub(crate) async fn listen(&self, topic: &str) -> Ear {
        Ear(self.broker.subscribe(topic, "test", 0..self.broker.lanes()).await.unwrap())
    }
}

/// A message about an order, of this number.
pub(crate) fn message(number: u128, kind: &str, order: OrderId, data: Data) -> Envelope {
    let mut message = Envelope::new(Uuid::from_u128(number), "ordering", kind, &order.to_string(), 1, data);
    message.correlation_id = Some(order.uuid());
    message.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    message
}

/// Hears what is sent to a topic.
pub(crate) struct Ear(Box<dyn Subscription>);

impl Ear {
    /// The next so many messages.
    pub(crate) async fn hear(&mut self, count: usize) -> Vec<Envelope> {
        let mut heard = Vec::new();
        while heard.len() < count {
            let received = self.0.receive(count - heard.len(), PATIENCE).await.unwrap();
            assert!(!received.is_empty(), "heard {} of {count}: {heard:?}", heard.len());
            heard.extend(received.into_iter().map(|delivery| delivery.envelope));
        }
        heard
    }

    /// The next answer.
    pub(crate) async fn reply(&mut self) -> warehouse::Reply {
        self.hear(1).await[0].data.parse().unwrap()
    }
}
