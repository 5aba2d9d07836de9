//! A running ordering service, and a client of it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Deref,
    path::PathBuf,
    sync::Arc,
};

use chassis::{client::Call, platform::Platform, service::Running, telemetry::LogHandle};
use contracts::{Style, ordering::Order};
use messaging::embedded::{self, Embedded};
use ordering::{App, Config};
use serde_json::Value;
use tempfile::TempDir;

use super::{Client, Peers, after_turns, clock, until};

pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// An ordering service in one style, its data, its participants, and a client of it.
pub(crate) struct World {
    pub(crate) style: Style,
    pub(crate) platform: Platform,
    pub(crate) config: Config,
    pub(crate) peers: Peers,
    client: Client,
    directory: TempDir,
    app: Option<Running>,
    admin: String,
}

impl World {
    /// On a network and a clock of its own, on the caller's thread.
    pub(crate) async fn start(style: Style) -> Self {
        Self::start_on(style, Platform::simulated(1, clock())).await
    }

    pub(crate) async fn start_on(style: Style, platform: Platform) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = platform.network.reserve(ANY_PORT).unwrap();
        let peers = match style {
            Style::Rest => Peers::of_rest(&platform, address),
            _ => {
                let file = directory.path().join("broker.db");
                Peers::of_messaging(&platform, Arc::new(broker(&platform, file).await))
            }
        };
        let database = directory.path().join("ordering.db");
        let config = Config { listen: address, database, ..Config::new(peers.reach()) };
        let client = Client::new(&platform, address);
        let (app, admin) = (None, String::new());
        let mut world = Self { style, platform, config, peers, client, directory, app, admin };
        world.restart();
        world
    }

    /// Starts the service on the data that it left behind. Its client begins with new connections: one of those that the
    /// crash has broken may not know it yet.
    pub(crate) fn restart(&mut self) {
        assert!(self.directory.path().exists());
        self.client = Client::new(&self.platform, self.config.listen);
        let mut app = App::build(&self.config, &self.platform).unwrap();
        self.admin = format!("http://{}", app.serve_admin(ANY_PORT, LogHandle::detached()).unwrap());
        self.app = Some(app);
    }

    /// Ends the service as a crash would: nothing is finished, nothing is said.
    pub(crate) async fn crash(&mut self) {
        self.crash_after(0).await;
    }

    /// The same, after every other task of this thread had so many turns.
    pub(crate) async fn crash_after(&mut self, turns: usize) {
        let app = self.app.take();
        after_turns(turns, async move { drop(app) }).await;
        let (network, address) = (self.platform.network.clone(), self.config.listen);
        until("the port is free", async || network.listen(address).ok().map(drop)).await;
    }

    /// Stops the service as it wants to be stopped.
    pub(crate) async fn stop(&mut self) {
        let stopped = self.app.take().unwrap().run_until(std::future::ready(())).await;
        assert!(stopped.is_clean(), "{stopped:?}");
    }

    pub(crate) fn admin_url(&self, path: &str) -> String {
        format!("{}{path}", self.admin)
    }

    /// What the admin port says.
    pub(crate) async fn admin(&self, path: &str) -> Value {
        let response = self.send(Call::get(self.admin_url(path))).await;
        assert!(response.is_success(), "{response:?}");
        response.json().unwrap()
    }

    /// The order once nothing is to be done about it any more, and what came of it.
    pub(crate) async fn until_at_rest(&self, order: &Order) -> Order {
        until("nothing is to be done any more", async || {
            let pending = self.admin("/audit").await["pending"].clone();
            let none = pending.as_object().unwrap().values().all(|count| *count == 0);
            none.then_some(())
        })
        .await;
        self.show(order).await
    }

    /// Waits until all that it has told others is confirmed and taken out of the outbox: a crash before that has it told again.
    pub(crate) async fn until_told(&self) {
        until("the outbox is empty", async || {
            let pending = self.admin("/audit").await["pending"].clone();
            (pending["outbox"].as_u64().unwrap_or(0) == 0).then_some(())
        })
        .await;
    }

    /// What the saga of an order has written down: each step and what became of it.
    pub(crate) async fn log(&self, order: &Order) -> Vec<(String, String)> {
        let saga = self.admin(&format!("/sagas/{}", order.id)).await;
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        saga["log"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (text(entry, "step"), text(entry, "entry")))
            .collect()
    }
}

/// What a client of the service can do, can be done in its world.
impl Deref for World {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A broker in this file. It keeps nothing of what nobody follows.
pub(super) async fn broker(platform: &Platform, file: PathBuf) -> Embedded {
    let Platform { clock, executor, .. } = platform.clone();
    let database = database::Options { clock, executor, ..database::Options::default() };
    Embedded::open(&file, embedded::Options { database, unclaimed: 0, ..embedded::Options::default() })
        .await
        .unwrap()
}
