//! What may go wrong, or be large, in a world: any two of these occur together in one of them.

use crate::world::World;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    TwoWorkloads,
    TwoServices,
    TwoPods,
    CachesBehind,
    LateWrite,
    TwoWishes,
    NewTemplate,
    ForeignWrite,
    Crash,
    TwoLeaders,
}

impl Bound {
    pub(crate) const ALL: [Self; 10] = [
        Self::TwoWorkloads,
        Self::TwoServices,
        Self::TwoPods,
        Self::CachesBehind,
        Self::LateWrite,
        Self::TwoWishes,
        Self::NewTemplate,
        Self::ForeignWrite,
        Self::Crash,
        Self::TwoLeaders,
    ];

    /// Whether that world has it.
    pub(crate) fn holds(self, world: &World) -> bool {
        let budget = &world.budget;
        match self {
            Self::TwoWorkloads => world.workloads == 2,
            Self::TwoServices => world.services == 2,
            Self::TwoPods => world.pods == 2,
            Self::CachesBehind => world.lag == 2,
            Self::LateWrite => budget.late > 0,
            Self::TwoWishes => budget.wishes == 2,
            Self::NewTemplate => budget.templates > 0,
            Self::ForeignWrite => budget.foreign > 0 && world.foreign.contains(&crate::world::Foreign::Point),
            Self::Crash => budget.crashes > 0,
            Self::TwoLeaders => budget.leaders > 0,
        }
    }
}
