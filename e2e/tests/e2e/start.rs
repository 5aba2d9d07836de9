//! The first moments of the system.

use contracts::{Style, ordering::OrderStatus};
use tokio::time::Instant;

use crate::{
    client::Client,
    process::Up,
    report::report,
    shop::{offer, register},
    story::{Step, Story},
};

/// How fast depends on the machine and on what else it does, so that it is told, not judged.
#[tokio::test]
async fn a_first_order_is_completed_after_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    for (name, what) in [("first", "an empty directory"), ("second", "what the first has left")] {
        let begun = Instant::now();
        let mut process = Up::on(&data).start();
        let client = Client::new().of(process.gateway());
        process.ready(&client).await;
        report(format_args!("start on {what}: ready after {:.0?}", begun.elapsed()));
        for style in Style::ALL {
            let begun = Instant::now();
            order(&client, style, name).await;
            report(format_args!(
                "start on {what}: an order of `{style}` completed after {:.0?}",
                begun.elapsed()
            ));
        }
        process.kill();
    }
}

#[tokio::test]
async fn the_second_of_two_on_one_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::on(directory.path());
    let mut first = up.start();
    let client = Client::new().of(first.gateway());
    first.ready(&client).await;

    let mut second = up.start();
    assert_eq!(second.ended().await.code(), Some(2), "{}", second.log());
    let reason =
        format!("the data directory `{}` is in use by process {}", directory.path().display(), first.id());
    assert!(second.log().contains(&reason), "{}", second.log());
    assert_eq!(first.unready(&client).await, Ok(vec![]));
    order(&client, Style::Rest, "undisturbed").await;
}

async fn order(client: &Client, style: Style, name: &str) {
    let customer = register(client, style, "ada", 1_000_000).await;
    offer(client, style, "TEA", 100).await;
    let mut story = Story::new(name, style, &customer, "TEA", &[Step::Create { place: true }]);
    story.go_on(client).await.unwrap();
    assert_eq!(story.end(client).await.status, OrderStatus::Completed);
}
