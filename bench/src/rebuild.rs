//! The views of a long ledger, built anew while they answer.
//!
//! What is measured is what `switchyard rebuild` has done: the same service over the same ledger, asked by its admin port. Only the
//! other services are missing, which would begin to react to a past that they have not lived.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use chassis::{
    client::{self, Call, HttpClient},
    platform::Platform,
    service::Running,
    telemetry::LogHandle,
};
use contracts::Style;
use database::{Database, Options};
use event_store::Ledger;
use serde::Deserialize;
use tokio::time::{Instant, interval, sleep};
use views::{App, Config, Feed, Owners};

use crate::{Failure, figures::quantile, model, past, report::Row};

/// How many events there are, of all categories.
const EVENTS: u64 = 1_000_000;

/// How often it is looked how far they have come, and how long that may take at most.
const LOOK: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(180);

/// How often each client asks meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// What they ask, a client each.
const QUESTIONS: [&str; 5] = [
    "/v1/orders?limit=20",
    "/v1/orders?status=COMPLETED&limit=20",
    "/v1/orders?sku=TEA-17&limit=20",
    "/v1/views/stock?limit=20",
    "/v1/views/order-history?customer_id=0199aa00-0000-0000-0000-000000000007",
];

/// Fills a ledger, has the views built of it for the first time, and then once more while they are asked.
pub(crate) async fn rows() -> Result<Vec<Row>, Failure> {
    let directory = tempfile::tempdir()?;
    let (past, kept) = (directory.path().join("ledger.db"), directory.path().join("views.db"));
    let path = past.clone();
    tokio::task::spawn_blocking(move || past::write(&path, EVENTS)).await??;
    let platform = Platform::system();
    let ledger = choreography::ledger::open(&past, &platform)?;
    let views = Views::start(&platform, &ledger, &kept)?;
    let first = views.until_live(1).await?;

    let stop = Arc::new(AtomicBool::new(false));
    let clients = QUESTIONS.map(|question| {
        tokio::spawn(ask(format!("{}{question}", views.api), views.client.clone(), stop.clone()))
    });
    views.begin().await?;
    let rebuilt = views.until_live(2).await?;
    stop.store(true, Relaxed);
    let mut took = Vec::new();
    for client in clients {
        took.extend(client.await??);
    }
    views.app.run_until(std::future::ready(())).await;
    ledger.database().close().await;
    if rebuilt.different != Some(0) {
        return Err(format!("{:?} rows were not what they had been", rebuilt.different).into());
    }
    let bare = tokio::task::spawn_blocking(move || bare(&past, &kept, directory)).await??;
    let name = format!("rebuild of the views over {EVENTS} events, while they answer");
    let asked =
        format!("answers meanwhile, {} a second, p99", QUESTIONS.len() as u128 * 1000 / PAUSE.as_millis());
    Ok(vec![
        Row::new(name, rebuilt.seconds(), "s").beside("bare SQLite", bare).at_most(30.0),
        Row::new(asked, quantile(&mut took, 0.99) * 1_000.0, "ms"),
        Row::new("the same for the first time, nobody asking", first.seconds(), "s"),
    ])
}

/// A generation of the tables, as the views show it.
#[derive(Debug, Deserialize)]
struct Generation {
    generation: i64,
    state: String,
    began_at: i64,
    finished_at: Option<i64>,
    different: Option<u64>,
}

impl Generation {
    fn seconds(&self) -> f64 {
        let micros = self.finished_at.map_or(0, |finished| finished - self.began_at);
        Duration::from_micros(micros.unsigned_abs()).as_secs_f64()
    }
}

/// The service, and its two ports.
struct Views {
    app: Running,
    client: HttpClient,
    api: String,
    admin: String,
}

impl Views {
    fn start(platform: &Platform, ledger: &Ledger, file: &Path) -> Result<Self, Failure> {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // Nobody is asked where a ledger is followed.
        let nobody = String::new;
        let owners = Owners { customers: nobody(), ordering: nobody(), warehouse: nobody() };
        let feed = Feed::Ledger(ledger.clone());
        let config = Config::new(Style::EventSourcing, feed, owners, any_port, file.to_owned());
        let mut app = App::build(&config, platform)?;
        let admin = format!("http://{}", app.serve_admin(any_port, LogHandle::detached())?);
        let api = format!("http://{}", app.address());
        Ok(Self { app, client: HttpClient::new(platform, client::Options::default()), api, admin })
    }

    async fn begin(&self) -> Result<(), Failure> {
        let answer = self.client.send(Call::post(format!("{}/rebuild", self.admin))).await?;
        if answer.is_success() { Ok(()) } else { Err(format!("no rebuild was begun: {answer:?}").into()) }
    }

    /// A generation, once it answers.
    async fn until_live(&self, generation: i64) -> Result<Generation, Failure> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let answer = self.client.send(Call::get(format!("{}/rebuild", self.admin))).await?;
            let all: Vec<Generation> = answer.json()?;
            let is_live = |it: &Generation| it.generation == generation && it.state == "live";
            if let Some(live) = all.into_iter().find(is_live) {
                return Ok(live);
            }
            sleep(LOOK).await;
        }
        Err(format!("generation {generation} was not built within {PATIENCE:?}").into())
    }
}

/// Asks at a fixed rate until it is to stop, and tells how many seconds each answer took from when it should have been asked for.
async fn ask(url: String, client: HttpClient, stop: Arc<AtomicBool>) -> Result<Vec<f64>, Failure> {
    let (mut took, mut due) = (Vec::new(), interval(PAUSE));
    while !stop.load(Relaxed) {
        let asked = due.tick().await;
        let answer = client.send(Call::get(url.clone())).await?;
        if !answer.is_success() {
            return Err(format!("{url}: {answer:?}").into());
        }
        took.push(asked.elapsed().as_secs_f64());
    }
    Ok(took)
}

/// Seconds that bare SQLite takes to read the events and to write each document of the live generation once.
fn bare(ledger: &Path, views: &Path, directory: tempfile::TempDir) -> Result<f64, Failure> {
    let path = directory.path().join("bare.db");
    drop(Database::open(&path, views::store::SCHEMAS, Options::default())?);
    let connection = model::open(&path)?;
    connection.execute("ATTACH ?1 AS kept", [views.to_str()])?;
    let began = Instant::now();
    model::read_all(ledger)?;
    for table in ["view_customers", "view_products", "view_orders", "view_order_lines"] {
        let live = "(SELECT generation FROM kept.view_generations WHERE state = 'live')";
        let copy = format!("INSERT INTO {table} SELECT * FROM kept.{table} WHERE generation = {live}");
        connection.execute(&copy, [])?;
    }
    Ok(began.elapsed().as_secs_f64())
}
