//! The differential oracle: the same workload, one line after the other, ends in the same state in every style.

use std::collections::BTreeMap;

use chassis::doubles::Doubles;
use contracts::Style;
use serde_json::Value;
use switchyard::{order::Replayed, workload};

use crate::{
    canonical,
    generate::{self, Kind, Lines},
    seeds,
    shrink::smallest,
    world::World,
};

/// How many workloads are tried.
const WORKLOADS: u64 = 200;

/// What a workload has become in one style.
type State = BTreeMap<String, Value>;

#[test]
fn workloads_have_everything_in_them_that_a_line_can_say() {
    let text: String =
        (0..WORKLOADS).map(|seed| generate::text(&generate::lines(seed, Kind::Sequential))).collect();
    for said in [
        "\"price\"",
        "\"limit\"",
        "\"restock\"",
        "\"nobody\"",
        "\"USD\"",
        "\"add\"",
        "\"change\"",
        "\"remove\"",
        "\"cancel_at\":\"OPEN\"",
        "\"cancel_at\":\"APPROVED\"",
        "\"cancel_at\":\"SHIPPED\"",
        "\"pay_later\"",
        "\"carrier\":\"refuse\"",
        "\"payment\":\"decline\"",
        "\"payment\":\"soft-decline\"",
    ] {
        assert!(text.matches(said).count() > 10, "{said}");
    }
}

#[test]
fn the_same_workload_ends_in_the_same_state_in_every_style() {
    seeds::each("sequential workloads", WORKLOADS, async |seed| {
        let lines = generate::lines(seed, Kind::Sequential);
        if let Some(difference) = difference(&Style::ALL, &Doubles::default(), seed, lines).await {
            panic!("{difference}");
        }
    });
}

/// What tells the styles apart, and the smallest workload that does; `None` if nothing does.
pub(crate) async fn difference(
    styles: &[Style],
    doubles: &Doubles,
    seed: u64,
    lines: Lines,
) -> Option<String> {
    let world = World::new(styles, seed, doubles.clone());
    world.start().await;
    if told(&states(&world, styles, &lines).await?).is_empty() {
        assert!(world.broken().await.is_empty(), "{:#?}", world.broken().await);
        world.stop().await;
        return None;
    }
    let differ = async |lines: &[Value]| match states(&world, styles, lines).await {
        Some(states) => !told(&states).is_empty(),
        None => false,
    };
    let lines = smallest(lines, differ).await;
    let states = states(&world, styles, &lines).await?;
    let (told, expecting) = (told(&states), expecting(&lines, &states[0].1));
    Some(format!(
        "styles differ:\n{}\nby this workload, which expects what {} comes to:\n{}",
        told.join("\n"),
        styles[0],
        generate::text(&expecting)
    ))
}

/// What the workload becomes in each style; `None` if it makes no sense.
async fn states(world: &World, styles: &[Style], lines: &[Value]) -> Option<Vec<(Style, State)>> {
    let workload = workload::read(&generate::text(lines)).ok()?;
    let mut states = Vec::new();
    for style in styles {
        let replayed: Replayed = world.run(*style, &workload, 1).await;
        states.push((*style, canonical::state(world, *style, &workload, &replayed).await));
    }
    Some(states)
}

/// Everything that is not the same in all, with what it is in each.
fn told(states: &[(Style, State)]) -> Vec<String> {
    let names = states.iter().flat_map(|(_, state)| state.keys());
    let names: std::collections::BTreeSet<_> = names.collect();
    let mut told = Vec::new();
    for name in names {
        let each = || states.iter().map(|(style, state)| (style, state.get(name)));
        if each().any(|(_, value)| value != states[0].1.get(name)) {
            told.push(format!("  {name}"));
            let line = |(style, value): (&Style, Option<&Value>)| {
                format!(
                    "    {style:>16}: {}",
                    value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
                )
            };
            told.extend(each().map(line));
        }
    }
    told
}

/// The same lines, whose orders expect what they came to.
fn expecting(lines: &[Value], state: &State) -> Lines {
    let mut lines = lines.to_vec();
    for order in lines.iter_mut().filter_map(|line| line.get_mut("order")) {
        let came_to = order["key"].as_str().and_then(|key| state.get(&format!("order {key}")));
        if let Some(came_to) = came_to {
            order["expect"] = serde_json::json!({"status": came_to["status"], "reason": came_to["reason"]});
        }
    }
    lines
}
