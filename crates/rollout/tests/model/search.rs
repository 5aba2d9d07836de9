//! The search: every state of a world, the nearest first.

use std::fmt;

use rollout::twin::Rule;

use crate::{
    hash,
    mind::Mind,
    moves::{Move, Step, steps},
    progress,
    state::State,
    story,
    world::World,
};

/// What a search has found.
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) plans: usize,
    pub(crate) ends: usize,
}

impl fmt::Display for Explored {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, steps, plans, ends } = self;
        write!(text, "{states} states, {steps} steps, {plans} plans, {ends} ends")
    }
}

/// All states that have been seen, and how each was first reached.
struct Seen {
    states: Vec<State>,
    from: Vec<(u32, Option<Move>)>,
    /// Places by hash; a place holds the number of a state, plus one.
    table: Vec<u32>,
}

impl Seen {
    fn new() -> Self {
        Self { states: vec![], from: vec![], table: vec![0; 1 << 12] }
    }

    /// The state's number, and whether it is new.
    fn number(&mut self, state: State, from: (u32, Option<Move>)) -> (u32, bool) {
        if self.states.len() * 2 > self.table.len() {
            self.grow();
        }
        let place = self.place(&state);
        if self.table[place] > 0 {
            return (self.table[place] - 1, false);
        }
        let number = u32::try_from(self.states.len()).expect("fewer states");
        self.states.push(state);
        self.from.push(from);
        self.table[place] = number + 1;
        (number, true)
    }

    fn place(&self, state: &State) -> usize {
        let mask = self.table.len() - 1;
        let mut place = usize::try_from(hash::of(state)).expect("64 bits") & mask;
        while self.table[place] > 0 && self.states[self.table[place] as usize - 1] != *state {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        self.table = vec![0; self.table.len() * 4];
        for number in 0..self.states.len() {
            let place = self.place(&self.states[number]);
            self.table[place] = u32::try_from(number).expect("fewer states") + 1;
        }
    }

    /// The states from the first to this one.
    fn path(&self, mut number: u32) -> Vec<(Option<Move>, State)> {
        let mut path = vec![];
        loop {
            let (from, what) = self.from[number as usize];
            path.push((what, self.states[number as usize]));
            if what.is_none() {
                path.reverse();
                return path;
            }
            number = from;
        }
    }
}

/// Explores a world completely.
///
/// # Errors
/// The shortest story in which a rule is broken, or one that has no end.
pub(crate) fn explore(world: &World, without: Option<Rule>) -> Result<Explored, String> {
    let mut mind = Mind::new(world, without);
    let mut seen = Seen::new();
    let (mut graph, mut taken, mut ends) = (Graph::default(), 0, 0);
    seen.number(world.start().canonical(), (0, None));
    let (mut buffer, mut number) = (vec![], 0);
    while let Some(&state) = seen.states.get(number as usize) {
        if let Some(fault) = progress::outage(&mind, &state) {
            return Err(story::tell(&mut mind, &seen.path(number), None, fault));
        }
        buffer = steps(&mut mind, state, buffer);
        let mut ended = true;
        for step in &buffer {
            if let Some(fault) = step.fault {
                return Err(story::tell(&mut mind, &seen.path(number), Some(step), fault));
            }
            let (next, _) = seen.number(step.next.canonical(), (number, Some(step.what)));
            taken += 1;
            if next != number && step.what.is_cooperative() {
                graph.targets.push(next);
                ended = false;
            }
        }
        graph.close();
        if ended {
            ends += 1;
            if let Some(fault) = progress::dead_end(&mut mind, &state) {
                return Err(story::tell(&mut mind, &seen.path(number), None, fault));
            }
        }
        number += 1;
    }
    if let Some(round) = graph.cycle() {
        return Err(circle(&mut mind, &seen, &round));
    }
    Ok(Explored { states: seen.states.len(), steps: taken, plans: mind.plans(), ends })
}

/// The way to a cycle, and once round.
fn circle(mind: &mut Mind<'_>, seen: &Seen, round: &[u32]) -> String {
    let first = *round.iter().min().expect("a cycle has states");
    let mut path = seen.path(first);
    let at = round.iter().position(|number| *number == first).expect("it is one of them");
    for number in round[at + 1..].iter().chain(&round[..=at]) {
        let next = seen.states[*number as usize];
        let last = path.last().expect("it began").1;
        let step = steps(mind, last, vec![]).into_iter().find(|step: &Step| step.next.canonical() == next);
        path.push((step.map(|step| step.what), next));
    }
    story::tell(mind, &path, None, "it goes round in circles")
}

/// Where the cooperative moves lead.
#[derive(Default)]
struct Graph {
    targets: Vec<u32>,
    /// Where the targets of each state end.
    ends: Vec<usize>,
}

impl Graph {
    fn close(&mut self) {
        self.ends.push(self.targets.len());
    }

    fn of(&self, number: usize) -> (usize, usize) {
        (if number == 0 { 0 } else { self.ends[number - 1] }, self.ends[number])
    }

    /// A cycle, if there is one: depth first, with a mark for what is on the way and what is done.
    fn cycle(&self) -> Option<Vec<u32>> {
        let (mut on_the_way, mut done) = (vec![false; self.ends.len()], vec![false; self.ends.len()]);
        for root in 0..self.ends.len() {
            if done[root] {
                continue;
            }
            let mut way = vec![(root, self.of(root).0)];
            on_the_way[root] = true;
            while let Some((number, next)) = way.last_mut() {
                if *next == self.of(*number).1 {
                    (on_the_way[*number], done[*number]) = (false, true);
                    way.pop();
                    continue;
                }
                let target = self.targets[*next] as usize;
                *next += 1;
                if on_the_way[target] {
                    let from = way.iter().position(|(number, _)| *number == target)?;
                    return way[from..].iter().map(|(number, _)| u32::try_from(*number).ok()).collect();
                }
                if !done[target] {
                    on_the_way[target] = true;
                    way.push((target, self.of(target).0));
                }
            }
        }
        None
    }
}
