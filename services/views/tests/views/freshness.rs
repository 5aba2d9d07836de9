//! How fresh an answer is, and asking for one that is fresh enough.

use crate::{
    bus::Bus,
    owners::Scripted,
    support::{Views, at, customer, eur, order, platform},
};

async fn start() -> (Views, Bus, Scripted) {
    let (platform, bus) = (platform(), Bus::start().await);
    let owners = Scripted::with_nothing(&platform);
    let views = Views::of_events(&platform, &bus.broker(), &owners.owners);
    views.until_live().await;
    (views, bus, owners)
}

#[tokio::test]
async fn an_answer_says_how_far_behind_it_is_and_which_generation_it_is_from() {
    let (views, bus, _owners) = start().await;
    bus.customer(customer(1), "Ada", at(1)).await;
    let wait = [("x-view-at-least", &*format!("customers/{}@1", customer(1)))];
    let answer = views.ask("/v1/views/stock", &wait).await;
    assert_eq!(answer.headers["x-view-at-least"], "met");
    assert_eq!(answer.headers["x-view-generation"], "1 live");
    let number = |name: &str| answer.headers[name].to_str().unwrap().parse::<f64>().unwrap();
    assert!(number("x-view-lag-events") >= 0.0 && number("x-view-lag-seconds") >= 0.0);
    assert!(!views.ask("/v1/views/stock", &[]).await.headers.contains_key("x-view-at-least"));
}

#[tokio::test]
async fn a_reader_waits_for_what_it_has_written() {
    let (views, bus, _owners) = start().await;
    let tea = bus.product("TEA", 1).await;
    let path = format!("/v1/orders?at_least=orders/{}@3,products/TEA@1", order(7));
    let headers = [("prefer", "wait=30")];
    let (answer, ()) = tokio::join!(views.ask(&path, &headers), async {
        bus.order(order(7), customer(1), &tea, eur(5), 1).await;
    });
    assert_eq!(answer.headers["x-view-at-least"], "met");
    let page: serde_json::Value = answer.json().unwrap();
    assert_eq!(page["items"][0]["id"], order(7).to_string());
}

#[tokio::test]
async fn an_answer_that_is_not_fresh_enough_in_time_says_so() {
    let (views, bus, _owners) = start().await;
    let tea = bus.product("TEA", 1).await;
    bus.order(order(7), customer(1), &tea, eur(5), 1).await;
    for (wait, header) in [("0", "prefer"), ("150", "x-request-timeout-ms")] {
        let value = if header == "prefer" { format!("wait={wait}") } else { wait.to_owned() };
        let answer = views.ask(&format!("/v1/orders?at_least={}@9", order(7)), &[(header, &value)]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["x-view-at-least"], "not met");
    }
}

#[tokio::test]
async fn a_version_that_is_none_is_400() {
    let (views, ..) = start().await;
    let answer = views.ask("/v1/orders?at_least=orders/7@x", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().unwrap().errors.unwrap()[0].field.as_str()),
        (400, "at_least")
    );
}
