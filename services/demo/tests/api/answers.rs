//! Who answers, and how long a stream is.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::rig::demo;

#[tokio::test(start_paused = true)]
async fn every_answer_says_version_and_colour() {
    let rig = demo("{}");
    let answer = rig.get("/").await;
    assert_eq!(answer.json::<Value>().unwrap(), json!({"version": "2", "color": "green", "pod": "demo-1"}));
    for path in ["/", "/stream?seconds=0", "/stream?seconds=61", "/nowhere"] {
        let headers = rig.get(path).await.headers;
        assert_eq!(headers["x-version"], "2", "{path}");
        assert_eq!(headers["x-color"], "green", "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_ten_lines_a_second_for_as_long_as_was_asked() {
    let (rig, began) = (demo("{}"), Instant::now());
    let answer = rig.get("/stream?seconds=3").await;
    assert_eq!(answer.body, "2 green\n".repeat(30));
    assert_eq!((began.elapsed().as_secs(), answer.headers.get("connection")), (3, None));
    assert_eq!(rig.get("/stream?seconds=61").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_may_outlive_the_server_says_that_it_is_the_last_of_its_connection() {
    assert_eq!(demo("{}").get("/stream?seconds=5").await.headers["connection"], "close");
}

#[tokio::test(start_paused = true)]
async fn the_admin_port_tells_what_is_left_and_how_the_ways_to_others_are() {
    let rig = demo("{}");
    let (status, left) = rig.admin("/drain").await;
    assert_eq!((status, &left["in_flight"]), (200, &json!(0)));
    assert_eq!(rig.admin("/mesh").await.1["breakers"], json!([]));
}
