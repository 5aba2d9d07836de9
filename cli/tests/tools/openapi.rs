//! The description of the API that a gateway alone in its process serves.

use switchyard::up;

#[test]
fn the_committed_description_of_the_api_is_what_the_services_say() {
    let committed = gateway::openapi::committed().unwrap().to_pretty_json().unwrap();
    let said = up::openapi().to_pretty_json().unwrap();
    let differ = committed.lines().zip(said.lines()).position(|(committed, said)| committed != said);
    let differ =
        differ.or_else(|| (committed != said).then(|| committed.lines().count().min(said.lines().count())));
    let differ = differ.map(|line| (line + 1, committed.lines().nth(line), said.lines().nth(line)));
    assert_eq!(
        differ, None,
        "services/gateway/openapi.json is not up to date: \
         run `cargo run -p switchyard --example openapi > services/gateway/openapi.json`"
    );
}
