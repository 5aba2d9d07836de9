//! The other services, who say what they are told to say and remember what they were asked.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::http::{HeaderValue, header};
use chassis::{
    client::{self, Call, HttpClient},
    platform::Platform,
};
use contracts::{OrderId, Sku, topics, topics::kinds};
use messaging::{Broker, Data, Envelope, envelope};
use ordering::{
    Endpoints, Reach,
    process::{Participant, Reply, Request},
};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    answers::{Answer, Ask, IntoReply},
    reach::{self, Door},
};

/// Every service that ordering asks.
const PARTICIPANTS: [Participant; 4] =
    [Participant::Customers, Participant::Warehouse, Participant::Shipping, Participant::Billing];

/// The other services. Clones are the same ones.
#[derive(Clone)]
pub(crate) struct Peers(Arc<Shared>);

struct Shared {
    platform: Platform,
    state: Mutex<State>,
    /// What nobody answers for the time being.
    held: watch::Sender<BTreeSet<Ask>>,
    to_ordering: ToOrdering,
    /// Where each listens.
    addresses: [SocketAddr; 4],
    doors: Mutex<[Option<Door>; 4]>,
}

#[derive(Default)]
struct State {
    /// What is answered instead of the usual.
    always: BTreeMap<Ask, Answer>,
    /// What is answered before that, once each.
    once: BTreeMap<Ask, VecDeque<Answer>>,
    asked: Vec<Asked>,
    quoted: Vec<Sku>,
    /// How long the warehouse takes to say what something costs.
    quoting: Duration,
}

/// How a message reaches ordering.
enum ToOrdering {
    /// To this address, which may come to be another.
    Post(Box<HttpClient>, Mutex<SocketAddr>),
    Send(Arc<dyn Broker>),
}

/// What a participant was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) order: OrderId,
    pub(crate) request: Request,
    /// Where: method and path, or a topic.
    pub(crate) address: String,
    /// The id of the message that asked, if one did.
    pub(crate) id: Option<Uuid>,
    /// In which trace.
    pub(crate) traceparent: Option<String>,
}

impl Peers {
    /// Peers that are reached over HTTP, and post what they answer later to ordering.
    pub(crate) fn of_rest(platform: &Platform, ordering: SocketAddr) -> Self {
        let client = HttpClient::new(platform, client::Options::default());
        Self::open(platform, ToOrdering::Post(Box::new(client), Mutex::new(ordering)))
    }

    /// Peers that are reached over a broker, and answer over it.
    pub(crate) fn of_messaging(platform: &Platform, broker: Arc<dyn Broker>) -> Self {
        Self::open(platform, ToOrdering::Send(broker))
    }

    fn open(platform: &Platform, to_ordering: ToOrdering) -> Self {
        let reserve = |_| platform.network.reserve(super::ANY_PORT).unwrap();
        let peers = Self(Arc::new(Shared {
            platform: platform.clone(),
            state: Mutex::default(),
            held: watch::Sender::default(),
            to_ordering,
            addresses: PARTICIPANTS.map(reserve),
            doors: Mutex::default(),
        }));
        PARTICIPANTS.into_iter().for_each(|participant| peers.comes_back(participant));
        peers
    }

    /// What ordering has to know of them.
    pub(crate) fn reach(&self) -> Reach {
        let [customers, warehouse, shipping, billing] = self.0.addresses.map(|at| format!("http://{at}"));
        match &self.0.to_ordering {
            ToOrdering::Post(..) => Reach::Rest(Endpoints { customers, warehouse, shipping, billing }),
            ToOrdering::Send(broker) => Reach::Messaging(broker.clone()),
        }
    }

    /// From now on this is where ordering is to be found.
    pub(crate) fn ordering_is_at(&self, address: SocketAddr) {
        if let ToOrdering::Post(_, ordering) = &self.0.to_ordering {
            *ordering.lock().unwrap() = address;
        }
    }

    /// From now on a participant cannot be reached.
    pub(crate) fn goes_away(&self, participant: Participant) {
        self.doors()[participant as usize] = None;
    }

    /// It can be reached again.
    pub(crate) fn comes_back(&self, participant: Participant) {
        let door = match &self.0.to_ordering {
            ToOrdering::Post(..) => {
                let address = self.0.addresses[participant as usize];
                reach::serve(&self.0.platform, address, participant, self.clone())
            }
            ToOrdering::Send(broker) => reach::follow(broker, participant, self),
        };
        self.doors()[participant as usize] = Some(door);
    }

    /// From now on the warehouse takes so long to say what something costs.
    pub(crate) fn quotes_take(&self, takes: Duration) {
        self.state().quoting = takes;
    }

    /// From now on this is the answer.
    pub(crate) fn answer(&self, ask: Ask, answer: Answer) {
        self.state().always.insert(ask, answer);
    }

    /// The next answers, before those that are given always.
    pub(crate) fn answer_once(&self, ask: Ask, answers: impl IntoIterator<Item = Answer>) {
        self.state().once.entry(ask).or_default().extend(answers);
    }

    /// Nobody answers this until it is let go.
    pub(crate) fn hold(&self, ask: Ask) {
        self.0.held.send_if_modified(|held| held.insert(ask));
    }

    pub(crate) fn let_go(&self, ask: Ask) {
        self.0.held.send_if_modified(|held| held.remove(&ask));
    }

    /// Everything that was asked, in the order in which it was.
    pub(crate) fn all_asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// Each kind of thing that was asked, in the order in which it first was.
    pub(crate) fn kinds_asked(&self) -> Vec<Ask> {
        let mut kinds = Vec::new();
        for asked in &self.state().asked {
            let ask = Ask::of(&asked.request);
            if !kinds.contains(&ask) {
                kinds.push(ask);
            }
        }
        // Stock is taken out and the invoice written at the same time.
        if let Some(bill) = kinds.iter().position(|ask| *ask == Ask::Bill)
            && kinds.get(bill + 1) == Some(&Ask::TakeStockOut)
        {
            kinds.swap(bill, bill + 1);
        }
        kinds
    }

    pub(crate) fn asked(&self, ask: Ask) -> Vec<Asked> {
        self.state().asked.iter().filter(|asked| Ask::of(&asked.request) == ask).cloned().collect()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn until_asked(&self, ask: Ask, times: usize) {
        super::until(&format!("{ask:?} was asked {times} times"), async || {
            (self.asked(ask).len() >= times).then_some(())
        })
        .await;
    }

    /// The products that the warehouse was asked about, in order.
    pub(crate) fn quoted(&self) -> Vec<Sku> {
        self.state().quoted.clone()
    }

    /// Answers out of the blue, and waits until ordering has taken the message.
    pub(crate) async fn tell(&self, order: OrderId, reply: impl IntoReply) {
        self.send(&self.message(order, &reply.into_reply())).await;
    }

    /// A message that says so, as a participant makes it.
    pub(crate) fn message(&self, order: OrderId, reply: &Reply) -> Envelope {
        let (source, kind, data) = match reply {
            Reply::Customers(reply) => ("customers", kinds::CUSTOMERS_REPLY, Data::of(reply)),
            Reply::Warehouse(reply) => ("warehouse", kinds::WAREHOUSE_REPLY, Data::of(reply)),
            Reply::Shipping(reply) => ("shipping", kinds::SHIPPING_REPLY, Data::of(reply)),
            Reply::Billing(reply) => ("billing", kinds::BILLING_REPLY, Data::of(reply)),
        };
        let Platform { ids, clock, .. } = &self.0.platform;
        let message = Envelope::new(ids.next(), source, kind, &order.to_string(), clock.now(), data.unwrap());
        Envelope { correlation_id: Some(order.uuid()), ..message }
    }

    /// Sends a message until it is taken.
    pub(crate) async fn send(&self, message: &Envelope) {
        match &self.0.to_ordering {
            ToOrdering::Send(broker) => {
                broker.publish(topics::ORDERING_REPLIES, std::slice::from_ref(message)).await.unwrap();
            }
            ToOrdering::Post(client, ordering) => {
                let call = || {
                    let url = format!("http://{}/internal/replies", ordering.lock().unwrap());
                    let content_type = HeaderValue::from_static(envelope::CONTENT_TYPE);
                    Call::post(url).header(header::CONTENT_TYPE, content_type).body(message.to_json())
                };
                // As a relay does: until it is taken.
                while !client.send(call()).await.is_ok_and(|response| response.is_success()) {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Takes note of what is asked, and tells how to answer it.
    pub(super) fn hear(&self, asked: Asked) -> Answer {
        let ask = Ask::of(&asked.request);
        let mut state = self.state();
        state.asked.push(asked);
        let once = state.once.get_mut(&ask).and_then(VecDeque::pop_front);
        once.or_else(|| state.always.get(&ask).cloned()).unwrap_or_else(|| ask.usual())
    }

    /// Returns when it is time for an answer.
    pub(super) async fn think(&self, ask: Ask, takes: Duration) {
        tokio::time::sleep(takes).await;
        let mut held = self.0.held.subscribe();
        held.wait_for(|held| !held.contains(&ask)).await.unwrap();
    }

    /// What a product is called and costs; skus that begin with `NO` are of nothing.
    pub(super) async fn quote(&self, sku: &Sku) -> Option<Value> {
        self.state().quoted.push(sku.clone());
        let takes = self.state().quoting;
        tokio::time::sleep(takes).await;
        let (amount, currency) = match sku.as_str() {
            text if text.starts_with("NO") => return None,
            "DOLLAR" => (100, "USD"),
            "GOLD" => (contracts::Money::MAX, "EUR"),
            _ => (1250, "EUR"),
        };
        let price = json!({"amount": amount, "currency": currency});
        Some(json!({"sku": sku, "name": format!("One {sku}"), "unit_price": price, "on_hand": 7}))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    fn doors(&self) -> MutexGuard<'_, [Option<Door>; 4]> {
        self.0.doors.lock().unwrap()
    }
}
