//! Facts from those who own them.

use std::{error::Error, str::FromStr};

use axum::body::Bytes;
use contracts::{OrderId, customers::Customer, ordering::Order};
use database::Transaction;
use journal::Entry;
use messaging::{Envelope, HandlerError};
use serde::de::DeserializeOwned;

use super::{Ask, Callbacks, Error as Unanswered, Why};
use crate::{
    facts::{Facts, Needs, Source},
    reports::Reported,
};

/// What follows from a message is asked of the message's sender, and of who else knows.
impl Source for Callbacks {
    fn topics(&self) -> Vec<&'static str> {
        self.0.options.dropped_on.to_vec()
    }

    async fn fetch(&self, message: &Envelope, needs: Needs) -> Result<Facts, HandlerError> {
        let order: OrderId =
            message.subject.parse().map_err(|error| HandlerError::Hopeless(Box::new(error)))?;
        let why = self.because_of(message);
        let mut facts = Facts::default();
        match needs {
            Needs::Nothing => {}
            Needs::Report => {
                facts.report = Some(self.report(message, order, &why, &mut facts.calls).await?);
            }
            Needs::Order | Needs::OrderAndCustomer => {
                let told = message.version.filter(|_| message.aggregate_type() == "order").unwrap_or(0);
                let found: Order = self.document(&Ask::Order(order), told, &why, &mut facts.calls).await?;
                if needs == Needs::OrderAndCustomer {
                    let ask = Ask::Customer(found.customer_id);
                    let customer: Customer = self.document(&ask, 0, &why, &mut facts.calls).await?;
                    facts.customer = Some(customer);
                }
                facts.order = Some(found);
            }
        }
        Ok(facts)
    }

    /// A thin message says nothing that could be taken in, but that what is known of a product is old.
    async fn take_in(&self, _tx: &mut Transaction, message: &Envelope) -> Result<(), HandlerError> {
        if message.aggregate_type() == "product" {
            message.subject.parse().into_iter().for_each(|sku| self.forget(&Ask::Product(sku)));
        }
        Ok(())
    }

    async fn facts(
        &self,
        _tx: &mut Transaction,
        _message: &Envelope,
        _order: OrderId,
        _needs: Needs,
        fetched: &Facts,
    ) -> Result<Facts, HandlerError> {
        Ok(fetched.clone())
    }
}

impl Callbacks {
    /// What the owner says of what a thin message is about: a customer, an order or a product, at the message's version or
    /// later.
    ///
    /// # Errors
    /// [`HandlerError::Unknown`] for a message about something else; else see [`ask`](Self::ask).
    pub async fn subject_of(&self, message: &Envelope) -> Result<Bytes, HandlerError> {
        fn named<I: FromStr<Err: Error + Send + Sync + 'static>>(subject: &str) -> Result<I, HandlerError> {
            subject.parse().map_err(|error| HandlerError::Hopeless(Box::new(error)))
        }
        let subject = &*message.subject;
        let ask = match message.aggregate_type() {
            "customer" => Ask::Customer(named(subject)?),
            "order" => Ask::Order(named(subject)?),
            "product" => Ask::Product(named(subject)?),
            _ => return Err(HandlerError::Unknown),
        };
        let (why, told) = (self.because_of(message), message.version.unwrap_or(0));
        Ok(self.ask(&ask, told, &why, &mut Vec::new()).await?)
    }

    /// The owner's answer as what it is a document of.
    ///
    /// # Errors
    /// See [`ask`](Self::ask).
    pub async fn document<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        told: u64,
        why: &Why,
        calls: &mut Vec<Entry>,
    ) -> Result<T, Unanswered> {
        let body = self.ask(ask, told, why, calls).await?;
        serde_json::from_slice(&body).map_err(|source| Unanswered::Unreadable { owner: ask.owner(), source })
    }

    /// The report that a message tells of: its sender may have reported more since then.
    async fn report(
        &self,
        message: &Envelope,
        order: OrderId,
        why: &Why,
        calls: &mut Vec<Entry>,
    ) -> Result<String, HandlerError> {
        let service = ["customers", "warehouse", "shipping", "billing"];
        let service = service.into_iter().find(|service| *service == message.aggregate_type());
        let service = service.ok_or(HandlerError::Unknown)?;
        let version = message.version.unwrap_or(1);
        let body = self.ask(&Ask::Reports(service, order), version, why, calls).await?;
        let unreadable = |source| Unanswered::Unreadable { owner: service, source };
        let Reported { reports } = serde_json::from_slice(&body).map_err(unreadable)?;
        let index = usize::try_from(version).unwrap_or(usize::MAX).saturating_sub(1);
        let report = reports.get(index).ok_or(Unanswered::Gone { owner: service })?;
        Ok(report.get().to_owned())
    }
}
