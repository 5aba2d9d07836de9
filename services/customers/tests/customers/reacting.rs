//! The service where nobody is in charge: it reacts to what happens elsewhere, and reports.

use chassis::{client::Call, limits::Limits, retention::Retention, service::Running};
use choreography::reports::Document;
use contracts::{
    CustomerId, Style,
    customers::{Customer, Reply},
    happenings::{INVOICE_PAID, ORDER_PLACED, STOCK_REFUSED},
    topics::CUSTOMERS_REPORTS,
};
use customers::{App, Config, Reach};
use serde_json::json;
use test_support::{
    owner::ANY_PORT,
    stage::{STYLES, Stage, order_id, order_of},
};

use crate::support::registration;

struct World {
    stage: Stage,
    app: Running,
    customer: CustomerId,
}

impl World {
    /// With somebody who has so much credit.
    async fn start(style: Style, limit: i64) -> Self {
        let stage = Stage::set(style, "customers").await;
        let reach = match style {
            Style::Notification => Reach::Notification(stage.broker(), stage.addresses()),
            _ => Reach::StateTransfer(stage.broker()),
        };
        let (limits, retention) = (Limits::default(), Retention::default());
        let config = Config { reach, listen: ANY_PORT, database: stage.file(), limits, retention };
        let app = App::build(&config, stage.platform()).unwrap();
        let call = Call::post(format!("http://{}/v1/customers", app.address()));
        let registered = stage.send(call.json(&registration(limit)).unwrap()).await;
        let customer = registered.json::<Customer>().unwrap().id;
        Self { stage, app, customer }
    }

    async fn reserved(&self) -> i64 {
        let url = format!("http://{}/v1/customers/{}", self.app.address(), self.customer);
        self.stage.send(Call::get(url)).await.json::<Customer>().unwrap().credit_reserved.amount()
    }

    /// What it says to whoever asks what it has reported.
    async fn said(&self) -> Document<Reply> {
        let url = format!("http://{}/internal/reports/{}", self.app.address(), order_id());
        self.stage.send(Call::get(url)).await.json().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn credit_is_set_aside_for_an_order_that_is_placed_and_freed_when_its_stock_is_refused() {
    for style in STYLES {
        let world = World::start(style, 9000).await;
        let mut reports = world.stage.listen(CUSTOMERS_REPORTS).await;
        world.stage.order_is(ORDER_PLACED, &order_of(world.customer, "PENDING", 2)).await;
        assert_eq!(
            (reports.next().await.as_str(), world.reserved().await),
            ("customers.credit_reserved", 2500)
        );
        let refused = json!({"reply": "stock_refused", "reason": "OUT_OF_STOCK"});
        world.stage.reports(STOCK_REFUSED, order_id(), &refused).await;
        assert_eq!((reports.next().await.as_str(), world.reserved().await), ("customers.credit_released", 0));
        let said = world.said().await;
        let both = matches!(&said.reports[..], [Reply::CreditReserved { .. }, Reply::CreditReleased]);
        assert!(both && said.version == 2, "{style}: {said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn credit_is_free_again_once_the_invoice_is_paid() {
    for style in STYLES {
        let world = World::start(style, 9000).await;
        let mut reports = world.stage.listen(CUSTOMERS_REPORTS).await;
        world.stage.order_is(ORDER_PLACED, &order_of(world.customer, "PENDING", 2)).await;
        assert_eq!(reports.next().await, "customers.credit_reserved");
        world.stage.reports(INVOICE_PAID, order_id(), &json!({"reply": "invoice_paid"})).await;
        assert_eq!((reports.next().await.as_str(), world.reserved().await), ("customers.credit_settled", 0));
    }
}

#[tokio::test(start_paused = true)]
async fn credit_that_is_not_enough_is_reported_too() {
    for style in STYLES {
        let world = World::start(style, 2499).await;
        let mut reports = world.stage.listen(CUSTOMERS_REPORTS).await;
        world.stage.order_is(ORDER_PLACED, &order_of(world.customer, "PENDING", 2)).await;
        assert_eq!((reports.next().await.as_str(), world.reserved().await), ("customers.credit_refused", 0));
    }
}
