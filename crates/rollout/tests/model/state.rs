//! The state of a world, in few bytes: what the API server has, how far the caches are behind, and what the operator has in hand.

use rollout::Colour;

/// Pods a side has room for: two, and one more while it rolls.
pub(crate) const SLOTS: usize = 3;

/// Two workloads of two sides, and of two Services.
pub(crate) const FOUR: usize = 4;

/// The Services of both, and after them a preview of each.
pub(crate) const ROUTES: usize = FOUR + 2;

/// The state of a pod, and which template it is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pod {
    pub(crate) life: Life,
    pub(crate) template: u8,
}

/// How a pod is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Life {
    /// There is none.
    #[default]
    Absent,
    /// It is not Ready yet.
    Pending,
    /// It is Ready.
    Ready,
    /// It is not Ready, and gets so only by a hand from outside.
    Sick,
    /// It is being deleted.
    Deleting,
}

/// A Service: what it selects, and what its annotation says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Service {
    pub(crate) points_at: Option<Colour>,
    pub(crate) mark: Option<Colour>,
    /// Whether it has been deleted.
    pub(crate) gone: bool,
}

impl Service {
    /// Whether somebody else has changed its selector since we have.
    pub(crate) fn is_foreign(self) -> bool {
        self.mark.is_some() && self.mark != self.points_at
    }
}

/// A Deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Deployment {
    pub(crate) replicas: u8,
    pub(crate) template: u8,
    /// Whether its controller has seen its generation.
    pub(crate) settled: bool,
}

/// The Services, and which side a Service selects that is none of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Services {
    pub(crate) ours: [Service; ROUTES],
    pub(crate) other: Option<u8>,
}

/// The ready endpoints of a Service: a bit for each place of each colour.
pub(crate) type Endpoints = u8;

/// The bit of a pod.
pub(crate) fn endpoint(colour: Colour, slot: usize) -> Endpoints {
    1 << (colour as usize * SLOTS + slot)
}

/// The index of a side.
pub(crate) fn side(workload: usize, colour: Colour) -> usize {
    workload * 2 + colour as usize
}

/// The workload of a side, a Service or a preview.
pub(crate) fn workload(index: usize) -> usize {
    if index < FOUR { index / 2 } else { index - FOUR }
}

/// The index of a workload's preview among the Services.
pub(crate) fn preview(workload: usize) -> usize {
    FOUR + workload
}

/// The colour of a side.
pub(crate) fn colour(side: usize) -> Colour {
    Colour::BOTH[side % 2]
}

/// What there is at one moment, or was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Cluster {
    pub(crate) services: Services,
    pub(crate) deployments: [Deployment; FOUR],
    pub(crate) pods: [[Pod; SLOTS]; FOUR],
    pub(crate) slices: [Endpoints; ROUTES],
}

/// The objects of one kind: the version that the operator's cache has, those that it has yet to see, and the last, which is true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Feed<T> {
    versions: [T; 3],
    /// Which objects each version has changed.
    touched: [u8; 3],
    behind: u8,
}

impl<T: Copy + Default + PartialEq> Feed<T> {
    pub(crate) fn of(value: T) -> Self {
        Self { versions: [value, T::default(), T::default()], touched: [0; 3], behind: 0 }
    }

    /// What is true.
    pub(crate) fn truth(&self) -> T {
        self.versions[self.behind as usize]
    }

    /// What the cache has.
    pub(crate) fn view(&self) -> T {
        self.versions[0]
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.behind > 0
    }

    /// Which objects have changed since the cache's version.
    pub(crate) fn stale(&self) -> u8 {
        self.touched[1] | self.touched[2]
    }

    /// A new version, of which the cache knows nothing yet, unless it would be more than `lag` versions behind.
    pub(crate) fn publish(&mut self, value: T, touched: u8, lag: u8) {
        if touched == 0 && value == self.truth() {
            return;
        }
        if self.behind == lag {
            self.advance();
        }
        if lag == 0 {
            *self = Self::of(value);
            return;
        }
        self.behind += 1;
        self.versions[self.behind as usize] = value;
        self.touched[self.behind as usize] = touched;
    }

    /// The cache sees one more version.
    pub(crate) fn advance(&mut self) {
        if self.behind == 0 {
            return;
        }
        self.versions = [self.versions[1], self.versions[2], T::default()];
        self.touched = [0, self.touched[2], 0];
        self.behind -= 1;
    }

    /// The cache sees everything.
    pub(crate) fn catch_up(&mut self) {
        *self = Self::of(self.truth());
    }

    /// Every version that is still of interest.
    pub(crate) fn each(&mut self) -> &mut [T] {
        &mut self.versions[..=self.behind as usize]
    }
}

/// What the BlueGreen says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wish {
    pub(crate) active: Colour,
    pub(crate) paused: bool,
    pub(crate) attempt: u8,
}

/// What a gate has answered for the release that the status names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    #[default]
    None,
    Good,
    Bad,
}

/// A write to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    Point { service: u8, to: Colour },
    SealService { service: u8 },
    SealSide { side: u8 },
    Scale { side: u8, replicas: u8 },
}

impl Write {
    /// Whether it is of a Service, and the bit of its object.
    pub(crate) fn object(self) -> (bool, u8) {
        match self {
            Self::Point { service, .. } | Self::SealService { service } => (true, 1 << service),
            Self::SealSide { side } | Self::Scale { side, .. } => (false, 1 << side),
        }
    }
}

/// A write of which nobody knows whether it will land, and whether its object is still as it was planned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct InFlight {
    pub(crate) write: Write,
    pub(crate) fresh: bool,
}

/// How often something may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) wishes: u8,
    pub(crate) templates: u8,
    pub(crate) foreign: u8,
    pub(crate) crashes: u8,
    pub(crate) leaders: u8,
    pub(crate) late: u8,
    pub(crate) breaks: u8,
    pub(crate) bad_answers: u8,
}

/// Everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) services: Feed<Services>,
    pub(crate) deployments: Feed<[Deployment; FOUR]>,
    pub(crate) pods: Feed<[[Pod; SLOTS]; FOUR]>,
    pub(crate) slices: Feed<[Endpoints; ROUTES]>,
    pub(crate) wish: Wish,
    /// The status as stored: its number in `Mind`.
    pub(crate) status: u32,
    pub(crate) before: Answer,
    pub(crate) after: Answer,
    /// The Services (low bits) and Deployments (high bits) that this leader has written since nothing of its is in flight.
    pub(crate) sealed: u8,
    pub(crate) in_flight: Option<InFlight>,
    /// The sides that have had traffic since they were drained: nobody in the world looks at it.
    pub(crate) undrained: u8,
    pub(crate) budget: Budget,
}

impl State {
    /// What is true.
    pub(crate) fn truth(&self) -> Cluster {
        Cluster {
            services: self.services.truth(),
            deployments: self.deployments.truth(),
            pods: self.pods.truth(),
            slices: self.slices.truth(),
        }
    }

    /// What the operator's caches have.
    pub(crate) fn view(&self) -> Cluster {
        Cluster {
            services: self.services.view(),
            deployments: self.deployments.view(),
            pods: self.pods.view(),
            slices: self.slices.view(),
        }
    }

    /// The same state with the pods of each side in one order: which is which makes no difference.
    pub(crate) fn canonical(mut self) -> Self {
        for side in 0..FOUR {
            let mut columns: [Column; SLOTS] = std::array::from_fn(|slot| self.column(side, slot));
            if columns.is_sorted() {
                continue;
            }
            columns.sort_unstable();
            for (slot, column) in columns.into_iter().enumerate() {
                self.set_column(side, slot, column);
            }
        }
        self
    }

    fn column(&mut self, side: usize, slot: usize) -> Column {
        let mut column = Column::default();
        for (kept, pods) in column.pods.iter_mut().zip(self.pods.each()) {
            *kept = pods[side][slot];
        }
        let (bit, routes) = (endpoint(colour(side), slot), routes_of(workload(side)));
        for (kept, slices) in column.slices.iter_mut().zip(self.slices.each()) {
            *kept = routes.map(|route| slices[route] & bit != 0);
        }
        column
    }

    fn set_column(&mut self, side: usize, slot: usize, column: Column) {
        for (kept, pods) in column.pods.into_iter().zip(self.pods.each()) {
            pods[side][slot] = kept;
        }
        let (bit, routes) = (endpoint(colour(side), slot), routes_of(workload(side)));
        for (kept, slices) in column.slices.into_iter().zip(self.slices.each()) {
            for (route, listed) in routes.into_iter().zip(kept) {
                slices[route] &= !bit;
                slices[route] |= if listed { bit } else { 0 };
            }
        }
    }
}

/// The Services of a workload, and its preview.
pub(crate) fn routes_of(workload: usize) -> [usize; 3] {
    [workload * 2, workload * 2 + 1, preview(workload)]
}

/// All that is known of one pod.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    pods: [Pod; 3],
    slices: [[bool; 3]; 3],
}
