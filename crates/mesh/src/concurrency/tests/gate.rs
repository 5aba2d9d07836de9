//! The gate beside a model that keeps everybody in a list.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{
    Priority, Queue, Shares,
    gate::{Entrance, Gate},
    line::Place,
    word::Word,
};
use crate::{Why, clock::Moment};

/// Slow, and obviously right.
struct Model {
    shares: Shares,
    queue: Option<Queue>,
    limit: u32,
    under_way: u32,
    waiting: Vec<(Priority, u64, usize)>,
}

impl Model {
    fn room(&self, whole: u32, priority: Priority) -> u32 {
        let percent = match priority {
            Priority::Background => self.shares.background,
            Priority::Normal => self.shares.normal,
            Priority::Critical => self.shares.critical,
        };
        (f64::from(whole) * f64::from(percent) / 100.0).ceil() as u32
    }

    fn enter(&mut self, priority: Priority, now: u64, number: usize) -> Result<bool, Why> {
        let somebody_first = self.waiting.iter().any(|(waits, ..)| *waits >= priority);
        if !somebody_first && self.under_way < self.room(self.limit, priority) {
            self.under_way += 1;
            return Ok(true);
        }
        match self.queue {
            None if self.under_way < self.limit => Err(Why::Shed),
            None => Err(Why::LimitReached),
            Some(queue) if self.waiting.len() >= self.room(queue.places, priority) as usize => {
                Err(Why::QueueFull)
            }
            Some(_) => {
                self.waiting.push((priority, now, number));
                Ok(false)
            }
        }
    }

    fn next(&mut self, now: u64) -> Option<usize> {
        let highest = self.waiting.iter().map(|(priority, ..)| *priority).max()?;
        let equals: Vec<_> = self.waiting.iter().filter(|(priority, ..)| *priority == highest).collect();
        let half = u64::try_from(self.queue?.time.as_millis()).expect("a time of this test") as f64 / 2.0;
        let (first, last) = (equals.first()?, equals.last()?);
        let number = if (now - first.1) as f64 >= half { last.2 } else { first.2 };
        if self.under_way >= self.room(self.limit, highest) {
            return None;
        }
        self.waiting.retain(|(.., waits)| *waits != number);
        self.under_way += 1;
        Some(number)
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Enter(Priority),
    Leave,
    /// Whoever is next, as is due after one has left; others may come in between.
    LetIn,
    /// One of those who wait or did, counted from the last.
    GiveUp(usize),
    Limit(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..40_u64).prop_map(Step::Pass),
        10 => prop::sample::select(&Priority::ALL[..]).prop_map(Step::Enter),
        6 => Just(Step::Leave),
        6 => Just(Step::LetIn),
        2 => (0..6_usize).prop_map(Step::GiveUp),
        1 => (1..12_u32).prop_map(Step::Limit),
    ];
    prop::collection::vec(step, 1..150)
}

fn sizes() -> impl Strategy<Value = (u32, Shares, Option<Queue>)> {
    let shares = (1..=100_u8, 0..=100_u8, 0..=100_u8).prop_map(|(normal, background, critical)| Shares {
        background: (u32::from(normal) * u32::from(background) / 100).max(1).to_le_bytes()[0],
        normal,
        critical: normal + critical,
    });
    let queue =
        (1..8_u32, 1..200_u64).prop_map(|(places, time)| Queue { places, time: Duration::from_millis(time) });
    (1..12_u32, shares, prop::option::weighted(0.8, queue))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_gate_decides_as_a_model_that_keeps_everybody((limit, shares, queue) in sizes(), steps in steps()) {
        let gate = Gate::new(limit, shares, queue);
        let mut model = Model { shares, queue, limit, under_way: 0, waiting: vec![] };
        let (mut now, mut places): (u64, Vec<(Place, usize)>) = (0, vec![]);
        for (number, step) in steps.into_iter().enumerate() {
            let moment = Moment::from_nanos(now * 1_000_000);
            match step {
                Step::Pass(time) => now += time,
                Step::Enter(priority) => {
                    let told = match gate.enter_or_wait(priority, moment, || number) {
                        Entrance::Entered => Ok(true),
                        Entrance::Waits(place) => {
                            places.push((place, number));
                            Ok(false)
                        }
                        Entrance::Refused(why) => Err(why),
                    };
                    prop_assert_eq!(told, model.enter(priority, now, number), "step {}", number);
                }
                Step::Leave if model.under_way > 0 => {
                    gate.leave();
                    model.under_way -= 1;
                }
                Step::LetIn => prop_assert_eq!(gate.next(|| moment), model.next(now), "step {}", number),
                Step::GiveUp(back) if !places.is_empty() => {
                    let last = places.len() - 1;
                    let (place, waits) = places.remove(last - back.min(last));
                    let waited = model.waiting.len();
                    model.waiting.retain(|(.., number)| *number != waits);
                    prop_assert_eq!(gate.give_up(place), model.waiting.len() < waited, "step {}", number);
                }
                Step::Limit(limit) => {
                    gate.set_limit(limit);
                    model.limit = limit;
                }
                Step::Leave | Step::GiveUp(_) => {}
            }
            let waiting = u32::try_from(model.waiting.len()).expect("a few");
            prop_assert_eq!(gate.word(), Word { under_way: model.under_way, waiting, limit: model.limit });
        }
    }

    #[test]
    fn a_word_holds_what_was_put_into_it(
        under_way in 0..1_u32 << 24,
        waiting in 0..1_u32 << 20,
        limit in 0..1_u32 << 20,
    ) {
        let word = Word { under_way, waiting, limit };
        prop_assert_eq!(Word::unpack(word.pack()), word);
    }
}
