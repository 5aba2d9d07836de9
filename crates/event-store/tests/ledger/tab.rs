//! An aggregate to try the ledger with: what a guest has to pay, whose `charged` went through three versions.

use std::collections::BTreeMap;

use aggregate::Aggregate;
use event_store::{EventSourced, EventTypes, NotUpcast};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tab {
    pub(crate) guest: Option<String>,
    pub(crate) cents: BTreeMap<String, i64>,
    pub(crate) items: Vec<String>,
    pub(crate) closed: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Open { guest: String },
    Charge { item: String, cents: i64 },
    Close,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Opened { guest: String },
    Charged { item: String, cents: i64, currency: String },
    Closed,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("nobody has opened it")]
    NotOpen,
    #[error("it is closed")]
    Closed,
}

impl Aggregate for Tab {
    const NAME: &'static str = "tab";
    type Id = u64;
    type Scope = ();
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            _ if self.closed => Err(Refusal::Closed),
            Command::Open { guest } if self.guest.is_none() => {
                Ok(vec![Event::Opened { guest: guest.clone() }])
            }
            Command::Open { .. } => Ok(vec![]),
            _ if self.guest.is_none() => Err(Refusal::NotOpen),
            Command::Charge { item, cents } => {
                Ok(vec![Event::Charged { item: item.clone(), cents: *cents, currency: "EUR".to_owned() }])
            }
            Command::Close => Ok(vec![Event::Closed]),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Opened { guest } => self.guest = Some(guest.clone()),
            Event::Charged { item, cents, currency } => {
                let sum = self.cents.entry(currency.clone()).or_default();
                *sum = sum.saturating_add(*cents);
                self.items.push(item.clone());
            }
            Event::Closed => self.closed = true,
        }
    }
}

impl EventSourced for Tab {
    const STATE_SCHEMA: &'static str = "128903769c632ddd";

    fn event_types() -> EventTypes<Event> {
        EventTypes::new()
            .kind("opened", &[])
            .kind("charged", &[price_in_cents, with_currency])
            .kind("closed", &[])
            .retired("started", &[opened_for])
    }

    fn stream_id(id: &u64) -> String {
        id.to_string()
    }

    fn id_of(stream: &event_store::StreamName) -> Option<u64> {
        stream.id().parse().ok()
    }
}

/// Version 1 of `charged` had the price as text: "2.50".
fn price_in_cents(mut event: Value) -> Result<Value, NotUpcast> {
    const NO_PRICE: NotUpcast = NotUpcast("a price is written as 2.50");
    let price = event["price"].as_str().ok_or(NO_PRICE)?;
    let (whole, cents) = price.split_once('.').ok_or(NO_PRICE)?;
    let cents: i64 = format!("{whole}{cents}").parse().map_err(|_| NO_PRICE)?;
    event["cents"] = json!(cents);
    Ok(event)
}

/// Until version 2 everything was paid in one currency.
fn with_currency(mut event: Value) -> Result<Value, NotUpcast> {
    event["currency"] = json!("EUR");
    Ok(event)
}

/// `opened` was called `started` once.
fn opened_for(mut event: Value) -> Result<Value, NotUpcast> {
    event["event"] = json!("opened");
    event["guest"] = event["name"].take();
    Ok(event)
}

/// A tab whose fields all have values.
pub(crate) fn full() -> Tab {
    Tab {
        guest: Some("Ada".to_owned()),
        cents: [("EUR".to_owned(), 1)].into(),
        items: vec!["tea".to_owned()],
        closed: true,
    }
}

pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        1 => "[a-zäß\"\\\\]{0,5}".prop_map(|guest| Event::Opened { guest }),
        8 => ("[a-z]{1,4}", any::<i64>(), "EUR|GBP").prop_map(|(item, cents, currency)| Event::Charged { item, cents, currency }),
        1 => Just(Event::Closed),
    ];
    prop::collection::vec(event, 1..40)
}
