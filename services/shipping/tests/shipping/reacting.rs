//! The service where nobody is in charge: it reacts to what happens elsewhere, and reports.

use std::time::Duration;

use chassis::{client::Call, limits::Limits, retention::Retention, service::Running};
use contracts::{
    Style,
    happenings::{ORDER_CANCEL_STARTED, ORDER_PLACED, STOCK_RESERVED},
    page::Page,
    shipping::{Shipment, ShipmentStatus},
    topics::{SHIPPING_REPORTS, WAREHOUSE_REPORTS},
};
use saga::tasks::Backoff;
use serde_json::json;
use shipping::{App, Config, Reach};
use test_support::stage::{Reported, STYLES, Stage, address, customer, order, order_id};

use crate::support::{ANY_PORT, until};

struct World {
    stage: Stage,
    app: Running,
    reports: Reported,
}

impl World {
    /// With a carrier that takes everything, and an order that is placed by somebody who is known.
    async fn start(style: Style) -> Self {
        let world = Self::knowing_nobody(style).await;
        world.stage.customer_is(&customer()).await;
        world
    }

    /// The same, but the customer was told of when nobody listened, or is forgotten.
    async fn knowing_nobody(style: Style) -> Self {
        let stage = Stage::set(style, "shipping").await;
        let reach = match style {
            Style::Notification => Reach::Notification(stage.broker(), stage.addresses()),
            _ => Reach::StateTransfer(stage.broker()),
        };
        let url = stage.addresses()["shipping"].clone();
        let booking = json!({
            "booking_id": "b1", "carrier": "Hermes", "tracking_number": "H-1",
            "booked_at": "2026-01-31T12:00:00Z", "version": 1,
        });
        stage.owner().shows("/v1/bookings", booking);
        let config = Config {
            reach,
            listen: ANY_PORT,
            database: stage.file(),
            carrier_url: url,
            carrier_timeout: Duration::from_secs(5),
            carrier_backoff: Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) },
            limits: Limits::default(),
            retention: Retention::default(),
        };
        let app = App::build(&config, stage.platform()).expect("the service starts");
        let reports = stage.listen(SHIPPING_REPORTS).await;
        let world = Self { stage, app, reports };
        world.stage.order_is(ORDER_PLACED, &order("PENDING", 2)).await;
        world
    }

    async fn stock_is_reserved(&self) {
        self.stage.reports(STOCK_RESERVED, order_id(), &json!({"reply": "stock_reserved"})).await;
    }

    fn bookings(&self) -> usize {
        self.stage.owner().asked().iter().filter(|(path, _)| path == "/v1/bookings").count()
    }

    async fn shipment(&self) -> Option<Shipment> {
        let url = format!("http://{}/v1/shipments?order_id={}", self.app.address(), order_id());
        let mut page: Page<Shipment> = self.stage.send(Call::get(url)).await.json().expect("a page");
        page.items.pop()
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_ordered_is_shipped_to_the_customer_once_its_stock_is_set_aside() {
    for style in STYLES {
        let mut world = World::start(style).await;
        world.stock_is_reserved().await;
        assert_eq!(world.reports.next().await, "shipping.dispatched");
        let shipment = world.shipment().await.expect("a shipment");
        assert_eq!((shipment.status, shipment.lines.len()), (ShipmentStatus::Dispatched, 1), "{style}");
        assert_eq!(serde_json::to_value(shipment.address).expect("an address"), address());
        assert_eq!(world.bookings(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_overtakes_what_it_cancels_is_reported_and_nothing_is_shipped() {
    for style in STYLES {
        let mut world = World::start(style).await;
        world.stage.order_is(ORDER_CANCEL_STARTED, &order("CANCEL_PENDING", 5)).await;
        assert_eq!(world.reports.next().await, "shipping.called_off");
        world.stock_is_reserved().await;
        let handled = async || {
            tokio::time::sleep(Duration::from_millis(1)).await;
            world.stage.has_heard(WAREHOUSE_REPORTS).await
        };
        until(handled).await;
        assert_eq!(world.shipment().await.expect("a tombstone").status, ShipmentStatus::CalledOff);
        assert_eq!(world.bookings(), 0, "{style}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_lost_is_brought_back_by_its_owner_who_republishes_and_what_waited_for_it_goes_on() {
    let mut world = World::knowing_nobody(Style::StateTransfer).await;
    world.stock_is_reserved().await;
    let heard = async || {
        tokio::time::sleep(Duration::from_millis(1)).await;
        world.stage.has_heard(WAREHOUSE_REPORTS).await
    };
    until(heard).await;
    assert!(world.shipment().await.is_none(), "it waits, and asks nobody");
    world.stage.customer_is_republished(&customer()).await;
    assert_eq!(world.reports.next().await, "shipping.dispatched");
    assert_eq!(world.bookings(), 1);
}
