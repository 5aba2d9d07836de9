//! Random appends, against lists in memory.

use std::collections::BTreeMap;

use event_store::{Append, Expected, append::Error};
use proptest::prelude::*;

use crate::world::{World, append_all, event, events_of, stream};

/// The streams, each a list of ids; and whatever is appended takes part in one order.
#[derive(Default)]
struct Model {
    streams: BTreeMap<String, Vec<u128>>,
    order: Vec<u128>,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Appended(Vec<u64>),
    Repeated,
    Conflict,
    Partly,
    Elsewhere,
}

impl Model {
    fn of(&self, id: u128) -> Option<(&str, usize)> {
        self.streams.iter().find_map(|(name, ids)| Some((&**name, ids.iter().position(|it| *it == id)?)))
    }

    /// What one stream's part of an append is, before anything is changed.
    fn look(&self, name: &str, expected: Expected, ids: &[u128]) -> Answer {
        let places: Vec<_> = ids.iter().map(|id| self.of(*id)).collect();
        if places.iter().any(Option::is_some) {
            let mut next = None;
            for place in places {
                match place {
                    Some((other, _)) if other != name => return Answer::Elsewhere,
                    Some((_, at)) if next.is_none_or(|next| next == at) => next = Some(at + 1),
                    _ => return Answer::Partly,
                }
            }
            return Answer::Repeated;
        }
        let current = self.streams.get(name).map_or(0, Vec::len) as u64;
        let expected = match expected {
            Expected::Any => current,
            Expected::None => 0,
            Expected::Version(version) => version,
        };
        if expected == current { Answer::Appended(Vec::new()) } else { Answer::Conflict }
    }

    fn append(&mut self, appends: &BTreeMap<String, (Expected, Vec<u128>)>) -> Answer {
        let answers: Vec<Answer> =
            appends.iter().map(|(name, (expected, ids))| self.look(name, *expected, ids)).collect();
        let good = |answer: &Answer| matches!(answer, Answer::Appended(_) | Answer::Repeated);
        if let Some(at) = answers.iter().position(|answer| !good(answer)) {
            return answers.into_iter().nth(at).unwrap();
        }
        match answers.iter().filter(|answer| **answer == Answer::Repeated).count() {
            0 => {}
            all if all == answers.len() => return Answer::Repeated,
            _ => return Answer::Partly,
        }
        let mut versions = Vec::new();
        for (name, (_, ids)) in appends {
            let list = self.streams.entry(name.clone()).or_default();
            list.extend(ids);
            self.order.extend(ids);
            versions.push(list.len() as u64);
        }
        Answer::Appended(versions)
    }
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![
        3 => Just(Expected::Any),
        1 => Just(Expected::None),
        3 => (0..4_u64).prop_map(Expected::Version),
    ]
}

/// Few streams and few ids, so that everything that can meet, does.
fn appends() -> impl Strategy<Value = BTreeMap<String, (Expected, Vec<u128>)>> {
    let ids = prop::collection::btree_set(0..40_u128, 1..4).prop_map(|ids| ids.into_iter().collect());
    let one = ("(order|customer)-[12]", (expected(), ids));
    prop::collection::btree_map(one.0, one.1, 1..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_ledger_answers_as_lists_would(steps in prop::collection::vec(appends(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let (ledger, mut model) = (world.ledger(), Model::default());
            for step in steps {
                let mut ids: Vec<u128> = step.values().flat_map(|(_, ids)| ids.clone()).collect();
                let all = ids.len();
                ids.sort_unstable();
                ids.dedup();
                if ids.len() < all {
                    continue; // an id twice is refused before anything else, and tested elsewhere
                }
                let of = |(name, (expected, ids)): (&String, &(Expected, Vec<u128>))| Append {
                    stream: stream(name),
                    expected: *expected,
                    events: ids.iter().map(|id| event(*id)).collect(),
                };
                let answer = match append_all(&ledger, step.iter().map(of).collect()).await {
                    Ok(done) if done[0].repeated => Answer::Repeated,
                    Ok(done) => Answer::Appended(done.iter().map(|it| it.version).collect()),
                    Err(Error::Conflict { .. }) => Answer::Conflict,
                    Err(Error::PartlyRepeated { .. }) => Answer::Partly,
                    Err(Error::RecordedElsewhere { .. }) => Answer::Elsewhere,
                    Err(error) => panic!("{error:?}"),
                };
                assert_eq!(answer, model.append(&step), "{step:?}");
            }
            let mut order = BTreeMap::new();
            for (name, ids) in &model.streams {
                let events = events_of(&ledger, name).await;
                assert!(events.iter().map(|event| event.id.as_u128()).eq(ids.iter().copied()), "{name}");
                order.extend(events.iter().map(|event| (event.position, event.id.as_u128())));
            }
            assert!(order.into_iter().eq((1..).zip(model.order)));
        });
    }
}
