//! Facts: what a service has to know to react, beside that something happened.

use std::sync::Arc;

use chassis::{metrics, service::Service};
use contracts::{
    Contact, OrderId,
    customers::Customer,
    ordering::{Order, OrderStatus},
};
use database::{Database, Transaction};
use journal::Entry;
use messaging::{Broker, Envelope, HandlerError};

/// Which facts a reaction needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// None: what it is about says it all.
    Nothing,
    /// The order.
    Order,
    /// The order, and who its customer is to those who ship and bill.
    OrderAndCustomer,
    /// What was reported, word for word.
    Report,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The order, as it was when it was placed or later: what is asked for does not change after that.
    pub order: Option<Order>,
    /// Its customer.
    pub customer: Option<Customer>,
    /// What was reported, as JSON.
    pub report: Option<String>,
    /// The calls that it took to know it, for the journal.
    pub calls: Vec<Entry>,
}

impl Facts {
    /// The order, as it was placed: its lines and its customer change no more.
    ///
    /// # Errors
    /// [`HandlerError::Unavailable`] if it is not known, or not known to be placed.
    pub fn order(&self) -> Result<&Order, HandlerError> {
        let placed = self.order.as_ref().filter(|order| order.status != OrderStatus::Open);
        placed.ok_or_else(|| unknown("the order as it was placed"))
    }

    /// Who its customer is to those who ship and bill.
    ///
    /// # Errors
    /// [`HandlerError::Unavailable`] if they are not known.
    pub fn contact(&self) -> Result<Contact, HandlerError> {
        let Customer { name, email, address, .. } =
            self.customer.clone().ok_or_else(|| unknown("the order's customer"))?;
        Ok(Contact { name, email, address })
    }

    /// What was reported, as JSON.
    ///
    /// # Errors
    /// [`HandlerError::Unavailable`] if it is not known.
    pub fn report(&self) -> Result<&str, HandlerError> {
        self.report.as_deref().ok_or_else(|| unknown("the report"))
    }
}

fn unknown(what: &str) -> HandlerError {
    HandlerError::Unavailable(format!("{what} is not known here yet").into())
}

/// Where facts come from, for a service that hears of what happens by messages.
pub trait Source: Send + Sync + 'static {
    /// The topics that it has to hear of, beside those that the service reacts to.
    fn topics(&self) -> Vec<&'static str>;

    /// Shows how well it knows, where there is something to show: it may know from what `database` keeps.
    ///
    /// # Errors
    /// The App shows it already.
    fn watch(&self, _service: &mut Service, _database: &Database) -> Result<(), metrics::Error> {
        Ok(())
    }

    /// Begins to know, where it has to be told first what there was before it followed the broker as `group`.
    fn begin(
        &self,
        _service: &mut Service,
        _broker: &Arc<dyn Broker>,
        _group: &'static str,
        _database: &Database,
    ) {
    }

    /// Fetches, outside of any transaction, what a reaction to `message` needs, as far as it is not kept here.
    ///
    /// # Errors
    /// As if the handling of the message had failed.
    fn fetch(
        &self,
        message: &Envelope,
        needs: Needs,
    ) -> impl Future<Output = Result<Facts, HandlerError>> + Send;

    /// Takes in what a message says, whether there is a reaction to it or not.
    ///
    /// # Errors
    /// As if the handling of the message had failed.
    fn take_in(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
    ) -> impl Future<Output = Result<(), HandlerError>>;

    /// What is known by now about an order, with what was `fetched` for this.
    ///
    /// # Errors
    /// As if the handling of the message had failed.
    fn facts(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        order: OrderId,
        needs: Needs,
        fetched: &Facts,
    ) -> impl Future<Output = Result<Facts, HandlerError>>;
}
