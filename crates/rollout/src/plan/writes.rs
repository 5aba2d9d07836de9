//! What a plan asks for.

use crate::{Colour, Status, Time};

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// What is written, each with the version that it was planned from; all at once.
    pub writes: Vec<Write>,
    /// What is remembered.
    pub status: Status,
    /// When to plan again, even if nothing changes.
    pub requeue: Requeue,
}

/// When to plan again, even if nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Requeue {
    /// Only what changes matters.
    Never,
    /// Then.
    At(Time),
    /// At once, from the status as stored by then.
    Again,
    /// At once, from the status as stored by then and with [`Observed::live`](crate::Observed::live), read in the meantime.
    Read,
}

/// A guarded write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Write {
    /// What is changed.
    pub object: Object,
    /// The resourceVersion that it must still have.
    pub version: String,
    /// How.
    pub change: Change,
}

/// What can be changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A Service, by name.
    Service(String),
    /// A Deployment, by name.
    Deployment(String),
    /// A HorizontalPodAutoscaler, by name.
    Autoscaler(String),
}

/// A change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The Service selects this colour, and its annotation says so with this number.
    Point {
        /// The colour.
        to: Colour,
        /// The number.
        n: u64,
    },
    /// Only the number of the annotation: a write that is still in flight will conflict. The colour in a Service's annotation
    /// stays; one without an annotation of ours is taken over as it stands, with the colour that it selects.
    Seal {
        /// The number.
        n: u64,
    },
    /// The Deployment has so many replicas.
    Scale {
        /// So many.
        replicas: i32,
    },
    /// The autoscaler has this `minReplicas`, and beside a former value its annotations say that it was raised to this one.
    Floor {
        /// So many.
        min: i32,
        /// What its annotation says of the former value; none removes it.
        former: Option<i32>,
    },
}
