//! Limits by key.

use super::*;

const TENANT: HeaderName = HeaderName::from_static("x-tenant");
const CLIENT: HeaderName = HeaderName::from_static("x-client");

fn asking(pairs: &[(HeaderName, &str)]) -> Request<()> {
    let builder =
        pairs.iter().fold(Request::builder(), |builder, (name, value)| builder.header(name, *value));
    builder.body(()).expect("a request")
}

/// How many of so many such calls pass.
async fn passing<S>(service: &S, count: usize, pairs: &[(HeaderName, &str)]) -> usize
where
    S: Service<Request<()>, Response = Response<()>, Error = BoxError> + Clone,
{
    let mut passed = 0;
    for _ in 0..count {
        passed += usize::from(service.clone().oneshot(asking(pairs)).await.is_ok());
    }
    passed
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_limit_of_its_own() {
    let server = Server::default();
    let limit = RateLimitLayer::by(policy(), Header::new(TENANT)).expect("a policy in its ranges");
    let service = limit.layer(server.clone());
    assert_eq!(passing(&service, 5, &[(TENANT, "a")]).await, 2);
    assert_eq!(passing(&service, 5, &[(TENANT, "b")]).await, 2);
    assert_eq!(passing(&service, 5, &[(TENANT, "a")]).await, 0);
    advance(MILLISECOND * 500).await;
    assert_eq!(passing(&service, 5, &[(TENANT, "a")]).await, 1);
    assert_eq!((server.calls(), limit.handle().snapshot().refused), (5, 15));
}

/// A header left out was a way around the limit.
#[tokio::test(start_paused = true)]
async fn all_who_have_no_key_share_one() {
    let limit = RateLimitLayer::by(policy(), Header::new(TENANT)).expect("a policy in its ranges");
    let service = limit.layer(Server::default());
    assert_eq!(passing(&service, 5, &[]).await, 2);
    assert_eq!(passing(&service, 5, &[(CLIENT, "1")]).await, 0);
    assert_eq!(passing(&service, 5, &[(TENANT, "")]).await, 2, "an empty one is a key as any other");
}

#[tokio::test(start_paused = true)]
async fn a_pair_limits_by_both_together() {
    let key = (Header::new(TENANT), Header::new(CLIENT));
    let limit = RateLimitLayer::by(policy(), key).expect("a policy in its ranges");
    let service = limit.layer(Server::default());
    assert_eq!(passing(&service, 5, &[(TENANT, "a"), (CLIENT, "1")]).await, 2);
    assert_eq!(passing(&service, 5, &[(TENANT, "a"), (CLIENT, "2")]).await, 2);
    assert_eq!(passing(&service, 5, &[(TENANT, "b"), (CLIENT, "1")]).await, 2);
    assert_eq!(passing(&service, 5, &[(TENANT, "a"), (CLIENT, "1")]).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_function_is_a_key_and_may_say_that_there_is_no_limit() {
    let key = |request: &Request<()>| {
        let tenant = request.headers().get(TENANT)?.to_str().ok()?;
        (tenant != "ourselves").then(|| tenant.to_owned())
    };
    let limit = RateLimitLayer::by(policy(), key).expect("a policy in its ranges");
    let service = limit.layer(Server::default());
    assert_eq!(passing(&service, 5, &[(TENANT, "ourselves")]).await, 5);
    assert_eq!(passing(&service, 5, &[(TENANT, "a")]).await, 2);
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.exempt, snapshot.refused, snapshot.crowded), (5, 3, 0));
}

/// Limiters that forget a key when they are full, or when they are cleaned up, give whoever made them full a new burst.
#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_who_fills_it_gets_no_new_burst_by_that() {
    let limit =
        RateLimitLayer::by(Policy { keys: 2, ..policy() }, Header::new(TENANT)).expect("in its ranges");
    let service = limit.layer(Server::default());
    assert_eq!(passing(&service, 2, &[(TENANT, "a")]).await, 2);
    let mut others = 0;
    for tenant in 0..1_000 {
        others += passing(&service, 2, &[(TENANT, &tenant.to_string())]).await;
    }
    assert_eq!(passing(&service, 5, &[(TENANT, "a")]).await, 0);
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.room, others), (7, 12), "what six more keys may");
    assert_eq!(snapshot.crowded, 2_000 - 12, "and it is told that the table is too small");
    advance(SECOND).await;
    assert_eq!(
        passing(&service, 5, &[(TENANT, "new")]).await,
        2,
        "once they are whole again, places are free"
    );
}
