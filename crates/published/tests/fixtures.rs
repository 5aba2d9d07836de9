//! Every event that was ever recorded is read by this build.

use std::path::{Path, PathBuf};

use event_store::testing::replay_fixtures;

fn of(category: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(category)
}

#[test]
fn every_version_of_every_event_is_read() {
    use published::category::{CUSTOMER, INVOICE, ORDER, PRODUCT, SHIPMENT};
    let replayed = [
        replay_fixtures(&published::customers(), &of(CUSTOMER)),
        replay_fixtures(&published::orders(), &of(ORDER)),
        replay_fixtures(&published::products(), &of(PRODUCT)),
        replay_fixtures(&published::shipments(), &of(SHIPMENT)),
        replay_fixtures(&published::invoices(), &of(INVOICE)),
        replay_fixtures(&published::reports::customers(), &of("customers")),
        replay_fixtures(&published::reports::warehouse(), &of("warehouse")),
        replay_fixtures(&published::reports::shipping(), &of("shipping")),
        replay_fixtures(&published::reports::billing(), &of("billing")),
    ];
    assert_eq!(replayed, [10, 19, 13, 8, 8, 4, 4, 3, 2]);
}

#[test]
fn what_is_no_event_is_refused_in_every_version() {
    macro_rules! refused {
        ($types:ident) => {
            let types = published::$types();
            for (kind, latest) in types.versions() {
                for (version, text) in (1..=latest).flat_map(|it| NOTHING.map(|text| (it, text))) {
                    let read = types.decode(kind, version, text);
                    assert!(read.is_err(), "{kind} of version {version} in {text}: {read:?}");
                }
            }
        };
    }
    const NOTHING: [&str; 5] = ["null", "7", "[]", "{}", "\"TEA\""];
    refused!(customers);
    refused!(orders);
    refused!(products);
    refused!(shipments);
    refused!(invoices);
}

#[test]
fn an_event_of_each_aggregate_has_gone_through_three_versions() {
    let third = |mut versions: Vec<u32>| {
        versions.sort_unstable();
        versions.pop()
    };
    let latest = [
        third(published::customers().versions().map(|(_, version)| version).collect()),
        third(published::orders().versions().map(|(_, version)| version).collect()),
        third(published::products().versions().map(|(_, version)| version).collect()),
        third(published::shipments().versions().map(|(_, version)| version).collect()),
        third(published::invoices().versions().map(|(_, version)| version).collect()),
    ];
    assert_eq!(latest, [Some(3); 5]);
}
