//! Many slices, one set: whatever comes in whatever order.

use std::collections::BTreeMap;

use mesh::discovery::{
    Family,
    kubernetes::{EndpointSlice, Port, Service, Slices},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn slice(name: &str, endpoints: Value) -> EndpointSlice {
    let ports = json!([{"name": "http", "port": 8080, "protocol": "TCP"}]);
    read(json!({"metadata": {"name": name}, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}))
}

fn read(slice: Value) -> EndpointSlice {
    serde_json::from_value(slice).expect("a slice")
}

fn with(slices: &[EndpointSlice]) -> Slices {
    of_port(Port::Named("http".into()), slices)
}

fn of_port(port: Port, slices: &[EndpointSlice]) -> Slices {
    let mut all = Slices::new(port, Family::Ipv4);
    all.replace(slices);
    all
}

/// kuberesolver#66: one slice was taken for the whole, which ended at 100 endpoints.
#[test]
fn all_slices_of_a_service_are_its_endpoints() {
    let hundred = |name: &str, network: u8| {
        let endpoints: Vec<_> =
            (0..100).map(|host| json!({"addresses": [format!("10.0.{network}.{host}")]})).collect();
        slice(name, endpoints.into())
    };
    let mut slices = with(&[hundred("orders-a", 1), hundred("orders-b", 2)]);
    assert_eq!(slices.endpoints().len(), 200);
    slices.apply(&hundred("orders-c", 3));
    assert_eq!(slices.endpoints().len(), 300, "another slice takes nothing away");
    slices.remove("orders-a");
    assert_eq!(slices.endpoints().len(), 200);
}

#[test]
fn absent_conditions_are_as_kubernetes_has_them() {
    let mut expected = vec![];
    let mut endpoints = vec![];
    let told = [None, Some(false), Some(true)];
    for ready in told {
        for serving in told {
            for terminating in told {
                let address = format!("10.0.0.{}", endpoints.len());
                let conditions = json!({"ready": ready, "serving": serving, "terminating": terminating});
                endpoints.push(json!({"addresses": [address], "conditions": conditions}));
                expected.push(match (ready, serving, terminating) {
                    (None | Some(true), _, _) => Condition::Ready,
                    (Some(false), None | Some(true), Some(true)) => Condition::Leaving,
                    _ => Condition::NotReady,
                });
            }
        }
    }
    let mut set: Vec<_> = with(&[slice("orders-a", endpoints.into())]).endpoints().to_vec();
    set.sort_by_key(|endpoint| match endpoint.address {
        SocketAddr::V4(address) => address.ip().octets()[3],
        SocketAddr::V6(_) => 0,
    });
    assert_eq!(set.iter().map(|endpoint| endpoint.condition).collect::<Vec<_>>(), expected);
}

#[test]
fn null_and_what_is_unknown_do_no_harm() {
    let bare =
        json!({"metadata": {"name": "orders-a"}, "addressType": "IPv4", "endpoints": null, "ports": null});
    assert!(with(&[read(bare)]).endpoints().is_empty());
    let strange = json!([
        {"addresses": ["10.0.0.1", "10.0.0.9"], "conditions": null, "hints": null, "zone": null, "nodeName": "n1"},
        {"addresses": ["10.0.0.2"], "hints": {"forZones": [{"name": "a"}], "forNodes": [{"name": "n1"}]}, "zone": "b"},
        {"addresses": null},
        {"addresses": ["orders.example.org"]},
    ]);
    let slices = with(&[slice("orders-a", strange)]);
    let set = slices.endpoints();
    assert_eq!(ready(&set), ["10.0.0.1:8080", "10.0.0.2:8080"]);
    assert_eq!(set[1], endpoint("10.0.0.2:8080", Condition::Ready, "b", &["a"]));
    assert_eq!(slices.unusable(), 2);
}

#[test]
fn slices_of_names_are_not_taken() {
    let mut names = slice("orders-a", json!([{"addresses": ["10.0.0.1"]}]));
    names.address_type = "FQDN".into();
    let slices = with(&[names]);
    assert!(slices.endpoints().is_empty());
    assert_eq!(slices.unusable(), 1);
}

#[test]
fn a_port_is_found_by_its_name_in_each_slice_by_its_number_or_alone() {
    let of = |name: &str, host: u8, ports: Value| {
        let endpoints = json!([{"addresses": [format!("10.0.0.{host}")]}]);
        EndpointSlice { ports: serde_json::from_value(ports).expect("ports"), ..slice(name, endpoints) }
    };
    let two = [
        of("orders-a", 1, json!([{"name": "http", "port": 8080}, {"name": "admin", "port": 9090}])),
        of("orders-b", 2, json!([{"name": "http", "port": 8081}])),
        of(
            "orders-c",
            3,
            json!([{"name": "http", "port": 8081, "protocol": "UDP"}, {"name": "http", "port": null}]),
        ),
    ];
    let addresses = |port: Port| {
        let slices = of_port(port, &two);
        (ready(&slices.endpoints()), slices.unusable())
    };
    let http = vec!["10.0.0.1:8080".to_owned(), "10.0.0.2:8081".to_owned()];
    assert_eq!(addresses(Port::Named("http".into())), (http, 1));
    assert_eq!(addresses(Port::Number(9090)), (vec!["10.0.0.1:9090".to_owned()], 2));
    assert_eq!(addresses(Port::Only), (vec!["10.0.0.2:8081".to_owned()], 2));
    assert_eq!(addresses(Port::Named("grpc".into())), (vec![], 3));
    let nameless = of("orders-a", 1, json!([{"port": 80}]));
    assert_eq!(ready(&of_port(Port::Named(String::new()), &[nameless]).endpoints()), ["10.0.0.1:80"]);
}

#[test]
fn an_endpoint_in_two_slices_is_one_as_that_slice_has_it_in_which_it_can_do_more() {
    let old =
        slice("orders-a", json!([{"addresses": ["10.0.0.1"], "conditions": {"ready": false}, "zone": "a"}]));
    let new =
        slice("orders-b", json!([{"addresses": ["10.0.0.1"], "conditions": {"ready": true}, "zone": "b"}]));
    let both = with(&[old.clone(), new.clone()]).endpoints();
    assert_eq!(*both, [endpoint("10.0.0.1:8080", Condition::Ready, "b", &[])]);
    let mut moved = with(&[old, new]);
    moved.remove("orders-a");
    assert_eq!(moved.endpoints(), both);
}

#[test]
fn a_pod_with_addresses_of_both_families_is_one_endpoint() {
    let ipv4 = slice("orders-a", json!([{"addresses": ["10.0.0.1"]}]));
    let mut ipv6 = slice("orders-b", json!([{"addresses": ["fd00::1"]}]));
    ipv6.address_type = "IPv6".into();
    assert_eq!(ready(&with(&[ipv4.clone(), ipv6.clone()]).endpoints()), ["10.0.0.1:8080"]);
    assert_eq!(ready(&with(&[ipv6.clone()]).endpoints()), ["[fd00::1]:8080"]);
    let mut preferred = Slices::new(Port::Only, Family::Ipv6);
    preferred.replace(&[ipv4, ipv6]);
    assert_eq!(ready(&preferred.endpoints()), ["[fd00::1]:8080"]);
}

#[test]
fn a_service_is_read_from_a_configuration_and_its_name_is_checked() {
    let service = |text: Value| serde_json::from_value::<Service>(text).expect("a service");
    let full = service(json!({"namespace": "shop", "name": "orders", "port": "http", "family": "ipv6"}));
    assert_eq!(full.port, Port::Named("http".into()));
    assert_eq!(service(json!({"name": "orders", "port": 8080})).port, Port::Number(8080));
    let least = service(json!({"name": "orders"}));
    assert_eq!((least.namespace.as_str(), least.port.clone()), ("default", Port::Only));
    least.validate().expect("a service in its ranges");
    let wrong = service(json!({"namespace": "../kube-system", "name": "orders,x=y", "port": 0}));
    let invalid = wrong.validate().expect_err("three fields");
    let fields: Vec<_> = invalid.problems().iter().filter_map(|text| text.split(':').next()).collect();
    assert_eq!(fields, ["`namespace`", "`name`", "`port`"]);
}

const NAMES: [&str; 4] = ["orders-a", "orders-b", "orders-c", "orders-d"];

/// What becomes of one slice: it is there with these endpoints, or gone.
type Life = Vec<Option<Vec<(u8, u8)>>>;

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let endpoints = prop::collection::vec((0..6_u8, 0..4_u8), 0..5);
    let life = prop::collection::vec(prop::option::weighted(0.8, endpoints), 0..6);
    prop::collection::vec(life, NAMES.len())
}

fn state(name: &str, endpoints: &[(u8, u8)]) -> EndpointSlice {
    let endpoints: Vec<_> = endpoints
        .iter()
        .map(|(host, condition)| {
            let conditions = [
                json!({"ready": true}),
                json!({"ready": false, "serving": true, "terminating": true}),
                json!({"ready": false}),
                json!({}),
            ];
            json!({"addresses": [format!("10.0.0.{host}")], "conditions": conditions[usize::from(*condition)], "zone": name})
        })
        .collect();
    slice(name, endpoints.into())
}

/// Slow and obviously right: for each address, look through all slices for the best.
fn model(slices: &BTreeMap<&str, &EndpointSlice>) -> Vec<(SocketAddr, Condition, String)> {
    let mut found = vec![];
    for host in 0..6 {
        let address = format!("10.0.0.{host}");
        for rank in [Condition::Ready, Condition::Leaving, Condition::NotReady] {
            let has = |slice: &EndpointSlice| {
                slice.endpoints.iter().any(|endpoint| {
                    let seen = match (endpoint.conditions.ready, endpoint.conditions.terminating) {
                        (Some(false), Some(true)) => Condition::Leaving,
                        (Some(false), _) => Condition::NotReady,
                        _ => Condition::Ready,
                    };
                    endpoint.addresses == [address.clone()] && seen == rank
                })
            };
            if let Some((name, _)) = slices.iter().find(|(_, slice)| has(slice)) {
                found.push((
                    format!("{address}:8080").parse().expect("an address"),
                    rank,
                    (*name).to_owned(),
                ));
                break;
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The events of one slice come in their order; those of different slices come as they like.
    #[test]
    fn any_order_of_events_ends_in_the_same_set_as_a_list(lives in lives(), order in prop::collection::vec(0..NAMES.len(), 0..60)) {
        let mut told = with(&[]);
        let mut next = [0; NAMES.len()];
        let rest = (0..NAMES.len()).flat_map(|which| [which; 6]);
        for which in order.into_iter().chain(rest) {
            match lives[which].get(next[which]) {
                Some(Some(endpoints)) => told.apply(&state(NAMES[which], endpoints)),
                Some(None) => told.remove(NAMES[which]),
                None => {}
            }
            next[which] += 1;
        }
        let last: Vec<EndpointSlice> = lives.iter().zip(NAMES).rev()
            .filter_map(|(life, name)| Some(state(name, life.last()?.as_ref()?)))
            .collect();
        let listed = with(&last);
        prop_assert_eq!(told.endpoints(), listed.endpoints());
        prop_assert_eq!((told.len(), told.unusable()), (listed.len(), listed.unusable()));
        let by_name = last.iter().map(|slice| (slice.metadata.name.as_str(), slice)).collect();
        let seen: Vec<_> = told.endpoints().iter()
            .map(|endpoint| (endpoint.address, endpoint.condition, endpoint.zone.as_deref().unwrap_or_default().to_owned()))
            .collect();
        prop_assert_eq!(seen, model(&by_name));
    }
}
