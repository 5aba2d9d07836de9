//! Sends the orders, as many clients at a time as are wanted, and sees every one to its outcome.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chassis::shutdown::Drain;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

use super::{
    Config, Observer,
    life::Client,
    plan::{Plan, Schedule},
    record::{Record, Turn},
    watch::Watch,
};

/// How long what was sent may take to its outcome once the run is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// What the clients of a run share.
pub(super) struct Engine {
    config: Config,
    plan: Plan,
    client: Client,
    stop: Drain,
    /// The number of the next order.
    next: AtomicU64,
    record: Mutex<Record>,
}

impl Engine {
    /// A run that begins now.
    pub(super) fn begin(config: &Config, plan: Plan, client: Client, stop: Drain) -> Arc<Self> {
        let record = Mutex::new(Record::begin(config.warm_up));
        Arc::new(Self { config: config.clone(), plan, client, stop, next: AtomicU64::new(0), record })
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends all orders and waits for what becomes of them; whether it was told to stop before. Cancel safe: what was begun is
    /// given up.
    pub(super) async fn run(self: &Arc<Self>, watch: &Watch, observer: &dyn Observer) -> bool {
        let mut clients = JoinSet::new();
        for _ in 0..self.config.clients.max(1) {
            clients.spawn(self.clone().client());
        }
        let mut looking = JoinSet::new();
        looking.spawn(Watch::look(watch.lag()));
        let all = async { while clients.join_next().await.is_some() {} };
        tokio::select! {
            () = all => false,
            never = self.tell(observer) => match never {},
            () = self.stop.requested() => {
                // Nothing more is sent; most of what was will still end.
                let rest = async { while clients.join_next().await.is_some() {} };
                let _ = timeout(GRACE, rest).await;
                true
            }
        }
    }

    /// Tells second by second, for ever.
    async fn tell(&self, observer: &dyn Observer) -> Infallible {
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            seconds.tick().await;
            let (latest, orders) = {
                let mut record = self.record();
                (record.latest(), record.orders())
            };
            if let Some(second) = latest {
                observer.second(&second, &orders);
            }
        }
    }

    /// One client: one order after the other.
    async fn client(self: Arc<Self>) {
        while let Some(turn) = self.turn().await {
            let wanted = self.plan.order(turn.number);
            let turn = Turn { sent: Instant::now(), ..turn };
            self.record().sent(turn);
            let lived = self.client.live(&wanted, turn.due).await;
            self.record().lived(turn, wanted.kind, lived);
        }
    }

    /// The next order, once it is due; `None` if there is none any more.
    async fn turn(&self) -> Option<Turn> {
        loop {
            let free = Instant::now();
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let begun = self.record().begun();
            if self.stop.is_requested() || self.config.orders.is_some_and(|orders| number >= orders) {
                return None;
            }
            let due = match self.config.rate {
                Some(rate) => begun + Schedule { rate }.due(number),
                None => free,
            };
            if self.config.duration.is_some_and(|duration| due.saturating_duration_since(begun) >= duration) {
                return None;
            }
            if free.saturating_duration_since(due) > self.config.backlog {
                self.record().not_sent();
                continue;
            }
            if free < due {
                tokio::select! {
                    () = sleep_until(due) => {}
                    () = self.stop.requested() => return None,
                }
            }
            return Some(Turn { number, due, free, sent: free });
        }
    }
}
