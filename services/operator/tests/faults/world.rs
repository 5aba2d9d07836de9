//! What a run has, and what happens in it: drawn by a seed, or fixed.

use std::time::Duration;

use fake_apiserver::faults::Random;

/// What a run has, and what happens in it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) story: Story,
    /// How many workloads switch together.
    pub(crate) workloads: u64,
    /// How many pods green has before.
    pub(crate) replicas: u64,
    /// Of a hundred requests so many meet a fault.
    pub(crate) percent: u64,
    /// How many operators want to lead.
    pub(crate) operators: u64,
    /// When an operator is killed.
    pub(crate) death: Death,
    pub(crate) before: Vec<Gate>,
    pub(crate) after: Vec<Gate>,
    /// Whether each side has an autoscaler, whose bounds somebody changes.
    pub(crate) scaled: bool,
    /// Whether each workload has a preview.
    pub(crate) preview: bool,
    /// Whether pods say at `/drain` what they have left.
    pub(crate) drains: bool,
    /// How often somebody else changes something that is none of theirs.
    pub(crate) foreign: u64,
    /// Whether the server forgets what happened, so that watches are answered 410.
    pub(crate) forgets: bool,
}

/// What somebody wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// Green.
    Promote,
    /// Green, and after a while blue again.
    Abort,
    /// Green, whose pods never get Ready.
    Bad,
    /// Green, whose image changes after a while.
    Retarget,
}

/// When an operator is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Each life ends after some writes or other, while there is trouble.
    Drawn,
    /// The first life ends after so many writes.
    After(u64),
    /// Never.
    Never,
}

/// A gate, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    pub(crate) kind: Kind,
    pub(crate) end: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    Approval,
    Job,
}

/// What comes of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passes as soon as it is asked, or after so long.
    Good(Duration),
    /// It fails, after so long.
    Bad(Duration),
}

impl World {
    /// A release of one workload in which nothing goes wrong.
    pub(crate) const fn quiet(story: Story) -> Self {
        Self {
            story,
            workloads: 1,
            replicas: 0,
            percent: 0,
            operators: 1,
            death: Death::Never,
            before: vec![],
            after: vec![],
            scaled: false,
            preview: false,
            drains: false,
            foreign: 0,
            forgets: false,
        }
    }

    /// One of this seed.
    pub(crate) fn drawn(random: &mut Random) -> Self {
        let stories = [Story::Promote, Story::Abort, Story::Bad, Story::Retarget];
        let mut world = Self {
            workloads: 1 + random.below(2),
            replicas: random.below(3),
            percent: *pick(random, &[0, 5, 20, 40]),
            operators: 1 + random.below(2),
            death: Death::Drawn,
            preview: random.happens(30),
            drains: random.happens(30),
            scaled: random.happens(25),
            forgets: random.happens(25),
            foreign: if random.happens(25) { 1 + random.below(3) } else { 0 },
            ..Self::quiet(*pick(random, &stories))
        };
        if random.happens(35) {
            world.before = (0..=random.below(2)).map(|_| Gate::drawn(random)).collect();
        }
        if random.happens(25) {
            world.after = vec![Gate::drawn(random)];
        }
        // Where green fails somebody who points at it, or makes a Service anew, decides how it ends.
        if world.is_doomed() {
            world.foreign = 0;
        }
        world
    }

    /// Whether green can never have the traffic for good.
    pub(crate) fn is_doomed(&self) -> bool {
        let bad = |gate: &Gate| matches!(gate.end, Verdict::Bad(_));
        self.story == Story::Bad || self.before.iter().chain(&self.after).any(bad)
    }

    /// Whether what goes wrong may make a release fail that would else succeed: then somebody tries again.
    pub(crate) fn may_need_another_attempt(&self) -> bool {
        self.scaled || self.foreign > 0 || !self.before.is_empty() || !self.after.is_empty()
    }
}

impl Gate {
    pub(crate) const fn good(kind: Kind) -> Self {
        Self { kind, end: Verdict::Good(Duration::ZERO) }
    }

    fn drawn(random: &mut Random) -> Self {
        let kind = *pick(random, &[Kind::Http, Kind::Approval, Kind::Job]);
        let later = Duration::from_millis(random.below(15_000));
        // A person who does not approve is waited for; nothing fails by that.
        let bad = kind != Kind::Approval && random.happens(20);
        let end = match (bad, random.happens(50)) {
            (true, _) => Verdict::Bad(later),
            (false, true) => Verdict::Good(later),
            (false, false) => Verdict::Good(Duration::ZERO),
        };
        Self { kind, end }
    }
}

pub(crate) fn pick<'a, T>(random: &mut Random, from: &'a [T]) -> &'a T {
    &from[usize::try_from(random.below(from.len() as u64)).unwrap()]
}
