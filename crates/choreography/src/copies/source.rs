//! Facts from copies.

use std::sync::Arc;

use chassis::{backlog, changes::Changes, metrics, service::Service};
use contracts::{OrderId, customers::Customer, ordering::Order};
use database::{Database, Transaction};
use messaging::{Broker, Envelope, HandlerError};

use super::{
    age,
    begin::{Beginning, topics_of},
    find, keep, key,
};
use crate::{
    facts::{Facts, Needs, Source},
    reports::Reported,
};

/// What follows from a message is known from the message, or from what was told before.
#[derive(Clone, Debug)]
pub struct Copies {
    /// Of what copies are kept: `order`, `customer`, `product`.
    pub of: &'static [&'static str],
    /// By which those who wait for a copy hear of it.
    pub changes: Changes,
}

impl Copies {
    /// Copies of these kinds of things.
    #[must_use]
    pub fn of(kinds: &'static [&'static str]) -> Self {
        Self { of: kinds, changes: Changes::new() }
    }
}

impl Source for Copies {
    fn topics(&self) -> Vec<&'static str> {
        self.of.iter().map(|kind| topics_of(kind).0).collect()
    }

    fn watch(&self, service: &mut Service, database: &Database) -> Result<(), metrics::Error> {
        let help = "For how long a service has heard nothing of what it keeps copies of.";
        let ages = service.metrics().float_gauge("copy_age_seconds", help, &["copy"])?;
        let kinds = self.of;
        let read = async move |tx: &mut Transaction| {
            let mut heard = Vec::with_capacity(kinds.len());
            for kind in kinds {
                heard.extend(age(tx, kind).await?.map(|age| (*kind, age)));
            }
            Ok(heard)
        };
        backlog::sample(service, "copies", database, read, move |heard| {
            for (kind, age) in heard {
                ages.with_label_values(&[kind]).set(age.as_secs_f64());
            }
        });
        Ok(())
    }

    fn begin(
        &self,
        service: &mut Service,
        broker: &Arc<dyn Broker>,
        group: &'static str,
        database: &Database,
    ) {
        for kind in self.of {
            let (broker, database, ids) = (broker.clone(), database.clone(), service.platform().ids.clone());
            let beginning = Beginning { kind, group, broker, database, ids };
            service.spawn("beginning of copies", |drain| beginning.run(drain));
        }
    }

    async fn fetch(&self, _message: &Envelope, _needs: Needs) -> Result<Facts, HandlerError> {
        Ok(Facts::default())
    }

    async fn take_in(&self, tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        if self.of.contains(&message.aggregate_type()) {
            keep(tx, message).await?;
            let (changes, key) = (self.changes.clone(), key(message.aggregate_type(), &message.subject));
            tx.after_commit(move || changes.notify(key));
        }
        Ok(())
    }

    async fn facts(
        &self,
        tx: &mut Transaction,
        message: &Envelope,
        order: OrderId,
        needs: Needs,
        _fetched: &Facts,
    ) -> Result<Facts, HandlerError> {
        let mut facts = Facts::default();
        match needs {
            Needs::Nothing => {}
            Needs::Report => facts.report = Some(report(message)?),
            Needs::Order | Needs::OrderAndCustomer => {
                let found = find::<Order>(tx, "order", &order.to_string()).await?;
                facts.order = found.map(|copy| copy.document);
                if let Some(order) = facts.order.as_ref().filter(|_| needs == Needs::OrderAndCustomer) {
                    let found = find::<Customer>(tx, "customer", &order.customer_id.to_string()).await?;
                    facts.customer = found.map(|copy| copy.document);
                }
            }
        }
        Ok(facts)
    }
}

/// The report that a message tells of: the last one in it.
fn report(message: &Envelope) -> Result<String, HandlerError> {
    let Reported { reports } = message.data.parse().map_err(HandlerError::malformed)?;
    let report = reports.last().ok_or(HandlerError::Unknown)?;
    Ok(report.get().to_owned())
}
