//! A billing service between scripted systems outside and a scripted ordering.

mod peers;

use std::{
    sync::{Arc, MutexGuard},
    time::Duration,
};

use billing::{App, Config, Reach};
use chassis::{
    client::{self, Call, HttpClient},
    context::{IDEMPOTENCY_KEY, TIMEOUT_MS},
    limits::Limits,
    platform::Platform,
    retention::Retention,
    service::Running,
};
use contracts::{
    CustomerId, OrderId, Style,
    billing::{BillTo, Command, Invoice, InvoiceStatus, Reply},
    page::Page,
    topics::kinds,
};
use database::Clock;
use messaging::{Data, Envelope};
use saga::tasks::Backoff;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::orderer::Orderer;
use uuid::Uuid;

pub(crate) use peers::Payment;
pub(crate) use test_support::{orderer::until, owner::ANY_PORT};

use peers::{Ledger, Peers};

/// The service and its peers.
pub(crate) struct World {
    _directory: TempDir,
    pub(crate) platform: Platform,
    config: Config,
    app: Option<Running>,
    client: HttpClient,
    peers: Peers,
    pub(crate) ordering: Orderer,
}

impl World {
    pub(crate) async fn start(style: Style, behaviour: Payment) -> Self {
        let platform = Platform::simulated(1, Clock::system());
        let peers = Peers::new(behaviour);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ordering = Orderer::new(style, "billing", directory.path()).await;
        let url = peers.serve(&platform, &ordering);
        let reach = match ordering.broker() {
            None => Reach::Rest(url.clone()),
            Some(broker) => Reach::Messaging(Arc::new(broker.clone())),
        };
        let config = config(&directory, reach, &url);
        let client = HttpClient::new(&platform, client::Options::default());
        let mut world = Self { _directory: directory, platform, config, app: None, client, peers, ordering };
        world.reopen();
        world
    }

    /// Starts the service on the data that it left behind.
    pub(crate) fn reopen(&mut self) {
        self.app = Some(App::build(&self.config, &self.platform).expect("the service starts"));
    }

    /// Ends the service as a crash would: nothing is finished, nothing is said.
    pub(crate) fn crash(&mut self) {
        self.app = None;
    }

    pub(crate) fn payment(&self, behaviour: Payment) {
        self.peers.payment.send_replace(behaviour);
    }

    pub(crate) fn mail_is_away(&self, away: bool) {
        self.peers.mail_is_away.send_replace(away);
    }

    pub(crate) fn ordering_is_away(&self, away: bool) {
        self.ordering.is_away(away);
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.peers.ledger()
    }

    /// What ordering was told of late.
    pub(crate) fn late_answers(&self) -> Vec<Reply> {
        self.ordering.late_answers()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.as_ref().expect("it runs").address())
    }

    /// Has an invoice issued as ordering does in the style, and returns what is answered at once.
    pub(crate) async fn issue(&self, order: OrderId) -> Option<Reply> {
        if self.ordering.broker().is_none() {
            let (status, reply) = self.issue_at(order, &command(order)).await;
            assert_eq!(status, if reply.is_some() { 200 } else { 202 });
            return reply;
        }
        let id = self.ordering.next_id();
        self.tell(&message(id, order, &command(order))).await;
        self.ordering.answer_to(id)
    }

    /// Sends a message of the style `messaging`, and waits until it is handled and what it led to at once has arrived.
    pub(crate) async fn tell(&self, message: &Envelope) {
        self.ordering.tell(message, async || self.audit().await["pending"]["outbox"] != 0).await;
    }

    pub(crate) async fn issue_at(&self, path: OrderId, command: &Command) -> (u16, Option<Reply>) {
        let call = Call::put(self.url(&format!("/internal/invoices/{path}")));
        let response = self.client.send(call.json(command).expect("a command has JSON")).await;
        let response = response.expect("an answer");
        (response.status.as_u16(), response.json().ok())
    }

    pub(crate) async fn get(&self, path: &str) -> client::Response {
        self.client.send(Call::get(self.url(path))).await.expect("an answer")
    }

    pub(crate) async fn invoice(&self, order: OrderId) -> Option<Invoice> {
        let response = self.get(&format!("/v1/invoices?order_id={order}")).await;
        let mut page: Page<Invoice> = response.json().expect("a page");
        assert_eq!(page.next, None);
        page.items.pop()
    }

    /// Pays, and tells the status and the code of the problem or the invoice's status.
    pub(crate) async fn pay(&self, order: OrderId) -> (u16, String) {
        self.pay_with(order, None, None).await
    }

    pub(crate) async fn pay_with(
        &self,
        order: OrderId,
        key: Option<&str>,
        timeout_ms: Option<u64>,
    ) -> (u16, String) {
        let mut call = Call::post(self.url(&format!("/v1/invoices/{order}/pay")));
        if let Some(key) = key {
            call = call.header(IDEMPOTENCY_KEY, key.parse().expect("visible ASCII"));
        }
        if let Some(timeout) = timeout_ms {
            call = call.header(TIMEOUT_MS, timeout.into());
        }
        let response = self.client.send(call).await.expect("an answer");
        let body: Value = response.json().expect("a body");
        let told = body.get("code").unwrap_or(&body["status"]).as_str().expect("text").to_owned();
        (response.status.as_u16(), told)
    }

    pub(crate) async fn until_status(&self, order: OrderId, status: InvoiceStatus) {
        until(async || self.invoice(order).await.map(|invoice| invoice.status) == Some(status)).await;
    }

    pub(crate) async fn until_asked(&self, times: usize) {
        until(async || self.ledger().asked.len() >= times).await;
    }

    pub(crate) async fn until_told(&self, times: usize) {
        until(async || self.late_answers().len() >= times).await;
    }

    pub(crate) async fn until_at_rest(&self) {
        until(async || self.audit().await["pending"] == json!({"outbox": 0, "parked": 0, "tasks": 0})).await;
    }

    pub(crate) async fn audit(&self) -> Value {
        let app = self.app.as_ref().expect("it runs");
        test_support::orderer::audit(app, &self.platform, &self.client).await
    }
}

fn config(directory: &TempDir, reach: Reach, peers: &str) -> Config {
    Config {
        reach,
        listen: ANY_PORT,
        database: directory.path().join("billing.db"),
        payment_url: peers.to_owned(),
        mail_url: peers.to_owned(),
        call_timeout: Duration::from_secs(5),
        call_backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) },
        decline_backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) },
        pay_wait: Duration::from_secs(20),
        limits: Limits::default(),
        retention: Retention::default(),
    }
}

pub(crate) fn order(number: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(number))
}

pub(crate) fn command(order_id: OrderId) -> Command {
    Command::IssueInvoice {
        order_id,
        customer_id: CustomerId::new(Uuid::from_u128(7)),
        reference: Some("web-4711".parse().expect("a reference")),
        amount: serde_json::from_value(json!({"amount": 1299, "currency": "EUR"})).expect("money"),
        bill_to: BillTo {
            name: "Ada Lovelace".parse().expect("a name"),
            email: "ada@example.org".parse().expect("an address"),
        },
    }
}

/// A command as ordering sends it.
pub(crate) fn message(id: Uuid, order: OrderId, command: &Command) -> Envelope {
    let data = Data::of(command).expect("a command has JSON");
    let mut message = Envelope::new(id, "ordering", kinds::BILLING_COMMAND, &order.to_string(), 0, data);
    message.correlation_id = Some(order.uuid());
    message.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    message
}
