//! Ordering where nobody is in charge, alone: what it knows of products, and what it is told.

use std::time::Duration;

use chassis::{client::Call, service::Running};
use contracts::{
    OrderId, Style,
    happenings::{CREDIT_REFUSED, CREDIT_RESERVED, Happening, STOCK_RESERVED},
    ordering::{Order, OrderStatus, Reason},
};
use ordering::{App, Config, Reach};
use serde_json::{Value, json};
use test_support::stage::{STYLES, Stage, address, customer_id};

use crate::support::until;

struct World {
    stage: Stage,
    app: Running,
}

impl World {
    async fn start(style: Style) -> Self {
        let stage = Stage::set(style, "ordering").await;
        let reach = match style {
            Style::Notification => Reach::Notification(stage.broker(), stage.addresses()),
            _ => Reach::StateTransfer(stage.broker()),
        };
        let config = Config { database: stage.file(), ..Config::new(reach) };
        let app = App::build(&config, stage.platform()).unwrap();
        Self { stage, app }
    }

    async fn tea_costs(&self, amount: i64, version: u64) {
        let price = json!({"amount": amount, "currency": "EUR"});
        let tea = json!({"sku": "TEA", "name": "Tea", "unit_price": price, "version": version});
        self.stage.product_is(&tea).await;
    }

    async fn create(&self) -> chassis::client::Response {
        let items = json!([{"sku": "TEA", "quantity": 2}]);
        let order = json!({"customer_id": customer_id(), "items": items, "place": true});
        let call = Call::post(format!("http://{}/v1/orders", self.app.address()));
        self.stage.send(call.json(&order).unwrap()).await
    }

    async fn placed(&self) -> OrderId {
        self.tea_costs(1250, 1).await;
        self.create().await.json::<Order>().unwrap().id
    }

    async fn told(&self, order: OrderId, happening: Happening, report: &Value) {
        self.stage.reports(happening, order, report).await;
    }

    async fn until_in(&self, order: OrderId, status: OrderStatus) -> Order {
        let show = async || {
            let url = format!("http://{}/v1/orders/{order}", self.app.address());
            let order = self.stage.send(Call::get(url)).await.json::<Order>().unwrap();
            (order.status == status).then_some(order)
        };
        until(&format!("{status:?}"), show).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_told_what_the_others_report() {
    for style in STYLES {
        let world = World::start(style).await;
        let order = world.placed().await;
        let contact = json!({"name": "Ada", "email": "ada@example.org", "address": address()});
        world.told(order, CREDIT_RESERVED, &json!({"reply": "credit_reserved", "contact": contact})).await;
        world.until_in(order, OrderStatus::CreditConfirmed).await;
        world.told(order, STOCK_RESERVED, &json!({"reply": "stock_reserved"})).await;
        world.until_in(order, OrderStatus::Approved).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_credit_is_refused_is_rejected() {
    for style in STYLES {
        let world = World::start(style).await;
        let order = world.placed().await;
        let refused = json!({"reply": "credit_refused", "reason": "INSUFFICIENT_CREDIT"});
        world.told(order, CREDIT_REFUSED, &refused).await;
        let order = world.until_in(order, OrderStatus::Rejected).await;
        assert_eq!(order.reason, Some(Reason::InsufficientCredit));
    }
}

#[tokio::test(start_paused = true)]
async fn a_price_is_the_one_that_was_told_last() {
    for style in STYLES {
        let world = World::start(style).await;
        world.placed().await;
        world.tea_costs(999, 2).await;
        until("the new price", async || {
            let order = world.create().await.json::<Order>().unwrap();
            (order.total.unwrap().amount() == 2 * 999).then_some(())
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_that_nobody_told_of_is_awaited_and_then_refused_with_the_age_of_the_copy() {
    let world = World::start(Style::StateTransfer).await;
    let refused = world.create().await.problem().unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (422, "UNKNOWN_PRODUCT"));
    let told =
        json!({"sku": "POT", "name": "Pot", "unit_price": {"amount": 1, "currency": "EUR"}, "version": 1});
    world.stage.product_is(&told).await;
    let aged = async || {
        tokio::time::sleep(Duration::from_secs(7)).await;
        let detail = world.create().await.problem().unwrap().detail;
        detail.contains("s ago").then_some(detail)
    };
    let detail = until("an age", aged).await;
    assert!(detail.contains("9."), "after 7 s and the 2 s for which it was awaited: {detail}");
}
