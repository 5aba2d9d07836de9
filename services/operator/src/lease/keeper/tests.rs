use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use fake_apiserver::{
    Resource, Server,
    faults::{Fault, Faults},
    refusal,
};
use k8s_openapi::jiff::Timestamp;
use kube::client::ClientBuilder;
use rollout::Time;
use serde_json::Value;
use tokio::{task::JoinHandle, time::sleep};
use tower::Layer;

use super::*;
use crate::client::{DeadlineLayer, TIMEOUT};

/// One who wants the lease, what goes wrong on its way, and how wrong its clock is.
struct Wants {
    keeper: Keeper,
    leads: watch::Receiver<Option<Token>>,
    faults: Faults,
    /// By so many milliseconds its clock is ahead.
    ahead: Arc<AtomicI64>,
}

fn server() -> Server {
    Server::starting_at(Timestamp::UNIX_EPOCH)
}

fn wants(server: &Server, identity: &str) -> Wants {
    meets(server, identity, Faults::new(|_| None))
}

fn meets(server: &Server, identity: &str, faults: Faults) -> Wants {
    let service = faults.layer(server.clone());
    let client = ClientBuilder::new(service, "shop").with_layer(&DeadlineLayer::new(TIMEOUT)).build();
    let options = Options {
        namespace: "shop".to_owned(),
        name: "operator".to_owned(),
        identity: identity.to_owned(),
        duration: Duration::from_secs(15),
    };
    let (ahead, right) = (Arc::<AtomicI64>::default(), server.clock());
    let shown = Arc::clone(&ahead);
    let now =
        Clock::new(move || Time::from_millis(right.now().as_millisecond() + shown.load(Ordering::Relaxed)));
    let (keeper, leads) = Keeper::new(client, options, now);
    Wants { keeper, leads, faults, ahead }
}

/// All its writes meet this fault from now on.
fn all_writes_meet(fault: Fault) -> Faults {
    Faults::new(move |asked| asked.writes.then(|| fault.clone()))
}

/// Nothing of what it writes lands.
fn broken() -> Fault {
    Fault::Refused(refusal::internal("etcdserver: no leader"))
}

impl Wants {
    fn may_write(&self) -> bool {
        self.leads.borrow().as_ref().is_some_and(Token::is_valid)
    }

    fn leads(&self) -> bool {
        self.leads.borrow().is_some()
    }

    /// Goes on by itself from now on.
    fn run(mut self) -> (watch::Receiver<Option<Token>>, JoinHandle<()>) {
        let leads = self.leads.clone();
        (leads, tokio::spawn(async move { self.keeper.run().await }))
    }
}

fn spec(server: &Server) -> Value {
    server.get(&Resource::LEASES, "shop", "operator").unwrap()["spec"].clone()
}

async fn secs(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_no_lease_makes_it_and_leads() {
    let server = server();
    let mut one = wants(&server, "one");
    assert!(!one.leads());
    assert_eq!(one.keeper.step().await, Duration::from_secs(5));
    assert!(one.may_write());
    assert_eq!(spec(&server)["holderIdentity"], "one");
    assert_eq!(spec(&server)["leaseDurationSeconds"], 15);
    assert_eq!(spec(&server)["leaseTransitions"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_ever_by_the_same_right_and_only_then() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    one.leads.mark_unchanged();
    let before = server.revision();
    let (leads, _running) = one.run();
    secs(60).await;
    assert!(leads.borrow().as_ref().is_some_and(Token::is_valid));
    assert!(!leads.has_changed().unwrap(), "whoever leads is not told anew");
    assert_eq!(server.revision() - before, 12, "every five seconds");
    assert_eq!(spec(&server)["leaseTransitions"], 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_writes_later_than_two_thirds_of_the_lease_after_a_renewal_was_sent() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    sleep(Duration::from_millis(9_999)).await;
    assert!(one.may_write());
    sleep(Duration::from_millis(1)).await;
    assert!(!one.may_write());
    one.keeper.step().await;
    assert!(one.may_write(), "it was nobody else's in between");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_answered_late_counts_from_when_it_was_sent() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    let mut slow = meets(&server, "one", all_writes_meet(Fault::Slow(Duration::from_secs(2))));
    slow.keeper.step().await;
    sleep(Duration::from_millis(7_999)).await;
    assert!(slow.may_write());
    sleep(Duration::from_millis(1)).await;
    assert!(!slow.may_write());
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_lost_when_its_renewals_fail_for_its_length() {
    let server = server();
    let mut fails = false;
    let faults = Faults::new(move |asked| {
        let first = asked.writes && !std::mem::replace(&mut fails, true);
        (asked.writes && !first).then(broken)
    });
    let (leads, _running) = meets(&server, "one", faults).run();
    secs(9).await;
    assert!(leads.borrow().as_ref().is_some_and(Token::is_valid), "it was sent less than ten seconds ago");
    secs(5).await;
    assert!(leads.borrow().as_ref().is_some_and(|token| !token.is_valid()), "nobody else can have it yet");
    secs(2).await;
    assert!(leads.borrow().is_none());
}

#[tokio::test(start_paused = true)]
async fn one_renewal_may_fail() {
    let server = server();
    let mut count = 0;
    let faults = Faults::new(move |asked| {
        count += u64::from(asked.writes);
        (asked.writes && count == 2).then(broken)
    });
    let (leads, _running) = meets(&server, "one", faults).run();
    for _ in 0..30 {
        secs(1).await;
        assert!(leads.borrow().as_ref().is_some_and(Token::is_valid));
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_landed_without_an_answer_is_found_to_be_one_s_own() {
    let server = server();
    let mut count = 0;
    let faults = Faults::new(move |asked| {
        count += u64::from(asked.writes);
        (asked.writes && count == 2).then_some(Fault::Unanswered)
    });
    let (leads, _running) = meets(&server, "one", faults).run();
    secs(30).await;
    assert!(leads.borrow().as_ref().is_some_and(Token::is_valid));
    assert!(!leads.has_changed().unwrap() || leads.borrow().is_some());
    assert_eq!(spec(&server)["holderIdentity"], "one");
    assert_eq!(spec(&server)["leaseTransitions"], 0);
}

#[tokio::test(start_paused = true)]
async fn another_gets_the_lease_when_it_was_not_renewed_for_its_length_and_the_first_loses_it() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    let token = one.leads.borrow().clone().unwrap();
    let (other, _running) = wants(&server, "two").run();
    sleep(Duration::from_millis(14_999)).await;
    assert!(other.borrow().is_none());
    assert!(!token.is_valid(), "there is never more than one who writes");
    secs(1).await;
    assert!(other.borrow().as_ref().is_some_and(Token::is_valid));
    assert_eq!(spec(&server)["leaseTransitions"], 1);
    one.keeper.step().await;
    assert!(!one.leads(), "a conflict tells who has it");
    assert_eq!(spec(&server)["holderIdentity"], "two");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_renewed_is_never_another_s() {
    let server = server();
    let (one, _first) = wants(&server, "one").run();
    secs(1).await;
    let (two, _second) = wants(&server, "two").run();
    for _ in 0..120 {
        secs(1).await;
        assert!(one.borrow().is_some() && two.borrow().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_given_back_is_another_s_at_its_next_look() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    let token = one.leads.borrow().clone().unwrap();
    let mut two = wants(&server, "two");
    assert_eq!(two.keeper.step().await, LOOK);
    one.keeper.give_back().await;
    assert!(!one.leads() && !token.is_valid());
    assert_eq!(spec(&server)["holderIdentity"], "");
    two.keeper.step().await;
    assert!(two.may_write());
    assert_eq!(spec(&server)["leaseTransitions"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_back_is_only_what_one_has() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    let before = server.revision();
    wants(&server, "two").keeper.give_back().await;
    assert_eq!(server.revision(), before);
    secs(20).await;
    let mut two = wants(&server, "two");
    two.keeper.step().await;
    secs(20).await;
    two.keeper.step().await;
    assert!(two.may_write());
    one.keeper.give_back().await;
    assert_eq!(spec(&server)["holderIdentity"], "two", "whoever has lost it does not give another's back");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_changes_nothing_but_what_is_written_down() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    let mut two = wants(&server, "two");
    for day in [30, -30, 0] {
        let millis = day * 24 * 60 * 60 * 1_000;
        one.ahead.store(millis, Ordering::Relaxed);
        two.ahead.store(-millis, Ordering::Relaxed);
        secs(5).await;
        one.keeper.step().await;
        assert!(one.may_write());
        assert_eq!(two.keeper.step().await, LOOK);
        assert!(!two.leads());
    }
    assert!(spec(&server)["renewTime"].as_str().unwrap().starts_with("1970-01-01"));
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_read_the_lease_does_not_lead_and_looks_again() {
    let server = server();
    let mut one = meets(&server, "one", Faults::new(|_| Some(Fault::Lost)));
    assert_eq!(one.keeper.step().await, LOOK);
    assert!(!one.leads());
    one.faults.end();
    one.keeper.step().await;
    assert!(one.may_write());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_at_the_time_of_the_last_one_is_a_write_that_whoever_waits_sees() {
    let server = server();
    let mut one = wants(&server, "one");
    one.keeper.step().await;
    for _ in 0..3 {
        let before = server.revision();
        one.keeper.step().await;
        assert_eq!(server.revision() - before, 1);
    }
    let mut two = wants(&server, "two");
    two.keeper.step().await;
    // Its clock stands still, and only that: it goes on renewing.
    for second in (5_000..=20_000).step_by(5_000) {
        secs(5).await;
        one.ahead.store(-second, Ordering::Relaxed);
        one.keeper.step().await;
        two.keeper.step().await;
        assert!(one.may_write() && !two.leads());
    }
}

/// The renewal is on its way for so long, and whoever sent it is told to stop meanwhile; nothing else goes wrong.
async fn stopped_while_it_renews(server: &Server, fault: Fault, number: u64) -> Wants {
    let mut count = 0;
    let faults = Faults::new(move |asked| {
        count += u64::from(asked.writes);
        (asked.writes && count == number).then(|| fault.clone())
    });
    let mut one = meets(server, "one", faults);
    for _ in 1..number {
        one.keeper.step().await;
        secs(5).await;
    }
    let stopped = tokio::time::timeout(Duration::from_millis(100), one.keeper.step()).await;
    assert!(stopped.is_err(), "it still waits for an answer");
    one.keeper.give_back().await;
    one
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_given_back_after_a_renewal_that_has_no_answer() {
    for (fault, number) in [(Fault::Unanswered, 1), (Fault::Unanswered, 2), (Fault::Lost, 2)] {
        let server = server();
        stopped_while_it_renews(&server, fault.clone(), number).await;
        assert_eq!(spec(&server)["holderIdentity"], "", "{fault:?} of write {number}");
        let mut two = wants(&server, "two");
        two.keeper.step().await;
        assert!(two.may_write(), "{fault:?} of write {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_was_to_make_a_lease_that_was_never_made_has_none_to_give_back() {
    let server = server();
    let one = stopped_while_it_renews(&server, Fault::Lost, 1).await;
    assert!(!one.leads());
    assert!(server.get(&Resource::LEASES, "shop", "operator").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_given_back_although_the_first_try_fails_and_not_for_ever() {
    for (failures, holder) in [(1, ""), (2, ""), (u64::MAX, "one")] {
        let (server, mut count) = (server(), 0);
        let faults = Faults::new(move |asked| {
            count += u64::from(asked.writes);
            (asked.writes && count > 1 && count - 1 <= failures).then(broken)
        });
        let mut one = meets(&server, "one", faults);
        one.keeper.step().await;
        one.keeper.give_back().await;
        assert!(!one.leads());
        assert_eq!(spec(&server)["holderIdentity"], holder);
    }
}
