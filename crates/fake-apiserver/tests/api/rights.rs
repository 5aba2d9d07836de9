//! What may be done, and how one learns of it.

use fake_apiserver::Resource;
use http::Method;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams};
use serde_json::json;

use crate::{ask, server};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

#[tokio::test(start_paused = true)]
async fn what_is_forbidden_is_refused_and_nothing_else() {
    let server = server();
    server.forbid("get", &Resource::CONFIG_MAPS);
    let maps: Api<ConfigMap> = Api::namespaced(server.client("shop"), "shop");
    let Err(kube::Error::Api(refused)) = maps.get("a").await else { panic!("it is read") };
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
    let why = r#"cannot get resource "configmaps" in API group "" in the namespace "shop""#;
    assert!(refused.message.starts_with(r#"configmaps "a" is forbidden: User ""#), "{}", refused.message);
    assert!(refused.message.ends_with(why), "{}", refused.message);
    maps.list(&ListParams::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_review_says_what_may_be_done_and_is_not_kept() {
    let server = server();
    server.forbid("patch", &Resource::DEPLOYMENTS);
    let before = server.revision();
    for (verb, allowed) in [("patch", false), ("get", true)] {
        let asked = json!({"group": "apps", "resource": "deployments", "verb": verb, "namespace": "shop"});
        let review = json!({"spec": {"resourceAttributes": asked}});
        let (code, answer) = ask(&server, Method::POST, REVIEWS, review).await;
        assert_eq!((code, &answer["status"]["allowed"]), (201, &json!(allowed)), "{verb}");
    }
    assert_eq!(server.revision(), before);
    assert_eq!(ask(&server, Method::GET, REVIEWS, json!(null)).await.0, 405);
}
