//! Asking owners: how often, for how long an answer serves, and what is no answer.

use std::{error::Error as _, time::Duration};

use axum::http::StatusCode;
use chassis::{
    client::{self, HttpClient},
    context::Context,
    ids::Random,
    metrics::{self, Format, Metrics},
    platform::Platform,
};
use choreography::callbacks::{Addresses, Ask, Callbacks, Error, Options, Why};
use futures_util::future::join_all;
use journal::Entry;
use serde_json::Value;
use test_support::owner::Owner;
use tokio::time::{advance, timeout};

use crate::{
    documents::{customer, customer_id, order, order_id},
    world::clock,
};

/// For how long an answer serves here.
const FRESH: Duration = Duration::from_secs(2);

/// Somebody who asks ordering for its order.
struct Asker {
    owner: Owner,
    callbacks: Callbacks,
    metrics: Metrics,
}

impl Asker {
    /// Of an owner that shows the order, placed.
    fn new() -> Self {
        Self::with(|options| options)
    }

    fn with(change: impl FnOnce(Options) -> Options) -> Self {
        let platform = Platform::simulated(1, clock());
        let owner = Owner::away(&platform);
        owner.open(&platform);
        owner.shows(&path(), order("PENDING", 2));
        let addresses = Addresses::from([("ordering", owner.url()), ("customers", owner.url())]);
        let options = change(Options { fresh: FRESH, ..Options::new("shipping", addresses) });
        let metrics = Metrics::new("shipping", "notification", &platform).unwrap();
        let client = HttpClient::new(&platform, client::Options::default());
        let callbacks = Callbacks::new(client, options, Random::seeded(1), &metrics).unwrap();
        Self { owner, callbacks, metrics }
    }

    async fn ask(&self, told: u64) -> Result<Value, Error> {
        self.ask_noted(told, &mut Vec::new()).await
    }

    async fn ask_noted(&self, told: u64, calls: &mut Vec<Entry>) -> Result<Value, Error> {
        self.callbacks.document(&Ask::Order(order_id()), told, &why(), calls).await
    }

    /// How often what was needed of ordering took this.
    fn counted(&self, result: &str) -> u64 {
        self.shown(&format!("callbacks_total{{owner=\"ordering\",result=\"{result}\""))
    }

    fn bytes(&self) -> u64 {
        self.shown("callback_bytes_total{owner=\"ordering\"")
    }

    fn shown(&self, series: &str) -> u64 {
        let shown = metrics::exposition([&self.metrics], Format::Text).unwrap();
        let mut labels = series.trim_end_matches('"').split(['{', ',']);
        let family = labels.next().unwrap();
        let labels: Vec<_> = labels.collect();
        let is_it = |line: &&str| line.starts_with(family) && labels.iter().all(|label| line.contains(label));
        let line = shown.lines().find(is_it);
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64)
    }
}

fn path() -> String {
    format!("/v1/orders/{}", order_id())
}

fn why() -> Why {
    Why { context: Context::background("shipping", &Random::seeded(1)), cause: None }
}

#[tokio::test(start_paused = true)]
async fn equal_questions_of_the_same_moment_are_one_call() {
    let asker = Asker::new();
    asker.owner.thinks(true);
    let asking = join_all((0..10).map(|_| asker.ask(0)));
    let (answers, ()) = tokio::join!(asking, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        asker.owner.thinks(false);
    });
    assert!(answers.into_iter().all(|answer| answer.unwrap() == order("PENDING", 2)));
    assert_eq!(asker.owner.asked(), [(path(), None)]);
    assert_eq!((asker.counted("fetched"), asker.counted("known")), (1, 9));
}

#[tokio::test(start_paused = true)]
async fn different_questions_do_not_wait_for_each_other() {
    let asker = Asker::new();
    asker.owner.shows(&format!("/v1/customers/{}", customer_id()), customer("Ada", 1));
    asker.owner.thinks(true);
    let (first, mut calls) = (asker.ask(0), Vec::new());
    let (ask, why) = (Ask::Customer(customer_id()), why());
    let second = asker.callbacks.ask(&ask, 0, &why, &mut calls);
    let released = async {
        while asker.owner.asked().len() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        asker.owner.thinks(false);
    };
    let (first, second, ()) = tokio::join!(first, second, released);
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_serves_while_it_is_fresh() {
    let asker = Asker::new();
    asker.ask(0).await.unwrap();
    advance(FRESH - Duration::from_millis(1)).await;
    let mut calls = Vec::new();
    asker.ask_noted(2, &mut calls).await.unwrap();
    assert_eq!(asker.owner.asked().len(), 1);
    assert!(calls.is_empty(), "there was no call to note: {calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stale_answer_is_asked_for_with_its_version_and_costs_no_body_if_it_is_still_the_same() {
    let asker = Asker::new();
    let (first, bytes) = (asker.ask(0).await.unwrap(), asker.bytes());
    assert_eq!(bytes, order("PENDING", 2).to_string().len() as u64);
    advance(FRESH).await;
    assert_eq!(asker.ask(0).await.unwrap(), first);
    assert_eq!(asker.owner.asked(), [(path(), None), (path(), Some("\"2\"".to_owned()))]);
    assert_eq!((asker.counted("unchanged"), asker.bytes()), (1, bytes));
    asker.ask(0).await.unwrap();
    assert_eq!(asker.owner.asked().len(), 2, "it is fresh again");
}

#[tokio::test(start_paused = true)]
async fn a_stale_answer_that_is_another_now_is_replaced() {
    let asker = Asker::new();
    asker.ask(0).await.unwrap();
    asker.owner.shows(&path(), order("APPROVED", 4));
    advance(FRESH).await;
    assert_eq!(asker.ask(0).await.unwrap()["status"], "APPROVED");
    assert_eq!(asker.counted("fetched"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_answer_does_not_serve_who_was_told_of_a_later_version() {
    let asker = Asker::new();
    asker.ask(2).await.unwrap();
    asker.owner.shows(&path(), order("APPROVED", 4));
    assert_eq!(asker.ask(4).await.unwrap()["status"], "APPROVED");
}

#[tokio::test(start_paused = true)]
async fn an_answer_older_than_what_was_told_is_none_until_the_owner_has_come_so_far() {
    let asker = Asker::new();
    let error = asker.ask(3).await.unwrap_err();
    assert!(matches!(error, Error::Behind { owner: "ordering", known: 2, told: 3 }), "{error:?}");
    assert!(asker.ask(3).await.is_err(), "what it answered does not serve either");
    assert!(asker.ask(2).await.is_ok(), "but it does those who were told of no more");
    assert_eq!(asker.owner.asked().len(), 2);
    asker.owner.shows(&path(), order("PENDING", 3));
    assert_eq!(asker.ask(3).await.unwrap()["version"], 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_told_from_an_owner_that_is_away() {
    let asker = Asker::new();
    asker.owner.shows("/elsewhere", order("PENDING", 1));
    asker.owner.refuses(Some(StatusCode::NOT_FOUND));
    assert!(matches!(asker.ask(0).await, Err(Error::Gone { .. })));
    asker.owner.refuses(Some(StatusCode::SERVICE_UNAVAILABLE));
    assert!(matches!(asker.ask(0).await, Err(Error::Refused { .. })));
    asker.owner.refuses(None);
    asker.ask(0).await.unwrap();
    assert_eq!((asker.counted("failed"), asker.counted("fetched")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_owner_of_whom_nobody_said_where_it_is_cannot_be_asked() {
    let asker = Asker::with(|options| Options { addresses: Addresses::new(), ..options });
    assert!(matches!(asker.ask(0).await, Err(Error::Unknown { owner: "ordering" })));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_silent_costs_all_who_want_the_same_one_wait() {
    let asker = Asker::with(|options| Options { timeout: Duration::from_secs(5), ..options });
    asker.owner.thinks(true);
    let began = tokio::time::Instant::now();
    let answers = join_all((0..10).map(|_| asker.ask(0))).await;
    let [first, others @ ..] = &answers[..] else { unreachable!() };
    let Err(error @ Error::Unreachable { .. }) = first else { panic!("{first:?}") };
    assert!(error.source().is_some(), "{error:?}");
    assert!(others.iter().all(|other| matches!(other, Err(Error::JustAsked { .. }))), "{others:?}");
    assert_eq!((asker.owner.asked().len(), began.elapsed()), (1, Duration::from_secs(5)));
    asker.owner.thinks(false);
    asker.ask(0).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_while_asking_keeps_nobody_from_the_answer() {
    let asker = Asker::new();
    asker.owner.thinks(true);
    timeout(Duration::from_secs(1), asker.ask(0)).await.unwrap_err();
    let waiting = async {
        // One that was waiting for the first goes on by itself.
        let (given_up, asked) = tokio::join!(timeout(Duration::from_secs(1), asker.ask(0)), asker.ask(0));
        assert!(given_up.is_err());
        asked
    };
    let released = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        asker.owner.thinks(false);
    };
    let (asked, ()) = tokio::join!(waiting, released);
    assert_eq!(asked.unwrap(), order("PENDING", 2));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_told_to_be_old_is_asked_for_again() {
    let asker = Asker::new();
    asker.ask(0).await.unwrap();
    asker.callbacks.forget(&Ask::Order(order_id()));
    asker.ask(0).await.unwrap();
    assert_eq!(asker.owner.asked(), [(path(), None), (path(), None)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_noted_with_whom_it_was_to_and_what_came_of_it() {
    let asker = Asker::new();
    let mut calls = Vec::new();
    asker.ask_noted(0, &mut calls).await.unwrap();
    asker.owner.refuses(Some(StatusCode::SERVICE_UNAVAILABLE));
    advance(FRESH).await;
    asker.ask_noted(0, &mut calls).await.unwrap_err();
    let noted: Vec<_> = calls.iter().map(|call| (&*call.name, call.outcome.as_deref())).collect();
    let route = "GET /v1/orders/{id}";
    assert_eq!(noted, [(route, Some("200")), (route, Some("503"))]);
}
