//! `GET /v1/orders` of an instance that keeps its orders in a ledger, which has no index to look them up by.

use chassis::{
    client::{self, Call, HttpClient},
    platform::Platform,
};
use contracts::{
    CustomerId, OrderId, Timestamp,
    ordering::{Event, Order},
    page::Page,
};
use database::{Clock, Transaction};
use event_store::{Append, Expected, Ledger, Metadata, NewEvent, append};
use ordering::{App, Config, Reach};
use uuid::Uuid;

/// More than are looked at for one page.
const MANY: u128 = 300;

fn customer(number: u128) -> CustomerId {
    CustomerId::new(Uuid::from_u128(number))
}

/// An order is begun.
async fn created(ledger: &Ledger, platform: &Platform, number: u128, customer_id: CustomerId) -> OrderId {
    let id = OrderId::new(Uuid::from_u128(number));
    let event = Event::Created { customer_id, reference: None, at: Timestamp::from_micros(0) };
    let it = published::orders().encode(&event).unwrap();
    let event = NewEvent::from_json(platform.ids.next(), &it.kind, it.schema_version, it.data).unwrap();
    let stream = format!("order-{id}").parse().unwrap();
    let appends = [Append { stream, expected: Expected::None, events: vec![event] }];
    let writer = ledger.writer(&["order"]).unwrap();
    let work =
        async move |tx: &mut Transaction| writer.append(tx, &appends, &Metadata::default()).await.map(drop);
    ledger.database().write::<_, append::Error, _>(work).await.unwrap();
    id
}

#[tokio::test]
async fn a_page_looks_at_so_many_orders_and_says_where_to_go_on() {
    let (platform, directory) = (Platform::simulated(1, Clock::system()), tempfile::tempdir().unwrap());
    let ledger = choreography::ledger::open(&directory.path().join("ledger.db"), &platform).unwrap();
    let oldest = created(&ledger, &platform, 1, customer(1)).await;
    for number in 2..=MANY {
        created(&ledger, &platform, number, customer(2)).await;
    }
    let app = App::build(&Config::new(Reach::EventSourcing(ledger)), &platform).unwrap();
    let client = HttpClient::new(&platform, client::Options::default());
    let list = async |query: String| -> Page<Order> {
        let url = format!("http://{}/v1/orders?{query}", app.address());
        client.send(Call::get(url)).await.unwrap().json().unwrap()
    };

    let of_one = format!("customer_id={}", customer(1));
    let first = list(of_one.clone()).await;
    assert_eq!(first.items, []);
    let second = list(format!("{of_one}&cursor={}", first.next.unwrap())).await;
    assert_eq!(second.items.iter().map(|order| order.id).collect::<Vec<_>>(), [oldest]);
    assert_eq!(second.next, None);

    let page = list("limit=100".to_owned()).await;
    let newest: Vec<_> = (0..100).map(|back| OrderId::new(Uuid::from_u128(MANY - back))).collect();
    assert_eq!(page.items.iter().map(|order| order.id).collect::<Vec<_>>(), newest);
    assert_eq!(page.next, newest.last().map(OrderId::to_string));
}
