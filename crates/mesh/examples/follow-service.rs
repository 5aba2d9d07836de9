//! Shows the endpoints of a Service of Kubernetes as they change, until Ctrl-C:
//!
//! ```sh
//! KUBECONFIG=… cargo run -p mesh --example follow-service --features kubernetes-rustls -- NAMESPACE SERVICE [PORT]
//! ```
//!
//! Scale the Service's pods, delete one, or stop the API server, and look at the set and at its age.

use std::{env, time::Duration};

use kube::Client;
use mesh::{
    BoxError,
    discovery::{
        EndpointSet, Family, Snapshot, Trouble,
        kubernetes::{Policy, Port, Service, follow},
    },
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let mut words = env::args().skip(1);
    let usage = "follow-service NAMESPACE SERVICE [PORT]";
    let (namespace, name) = (words.next().ok_or(usage)?, words.next().ok_or(usage)?);
    let port = words.next().map_or(Port::Only, |port| port.parse().map_or(Port::Named(port), Port::Number));
    let service = Service { namespace, name, port, family: Family::default() };

    let source = follow(Client::try_default().await?, service, Policy::default())?;
    let (mut endpoints, handle) = (source.endpoints(), source.handle());
    let mut every_ten_seconds = tokio::time::interval(Duration::from_secs(10));
    loop {
        tokio::select! {
            biased;
            changed = endpoints.changed() => {
                changed?;
                show(endpoints.borrow_and_update().as_ref());
            }
            _ = every_ten_seconds.tick() => tell(&handle.snapshot()),
        }
    }
}

#[expect(clippy::print_stdout, reason = "it is what the example is for")]
fn show(set: Option<&EndpointSet>) {
    for endpoint in set.iter().flat_map(|set| set.iter()) {
        println!(
            "{} {} {}",
            endpoint.address,
            endpoint.condition.label(),
            endpoint.zone.as_deref().unwrap_or("-")
        );
    }
    println!("--");
}

#[expect(clippy::print_stdout, reason = "it is what the example is for")]
fn tell(seen: &Snapshot) {
    let troubles: Vec<_> = Trouble::ALL
        .iter()
        .map(|&trouble| (trouble.label(), seen.troubles(trouble)))
        .filter(|(_, times)| *times > 0)
        .collect();
    println!("age {:?}, {} changes, {} lists, troubles {troubles:?}", seen.age, seen.changes, seen.lists);
}
