//! Services that are away, slow, broken or late, one at a time and all together: every order ends as it should.

use std::time::Duration;

use axum::http::StatusCode;
use chassis::ids::Random;
use contracts::{
    Style,
    ordering::{OrderStatus, WaitingFor},
};
use messaging::faulty::Rates;
use test_support::{link::Fate, unsynced};

use crate::{
    load::Load,
    patience::until,
    promise,
    report::seed,
    shop::{offer, offer_of, register, registration},
    story::{Step, Story},
    world::{PARTICIPANTS, SERVICES, Service, TIMEOUT, World},
};

/// How many orders a disturbed system is given.
const ORDERS: usize = 40;

#[tokio::test]
async fn orders_wait_for_a_participant_that_is_away_and_end_when_it_is_back() {
    for style in Style::ALL {
        for service in PARTICIPANTS {
            let mut world = World::start(style, None).await;
            let stories = prepared(&world).await;
            world.stop_service(service).await;
            let stories = waiting(&world, stories, service).await;
            world.start_service(service);
            completed(&world, &stories).await;
        }
    }
}

#[tokio::test]
async fn orders_wait_for_a_participant_without_its_database_and_the_others_go_on() {
    for style in Style::ALL {
        for service in PARTICIPANTS {
            let world = World::start(style, None).await;
            let stories = prepared(&world).await;
            let outage = unsynced::take_away(&world.database(service)).unwrap();
            let stories = waiting(&world, stories, service).await;
            others_go_on(&world, service).await;
            drop(outage);
            completed(&world, &stories).await;
        }
    }
}

#[tokio::test]
async fn a_service_is_ready_again_once_its_database_is_without_being_asked_for_anything() {
    for style in Style::ALL {
        let world = World::start(style, None).await;
        let outage = unsynced::take_away(&world.database(Service::Customers)).unwrap();
        let answer = world.client().ask_once(&registration(style, "ada", 1000)).await.unwrap();
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        until("not ready", async || if world.unready().await.is_empty() { Err("ready") } else { Ok(()) })
            .await;
        drop(outage);
        ready(&world).await;
    }
}

#[tokio::test]
async fn slow_participants_only_take_time() {
    disturbed(|_| Fate::Slow(Duration::from_millis(50))).await;
}

#[tokio::test]
async fn a_participant_that_fails_is_asked_again() {
    disturbed(|nth| if nth <= 2 { Fate::Fail } else { Fate::Pass }).await;
}

#[tokio::test]
async fn a_participant_whose_answer_is_lost_is_asked_again_and_does_it_once() {
    disturbed(|nth| if nth <= 2 { Fate::Lose } else { Fate::Pass }).await;
}

#[tokio::test]
async fn an_answer_after_the_deadline_is_asked_for_again() {
    disturbed(|nth| if nth <= 1 { Fate::Late(2 * TIMEOUT) } else { Fate::Pass }).await;
}

#[tokio::test]
async fn a_participant_that_is_asked_everything_twice_does_it_once() {
    disturbed(|_| Fate::Twice).await;
}

#[tokio::test]
async fn orders_end_well_whatever_happens_to_the_calls() {
    let random = seed("calls");
    let fates = random.clone();
    let any = move |_| match fates.next_u64() % 10 {
        0 => Fate::Fail,
        1 => Fate::Lose,
        2 => Fate::Late(2 * TIMEOUT),
        3 => Fate::Slow(TIMEOUT / 3),
        4 | 5 => Fate::Twice,
        _ => Fate::Pass,
    };
    disturbed_by(&random, any).await;
}

#[tokio::test]
async fn orders_end_well_whatever_happens_to_the_messages() {
    let random = seed("messages");
    let rates = Some((random.next_u64(), Rates::default()));
    let world = World::start(Style::Messaging, rates).await;
    everything_ends_well(&world, random).await;
}

/// Every call between services meets the fate that is for the `nth` of its kind.
async fn disturbed(fate: impl FnMut(u32) -> Fate + Clone + Send + 'static) {
    disturbed_by(&Random::seeded(1), fate).await;
}

async fn disturbed_by(random: &Random, fate: impl FnMut(u32) -> Fate + Clone + Send + 'static) {
    let world = World::start(Style::Rest, None).await;
    for service in SERVICES {
        let mut fate = fate.clone();
        world.link(service).misbehave(move |passing| fate(passing.nth));
    }
    everything_ends_well(&world, random.fork()).await;
    for service in SERVICES {
        assert!(world.link(service).disturbed() > 0, "nothing was done to the calls of {service:?}");
    }
}

async fn everything_ends_well(world: &World, random: Random) {
    let load = Load::new(&[world.style()], random);
    load.prepare(&world.client()).await;
    load.write(ORDERS);
    load.finish(&world.client()).await;
    load.check(&world.client()).await.unwrap();
    load.everything_ends_well(&world.client()).await;
    world.verify().await;
}

/// Orders that could be placed.
async fn prepared(world: &World) -> Vec<Story> {
    let (client, style) = (world.client(), world.style());
    let customer = register(&client, style, "ada", 1_000_000).await;
    offer(&client, style, "TEA", 100).await;
    let mut stories = ["one", "two", "three"]
        .map(|name| Story::new(name, style, &customer, "TEA", &[Step::Create { place: false }]));
    for story in &mut stories {
        story.go_on(&client).await.unwrap();
    }
    stories.into()
}

/// Places them, and waits until they wait for a service.
async fn waiting(world: &World, mut stories: Vec<Story>, service: Service) -> Vec<Story> {
    let client = world.client();
    let expected = match service {
        Service::Customers => WaitingFor::Credit,
        Service::Warehouse => WaitingFor::Stock,
        Service::Shipping => WaitingFor::Carrier,
        _ => WaitingFor::Payment,
    };
    for story in &mut stories {
        story.steps.push(Step::Place { wait: 0 });
        story.go_on(&client).await.unwrap();
        let waits = async || match client.order(world.style(), story.order().unwrap()).await {
            Ok(order) if order.waiting_for == Some(expected) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        until(&format!("an order that waits for {service:?}"), waits).await;
        story.tells_no_address(&client).await;
    }
    stories
}

/// While a service has no database it is not ready, and refuses with a sentence; the others do neither.
async fn others_go_on(world: &World, away: Service) {
    let (client, style) = (world.client(), world.style());
    let status_of =
        |service| if service == away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::CREATED };
    for (service, request) in [
        (Service::Customers, registration(style, "bob", 1000)),
        (Service::Warehouse, offer_of(style, "COFFEE", 10)),
    ] {
        let answer = client.ask_once(&request).await.unwrap();
        assert_eq!(answer.status, status_of(service), "{away:?} is away, and {service:?} answers {answer:?}");
        assert!(answer.is_success() || answer.problem().is_some(), "{answer:?}");
    }
    let not_ready = async || {
        let checks = world.unready().await;
        if checks.is_empty() { Err("ready".to_owned()) } else { Ok(checks) }
    };
    let checks = until("not ready", not_ready).await;
    let name = format!("{away:?}").to_lowercase();
    assert!(checks.iter().all(|(service, check)| *service == name && check == "database"), "{checks:?}");
}

async fn completed(world: &World, stories: &[Story]) {
    for story in stories {
        let end = story.end(&world.client()).await;
        promise::kept(story, &end);
        assert_eq!(end.status, OrderStatus::Completed, "{end:?}");
        story.tells_no_address(&world.client()).await;
    }
    world.verify().await;
    ready(world).await;
}

async fn ready(world: &World) {
    until("ready", async || match &*world.unready().await {
        [] => Ok(()),
        checks => Err(format!("{checks:?}")),
    })
    .await;
}
