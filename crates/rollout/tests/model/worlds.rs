//! The committed list of worlds.

use rollout::OnFailure;

use crate::{
    state::Budget,
    world::{Foreign, GateKind, WishChange, World},
};

/// The wish changes once, and nothing else happens.
const ONCE: Budget = Budget {
    wishes: 1,
    templates: 0,
    foreign: 0,
    crashes: 0,
    leaders: 0,
    late: 0,
    breaks: 0,
    bad_answers: 0,
};

/// One workload behind one Service, with one pod.
const PLAIN: World = World {
    name: "plain",
    workloads: 1,
    services: 1,
    pods: 1,
    lag: 0,
    foreign: &[],
    wishes: &[WishChange::Colour],
    before: GateKind::None,
    after: GateKind::None,
    on_failure: OnFailure::SwitchBack,
    drained: false,
    budget: ONCE,
};

/// Every world that CI explores.
pub(crate) const WORLDS: &[World] = &[
    PLAIN,
    World { name: "two pods", pods: 2, budget: Budget { wishes: 2, ..ONCE }, ..PLAIN },
    World { name: "two Services", services: 2, budget: Budget { wishes: 2, ..ONCE }, ..PLAIN },
    World { name: "two workloads", workloads: 2, ..PLAIN },
    World { name: "caches behind", lag: 2, ..PLAIN },
    World { name: "a late write", budget: Budget { wishes: 2, late: 1, ..ONCE }, ..PLAIN },
    World { name: "pods break", drained: true, budget: Budget { breaks: 2, ..ONCE }, ..PLAIN },
    World { name: "approvals", before: GateKind::Approval, after: GateKind::Approval, ..PLAIN },
    World {
        name: "gates",
        wishes: &[WishChange::Colour, WishChange::Attempt],
        before: GateKind::Asked,
        after: GateKind::Asked,
        on_failure: OnFailure::Hold,
        budget: Budget { bad_answers: 1, ..ONCE },
        ..PLAIN
    },
    World { name: "paused", wishes: &[WishChange::Colour, WishChange::Pause], ..PLAIN },
    World {
        name: "a Service of somebody else",
        foreign: &[Foreign::Refer],
        budget: Budget { foreign: 1, ..ONCE },
        ..PLAIN
    },
];
