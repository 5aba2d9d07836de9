//! The service where nobody is in charge: it reacts to what happens elsewhere, and reports.

use std::time::Duration;

use billing::{App, Config, Reach};
use chassis::{client::Call, limits::Limits, retention::Retention, service::Running};
use contracts::{
    Style,
    billing::{Invoice, InvoiceStatus},
    happenings::{DISPATCHED, ORDER_PLACED},
    page::Page,
    topics::BILLING_REPORTS,
};
use saga::tasks::Backoff;
use serde_json::json;
use test_support::stage::{STYLES, Stage, customer, customer_id, order, order_id};

use crate::support::ANY_PORT;

fn start(stage: &Stage) -> Running {
    let reach = match stage.style() {
        Style::Notification => Reach::Notification(stage.broker(), stage.addresses()),
        _ => Reach::StateTransfer(stage.broker()),
    };
    let url = stage.addresses()["billing"].clone();
    let backoff = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(5) };
    let config = Config {
        reach,
        listen: ANY_PORT,
        database: stage.file(),
        payment_url: url.clone(),
        mail_url: url,
        call_timeout: Duration::from_secs(5),
        call_backoff: backoff,
        decline_backoff: backoff,
        pay_wait: Duration::from_secs(20),
        limits: Limits::default(),
        retention: Retention::default(),
    };
    App::build(&config, stage.platform()).expect("the service starts")
}

#[tokio::test(start_paused = true)]
async fn what_was_dispatched_is_billed_to_who_ordered_it() {
    for style in STYLES {
        let stage = Stage::set(style, "billing").await;
        let charge = json!({
            "id": "c1", "amount": 2500, "currency": "EUR", "reference": null, "metadata": {"order_id": order_id()},
            "created_at": "2026-01-31T12:00:00Z", "version": 1,
        });
        stage.owner().shows("/v1/charges", charge);
        stage.owner().shows("/v1/messages", json!({"version": 1}));
        let app = start(&stage);
        let mut reports = stage.listen(BILLING_REPORTS).await;
        let dispatched = json!({"reply": "dispatched", "carrier": "Hermes", "tracking_number": "H-1"});
        stage.customer_is(&customer()).await;
        stage.order_is(ORDER_PLACED, &order("SHIPPED", 6)).await;
        stage.reports(DISPATCHED, order_id(), &dispatched).await;
        assert_eq!(reports.next().await, "billing.invoice_paid", "{style}");
        let url = format!("http://{}/v1/invoices?order_id={}", app.address(), order_id());
        let page: Page<Invoice> = stage.send(Call::get(url)).await.json().expect("a page");
        let [invoice] = &page.items[..] else { panic!("{page:?}") };
        assert_eq!((invoice.status, invoice.amount.amount()), (InvoiceStatus::Paid, 2500));
        assert_eq!(invoice.customer_id, customer_id());
    }
}
