//! What is to go wrong, as a seed decides.

use std::{sync::Arc, time::Duration};

use chassis::{doubles::Doubles, ids::Random};
use database::Options;
use messaging::{
    Broker,
    faulty::{Faulty, Rates},
};

use super::life::Life;

/// The services whose databases may fail for a while: their own, those of their broker or their ledger, that of views, and that of what
/// is outside.
const SERVICES: [&str; 9] =
    ["customers", "ordering", "warehouse", "shipping", "billing", "views", "broker", "ledger", "simulators"];

/// Everything that is to go wrong.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// After how many boundaries each life ends.
    pub(crate) lives: Vec<u64>,
    /// When which service is away, and for how long.
    pub(crate) outages: Vec<(Duration, &'static str, Duration)>,
    /// When the clock jumps, and by how many microseconds.
    pub(crate) jumps: Vec<(Duration, i64)>,
    /// How a broker misbehaves, if it does.
    pub(crate) broker: Option<u64>,
}

impl Plan {
    /// The plan of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let random = Random::seeded(!seed);
        let below = |end: u64| random.next_u64() % end;
        let soon = || Duration::from_millis(below(3_000));
        Self {
            lives: (0..below(5)).map(|_| below(700)).collect(),
            outages: (0..below(3))
                .map(|_| {
                    let service = SERVICES[usize::try_from(below(SERVICES.len() as u64)).unwrap()];
                    (soon(), service, Duration::from_millis(100 + below(20_000)))
                })
                .collect(),
            jumps: (0..below(3))
                .map(|_| {
                    let seconds =
                        if below(2) == 0 { below(3_600).cast_signed() } else { -below(30).cast_signed() };
                    (soon(), seconds * 1_000_000)
                })
                .collect(),
            broker: (below(4) > 0).then_some(seed),
        }
    }

    /// That nothing goes wrong.
    pub(crate) const fn nothing() -> Self {
        Self { lives: vec![], outages: vec![], jumps: vec![], broker: None }
    }

    /// Nothing but one end.
    pub(crate) fn end_after(boundaries: u64) -> Self {
        Self { lives: vec![boundaries], ..Self::nothing() }
    }

    /// What is put around the parts of a system in one life.
    pub(crate) fn doubles(&self, life: &Life) -> Doubles {
        let failpoint = life.clone();
        let doubles = Doubles::default().with(move |options: Options| {
            let failpoint = Some(Arc::new(failpoint.clone()) as _);
            Options { failpoint, ..options }
        });
        match self.broker {
            Some(seed) => doubles.with(move |broker: Arc<dyn Broker>| -> Arc<dyn Broker> {
                Arc::new(Faulty::new(broker, seed, Rates::default()))
            }),
            None => doubles,
        }
    }
}
