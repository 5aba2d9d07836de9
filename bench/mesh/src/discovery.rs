//! How long it takes until a change of a Service's endpoints is a new set, and a scrape of many layers.

use mesh::{
    circuit_breaker::{Builder, Policy},
    classify::Http,
    discovery::{
        Family,
        kubernetes::{EndpointSlice, Metadata, Port, SliceEndpoint, SlicePort, Slices},
    },
    telemetry::{Shown, Telemetry, Transitions},
};
use tokio::time::Instant;

use crate::{
    Failure,
    compare::Section,
    report::{Goal, Row},
};

/// What is rare is measured by itself, so many times.
const TIMES: usize = 201;

pub(crate) fn section() -> Result<Section, Failure> {
    let slices: Vec<EndpointSlice> = (0..10).map(slice).collect();
    let mut all = Slices::new(Port::Only, Family::Ipv4);
    all.replace(&slices);
    let change = micros(|turn| {
        let changed = slices.get(turn % 10).map(|slice| all.apply(slice));
        (changed, all.endpoints())
    });
    let (telemetry, shown) = telemetry()?;
    let scrape = micros(|_| telemetry.families());
    drop(shown);
    let rows = vec![
        Row::new("a slice of ten changes, until 1,000 endpoints are a set", &change)
            .unit("µs")
            .goals(&[Goal::Nanos(1_000.0)]),
        Row::new("a scrape of 100 circuit breakers", &scrape).unit("µs"),
    ];
    Ok(Section { rows, ..Section::new("Endpoints and telemetry, each time", vec![]) })
}

/// A hundred endpoints in a network of their own.
fn slice(number: u8) -> EndpointSlice {
    let endpoint = |host: u8| SliceEndpoint {
        addresses: vec![format!("10.0.{number}.{host}")],
        zone: Some("eu-1a".to_owned()),
        ..SliceEndpoint::default()
    };
    EndpointSlice {
        metadata: Metadata { name: format!("orders-{number}"), ..Metadata::default() },
        address_type: "IPv4".to_owned(),
        endpoints: (0..100).map(endpoint).collect(),
        ports: vec![SlicePort { port: Some(8080), ..SlicePort::default() }],
    }
}

fn telemetry() -> Result<(Telemetry, Vec<Shown>), Failure> {
    let telemetry = Telemetry::default();
    let show = |number: u8| {
        let target = format!("10.0.0.{number}:8080");
        let transitions = Transitions::of("orders", &target);
        let builder = Builder::new(Policy::default()).on_transition(transitions.observer());
        let handle = builder.build(Http::new())?.handle();
        Ok(telemetry.show("orders", &target, transitions.and(handle)))
    };
    let shown = (0..100).map(show).collect::<Result<_, Failure>>()?;
    Ok((telemetry, shown))
}

/// Microseconds of each time.
fn micros<T>(mut once: impl FnMut(usize) -> T) -> Vec<f64> {
    let timed = |turn| {
        let begun = Instant::now();
        std::hint::black_box(once(turn));
        begun.elapsed().as_secs_f64() * 1e6
    };
    (0..TIMES).map(timed).collect()
}
