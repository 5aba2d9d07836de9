//! The rules of the core, by name, so that the tests can show for each that it is needed.

/// A rule that a plan keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The new side is ready before anything points at it.
    ReadyFirst,
    /// It is read from the API server directly before the first `Point`.
    ReadDirectlyBefore,
    /// The phase is stored before what it permits is written.
    StoredFirst,
    /// A switch counts once the endpoints show it.
    Evidence,
    /// The old side keeps its size until it is drained.
    WayBackOpen,
    /// No side shrinks that a Service selects, by a quorum read.
    NotReferenced,
    /// What breaks goes back.
    BackAtOnce,
    /// A side takes the traffic back only if it can.
    BackOnlyToReady,
    /// A foreign change is held, and not fought.
    ForeignHands,
    /// What may still be in flight is sealed before anything is written.
    Sealed,
    /// The wish may change at any moment.
    WishChanges,
    /// A new template is a new release.
    TemplateChanges,
    /// The `before` gates have passed.
    GatesBefore,
    /// A preview shows the side that does not serve.
    PreviewShown,
    /// A Service that is gone is missed.
    ServicesMissed,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ReadyFirst,
        Self::ReadDirectlyBefore,
        Self::StoredFirst,
        Self::Evidence,
        Self::WayBackOpen,
        Self::NotReferenced,
        Self::BackAtOnce,
        Self::BackOnlyToReady,
        Self::ForeignHands,
        Self::Sealed,
        Self::WishChanges,
        Self::TemplateChanges,
        Self::GatesBefore,
        Self::PreviewShown,
        Self::ServicesMissed,
    ];
}
