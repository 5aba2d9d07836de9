//! The pool over random histories: whatever happens, its rules hold.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use proptest::prelude::*;

use super::super::{
    Change, Outlier, Policy, Reason,
    choices::{Candidate, Gate},
    member::Member,
    pool::{Pool, used},
};
use crate::{
    circuit_breaker::{self, Mode},
    clock::{Clock, Moment},
    discovery::{Condition, Endpoint, EndpointSet},
};

#[derive(Clone, Debug, Default)]
struct ByHand(Arc<AtomicU64>);

impl Clock for ByHand {
    fn now(&self) -> Moment {
        Moment::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// These endpoints there are, each in one of the conditions.
    Set(Vec<(u8, Condition)>),
    Eject(prop::sample::Index),
    Break(prop::sample::Index, bool),
    Interval,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let condition = prop::sample::select(vec![
        Condition::Ready,
        Condition::Ready,
        Condition::Leaving,
        Condition::NotReady,
    ]);
    let step = prop_oneof![
        1 => proptest::collection::vec((0_u8..12, condition), 0..12).prop_map(Step::Set),
        6 => any::<prop::sample::Index>().prop_map(Step::Eject),
        2 => any::<(prop::sample::Index, bool)>().prop_map(|(index, open)| Step::Break(index, open)),
        1 => Just(Step::Interval),
    ];
    proptest::collection::vec(step, 1..60)
}

fn address(number: u8) -> SocketAddr {
    (Ipv4Addr::new(10, 0, 0, number), 80).into()
}

type Breaker = circuit_breaker::Handle<ByHand>;

fn member(number: SocketAddr, clock: &ByHand, policy: &Policy) -> Arc<Member<(), ByHand>> {
    let builder = circuit_breaker::Builder::new(circuit_breaker::Policy::default()).clock(clock.clone());
    let breaker: Breaker = builder.build(()).expect("the default").handle();
    Arc::new(Member::new(number, (), Some(breaker), policy))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_happens_the_rules_hold(steps in steps(), max_percent in 1_u8..=100, panic_percent in 0_u8..=100) {
        let clock = ByHand::default();
        let outlier = Outlier { max_percent, ..Outlier::default() };
        let policy = Policy { outlier: Some(outlier), panic_percent, ..Policy::default() };
        let told = Arc::new(Mutex::new(vec![]));
        let listener = Arc::clone(&told);
        let observer = Box::new(move |event: &super::super::Event| listener.lock().expect("no panic").push(*event));
        let pool = Pool::<(), _>::new(policy.clone(), clock.clone(), 3, Some(observer));
        for step in steps {
            let members: Vec<_> = pool.entries().values().map(|entry| Arc::clone(&entry.member)).collect();
            told.lock().expect("no panic").clear();
            match step {
                Step::Set(endpoints) => {
                    let endpoints = endpoints.into_iter();
                    let set: EndpointSet = endpoints
                        .map(|(number, condition)| Endpoint { condition, ..Endpoint::new(address(number)) })
                        .collect();
                    let joining = pool.missing(&set).into_iter().map(|address| member(address, &clock, &policy));
                    pool.apply(&set, joining.collect(), clock.now());
                    prop_assert_eq!(pool.entries().keys().copied().collect::<Vec<_>>(), set.iter().map(|one| one.address).collect::<Vec<_>>());
                }
                Step::Eject(index) if !members.is_empty() => {
                    pool.eject(index.get(&members), Reason::ConsecutiveFailures(5), clock.now());
                }
                Step::Break(index, open) if !members.is_empty() => {
                    let member = index.get(&members);
                    let breaker = member.breaker.as_ref().expect("each has one");
                    breaker.set_mode(if open { Mode::ForcedOpen } else { Mode::Automatic });
                    // What the task's observer would do.
                    pool.apply(&current(&pool), vec![], clock.now());
                }
                Step::Interval => {
                    clock.0.fetch_add(10_000_000_000, Ordering::Relaxed);
                    pool.end_interval(clock.now());
                }
                Step::Eject(_) | Step::Break(..) => {}
            }
            holds(&pool, &told, max_percent, panic_percent);
        }
    }
}

fn current(pool: &Pool<(), ByHand>) -> EndpointSet {
    let entries = pool.entries();
    let endpoints = entries
        .iter()
        .map(|(address, entry)| Endpoint { condition: entry.condition, ..Endpoint::new(*address) });
    endpoints.collect()
}

/// Told anew of every endpoint, as slowly and plainly as can be.
fn holds(
    pool: &Pool<(), ByHand>,
    told: &Mutex<Vec<super::super::Event>>,
    max_percent: u8,
    panic_percent: u8,
) {
    let entries = pool.entries();
    let used = used(&entries);
    let in_use: Vec<_> = entries.values().filter(|entry| entry.condition == used).collect();
    let count = in_use.len();
    let is_open = |member: &Member<(), ByHand>| !member.is_open_to_all();
    let open = in_use.iter().filter(|entry| is_open(&entry.member)).count();
    let ejected = in_use.iter().filter(|entry| entry.ejection.is_out() && !is_open(&entry.member)).count();
    let eligible = count - open - ejected;
    let ejects =
        told.lock().expect("no panic").iter().any(|event| matches!(event.change, Change::Ejected(..)));
    if ejects {
        let limit = (count * usize::from(max_percent) / 100).max(1).min(count - 1);
        assert!(open + ejected <= limit, "{open} open and {ejected} ejected of {count}");
    }
    let choices = pool.choices.load();
    let panics = count > 0 && (eligible == 0 || eligible * 100 < usize::from(panic_percent) * count);
    assert_eq!(choices.panicking, panics);
    assert_eq!(choices.candidates.len(), if panics { eligible + ejected } else { eligible });
    assert_eq!(choices.gated.len(), open);
    assert!(choices.candidates.iter().all(|member| !is_open(member)), "an open breaker is never ignored");
    let picked = choices.pick(&pool.terms(pool.clock.now()), 9, None);
    assert_eq!(picked.is_ok(), eligible + ejected > 0);
}

#[test]
fn a_share_grows_evenly_and_is_whole_in_the_end() {
    let policy = Policy::default();
    let clock = ByHand(Arc::new(AtomicU64::new(1_000_000_000)));
    let one = member(address(1), &clock, &policy);
    assert_eq!(one.share(clock.now()), 1.0);
    one.begins(clock.now());
    let shares: Vec<_> =
        (0..=10).map(|second| one.share(clock.now() + Duration::from_secs(second))).collect();
    assert!(shares.windows(2).all(|pair| (pair[1] - pair[0] - 0.09).abs() < 1e-3), "{shares:?}");
    assert_eq!((shares[0], shares[10]), (0.1, 1.0));
}
