//! The ledger: the events of all services in one place, which is the only state there is and which everybody follows.
//!
//! It is infrastructure, as a broker is. A service appends to its own kinds of streams, reads what the others publish, and
//! keeps there, too, what has to be atomic with an append: tasks, answers to idempotency keys, its journal, and how far it
//! has followed.

pub mod count;
mod facts;
mod folds;
mod following;
mod handling;
mod memory;
pub mod past;

use std::{path::Path, sync::Arc};

use aggregate::AnyRepository;
use chassis::{
    idempotency,
    platform::Platform,
    service::{self, Service},
};
use database::{Database, Error, Options, Schema, Transaction, leases};
use event_store::{EventSourced, Grid, Ledger, Repository, Subscription, grid, read, subscription};
use messaging::{
    consumer::{self, Parked, Parking},
    inbox, outbox,
};
use saga::tasks;

pub use facts::{Contact, Offered, Placed, Projections};
pub use following::Following;
pub use handling::Handling;

use crate::{
    policy,
    reactor::Reacts,
    reports::{Report, Reporter, Reports},
};

/// On which topic what is parked seems to have come: there is one ledger.
const TOPIC: &str = "ledger";

/// Everything that is in the database of a ledger.
pub const SCHEMAS: &[Schema] = &[
    event_store::SCHEMA,
    subscription::SCHEMA,
    leases::SCHEMA,
    idempotency::SCHEMA,
    tasks::SCHEMA,
    saga::SCHEMA,
    journal::SCHEMA,
    inbox::SCHEMA,
    outbox::SCHEMA,
];

/// Aggregates in the ledger, as application layers see them.
pub type InLedger<A> = AnyRepository<A, Transaction, Error>;

/// Opens the ledger of one system; it blocks meanwhile. Services [share](Service::share) its database.
///
/// # Errors
/// As [`Database::open`].
pub fn open(path: &Path, platform: &Platform) -> Result<Ledger, Error> {
    let clock = platform.clock.clone();
    let options = Options { clock, executor: platform.executor, ..Options::default() };
    Ok(Ledger::new(Database::open(path, SCHEMAS, platform.doubles.around(options))?))
}

/// What a service has in the ledger.
#[derive(Clone, Debug)]
pub struct Kept<A: EventSourced, R: Report> {
    /// Its aggregates in memory, for whoever looks at them.
    pub grid: Grid<A>,
    /// The same, for whoever asks something of them.
    pub aggregates: InLedger<A>,
    /// How it reports.
    pub reporter: Reporter<R>,
}

/// Has a service's aggregates and reports kept in the ledger, and in memory as far as there is room.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn keep<A, R>(service: &mut Service, ledger: &Ledger) -> Result<Kept<A, R>, service::Error>
where
    A: EventSourced,
    R: Report,
{
    let (grid, aggregates) = aggregates::<A>(service, ledger)?;
    let (reports, _) = Grid::new(repository::<Reports<R>>(service, ledger)?, ledger, in_passing());
    let doubles = &service.platform().doubles;
    let reporter = Reporter::new(doubles.around(AnyRepository::new(reports)));
    Ok(Kept { grid, aggregates, reporter })
}

/// As [`keep`], for a service that reports nothing, since its events say it all.
///
/// # Errors
/// As [`keep`].
pub fn aggregates<A>(service: &mut Service, ledger: &Ledger) -> Result<(Grid<A>, InLedger<A>), service::Error>
where
    A: EventSourced,
{
    let (grid, snapshotter) = Grid::new(repository::<A>(service, ledger)?, ledger, grid::Options::default());
    service.spawn("snapshots", |drain| async move { snapshotter.run(drain.requested()).await });
    let following = grid.clone();
    service.spawn("memory", |drain| async move { following.follow(drain.requested()).await });
    memory::show(service, &grid)?;
    service.merge_admin(folds::routes(&grid));
    let kept = AnyRepository::new(grid.clone());
    Ok((grid, kept))
}

/// Has `participant` react to what is appended, as the subscription `name`, until the service is drained. `database` is its
/// handle of the ledger's, whose owner is called as the subscription is. What it cannot react to is parked there.
///
/// # Errors
/// Its metrics cannot be registered.
pub fn react(
    service: &mut Service,
    ledger: &Ledger,
    database: &Database,
    name: &'static str,
    participant: impl Reacts + Clone,
) -> Result<(), service::Error> {
    let filter =
        policy::filter(participant.policies()).map_err(|error| layer("following the ledger", error))?;
    let projections = Projections {
        orders: Grid::new(repository::<Placed>(service, ledger)?, ledger, in_passing()).0,
        customers: Grid::new(repository::<Contact>(service, ledger)?, ledger, in_passing()).0,
    };
    let parking = Parking::new(TOPIC, name, consumer::Options::default());
    let following = Following { name, participant, projections, parking };
    let parked = Parked::new(&following.parking, following.clone(), database.clone());
    let options = subscription::Options::new(service.platform().instance.to_string());
    let log = Arc::new(ledger.clone());
    let subscription = Subscription::new(name, log, database.clone(), filter, following, options);
    let progress = subscription.progress();
    let help = "How many positions of the ledger lie between what the service has reacted to and its end.";
    service.metrics().read_gauge("ledger_reactions_behind", help, &[], move |shown| {
        shown.count(&[], progress.status().behind());
    })?;
    let owing = subscription.progress();
    service.obligations().owe_in("reactions", database, async move |tx: &mut Transaction| {
        let reached = owing.status().segments.iter().map(|it| it.position).min();
        Ok(read::last(tx).await?.saturating_sub(reached.unwrap_or(0)))
    });
    service.spawn("reactions", |drain| async move { subscription.run(drain.requested()).await });
    service.spawn("parked reactions", |drain| async move { parked.run(drain.requested()).await });
    Ok(())
}

/// What is published of products, for who prices lines.
///
/// # Errors
/// None, as long as the category is called so.
pub fn offers(service: &mut Service, ledger: &Ledger) -> Result<Grid<Offered>, service::Error> {
    let (offers, snapshotter) =
        Grid::new(repository::<Offered>(service, ledger)?, ledger, grid::Options::default());
    service.merge_admin(folds::routes(&offers));
    service.spawn("snapshots of offers", |drain| async move { snapshotter.run(drain.requested()).await });
    Ok(offers)
}

/// What is looked at while an order is under way, and soon no more: no snapshots, and nobody follows.
fn in_passing() -> grid::Options {
    let snapshots = event_store::snapshots::Policy { every: None, slower_than: None };
    grid::Options { capacity: 4_096, snapshots, ..grid::Options::default() }
}

fn repository<A: EventSourced>(service: &Service, ledger: &Ledger) -> Result<Repository<A>, service::Error> {
    let ids = service.platform().ids.clone();
    Repository::new(ledger, move || ids.next())
        .map_err(|error| layer("keeping aggregates in the ledger", error))
}

fn layer(doing: &'static str, error: event_store::InvalidName) -> service::Error {
    service::Error::Database(Error::Layer { doing, source: Arc::new(error) })
}
