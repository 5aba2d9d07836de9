//! Stories with nobody in charge: whoever hears of what its policies name reacts, and reports.

use std::collections::VecDeque;

use choreography::{Facts, Needs, callbacks::Ask};
use contracts::Style;
use journal::event_name;
use ordering::{
    domain::{Command, Order},
    process::{Reply, reported_outcome},
    view,
};

use crate::{
    knowledge::{self, AT, answer},
    services::{Policied, command_name, policies, reply_name},
    story::{How, Scenario, Story},
};

/// Something that is told of to everybody.
struct Told {
    by: &'static str,
    kind: String,
    /// What was reported, if it is no event of the order.
    report: Option<Reply>,
}

/// What everybody does on what they hear, until there is nothing to be heard any more.
pub(crate) fn tell(story: &mut Story, style: Style, scenario: Scenario) {
    let mut asked = vec![Command::Place { at: AT }];
    if scenario == Scenario::IsCancelled {
        asked.push(Command::Cancel { at: AT });
    }
    for command in asked {
        let change = story.asked(&command).unwrap();
        let kind = event_name::<Order>(change.events.last().unwrap());
        let mut told = VecDeque::from([Told { by: "ordering", kind, report: None }]);
        while let Some(next) = told.pop_front() {
            heard(story, style, scenario, &next, &mut told);
        }
    }
}

fn heard(story: &mut Story, style: Style, scenario: Scenario, told: &Told, more: &mut VecDeque<Told>) {
    let reacting: Vec<_> = policies().into_iter().filter(|policy| policy.on.kind == told.kind).collect();
    if style == Style::EventSourcing && !reacting.is_empty() {
        story.say(told.by, How::Call, "ledger", format!("append {}", told.kind));
    }
    for policy in reacting {
        let from = if style == Style::EventSourcing { "ledger" } else { told.by };
        story.say(from, How::Message, policy.service, carried(style, told));
        if style == Style::Notification {
            call_back(story, &policy, told);
        }
        let Some(request) = policy.request(&facts(story)) else {
            let outcome = told.report.as_ref().and_then(reported_outcome);
            outcome.and_then(|outcome| story.tell(&Command::Outcome { outcome, at: AT }));
            continue;
        };
        story.say(policy.service, How::Does, policy.service, command_name(&request));
        if let Some(answer) = answer(&request, scenario) {
            let kind = format!("{}.{}", policy.service, reply_name(&answer.reply));
            more.push_back(Told { by: policy.service, kind, report: Some(answer.reply) });
        }
    }
}

/// What a message says.
fn carried(style: Style, told: &Told) -> String {
    let kind = &told.kind;
    match (style, &told.report) {
        (Style::StateTransfer, None) => format!("{kind}, and the order"),
        (Style::StateTransfer, Some(_)) => format!("{kind}, and the report"),
        _ => kind.clone(),
    }
}

/// What a thin message leaves out is asked for; what was asked a moment ago is known.
fn call_back(story: &mut Story, policy: &Policied, told: &Told) {
    for ask in asks(policy.needs, told.by) {
        let owner = ask.owner();
        story.say(policy.service, How::Call, owner, ask.route());
        story.say(owner, How::Answer, policy.service, "200");
    }
}

/// What is asked for what a reaction needs, on a message of `sender`.
pub(crate) fn asks(needs: Needs, sender: &'static str) -> Vec<Ask> {
    let order = Ask::Order(knowledge::order_id());
    match needs {
        Needs::Nothing => vec![],
        Needs::Order => vec![order],
        Needs::OrderAndCustomer => vec![order, Ask::Customer(knowledge::customer().id)],
        Needs::Report => vec![Ask::Reports(sender, knowledge::order_id())],
    }
}

fn facts(story: &Story) -> Facts {
    let order = view::of(knowledge::order_id(), story.order());
    Facts { order, customer: Some(knowledge::customer()), ..Facts::default() }
}
