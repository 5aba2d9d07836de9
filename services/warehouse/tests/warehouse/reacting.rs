//! The service where nobody is in charge: it reacts to what happens elsewhere, and reports.

use chassis::{client::Call, limits::Limits, retention::Retention, service::Running};
use contracts::{
    Style,
    happenings::{CALLED_OFF, CREDIT_RESERVED, DISPATCHED, Happening, ORDER_PLACED},
    topics::WAREHOUSE_REPORTS,
    warehouse::Product,
};
use serde_json::{Value, json};
use test_support::{
    owner::ANY_PORT,
    stage::{Reported, STYLES, Stage, address, order, order_id},
};
use warehouse::{App, Config, Reach};

struct World {
    stage: Stage,
    app: Running,
    reports: Reported,
}

impl World {
    /// With so many pieces of what is ordered, and an order whose credit is set aside.
    async fn start(style: Style, on_hand: i64) -> Self {
        let stage = Stage::set(style, "warehouse").await;
        let reach = match style {
            Style::Notification => Reach::Notification(stage.broker(), stage.addresses()),
            _ => Reach::StateTransfer(stage.broker()),
        };
        let (limits, retention) = (Limits::default(), Retention::default());
        let config = Config { reach, listen: ANY_PORT, database: stage.file(), limits, retention };
        let app = App::build(&config, stage.platform()).unwrap();
        let tea = json!({
            "sku": "TEA", "name": "Tea", "unit_price": {"amount": 1250, "currency": "EUR"}, "on_hand": on_hand,
        });
        let call = Call::post(format!("http://{}/v1/products", app.address()));
        assert_eq!(stage.send(call.json(&tea).unwrap()).await.status, 201);
        let reports = stage.listen(WAREHOUSE_REPORTS).await;
        let world = Self { stage, app, reports };
        world.stage.order_is(ORDER_PLACED, &order("PENDING", 2)).await;
        let contact = json!({"name": "Ada", "email": "ada@example.org", "address": address()});
        world.told(CREDIT_RESERVED, &json!({"reply": "credit_reserved", "contact": contact})).await;
        world
    }

    async fn told(&self, happening: Happening, report: &Value) {
        self.stage.reports(happening, order_id(), report).await;
    }

    /// How many are on hand, and how many of them set aside.
    async fn stock(&self) -> (i64, i64) {
        let url = format!("http://{}/v1/products/TEA", self.app.address());
        let tea = self.stage.send(Call::get(url)).await.json::<Product>().unwrap();
        (tea.on_hand.get(), tea.reserved.get())
    }
}

#[tokio::test(start_paused = true)]
async fn stock_is_set_aside_once_the_credit_is_and_leaves_when_it_is_dispatched() {
    for style in STYLES {
        let mut world = World::start(style, 10).await;
        assert_eq!(world.reports.next().await, "warehouse.stock_reserved");
        assert_eq!(world.stock().await, (10, 2));
        let dispatched = json!({"reply": "dispatched", "carrier": "Hermes", "tracking_number": "H-1"});
        world.told(DISPATCHED, &dispatched).await;
        assert_eq!(world.reports.next().await, "warehouse.stock_taken_out");
        assert_eq!(world.stock().await, (8, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn stock_is_free_again_when_the_shipment_is_called_off() {
    for style in STYLES {
        let mut world = World::start(style, 10).await;
        assert_eq!(world.reports.next().await, "warehouse.stock_reserved");
        world.told(CALLED_OFF, &json!({"reply": "called_off"})).await;
        assert_eq!(world.reports.next().await, "warehouse.stock_released");
        assert_eq!(world.stock().await, (10, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn stock_that_is_not_there_is_reported_too() {
    for style in STYLES {
        let mut world = World::start(style, 1).await;
        assert_eq!(world.reports.next().await, "warehouse.stock_refused");
        assert_eq!(world.stock().await, (1, 0));
    }
}
