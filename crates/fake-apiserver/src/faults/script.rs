//! Faults by chance.

use std::time::Duration;

use super::{Asked, Fault, Random};
use crate::{Resource, refusal};

/// Of a hundred requests so many meet a fault; which one is as likely as each other that fits the request.
pub fn seeded(seed: u64, percent: u64) -> impl FnMut(&Asked<'_>) -> Option<Fault> + Send + 'static {
    let mut random = Random::new(seed);
    move |asked| random.happens(percent).then(|| draw(&mut random, asked))
}

fn draw(random: &mut Random, asked: &Asked<'_>) -> Fault {
    let delay = Duration::from_millis(random.below(8_000));
    let few = usize::try_from(random.below(4)).unwrap_or_default();
    let kinds = match (asked.watches, asked.writes) {
        (true, _) => 9,
        (false, false) => 7,
        (false, true) => 12,
    };
    let kind = random.below(kinds);
    match (kind, asked.watches) {
        (0, _) => Fault::Refused(refusal::too_many_requests(1 + u32::try_from(few).unwrap_or_default())),
        (1, _) => Fault::Refused(broken(few)),
        (2, _) => Fault::Refused(forbidden()),
        (3, _) => Fault::Lost,
        (4, _) => Fault::Slow(delay),
        (5, true) => Fault::BreaksOff(few),
        (6, true) => Fault::Stalls(few),
        (7, true) => Fault::Lags(delay / 4),
        (_, true) => Fault::Rewound(random.below(30)),
        (5, false) => Fault::Misreported(refusal::internal("context deadline exceeded")),
        (6, false) => Fault::Unanswered,
        (7, false) => Fault::Refused(refusal::conflict(&Resource::SERVICES, "")),
        (8, false) => Fault::Refused(refusal::already_exists(&Resource::SERVICES, "")),
        (9, false) => Fault::Misreported(refusal::conflict(&Resource::SERVICES, "")),
        _ => Fault::Late(delay),
    }
}

fn broken(how: usize) -> Box<kube::core::Status> {
    match how {
        0 => refusal::unavailable("apiserver is shutting down"),
        1 => refusal::timeout("request did not complete within the allotted timeout"),
        _ => refusal::internal("etcdserver: leader changed"),
    }
}

fn forbidden() -> Box<kube::core::Status> {
    refusal::forbidden(&Resource::SERVICES, "", "User \"operator\" cannot do that for a while")
}
