use axum::{
    Router,
    http::{Method, StatusCode},
    routing::post,
};

use chassis::{network::Network, platform::Platform};
use gateway::{
    App, Config,
    config::{Endpoints, Origin},
};
use utoipa::openapi::OpenApi;

use crate::rig::{ANY_PORT, Owners, Rig, json, refusal};

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

#[tokio::test(start_paused = true)]
async fn styles_that_make_no_sense_are_refused_before_anything_is_served() {
    let platform = Platform { network: Network::memory(), ..Platform::system() };
    let origin: Origin = "http://127.0.0.1:1".parse().unwrap();
    let endpoints = Endpoints {
        customers: origin.clone(),
        ordering: origin.clone(),
        warehouse: origin.clone(),
        shipping: origin.clone(),
        billing: origin,
        views: None,
    };
    let build = |config: &Config| App::build(config, OpenApi::default(), &platform).unwrap_err().to_string();
    let config = Config::of(ANY_PORT, "rest", endpoints.clone());
    let unknown = build(&Config { default_style: "rpc".to_owned(), ..config.clone() });
    assert_eq!(unknown, "the default style `rpc` is not among the styles served");
    for name in ["", "v1", "docs", "Rest", "a/b", "{style}"] {
        let error = build(&Config::of(ANY_PORT, name, endpoints.clone()));
        assert!(error.starts_with(&format!("`{name}` cannot be a style's name")), "{error}");
    }
}
