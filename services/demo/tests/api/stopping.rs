//! That nothing is lost when it stops: unready first, then every answer ends its connection, and only then it closes.

use std::{future::ready, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    time::{Instant, advance, sleep, timeout},
};

use crate::rig::{ask, demo, rest};

#[tokio::test(start_paused = true)]
async fn for_five_seconds_every_answer_ends_its_connection_and_new_ones_are_taken() {
    let rig = demo("{}");
    let (network, authority) = (rig.platform.network.clone(), rig.app.address().to_string());
    let mut kept = rig.connect().await;
    assert!(!ask(&mut kept).await.contains("connection: close"));
    let began = Instant::now();
    let stopping = tokio::spawn(rig.app.run_until(ready(())));
    sleep(Duration::from_millis(1)).await;
    assert!(ask(&mut kept).await.contains("connection: close"));
    assert_eq!(rest(&mut kept).await, "", "closed behind the answer");
    sleep(Duration::from_millis(4900)).await;
    let mut late = network.connect(&authority).await.unwrap();
    assert!(ask(&mut late).await.contains("connection: close"));
    assert!(stopping.await.unwrap().is_clean());
    assert_eq!(began.elapsed().as_secs(), 5);
    assert!(network.connect(&authority).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn it_is_unready_before_anything_else_is() {
    let rig = demo("{}");
    let (client, admin) = (rig.client(), rig.admin_url("/readyz"));
    let stopping = tokio::spawn(rig.app.run_until(ready(())));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(client.send(chassis::client::Call::get(admin)).await.unwrap().status, 503);
    assert!(!stopping.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_begun_is_brought_to_its_end() {
    let rig = demo("{}");
    let mut streaming = rig.connect().await;
    streaming.write_all(b"GET /stream?seconds=12 HTTP/1.1\r\nhost: demo\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(1)).await;
    let stopping = tokio::spawn(rig.app.run_until(ready(())));
    let answer = rest(&mut streaming).await;
    assert_eq!(answer.matches("2 green\n").count(), 120, "{answer}");
    assert!(stopping.await.unwrap().is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_used_ends_by_itself_within_33_seconds() {
    let rig = demo("{}");
    let (mut kept, began) = (rig.connect().await, Instant::now());
    while !ask(&mut kept).await.contains("connection: close") {
        advance(Duration::from_millis(500)).await;
    }
    assert!((27..=33).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert!(timeout(Duration::from_secs(1), rest(&mut kept)).await.is_ok());
}
