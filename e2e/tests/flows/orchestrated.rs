//! Stories with ordering in charge: its saga asks, and the answers move it on.

use std::collections::VecDeque;

use contracts::Style;
use ordering::{
    domain::{Command, Outcome},
    process::{PlaceOrder, Request, Step, meaning, request},
};
use saga::{Effect, Input, Phase, Progress};

use crate::{
    knowledge::{self, AT, Answer, answer, takes_long},
    services::{command_name, commands_topic, replies_topic, reply_name},
    story::{How, Scenario, Story},
};

/// What ordering asks in the order in which its saga has it asked.
pub(crate) fn tell(story: &mut Story, style: Style, scenario: Scenario) {
    let mut saga = Progress::<PlaceOrder>::default();
    let mut answers = VecDeque::new();
    story.asked(&Command::Place { at: AT });
    let begun = saga.react(Input::Start);
    ask(story, style, scenario, begun, &mut answers);
    answered(story, style, scenario, &mut saga, &mut answers);
    if scenario == Scenario::IsCancelled {
        story.asked(&Command::Cancel { at: AT });
        let turned = saga.react(Input::Abort);
        ask(story, style, scenario, turned, &mut answers);
        answered(story, style, scenario, &mut saga, &mut answers);
    }
    assert!(saga.is_at_rest(), "{saga:?}");
}

fn answered(
    story: &mut Story,
    style: Style,
    scenario: Scenario,
    saga: &mut Progress<PlaceOrder>,
    answers: &mut VecDeque<(Request, Answer)>,
) {
    while let Some((request, Answer { reply, late })) = answers.pop_front() {
        let (from, text) = (request.participant().name(), reply_name(&reply));
        match (style, late) {
            (Style::Rest, false) => story.say(from, How::Answer, "ordering", format!("200 {text}")),
            (Style::Rest, true) => {
                story.say(from, How::Call, "ordering", format!("POST /internal/replies: {text}"));
            }
            _ => story.say(from, How::Message, "ordering", format!("{}: {text}", replies_topic())),
        }
        let meaning = meaning(&reply);
        if let Some(outcome) = meaning.outcome {
            story.tell(&Command::Outcome { outcome, at: AT });
        }
        let Some(input) = meaning.input else { continue };
        let effects = saga.react(input);
        if saga.phase() == Phase::Unwound {
            let because = unwound_for(scenario);
            story.tell(&Command::Outcome { outcome: Outcome::CreditReleased { because }, at: AT });
        }
        ask(story, style, scenario, effects, answers);
    }
}

const fn unwound_for(scenario: Scenario) -> Option<contracts::ordering::Reason> {
    match scenario {
        Scenario::IsOutOfStock => Some(contracts::ordering::Reason::OutOfStock),
        Scenario::Succeeds | Scenario::IsCancelled => None,
    }
}

fn ask(
    story: &mut Story,
    style: Style,
    scenario: Scenario,
    effects: Vec<Effect<Step>>,
    answers: &mut VecDeque<(Request, Answer)>,
) {
    for effect in effects {
        let Effect::Ask(this) = effect else { continue };
        let order = &story.order().state;
        let asked = request(knowledge::order_id(), order, Some(&knowledge::contact()), this).unwrap();
        let (to, name) = (asked.participant().name(), command_name(&asked));
        match style {
            Style::Rest => {
                story.say("ordering", How::Call, to, format!("{}: {name}", asked.route().name));
                if takes_long(&asked) {
                    story.say(to, How::Answer, "ordering", "202, it will tell");
                }
            }
            _ => story.say("ordering", How::Message, to, format!("{}: {name}", commands_topic(to))),
        }
        if let Some(answer) = answer(&asked, scenario) {
            answers.push_back((asked, answer));
        }
    }
}
