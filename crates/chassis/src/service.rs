//! One App's frame: what starts in the order in which it is told, and stops in the order of its [`Stage`]s.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::Router;
use database::{Database, Health, Options, Schema};

use mesh::{InvalidPolicy, telemetry::Shown};

use crate::{
    admin::Admin,
    client::{self, HttpClient},
    edge::edge,
    limits::Limits,
    mesh::Mesh,
    metrics::{self, Metrics},
    obligations::Obligations,
    observe::{self, Observers},
    platform::Platform,
    readiness::Readiness,
    server::Server,
    shutdown::{self, Drain, Shutdown, Stage, Stopped, Trigger},
    tasks::{Liveness, Tasks},
    telemetry::LogHandle,
};

mod probe;

/// What background parts may take to stop, after the requests in flight.
const BACKGROUND_GRACE: Duration = Duration::from_secs(5);

/// The frame of an App: one service in one style.
#[derive(Debug)]
pub struct Service {
    platform: Platform,
    limits: Limits,
    metrics: Metrics,
    readiness: Readiness,
    liveness: Liveness,
    admin_routes: Router,
    around: Around,
    servers: Tasks,
    parts: Tasks,
    admin: Tasks,
    observers: Observers,
    obligations: Obligations,
    shutdown: Shutdown,
    /// Asked when the App says that it stops.
    leaving: Trigger,
    mesh: Mesh,
    /// What is shown of the layers before its routes.
    shown: Vec<Shown>,
}

/// An App cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot listen; [`port_in_use`](Error::port_in_use) tells the most frequent reason.
    #[error("listening on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The directory of its database cannot be made.
    #[error("creating the directory `{}`", path.display())]
    Directory {
        /// Which directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Its database cannot be opened.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// Two of its parts count under one name.
    #[error(transparent)]
    Metrics(#[from] metrics::Error),
    /// The layers before its routes, or before those that it calls, cannot be as they are to be.
    #[error("making the layers of the mesh")]
    Policy(#[from] InvalidPolicy),
}

impl Error {
    /// The address whose port somebody else has.
    #[must_use]
    pub fn port_in_use(&self) -> Option<SocketAddr> {
        match self {
            Error::Listen { address, source } if source.kind() == io::ErrorKind::AddrInUse => Some(*address),
            _ => None,
        }
    }
}

/// An App that serves: what all of them have in common once they are built.
#[derive(Debug)]
pub struct Running {
    service: Box<Service>,
    address: SocketAddr,
}

impl Running {
    /// An App whose API is served at `address`.
    #[must_use]
    pub fn new(service: Service, address: SocketAddr) -> Self {
        Self { service: Box::new(service), address }
    }

    /// Where it serves its API.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it shows on the admin port of a process that runs many Apps.
    #[must_use]
    pub fn admin(&self) -> Admin {
        self.service.admin()
    }

    /// Serves an admin port of its own; tells where.
    ///
    /// # Errors
    /// The port is taken.
    pub fn serve_admin(&mut self, address: SocketAddr, log: LogHandle) -> Result<SocketAddr, Error> {
        self.service.serve_admin(address, log)
    }

    /// Serves until `signal`, and stops in the order of [`Stage`]s.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Stopped {
        self.service.run_until(signal).await
    }
}

impl Service {
    /// A frame with nothing in it.
    ///
    /// # Errors
    /// None for names that are not empty.
    pub fn new(name: &str, style: &str, platform: &Platform, limits: Limits) -> Result<Self, Error> {
        let metrics = Metrics::new(name, style, platform)?;
        let liveness = Liveness::new(&metrics)?;
        platform.traces.register(&metrics)?;
        let shutdown = Shutdown::new(limits.unready + limits.drain + BACKGROUND_GRACE);
        shutdown.progress().show(&metrics)?;
        let tasks = || Tasks::new(metrics.identity().clone(), liveness.clone());
        Ok(Service {
            platform: platform.clone(),
            admin_routes: Router::new(),
            around: Around::default(),
            readiness: Readiness::new(),
            servers: tasks(),
            parts: tasks(),
            admin: tasks(),
            shutdown,
            observers: Observers::new(metrics.clone()),
            obligations: Obligations::default(),
            leaving: shutdown::drain().0,
            mesh: Mesh::new(platform.clock.clone(), &metrics),
            shown: vec![],
            metrics,
            liveness,
            limits,
        })
    }

    /// What the App takes from outside itself.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// A client of other services, whose calls are counted. An App has one: clones share its connections.
    ///
    /// # Errors
    /// It has one already, or the policy of its layers is out of range.
    pub fn client(&self, options: client::Options) -> Result<HttpClient, Error> {
        let mut policy = options.policy.unwrap_or_else(|| self.limits.client.clone());
        policy.exceptions.extend(&options.exceptions);
        policy.validate()?;
        let options = client::Options { policy: Some(policy), ..options };
        Ok(HttpClient::shown_by(self.mesh.telemetry(), &self.platform, options).measured(&self.metrics)?)
    }

    /// Where parts register their metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Who is told of what messages, tasks and sagas come to, and shows it.
    pub fn observers(&mut self) -> &mut Observers {
        &mut self.observers
    }

    /// Where parts say what they have to do before the App may go.
    #[must_use]
    pub fn obligations(&self) -> &Obligations {
        &self.obligations
    }

    /// Where parts say that they are not ready.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Opens the App's database with the platform's clock and executor: readiness tells of its health, one that fails is tried
    /// out until it is well again, and it is closed when nobody uses it any more. The directory is made if there is none. Where it has a journal, that tells of
    /// the start.
    ///
    /// # Errors
    /// It cannot be opened; see [`Database::open`].
    pub fn open(&mut self, path: &Path, schemas: &[Schema]) -> Result<Database, Error> {
        let platform = &self.platform;
        if let Some(directory) = path.parent() {
            let failed = |source| Error::Directory { path: directory.to_owned(), source };
            std::fs::create_dir_all(directory).map_err(failed)?;
        }
        let options =
            Options { clock: platform.clock.clone(), executor: platform.executor, ..Options::default() };
        let database = Database::open(path, schemas, platform.doubles.around(options))?;
        self.keep(&database)?;
        if schemas.contains(&journal::SCHEMA) {
            let (noting, at) = (database.clone(), database.now());
            self.spawn("start", |_| async move { note_start(&noting, at).await });
        }
        Ok(database)
    }

    /// A handle of a database that several Apps share, of which this one's works are `owner`'s: readiness tells of its
    /// health. Whoever opened it [keeps](Self::keep) it: shows its figures, and closes it when none of them needs it any more.
    #[must_use]
    pub fn share(&mut self, database: &Database, owner: &'static str) -> Database {
        let database = database.owned_by(owner);
        self.watch(&database);
        let (noting, at) = (database.clone(), database.now());
        self.spawn("start", |_| async move { note_start(&noting, at).await });
        database
    }

    /// Watches a database that was opened elsewhere, as [`open`](Self::open) does one of the App's own.
    ///
    /// # Errors
    /// The App shows the figures of a database already.
    pub fn keep(&mut self, database: &Database) -> Result<(), Error> {
        self.watch(database);
        observe::database::show(&self.metrics, database)?;
        let closing = database.clone();
        self.on_stop(Stage::Storage, "database", async move { closing.close().await });
        Ok(())
    }

    fn watch(&mut self, database: &Database) {
        let watched = database.clone();
        self.readiness.check("database", move || match watched.health() {
            Health::Good => Ok(()),
            Health::Full => Err("there is no room left".to_owned()),
            Health::ReadOnly => Err("the file is read-only".to_owned()),
            Health::Failing => Err("the file cannot be read or written".to_owned()),
        });
        let tried = database.clone();
        self.spawn("database probe", |drain| probe::run(tried, drain));
        let watched = database.clone();
        self.liveness.check("store", move || !watched.has_died());
    }

    /// Puts a layer around the App's API before that is [served](Self::serve): for a part that has a say in every answer.
    pub fn wrap(&mut self, wrap: impl FnOnce(Router) -> Router + Send + Sync + 'static) {
        self.around.0.push(Box::new(wrap));
    }

    /// Serves the App's API behind the [`edge`] and the layers of [`Limits::server`]; tells where, for an `address` with port 0.
    ///
    /// # Errors
    /// The port is taken, the App has an API already, or the policy of its layers is out of range.
    pub fn serve(&mut self, router: Router, address: SocketAddr) -> Result<SocketAddr, Error> {
        let around = std::mem::take(&mut self.around.0);
        let router = around.into_iter().fold(router, |router, wrap| wrap(router));
        let layers = mesh::server(self.limits.server.clone())?;
        self.shown.extend(layers.handle().show(self.mesh.telemetry(), "requests", ""));
        let router = router.layer(layers);
        let (router, in_flight) = edge(router, &self.platform, &self.metrics, &self.limits)?;
        let (server, address) = self.listen(router, address)?;
        let server = server.leaving(self.leaving.signal()).aging(self.platform.random().fork());
        observe::connections(&self.metrics, &server.connections())?;
        self.obligations.serve(in_flight, server.connections());
        self.servers.spawn("http", |drain| server.run(drain));
        Ok(address)
    }

    /// Starts a background part, of which `run` makes a future that ends soon after it is asked to drain.
    pub fn spawn<F>(&mut self, name: &'static str, run: impl FnOnce(Drain) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.parts.spawn(name, run);
    }

    /// The signal by which requests in flight hear that the App stops: answers that stream end by it.
    #[must_use]
    pub fn serving(&self) -> Drain {
        self.servers.drain()
    }

    /// Adds a step to the shutdown, closing a database at [`Stage::Storage`] say.
    pub fn on_stop(
        &mut self,
        stage: Stage,
        name: impl Into<String>,
        step: impl Future<Output = ()> + Send + 'static,
    ) {
        self.shutdown.at(stage, name, step);
    }

    /// Adds the service's own routes to its admin port.
    pub fn merge_admin(&mut self, routes: Router) {
        self.admin_routes = std::mem::take(&mut self.admin_routes).merge(routes);
    }

    /// What the App shows on an admin port: its own, or that of a process that runs many.
    #[must_use]
    pub fn admin(&self) -> Admin {
        let admin = Admin::new(self.metrics.clone(), self.readiness.clone(), self.liveness.clone());
        let admin = admin.owing(self.obligations.clone()).calling(self.mesh.clone());
        admin.merge(self.admin_routes.clone())
    }

    /// Serves the App's own admin port, which is the last to close, so that its probes tell of the shutdown.
    ///
    /// # Errors
    /// The port is taken.
    pub fn serve_admin(&mut self, address: SocketAddr, log: LogHandle) -> Result<SocketAddr, Error> {
        let router = self.admin().router(self.platform.build, log);
        let (server, address) = self.listen(router, address)?;
        self.admin.spawn("admin", |drain| server.run(drain));
        Ok(address)
    }

    /// Runs until `signal`, and stops.
    pub async fn run_until(self, signal: impl Future<Output = ()>) -> Stopped {
        signal.await;
        self.stop().await
    }

    /// Stops: unready, requests in flight, background parts, whatever [`on_stop`](Self::on_stop) added, admin
    /// port.
    pub async fn stop(self) -> Stopped {
        let Service { mut shutdown, readiness, limits, leaving, servers, parts, admin, .. } = self;
        shutdown.at(Stage::Unready, "readiness", async move {
            readiness.set_draining();
            leaving.drain();
            tokio::time::sleep(limits.unready).await;
        });
        shutdown.at(Stage::InFlight, "requests in flight", servers.stop());
        shutdown.at(Stage::Background, "background parts", parts.stop());
        shutdown.at(Stage::Telemetry, "admin port", admin.stop());
        shutdown.run().await
    }

    fn listen(&self, router: Router, address: SocketAddr) -> Result<(Server, SocketAddr), Error> {
        let listen = || {
            let listener = self.platform.network.listen(address)?;
            let address = listener.local_addr()?;
            Ok((Server::new(router, listener, self.limits.clone()), address))
        };
        listen().map_err(|source| Error::Listen { address, source })
    }
}

/// The layers around an API, the innermost first.
#[derive(Default)]
struct Around(Vec<Box<dyn FnOnce(Router) -> Router + Send + Sync>>);

impl std::fmt::Debug for Around {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} layers", self.0.len())
    }
}

/// That a start is not told of costs a line in a timeline, and nothing else.
async fn note_start(database: &Database, at: i64) {
    let noted = database.write(async move |tx| journal::note_start(tx, at).await).await;
    if let Err(error) = noted {
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot note the start in the journal");
    }
}

#[cfg(test)]
mod tests;
