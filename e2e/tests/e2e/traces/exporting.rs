//! Traces leave the process, or do not, and it goes on.

use chassis::client::Call;
use contracts::{
    Style,
    ordering::{Order, OrderStatus},
};
use test_support::collector::{Behaviour, Collector};

use super::{
    shopper::{Shopper, to, trace_id},
    steps::{self, with},
};
use crate::{
    client::Client,
    patience::until,
    process::{Process, Up, free_port, terminate},
    story::{Step, Story},
};

#[tokio::test]
async fn a_collector_that_is_away_or_hangs_changes_no_answer_and_is_counted() {
    let collector = Collector::start();
    collector.behave(Behaviour::Hangs);
    let away = format!("http://127.0.0.1:{}", free_port());
    for endpoint in [away, collector.endpoint()] {
        for protocol in ["grpc", "http/protobuf"] {
            let directory = tempfile::tempdir().unwrap();
            let data = directory.path().join("data");
            let mut variables = to(endpoint.clone(), protocol);
            variables.push(("OTEL_EXPORTER_OTLP_TIMEOUT", "50".to_owned()));
            let mut process = Up { variables, ..Up::on(&data) }.start();
            let client = Client::new().of(process.gateway());
            process.ready(&client).await;
            for (number, style) in Style::ALL.into_iter().enumerate() {
                let order = Shopper::new(&client, style).await.order(number).await;
                assert_eq!(order.status, OrderStatus::Completed);
            }
            let counted = async || match dropped(&client, &process).await {
                0 => Err("none"),
                _ => Ok(()),
            };
            until("spans that were dropped", counted).await;
            assert!(terminate(&mut process).await.success(), "{}", process.log());
        }
    }
    assert!(collector.spans().is_empty());
}

/// How many spans every App together could not send.
async fn dropped(client: &Client, process: &Process) -> u64 {
    let metrics = client.http().send(Call::get(format!("{}/metrics", process.admin()))).await.unwrap();
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    let series = text.lines().filter(|line| line.starts_with(r#"spans_dropped_total{reason="not_sent""#));
    series.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn where_no_trace_is_sampled_none_is_exported() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let collector = Collector::start();
    let mut variables = to(collector.endpoint(), "grpc");
    variables.push(("OTEL_TRACES_SAMPLER", "parentbased_traceidratio".to_owned()));
    variables.push(("OTEL_TRACES_SAMPLER_ARG", "0".to_owned()));
    let mut process = Up { variables, ..Up::on(&data) }.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    for style in Style::ALL {
        let shopper = Shopper::new(&client, style).await;
        let mut story =
            Story::new("unsampled", style, &shopper.customer, "TEA", &[Step::Create { place: true }]);
        story.go_on(&client).await.unwrap();
        assert_eq!(story.end(&client).await.status, OrderStatus::Completed);
    }
    // A client's own trace is recorded nevertheless, and shows that nothing came before it.
    let _: Order = Shopper::new(&client, Style::Rest).await.order(1).await;
    collector.until(&trace_id(1), with(steps::of_a_completed_order(Style::Rest))).await;
    assert!(collector.spans().iter().all(|span| span.trace_id == trace_id(1)));
}
