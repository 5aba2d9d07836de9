//! Views, and what is asked of them.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::http::{HeaderName, HeaderValue};
use chassis::{
    client::{self, Call, HttpClient, Response},
    platform::Platform,
    service::Running,
    telemetry::LogHandle,
};
use contracts::{Address, CustomerId, Money, OrderId, Sku, Style, Timestamp};
use database::{Clock, Executor};
use messaging::Broker;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;
use views::{App, Config, Feed, Owners};

pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A platform whose sockets are in memory.
pub(crate) fn platform() -> Platform {
    Platform { executor: Executor::Threads, ..Platform::simulated(1, Clock::system()) }
}

/// One instance of views with files of its own.
pub(crate) struct Views {
    directory: TempDir,
    platform: Platform,
    config: Box<dyn Fn(&Views) -> Config + Send + Sync>,
    app: Option<Running>,
    admin: String,
    client: HttpClient,
}

impl Views {
    /// Follows messages that carry events.
    pub(crate) fn of_events(platform: &Platform, broker: &Arc<dyn Broker>, owners: &Owners) -> Self {
        Self::called("views", platform, Feed::Events(broker.clone()), owners)
    }

    pub(crate) fn called(group: &str, platform: &Platform, feed: Feed, owners: &Owners) -> Self {
        let (owners, group) = (owners.clone(), group.to_owned());
        let config = move |views: &Views| {
            let file = views.directory.path().join("views.db");
            let config = Config::new(Style::Messaging, feed.clone(), owners.clone(), ANY_PORT, file);
            Config { group: group.clone(), ..config }
        };
        let mut views = Self {
            directory: tempfile::tempdir().unwrap(),
            platform: platform.clone(),
            config: Box::new(config),
            app: None,
            admin: String::new(),
            client: HttpClient::new(platform, client::Options::default()),
        };
        views.restart();
        views
    }

    /// Starts on the data that it left behind.
    pub(crate) fn restart(&mut self) {
        let config = (self.config)(self);
        let mut app = App::build(&config, &self.platform).unwrap();
        let admin = app.serve_admin(ANY_PORT, LogHandle::detached()).unwrap();
        self.admin = format!("http://{admin}");
        self.app = Some(app);
    }

    /// Ends as a crash would.
    pub(crate) fn crash(&mut self) {
        self.app = None;
    }

    pub(crate) async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut call = Call::get(format!("http://{}{path}", self.app.as_ref().unwrap().address()));
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            call = call.header(name, HeaderValue::from_str(value).unwrap());
        }
        self.client.send(call).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask(path, &[]).await;
        assert!(answer.is_success(), "{path}: {answer:?}");
        answer.json().unwrap()
    }

    pub(crate) async fn admin(&self, path: &str) -> Value {
        let answer = self.client.send(Call::get(format!("{}{path}", self.admin))).await.unwrap();
        assert!(answer.is_success(), "{path}: {answer:?}");
        answer.json().unwrap()
    }

    pub(crate) async fn post_admin(&self, path: &str) -> Value {
        let answer = self.client.send(Call::post(format!("{}{path}", self.admin))).await.unwrap();
        assert!(answer.is_success(), "{path}: {answer:?}");
        answer.json().unwrap()
    }

    /// Every document that answers, in the canonical form.
    pub(crate) async fn export(&self) -> Vec<String> {
        self.export_of("").await
    }

    /// Every document of a generation, which `which` names as a query does.
    pub(crate) async fn export_of(&self, which: &str) -> Vec<String> {
        let (mut documents, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.admin(&format!("/export?{which}{after}")).await;
            documents.extend(page["items"].as_array().unwrap().iter().map(Value::to_string));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return documents,
            }
        }
    }

    /// The audit, once what it shows is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until(what, async || Some(self.admin("/audit").await).filter(&is_so)).await
    }

    /// The audit, once a generation is live and nothing is pending.
    pub(crate) async fn until_live(&self) -> Value {
        self.until("a live generation", |audit| {
            let pending = audit["pending"].as_object().unwrap();
            let live = audit["generations"][0]["state"] == "live" && audit["generations"][1].is_null();
            live && pending.values().all(|count| count == 0)
        })
        .await
    }

    /// What a path answers, once it is so.
    pub(crate) async fn until_answered(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until(path, async || Some(self.get(path).await).filter(&is_so)).await
    }
}

/// What is found, as soon as it is.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            match look().await {
                Some(found) => return found,
                None => tokio::task::yield_now().await,
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, found).await;
    found.unwrap_or_else(|_| panic!("{what} did not come"))
}

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, contracts::Currency::EUR).unwrap()
}

pub(crate) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

pub(crate) fn customer(number: u128) -> CustomerId {
    CustomerId::new(Uuid::from_u128(number))
}

pub(crate) fn order(number: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(number))
}

pub(crate) fn address() -> Address {
    Address {
        line1: "1 Road".parse().unwrap(),
        postal_code: "1".parse().unwrap(),
        city: "London".parse().unwrap(),
        country: "GB".parse().unwrap(),
    }
}

/// The fields of these names of each item.
pub(crate) fn fields<'a>(page: &'a Value, name: &str) -> Vec<&'a Value> {
    page["items"].as_array().unwrap().iter().map(|item| &item[name]).collect()
}
