//! An order's story in one style: who says what to whom, in which order.

use aggregate::{Change, Versioned, decide};
use contracts::{Style, ordering::OrderStatus};
use ordering::domain::{Command, Order};

use crate::{choreographed, knowledge, orchestrated};

/// What becomes of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    Succeeds,
    /// While the shipment is requested and the carrier was not asked yet.
    IsCancelled,
    IsOutOfStock,
}

/// How something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The other has to be there, and answers.
    Call,
    Answer,
    /// The other hears it when it hears it.
    Message,
    /// To itself.
    Does,
    /// It is written down: a new status of the order.
    Status,
}

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) how: How,
    pub(crate) text: String,
}

/// The order, and what was said so far.
pub(crate) struct Story {
    order: Versioned<Order>,
    lines: Vec<Line>,
}

/// The story of an order.
pub(crate) fn of(style: Style, scenario: Scenario) -> Story {
    let mut story = Story { order: knowledge::nothing(), lines: Vec::new() };
    for command in knowledge::begun() {
        story.tell(&command);
    }
    if style.is_choreographed() {
        choreographed::tell(&mut story, style, scenario);
    } else {
        orchestrated::tell(&mut story, style, scenario);
    }
    story
}

impl Story {
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(crate) const fn order(&self) -> &Versioned<Order> {
        &self.order
    }

    /// The statuses that the order came to.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let lines = self.lines.iter().filter(|line| line.how == How::Status);
        lines.map(|line| line.text.clone()).collect()
    }

    pub(crate) fn say(&mut self, from: &'static str, how: How, to: &'static str, text: impl Into<String>) {
        self.lines.push(Line { from, to, how, text: text.into() });
    }

    /// A client asks for something, which the order does.
    pub(crate) fn asked(&mut self, command: &Command) -> Option<Change<Order>> {
        self.say("client", How::Call, "ordering", format!("POST /v1/orders/{{id}}/{}", command.name()));
        self.tell(command)
    }

    /// The order is told something; what it comes to by that is part of the story.
    pub(crate) fn tell(&mut self, command: &Command) -> Option<Change<Order>> {
        let change = decide(knowledge::order_id(), &self.order, command).unwrap()?;
        self.order = change.result();
        if change.before.status != change.after.status && change.after.status != OrderStatus::Open {
            let name = serde_json::to_value(change.after.status).unwrap();
            self.say("ordering", How::Status, "ordering", name.as_str().unwrap());
        }
        Some(change)
    }
}
