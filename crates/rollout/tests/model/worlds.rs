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
    preview: false,
    budget: ONCE,
};

/// Two of them.
const TWO_WORKLOADS: World = World { name: "two workloads", workloads: 2, ..PLAIN };
/// One workload, with a gate before and one after.
const GATES: World = World { name: "gates", before: GateKind::Asked, after: GateKind::Asked, ..PLAIN };
const TRIES: &[WishChange] = &[WishChange::Colour, WishChange::Attempt];
const PAUSES: &[WishChange] = &[WishChange::Colour, WishChange::Pause];

/// Somebody may point a Service of ours elsewhere.
const FOREIGN: &[Foreign] = &[Foreign::Point];

/// Somebody may also delete one, or a preview.
const HANDS: &[Foreign] = &[Foreign::Point, Foreign::Remove];
/// Somebody may delete a Service of ours.
const DELETES: &[Foreign] = &[Foreign::Remove];
/// One workload whose other side is shown by a preview.
const PREVIEW: World = World { name: "preview", preview: true, ..PLAIN };

/// Every world that CI explores, the small ones first: they catch most of what can be wrong.
pub(crate) const WORLDS: &[World] = &[
    PLAIN,
    World { name: "approvals", before: GateKind::Approval, after: GateKind::Approval, ..PLAIN },
    World { name: "paused", wishes: PAUSES, budget: Budget { wishes: 3, ..ONCE }, ..PLAIN },
    World { name: "gates", wishes: TRIES, budget: Budget { wishes: 2, bad_answers: 1, ..ONCE }, ..GATES },
    World {
        name: "gates that hold",
        on_failure: OnFailure::Hold,
        wishes: TRIES,
        budget: Budget { wishes: 2, bad_answers: 1, breaks: 1, ..ONCE },
        ..GATES
    },
    World {
        name: "gates, templates",
        budget: Budget { wishes: 2, templates: 1, bad_answers: 1, ..ONCE },
        ..GATES
    },
    World {
        name: "gates, foreign",
        foreign: FOREIGN,
        budget: Budget { foreign: 1, bad_answers: 1, ..ONCE },
        ..GATES
    },
    World {
        name: "another Service",
        foreign: &[Foreign::Refer],
        budget: Budget { foreign: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "scaled by hand",
        foreign: &[Foreign::Scale],
        budget: Budget { foreign: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World { name: "pods break", drained: true, budget: Budget { breaks: 2, wishes: 2, ..ONCE }, ..PLAIN },
    World { name: "two pods break", pods: 2, budget: Budget { breaks: 3, ..ONCE }, ..PLAIN },
    World { name: "pods break, two Services", services: 2, budget: Budget { breaks: 2, ..ONCE }, ..PLAIN },
    World { name: "pods break, template", budget: Budget { breaks: 1, templates: 1, ..ONCE }, ..PLAIN },
    World { name: "pods break, caches", lag: 1, budget: Budget { breaks: 2, ..ONCE }, ..PLAIN },
    World { name: "pods break, crash", budget: Budget { breaks: 2, crashes: 1, ..ONCE }, ..PLAIN },
    World {
        name: "large",
        workloads: 2,
        services: 2,
        pods: 2,
        budget: Budget { wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "large, crash",
        workloads: 2,
        services: 2,
        budget: Budget { crashes: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "large, leaders",
        workloads: 2,
        services: 2,
        budget: Budget { leaders: 1, ..ONCE },
        ..PLAIN
    },
    World { name: "workloads, caches", workloads: 2, lag: 2, ..PLAIN },
    World { name: "workloads, late", workloads: 2, budget: Budget { late: 1, ..ONCE }, ..PLAIN },
    World { name: "workloads, template", workloads: 2, budget: Budget { templates: 1, ..ONCE }, ..PLAIN },
    World {
        name: "workloads, foreign",
        workloads: 2,
        foreign: FOREIGN,
        budget: Budget { foreign: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "pods, services, caches",
        services: 2,
        pods: 2,
        lag: 2,
        budget: Budget { wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "pods, services, late, wishes",
        services: 2,
        pods: 2,
        budget: Budget { late: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "pods, services, foreign, wishes",
        services: 2,
        pods: 2,
        foreign: FOREIGN,
        budget: Budget { foreign: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "pods, services, template, wishes",
        services: 2,
        pods: 2,
        budget: Budget { templates: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "pods, crash, leaders, wishes",
        services: 2,
        pods: 2,
        budget: Budget { crashes: 1, leaders: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World { name: "caches, late, wishes", lag: 2, budget: Budget { late: 1, wishes: 2, ..ONCE }, ..PLAIN },
    World { name: "caches, late, leaders", lag: 2, budget: Budget { late: 1, leaders: 1, ..ONCE }, ..PLAIN },
    World { name: "caches, late, crash", lag: 2, budget: Budget { late: 1, crashes: 1, ..ONCE }, ..PLAIN },
    World { name: "caches, template", lag: 2, budget: Budget { templates: 1, ..ONCE }, ..PLAIN },
    World {
        name: "caches, foreign",
        lag: 2,
        foreign: FOREIGN,
        budget: Budget { foreign: 1, ..ONCE },
        ..PLAIN
    },
    World { name: "template, late", budget: Budget { templates: 1, late: 1, ..ONCE }, ..PLAIN },
    World { name: "template, crash", budget: Budget { templates: 1, crashes: 1, ..ONCE }, ..PLAIN },
    World { name: "template, leaders", budget: Budget { templates: 1, leaders: 1, ..ONCE }, ..PLAIN },
    World {
        name: "template, foreign",
        foreign: FOREIGN,
        budget: Budget { templates: 1, foreign: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "foreign, late",
        foreign: FOREIGN,
        budget: Budget { late: 1, foreign: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "foreign, crash",
        foreign: FOREIGN,
        budget: Budget { crashes: 1, foreign: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "foreign, leaders",
        foreign: FOREIGN,
        budget: Budget { leaders: 1, foreign: 1, ..ONCE },
        ..PLAIN
    },
];

/// Every world with a preview, or with a Service that is deleted, that CI explores.
pub(crate) const AROUND: &[World] = &[
    World { budget: Budget { wishes: 2, templates: 1, ..ONCE }, ..PREVIEW },
    World {
        name: "preview, gates",
        before: GateKind::Asked,
        after: GateKind::Asked,
        budget: Budget { wishes: 2, bad_answers: 1, ..ONCE },
        ..PREVIEW
    },
    World { name: "preview, workloads", workloads: 2, ..PREVIEW },
    World {
        name: "preview, Services, pods",
        services: 2,
        pods: 2,
        budget: Budget { wishes: 2, ..ONCE },
        ..PREVIEW
    },
    World { name: "preview, caches", lag: 1, ..PREVIEW },
    World { name: "preview, hands", foreign: HANDS, budget: Budget { foreign: 1, ..ONCE }, ..PREVIEW },
    World { name: "preview, pods break", budget: Budget { breaks: 1, ..ONCE }, ..PREVIEW },
    World { name: "preview, crash, late", budget: Budget { crashes: 1, late: 1, ..ONCE }, ..PREVIEW },
    World { name: "preview, leaders", budget: Budget { leaders: 1, ..ONCE }, ..PREVIEW },
    World { name: "deleted", foreign: DELETES, budget: Budget { foreign: 1, wishes: 2, ..ONCE }, ..PLAIN },
    World {
        name: "deleted, Services",
        services: 2,
        foreign: DELETES,
        budget: Budget { foreign: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "deleted, workloads",
        foreign: DELETES,
        budget: Budget { foreign: 1, ..ONCE },
        ..TWO_WORKLOADS
    },
    World {
        name: "deleted, gates",
        foreign: DELETES,
        budget: Budget { foreign: 1, bad_answers: 1, ..ONCE },
        ..GATES
    },
    World {
        name: "deleted, caches",
        foreign: DELETES,
        lag: 1,
        budget: Budget { foreign: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "deleted, late",
        foreign: DELETES,
        budget: Budget { foreign: 1, late: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "deleted, crash",
        services: 2,
        foreign: DELETES,
        budget: Budget { foreign: 1, crashes: 1, ..ONCE },
        ..PLAIN
    },
];

/// What `just model` explores: three bounds and more at once, up to some millions of states each.
pub(crate) const LARGER: &[World] = &[
    World {
        name: "workloads, services, caches, crash",
        services: 2,
        lag: 1,
        budget: Budget { crashes: 1, ..ONCE },
        ..TWO_WORKLOADS
    },
    World {
        name: "workloads, late, leaders",
        budget: Budget { late: 1, leaders: 1, wishes: 2, ..ONCE },
        ..TWO_WORKLOADS
    },
    World {
        name: "workloads, template, wishes",
        budget: Budget { templates: 1, wishes: 2, ..ONCE },
        ..TWO_WORKLOADS
    },
    World { name: "workloads, pods break", budget: Budget { breaks: 2, ..ONCE }, ..TWO_WORKLOADS },
    World {
        name: "pods, caches, late, leaders",
        pods: 2,
        lag: 2,
        budget: Budget { late: 1, leaders: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "caches, foreign, wishes",
        lag: 2,
        foreign: FOREIGN,
        budget: Budget { foreign: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "caches, template, wishes",
        lag: 2,
        budget: Budget { templates: 1, wishes: 2, ..ONCE },
        ..PLAIN
    },
    World {
        name: "template, foreign, crash",
        foreign: FOREIGN,
        budget: Budget { templates: 1, foreign: 1, crashes: 1, ..ONCE },
        ..PLAIN
    },
    World {
        name: "pods break, caches, late",
        lag: 2,
        budget: Budget { breaks: 2, late: 1, ..ONCE },
        ..PLAIN
    },
];
