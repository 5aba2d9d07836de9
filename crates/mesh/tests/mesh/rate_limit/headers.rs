//! What answers say of the limit.

use super::*;

fn told(response: &Response<()>, name: &str) -> Vec<String> {
    let values = response.headers().get_all(name);
    values.iter().map(|value| value.to_str().expect("text").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn answers_say_how_much_is_left_and_when_it_is_whole_again() {
    let policy =
        Policy { calls: 2, per: SECOND * 3, burst: 5, name: "per client".into(), ..Policy::default() };
    let limit = RateLimitLayer::new(policy).expect("a policy in its ranges");
    let mut service = limit.layer(Server::default());
    let response = call(&mut service).await.expect("an answer");
    assert_eq!(told(&response, "ratelimit-policy"), [r#""per client";q=5;w=8"#], "7.5 s, rounded up");
    assert_eq!(told(&response, "ratelimit"), [r#""per client";r=4;t=2"#]);
    for _ in 0..3 {
        call(&mut service).await.expect("an answer");
    }
    let response = call(&mut service).await.expect("an answer");
    assert_eq!(told(&response, "ratelimit"), [r#""per client";r=0;t=8"#]);
}

#[tokio::test(start_paused = true)]
async fn each_limit_on_the_way_is_told() {
    let layer = |name: &str, burst| {
        RateLimitLayer::new(Policy { name: name.into(), burst, ..policy() }).expect("a policy in its ranges")
    };
    let mut service = layer("outer", 2).layer(layer("inner", 4).layer(Server::default()));
    let response = call(&mut service).await.expect("an answer");
    assert_eq!(told(&response, "ratelimit"), [r#""inner";r=3;t=1"#, r#""outer";r=1;t=1"#]);
    assert_eq!(told(&response, "ratelimit-policy"), [r#""inner";q=4;w=2"#, r#""outer";q=2;w=1"#]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_when_to_come_again_and_what_passed_before_it() {
    let layer = |name: &str, burst| {
        let policy = Policy { name: name.into(), calls: 1, per: SECOND * 3, burst, ..Policy::default() };
        RateLimitLayer::new(policy).expect("a policy in its ranges")
    };
    let mut service = layer("outer", 9).layer(layer("inner", 1).layer(Server::default()));
    call(&mut service).await.expect("an answer");
    tokio::time::advance(SECOND / 2).await;
    let refused = refusal(call(&mut service).await);
    assert_eq!(refused.retry_after_seconds(), Some(3));
    let fields = refused.header_fields().expect("fields");
    let told = |name: &str| fields.get_all(name).iter().cloned().collect::<Vec<_>>();
    assert_eq!(told("ratelimit"), [r#""inner";r=0;t=3"#, r#""outer";r=7;t=6"#]);
    assert_eq!(told("ratelimit-policy"), [r#""inner";q=1;w=3"#, r#""outer";q=9;w=27"#]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_where_the_policy_has_it_so_or_there_is_no_limit() {
    let quiet = RateLimitLayer::new(Policy { headers: false, ..policy() }).expect("a policy in its ranges");
    let mut server = quiet.layer(Server::default());
    assert!(call(&mut server).await.expect("an answer").headers().is_empty());
    while call(&mut server).await.is_ok() {}
    assert_eq!(refusal(call(&mut server).await).header_fields(), None);
    let exempt = RateLimitLayer::by(policy(), |_: &Request<()>| None::<u8>).expect("a policy in its ranges");
    assert!(call(&mut exempt.layer(Server::default())).await.expect("an answer").headers().is_empty());
}
