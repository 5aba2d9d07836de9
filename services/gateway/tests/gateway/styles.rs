use axum::{
    Router,
    http::{Method, StatusCode},
    routing::post,
};

use crate::rig::{Owners, Rig, json, refusal};

fn two_styles() -> Rig {
    Rig::before([("rest", Owners::mirrors("rest")), ("state-transfer", Owners::mirrors("state-transfer"))])
}

#[tokio::test(start_paused = true)]
async fn a_prefix_means_its_style_and_none_the_default_one() {
    let rig = two_styles();
    for (prefix, style) in [("", "rest"), ("/rest", "rest"), ("/state-transfer", "state-transfer")] {
        for path in ["/v1/customers?limit=5", "/v1/orders/0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10"] {
            let heard = json(&rig.get(&format!("{prefix}{path}")).await);
            assert_eq!((&heard["style"], &heard["uri"]), (&style.into(), &path.into()), "{prefix}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_style_is_404_and_tells_which_there_are() {
    let answer = two_styles().get("/messaging/v1/orders").await;
    assert_eq!(refusal(&answer), (404, "NOT_FOUND".into()));
    assert!(answer.problem().unwrap().detail.contains("rest, state-transfer"));
}

#[tokio::test(start_paused = true)]
async fn a_location_leads_back_to_the_style_that_was_asked() {
    let owners = || {
        let created = async || (StatusCode::CREATED, [("location", "/v1/orders/7")]);
        Owners { ordering: Some(Router::new().route("/v1/orders", post(created))), ..Owners::mirrors("rest") }
    };
    let rig = Rig::before([("rest", owners()), ("messaging", owners())]);
    for (asked, location) in [
        ("/v1/orders", "/v1/orders/7"),
        ("/rest/v1/orders", "/rest/v1/orders/7"),
        ("/messaging/v1/orders", "/messaging/v1/orders/7"),
    ] {
        let answer = rig.send(Method::POST, asked, &[], "{}").await;
        assert_eq!(answer.headers["location"], location);
    }
}
