//! `GET /v1/orders/{id}`, and what is not answered.

use chassis::client::Call;
use contracts::Style;

use crate::support::{CUSTOMER, World, refusal};

async fn world() -> World {
    World::start(Style::Rest).await
}

#[tokio::test(start_paused = true)]
async fn an_order_that_nobody_began_is_not_found() {
    let world = world().await;
    for id in [CUSTOMER, "none"] {
        assert_eq!(refusal(&world.get(&format!("/v1/orders/{id}")).await), (404, "NOT_FOUND".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_shown_with_its_version() {
    let world = world().await;
    let order = world.create(&[("TEA", 1)]).await;
    for query in ["", "?include=", "?include=shipment,invoice"] {
        let response = world.get(&format!("/v1/orders/{}{query}", order.id)).await;
        assert_eq!(response.headers["etag"], format!("\"{}\"", order.version));
        assert_eq!(response.json::<contracts::ordering::Order>().unwrap(), order);
    }
}

#[tokio::test(start_paused = true)]
async fn the_past_of_an_order_is_not_kept_in_this_style() {
    let world = world().await;
    let order = world.create(&[("TEA", 1)]).await;
    for path in [
        "/history",
        "?version=1",
        "?as_of=2026-01-01T00:00:00Z",
        "?as_of=2026-01-01T00:00:00Z&known_at=2026-01-01T00:00:00Z",
    ] {
        let response = world.get(&format!("/v1/orders/{}{path}", order.id)).await;
        assert_eq!(refusal(&response), (501, "NOT_IMPLEMENTED".to_owned()), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_method_is_not_allowed() {
    let world = world().await;
    for path in ["/v1/orders", "/v1/orders/1", "/v1/orders/1/place", "/v1/orders/1/items/TEA"] {
        let response = world.send(Call::patch(world.url(path))).await;
        assert_eq!(refusal(&response), (405, "METHOD_NOT_ALLOWED".to_owned()));
    }
    assert_eq!(refusal(&world.get("/v1/nothing").await), (404, "NOT_FOUND".to_owned()));
}
