//! Shows what the parts of a service count, which know nothing of Prometheus: a store and a broker count for
//! themselves and are read when somebody scrapes; relays, consumers, sagas and tasks tell an observer.

use std::sync::Arc;

pub mod broker;
pub mod database;

mod messages;
mod sagas;
mod tasks;

pub use messages::Messages;
pub use sagas::Sagas;
pub use tasks::Tasks;

use crate::{
    metrics::{Error, Metrics},
    server::Connections,
};

/// The observers of an App's parts. Each is made, and its families registered, when it is first asked for.
#[derive(Clone, Debug)]
pub struct Observers {
    metrics: Metrics,
    messages: Option<Arc<Messages>>,
    tasks: Option<Arc<Tasks>>,
    sagas: Option<Arc<Sagas>>,
}

impl Observers {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self { metrics, messages: None, tasks: None, sagas: None }
    }

    /// Who is told of messages, by relays and consumers.
    ///
    /// # Errors
    /// Somebody else has registered one of its families; so for the others.
    pub fn messages(&mut self) -> Result<Arc<Messages>, Error> {
        once(&mut self.messages, || Messages::new(&self.metrics))
    }

    /// Who is told of durable tasks, by their workers.
    ///
    /// # Errors
    /// See [`messages`](Self::messages).
    pub fn tasks(&mut self) -> Result<Arc<Tasks>, Error> {
        once(&mut self.tasks, || Tasks::new(&self.metrics))
    }

    /// Who is told of sagas, by their runner, and of their tasks, by the worker that does them.
    ///
    /// # Errors
    /// See [`messages`](Self::messages).
    pub fn sagas(&mut self) -> Result<Arc<Sagas>, Error> {
        let tasks = self.tasks()?;
        once(&mut self.sagas, || Sagas::new(&self.metrics, tasks))
    }
}

/// Shows the connections of an App's API.
pub(crate) fn connections(metrics: &Metrics, connections: &Connections) -> Result<(), Error> {
    let (shown, help) = (connections.clone(), "Connections of clients, idle ones included.");
    metrics.read_gauge("http_server_open_connections", help, &[], move |samples| {
        samples.count(&[], shown.open());
    })?;
    let (shown, help) = (
        connections.clone(),
        "Connections that were aborted, with their requests, when the drain had to end.",
    );
    metrics.read_counter("drain_given_up_connections_total", help, &[], move |samples| {
        samples.count(&[], shown.aborted());
    })
}

fn once<T>(kept: &mut Option<Arc<T>>, make: impl FnOnce() -> Result<T, Error>) -> Result<Arc<T>, Error> {
    if let Some(kept) = kept {
        return Ok(kept.clone());
    }
    Ok(kept.insert(Arc::new(make()?)).clone())
}
