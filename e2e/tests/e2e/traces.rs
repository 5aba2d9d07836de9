//! One order is one trace, from the client's request to the outcome.

use chassis::client::Call;
use contracts::{
    Style,
    ordering::{Order, OrderStatus},
    outside::simulators::{ChangeFaults, ChangeSettings},
};
use test_support::collector::{Behaviour, Collector, Span, Tree};

use crate::{
    client::Client,
    patience::until,
    process::{Process, Up, free_port, terminate},
    shop::{offer, register},
    story::{Step, Story},
};

/// The styles of which it is known what an order's trace has; that of `event-sourcing` is still to be written down.
const STYLES: [Style; 4] = [Style::Rest, Style::Messaging, Style::Notification, Style::StateTransfer];

/// The client's own span, below which everything else is.
const CLIENT_SPAN: &str = "00f067aa0ba902b7";

/// A trace of the client's for each number.
fn trace_id(number: usize) -> String {
    format!("4bf92f3577b34da6a3ce929d{number:08x}")
}

fn traceparent(number: usize) -> String {
    format!("00-{}-{CLIENT_SPAN}-01", trace_id(number))
}

/// What has a process send spans to `endpoint`, soon after they have ended.
fn to(endpoint: String, protocol: &str) -> Vec<(&'static str, String)> {
    vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
        ("OTEL_BSP_SCHEDULE_DELAY", "20".to_owned()),
    ]
}

/// A client that orders tea, one after the other.
struct Shopper {
    client: Client,
    style: Style,
    customer: String,
}

impl Shopper {
    async fn new(client: &Client, style: Style) -> Self {
        let customer = register(client, style, "ludwig", 1_000_000).await;
        offer(client, style, "TEA", 1000).await;
        Self { client: client.clone(), style, customer }
    }

    /// Does these things in the client's trace of this number.
    async fn begin(&self, number: usize, steps: &[Step]) -> Story {
        let name = format!("{}-{number}", self.style);
        let mut story = Story::new(&name, self.style, &self.customer, "TEA", steps);
        story.go_on(&self.client.within(&traceparent(number))).await.unwrap();
        story
    }

    async fn order(&self, number: usize) -> Order {
        self.begin(number, &[Step::Create { place: true }]).await.end(&self.client).await
    }
}

/// A tree that has at least these spans: services, names, and how many.
fn with(expected: &[(&str, &str, usize)]) -> impl FnMut(Vec<Span>) -> Result<Tree, String> {
    move |spans| {
        let tree = Tree::below(CLIENT_SPAN, spans)?;
        let count = |service: &str, name: &str| {
            tree.named(name).into_iter().filter(|span| span.service() == service).count()
        };
        match expected.iter().find(|(service, name, at_least)| count(service, name) < *at_least) {
            Some(missing) => Err(format!("without {missing:?}:\n{tree}")),
            None => Ok(tree),
        }
    }
}

/// Every step of an order that is completed, where services call each other.
const BY_CALLS: &[(&str, &str, usize)] = &[
    ("gateway", "POST /rest/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("warehouse", "GET /v1/products/{sku}", 1),
    ("ordering", "place_order reserve_credit", 1),
    ("customers", "PUT /internal/reservations/{order_id}", 1),
    ("ordering", "place_order reserve_stock", 1),
    ("warehouse", "PUT /internal/reservations/{order_id}", 1),
    ("ordering", "place_order ship", 1),
    ("shipping", "PUT /internal/shipments/{order_id}", 1),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send ordering.replies", 1),
    ("ordering", "place_order take_stock_out", 1),
    ("warehouse", "POST /internal/reservations/{order_id}/departure", 1),
    ("ordering", "place_order bill", 1),
    ("billing", "PUT /internal/invoices/{order_id}", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send ordering.replies", 1),
    ("ordering", "POST /internal/replies", 2),
    ("ordering", "place_order settle_credit", 1),
    ("customers", "POST /internal/reservations/{order_id}/settlement", 1),
];

/// The same, where they send each other messages.
const BY_MESSAGES: &[(&str, &str, usize)] = &[
    ("gateway", "POST /messaging/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("ordering", "send warehouse.quotes", 1),
    ("warehouse", "process warehouse.quotes", 1),
    ("ordering", "send customers.commands", 2),
    ("customers", "process customers.commands", 2),
    ("customers", "send ordering.replies", 2),
    ("ordering", "send warehouse.commands", 2),
    ("warehouse", "process warehouse.commands", 2),
    ("warehouse", "send ordering.replies", 2),
    ("ordering", "send shipping.commands", 1),
    ("shipping", "process shipping.commands", 1),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send ordering.replies", 1),
    ("ordering", "send billing.commands", 1),
    ("billing", "process billing.commands", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send ordering.replies", 1),
    ("ordering", "process ordering.replies", 6),
    ("ordering", "send ordering.events", 3),
    ("customers", "send customers.events", 2),
    ("warehouse", "send warehouse.events", 2),
    ("shipping", "send shipping.events", 3),
    ("billing", "send billing.events", 3),
];

/// The same, where everybody reacts to what the others report, and asks for what that leaves out.
const BY_NOTICES: &[(&str, &str, usize)] = &[
    ("gateway", "POST /notification/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("warehouse", "GET /v1/products/{sku}", 1),
    ("customers", "process ordering.events", 1),
    ("ordering", "GET /v1/orders/{id}", 1),
    ("ordering", "process customers.reports", 2),
    ("customers", "GET /internal/reports/{order_id}", 1),
    ("shipping", "process warehouse.reports", 1),
    ("customers", "GET /v1/customers/{id}", 1),
    ("customers", "send customers.reports", 2),
    ("warehouse", "process customers.reports", 1),
    ("warehouse", "send warehouse.reports", 2),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send shipping.reports", 1),
    ("warehouse", "process shipping.reports", 1),
    ("billing", "process shipping.reports", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send billing.reports", 1),
    ("customers", "process billing.reports", 1),
    ("ordering", "process warehouse.reports", 2),
    ("ordering", "process shipping.reports", 1),
    ("ordering", "process billing.reports", 1),
    ("ordering", "send ordering.events", 3),
];

/// The same, where what the others report says everything.
const BY_STATES: &[(&str, &str, usize)] = &[
    ("gateway", "POST /state-transfer/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("ordering", "send ordering.events", 3),
    ("customers", "process ordering.events", 3),
    ("warehouse", "process ordering.events", 3),
    ("shipping", "process ordering.events", 3),
    ("billing", "process ordering.events", 3),
    ("customers", "send customers.reports", 2),
    ("ordering", "process customers.reports", 2),
    ("warehouse", "process customers.reports", 1),
    ("warehouse", "send warehouse.reports", 2),
    ("shipping", "process warehouse.reports", 1),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send shipping.reports", 1),
    ("warehouse", "process shipping.reports", 1),
    ("billing", "process shipping.reports", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send billing.reports", 1),
    ("customers", "process billing.reports", 1),
    ("ordering", "process warehouse.reports", 2),
    ("ordering", "process shipping.reports", 1),
    ("ordering", "process billing.reports", 1),
];

fn steps_of(style: Style) -> &'static [(&'static str, &'static str, usize)] {
    match style {
        Style::Rest => BY_CALLS,
        Style::Messaging => BY_MESSAGES,
        Style::Notification => BY_NOTICES,
        Style::StateTransfer => BY_STATES,
        // It is not among them.
        Style::EventSourcing => &[],
    }
}

/// How the money was collected: from the provider up to the client's request.
fn path_to_the_charge(style: Style) -> Vec<String> {
    let asking: &[_] = match style {
        Style::Rest => {
            &["billing: PUT /internal/invoices/{order_id}", "ordering: PUT", "ordering: place_order bill"]
        }
        Style::Messaging => &["billing: process billing.commands", "ordering: send billing.commands"],
        // Each reacted to the one before it.
        _ => &[
            "billing: process shipping.reports",
            "shipping: send shipping.reports",
            "shipping: book",
            "shipping: process warehouse.reports",
            "warehouse: send warehouse.reports",
            "warehouse: process customers.reports",
            "customers: send customers.reports",
            "customers: process ordering.events",
            "ordering: send ordering.events",
        ],
    };
    let below = ["simulators: POST /v1/charges", "billing: POST", "billing: charge"];
    let gateway = format!("gateway: POST /{style}/v1/orders");
    let above = ["ordering: POST /v1/orders", "gateway: POST", &gateway];
    below.iter().chain(asking).chain(&above).map(|name| (*name).to_owned()).collect()
}

/// What is so of every span of an order.
fn check(tree: &Tree, style: Style, order: &Order) {
    for span in tree.spans() {
        let kind = match span.name.split_once(' ') {
            Some(("send", _)) => "PRODUCER",
            Some(("process", _)) => "CONSUMER",
            Some((_, rest)) if rest.starts_with('/') => "SERVER",
            None if matches!(&*span.name, "GET" | "PUT" | "POST" | "DELETE") => "CLIENT",
            _ => "INTERNAL",
        };
        assert_eq!(span.kind, kind, "{span:#?}");
        // A fat message may come before a copy that it needs; then it waits, and is handled again.
        let may_wait = style == Style::StateTransfer && kind == "CONSUMER";
        assert!((!span.is_error || may_wait) && span.ended >= span.began, "{span:#?}");
        let of = if span.service() == "gateway" { "all" } else { style.as_str() };
        assert_eq!(span.resource["service.namespace"], of, "{span:#?}");
        assert_eq!(span.resource["telemetry.sdk.language"], "rust");
        let of_others = ["quotes", "customers.events", "warehouse.events"];
        // Views follow everything, and do nothing about an order.
        let is_of_others =
            span.service() == "views" || of_others.iter().any(|topic| span.name.ends_with(topic));
        if matches!(kind, "CONSUMER" | "INTERNAL") && !is_of_others {
            assert_eq!(span.attribute("order.id"), order.id.to_string(), "{span:#?}");
        }
        // No id has letters such as these.
        let said = format!("{:?}", span.attributes);
        assert!(!said.contains("ludwig") && !said.contains("James"), "{span:#?}");
    }
    let instances: std::collections::BTreeSet<_> =
        tree.spans().iter().map(|span| &span.resource["service.instance.id"]).collect();
    assert_eq!(instances.len(), 1, "one process");
    let services = ["billing", "customers", "gateway", "ordering", "shipping", "simulators", "warehouse"];
    let shown = tree.services().into_iter().filter(|service| *service != "views");
    assert_eq!(shown.collect::<std::collections::BTreeSet<_>>(), services.into());
}

#[tokio::test]
async fn an_order_is_one_trace_from_the_clients_request_to_the_outcome() {
    for protocol in ["grpc", "http/protobuf"] {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let collector = Collector::start();
        let mut process = Up { variables: to(collector.endpoint(), protocol), ..Up::on(&data) }.start();
        let client = Client::new().of(process.gateway());
        process.ready(&client).await;
        // No level of the log keeps a span from its trace.
        let level = format!("{}/log-level", process.admin());
        let silent = Call::new(axum::http::Method::PUT, level).body("off");
        assert!(client.http().send(silent).await.unwrap().is_success());
        for (number, style) in STYLES.into_iter().enumerate() {
            let order = Shopper::new(&client, style).await.order(number).await;
            assert_eq!(order.status, OrderStatus::Completed);
            let tree = collector.until(&trace_id(number), with(steps_of(style))).await;
            check(&tree, style, &order);
            let charge = tree.named("POST /v1/charges")[0];
            assert_eq!(tree.path(charge), path_to_the_charge(style), "{tree}");
        }
        assert!(terminate(&mut process).await.success(), "{}", process.log());
    }
}

#[tokio::test]
async fn the_undoing_of_an_order_is_in_its_trace() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let collector = Collector::start();
    let mut process = Up { variables: to(collector.endpoint(), "grpc"), ..Up::on(&data) }.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    for (number, style) in STYLES.into_iter().enumerate() {
        let shopper = Shopper::new(&client, style).await;
        let refuses = ChangeSettings { refuse_rate: Some(1.0), ..ChangeSettings::default() };
        carrier(&client, &process, style, &refuses).await;
        let order = shopper.order(number).await;
        assert_eq!(order.status, OrderStatus::Cancelled);
        let undone: &[_] = match style {
            Style::Rest => &[
                ("shipping", "DELETE /internal/shipments/{order_id}", 1),
                ("warehouse", "DELETE /internal/reservations/{order_id}", 1),
                ("customers", "DELETE /internal/reservations/{order_id}", 1),
                ("ordering", "place_order reserve_credit/undo", 1),
            ],
            Style::Notification | Style::StateTransfer | Style::EventSourcing => &[
                ("ordering", "process shipping.reports", 1),
                ("shipping", "process ordering.events", 1),
                ("warehouse", "process shipping.reports", 2),
                ("customers", "process warehouse.reports", 2),
                ("ordering", "process customers.reports", 2),
            ],
            Style::Messaging => &[
                ("shipping", "process shipping.commands", 2),
                ("warehouse", "process warehouse.commands", 2),
                ("customers", "process customers.commands", 2),
                ("ordering", "process ordering.replies", 6),
            ],
        };
        let tree = collector.until(&trace_id(number), with(undone)).await;
        // To the one who asks a refusal is an error, to the one who refuses it is none.
        let booking = tree.named("POST /v1/bookings")[0];
        assert!(!booking.is_error && tree.parent(booking).unwrap().is_error, "{tree}");
    }
}

/// A cancel is a request of its own, in a trace of its own, that has a part in the order's.
#[tokio::test]
async fn a_cancel_is_linked_to_the_trace_of_the_order() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let collector = Collector::start();
    let mut process = Up { variables: to(collector.endpoint(), "grpc"), ..Up::on(&data) }.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    for (number, style) in STYLES.into_iter().enumerate() {
        let shopper = Shopper::new(&client, style).await;
        // While the carrier is away the order waits for it, and a cancel is let in.
        carrier(&client, &process, style, &down(true)).await;
        let mut story = shopper.begin(number, &[Step::Create { place: true }]).await;
        story.steps.push(Step::Cancel);
        story.go_on(&client.within(&traceparent(number + 100))).await.unwrap();
        carrier(&client, &process, style, &down(false)).await;
        story.end(&client).await;

        let linked = |spans: Vec<Span>| {
            let cancel = spans.iter().find(|span| span.name == "POST /v1/orders/{id}/cancel").cloned();
            cancel.filter(|cancel| !cancel.links.is_empty()).ok_or(format!("{spans:#?}"))
        };
        let cancel = collector.until(&trace_id(number + 100), linked).await;
        let tree = collector.until(&trace_id(number), |spans| Tree::below(CLIENT_SPAN, spans)).await;
        let placed = tree.named("POST /v1/orders")[0];
        assert_eq!(cancel.links, [&*placed.span_id], "{tree}");
    }
}

#[tokio::test]
async fn what_goes_on_after_a_kill_goes_on_in_the_same_trace() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let collector = Collector::start();
    let up = Up { variables: to(collector.endpoint(), "http/protobuf"), ..Up::on(&data) };
    let mut process = up.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    let mut stories = Vec::new();
    for (number, style) in STYLES.into_iter().enumerate() {
        let shopper = Shopper::new(&client, style).await;
        carrier(&client, &process, style, &down(true)).await;
        stories.push(shopper.begin(number, &[Step::Create { place: true }]).await);
        // The carrier was asked, so everything that it takes to ask has come to the collector or soon will have.
        let asked = with(&[("shipping", "book", 1), ("ordering", "POST /v1/orders", 1)]);
        collector.until(&trace_id(number), asked).await;
        // What is published beside that may be on its way still.
        if style.is_choreographed() {
            collector.until(&trace_id(number), with(TOLD_BEFORE_THE_CARRIER)).await;
        }
    }
    process.kill();

    let mut process = up.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    for (number, (style, story)) in STYLES.into_iter().zip(stories).enumerate() {
        carrier(&client, &process, style, &down(false)).await;
        assert_eq!(story.end(&client).await.status, OrderStatus::Completed);
        let steps = steps_of(style);
        let tree = collector.until(&trace_id(number), |spans| with(steps)(without_the_dead(spans))).await;
        let lives: std::collections::BTreeSet<_> =
            tree.spans().iter().map(|span| &span.resource["service.instance.id"]).collect();
        assert_eq!(lives.len(), 2, "{tree}");
    }
}

/// What everybody has told when the carrier is being asked.
const TOLD_BEFORE_THE_CARRIER: &[(&str, &str, usize)] = &[
    ("ordering", "send ordering.events", 3),
    ("customers", "send customers.reports", 1),
    ("customers", "send customers.events", 1),
    ("warehouse", "send warehouse.reports", 1),
    ("warehouse", "send warehouse.events", 1),
    ("shipping", "send shipping.events", 2),
];

/// Without spans below one that was under way when its process was killed: nobody could send that any more.
fn without_the_dead(mut spans: Vec<Span>) -> Vec<Span> {
    let Some(first) = spans.iter().min_by_key(|span| span.began).cloned() else { return spans };
    loop {
        let ids: Vec<_> = spans.iter().map(|span| span.span_id.clone()).collect();
        let before = spans.len();
        spans.retain(|span| {
            let is_alive = span.resource["service.instance.id"] != first.resource["service.instance.id"];
            is_alive || span.parent_span_id == CLIENT_SPAN || ids.contains(&span.parent_span_id)
        });
        if spans.len() == before {
            return spans;
        }
    }
}

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
            for (number, style) in STYLES.into_iter().enumerate() {
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
    for style in STYLES {
        let shopper = Shopper::new(&client, style).await;
        let mut story =
            Story::new("unsampled", style, &shopper.customer, "TEA", &[Step::Create { place: true }]);
        story.go_on(&client).await.unwrap();
        assert_eq!(story.end(&client).await.status, OrderStatus::Completed);
    }
    // A client's own trace is recorded nevertheless, and shows that nothing came before it.
    let _: Order = Shopper::new(&client, Style::Rest).await.order(1).await;
    collector.until(&trace_id(1), with(BY_CALLS)).await;
    assert!(collector.spans().iter().all(|span| span.trace_id == trace_id(1)));
}

fn down(down: bool) -> ChangeSettings {
    let faults = ChangeFaults { down: Some(down), ..ChangeFaults::default() };
    ChangeSettings { faults, ..ChangeSettings::default() }
}

/// Tells the carrier how to behave.
async fn carrier(client: &Client, process: &Process, style: Style, change: &ChangeSettings) {
    let url = format!("{}/{style}/simulators/simulators/carrier", process.admin());
    let answer = client.http().send(Call::put(url).json(change).unwrap()).await.unwrap();
    assert!(answer.is_success(), "{answer:?}");
}
