//! What a system counts while it works: the figures that tell the styles apart.

use std::collections::BTreeSet;

use contracts::style::Style;

use super::report::PerOrder;
use crate::{
    audit::{States, states},
    remote::{Admin, App, Error},
};

/// Requests that were answered, and their bytes; under OpenTelemetry's names.
const CALLS: &str = "http_server_request_duration_seconds_count";
const CALL_BYTES: [&str; 2] =
    ["http_server_request_body_size_bytes_sum", "http_server_response_body_size_bytes_sum"];
/// The bytes of the messages that services have published.
const MESSAGE_BYTES: &str = "messaging_client_sent_bytes_total";
/// Commits of databases.
const COMMITS: &str = "database_commits_total";

/// What a style has counted so far; `None` is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counted {
    messages: Option<f64>,
    calls: Option<f64>,
    bytes: Option<f64>,
    commits: Option<f64>,
}

/// Reads what a style has counted so far. It is exact only while nobody else works on the system, and once it is at rest.
///
/// # Errors
/// The admin port does not tell.
pub(super) async fn counted(admin: &Admin, apps: &BTreeSet<App>, style: Style) -> Result<Counted, Error> {
    let counted = Counted::of(&admin.metrics().await?, style);
    let states = states(admin, apps, &[style]).await?;
    Ok(Counted { messages: states.first().and_then(|(_, states)| sent(states)), ..counted })
}

/// The messages that the services have sent, as their outboxes count them.
fn sent(states: &States) -> Option<f64> {
    let outboxes = states.values().filter_map(|state| state.outbox.as_ref());
    let counts = outboxes.map(|outbox| outbox.partitions.iter().map(|it| it.enqueued.count).sum::<u64>());
    counts.reduce(|sum, more| sum + more).map(|sum| sum as f64)
}

/// Whether a request came from another service: it was for an address of theirs, or asked for a price.
fn is_between_services(series: &Series<'_>) -> bool {
    let label = |name| series.label(name).unwrap_or_default();
    let quote = label("http_route") == "/v1/products/{sku}" && label("http_request_method") == "GET";
    label("http_route").starts_with("/internal/") || (quote && label("service") == "warehouse")
}

/// Whether a request was a call, and not the way that a message took to where it is counted as one.
fn is_call(series: &Series<'_>) -> bool {
    is_between_services(series) && series.label("http_route") != Some("/internal/replies")
}

impl Counted {
    fn of(exposition: &str, style: Style) -> Self {
        let own = |series: &Series<'_>| series.label("style") == Some(style.as_str());
        // A family that is there is counted, even if nothing in it fits: then there was nothing of it.
        let total = |name: &str, fits: fn(&Series<'_>) -> bool| {
            let of_style = series(exposition).filter(|it| it.name == name && own(it));
            of_style.fold(None, |sum: Option<f64>, it| {
                Some(sum.unwrap_or_default() + if fits(&it) { it.value } else { 0.0 })
            })
        };
        let bytes =
            [total(MESSAGE_BYTES, |_| true), total(CALL_BYTES[0], is_call), total(CALL_BYTES[1], is_call)];
        Self {
            messages: None,
            calls: total(CALLS, is_between_services),
            bytes: bytes.into_iter().flatten().reduce(|sum, more| sum + more),
            commits: total(COMMITS, |_| true),
        }
    }

    /// What came since `earlier`, for each of so many orders.
    pub(super) fn per_order(self, earlier: Self, orders: usize) -> PerOrder {
        let each = |now: Option<f64>, before: Option<f64>| {
            let since = now? - before.unwrap_or_default();
            // A counter that went back has begun anew, with the process that counts: nobody knows how far it had come.
            (orders > 0 && since >= 0.0).then(|| since / orders as f64)
        };
        PerOrder {
            messages: each(self.messages, earlier.messages),
            calls: each(self.calls, earlier.calls),
            bytes: each(self.bytes, earlier.bytes),
            commits: each(self.commits, earlier.commits),
        }
    }
}

/// One line of an exposition.
struct Series<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

impl Series<'_> {
    /// The value of a label. Values with a quotation mark in them are not understood; no label of this system has one.
    fn label(&self, name: &str) -> Option<&str> {
        let mut labels = self.labels.split("\",").map(|label| label.split_once("=\""));
        let found = labels.find_map(|label| label.filter(|(known, _)| *known == name));
        found.map(|(_, value)| value.trim_end_matches('"'))
    }
}

fn series(exposition: &str) -> impl Iterator<Item = Series<'_>> {
    let samples = exposition.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| {
        let (name, rest) = line.split_once('{')?;
        let (labels, value) = rest.rsplit_once("} ")?;
        Some(Series { name, labels, value: value.split_ascii_whitespace().next()?.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPOSITION: &str = r#"
# HELP database_commits_total Commits.
# TYPE database_commits_total counter
database_commits_total{service="billing",style="rest"} 12
database_commits_total{service="ordering",style="rest"} 30
database_commits_total{service="ordering",style="messaging"} 100
http_server_request_duration_seconds_count{http_request_method="PUT",http_route="/internal/invoices/{id}",service="billing",style="rest"} 8
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/v1/orders/{id}",service="ordering",style="rest"} 50
http_server_request_duration_seconds_count{http_request_method="GET",http_route="/v1/products/{sku}",service="warehouse",style="rest"} 5
http_server_request_duration_seconds_count{http_request_method="POST",http_route="/v1/orders",service="ordering",style="messaging"} 50
"#;

    #[test]
    fn only_what_the_style_counts_counts() {
        let counted = Counted::of(EXPOSITION, Style::Rest);
        let expected = Counted { messages: None, calls: Some(13.0), bytes: None, commits: Some(42.0) };
        assert_eq!(counted, expected);
    }

    #[test]
    fn none_of_what_is_counted_is_a_number() {
        assert_eq!(
            Counted::of(EXPOSITION, Style::Messaging).calls.map(|calls| calls.to_string()),
            Some("0".into())
        );
    }

    #[test]
    fn messages_are_counted_by_their_outboxes() {
        let state = |json: &str| serde_json::from_str(json).unwrap();
        let outbox = r#"{"outbox": {"unconfirmed": 0, "oldest_unconfirmed_at": null, "partitions": [
            {"topic": "t", "partition": 1, "enqueued": "3-0000000000000001", "published": "3-0000000000000001"},
            {"topic": "t", "partition": 2, "enqueued": "4-0000000000000001", "published": "4-0000000000000001"}]}}"#;
        let states = [("customers".to_owned(), state(outbox)), ("billing".to_owned(), state("{}"))].into();
        assert_eq!(sent(&states), Some(7.0));
        assert_eq!(sent(&[("billing".to_owned(), state("{}"))].into()), None);
    }

    #[test]
    fn what_nobody_counts_is_no_number() {
        let none = Counted::default();
        assert_eq!(Counted::of("", Style::Rest), none);
        assert_eq!(none.per_order(none, 10), PerOrder::default());
    }

    #[test]
    fn an_order_takes_its_part_of_what_came_since() {
        let counted = Counted::of(EXPOSITION, Style::Rest);
        let earlier = Counted { calls: Some(8.0), commits: Some(2.0), ..Counted::default() };
        let each = counted.per_order(earlier, 10);
        assert_eq!(each, PerOrder { calls: Some(0.5), commits: Some(4.0), ..PerOrder::default() });
        assert_eq!(counted.per_order(earlier, 0), PerOrder::default());
    }

    #[test]
    fn a_counter_that_began_anew_tells_nothing() {
        let earlier = Counted { calls: Some(1000.0), commits: Some(2.0), ..Counted::default() };
        let each = Counted::of(EXPOSITION, Style::Rest).per_order(earlier, 10);
        assert_eq!((each.calls, each.commits), (None, Some(4.0)));
    }
}
