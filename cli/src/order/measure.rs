//! What a system counts while it works: the figures of Prometheus that tell the styles apart.

use contracts::style::Style;

use super::report::PerOrder;
use crate::remote::{Admin, Error};

/// Messages that services have published, under OpenTelemetry's name.
const MESSAGES: &str = "messaging_client_sent_messages_total";
/// Their bytes.
const MESSAGE_BYTES: &str = "messaging_client_sent_bytes_total";
/// Requests that were answered; those between services have routes of their own.
const CALLS: &str = "http_server_request_duration_seconds_count";
const CALL_BYTES: [&str; 2] =
    ["http_server_request_body_size_bytes_sum", "http_server_response_body_size_bytes_sum"];
const BETWEEN_SERVICES: &str = "/internal/";
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

/// Reads what a style has counted so far.
///
/// # Errors
/// The admin port does not tell.
pub(super) async fn counted(admin: &Admin, style: Style) -> Result<Counted, Error> {
    Ok(Counted::of(&admin.metrics().await?, style))
}

impl Counted {
    fn of(exposition: &str, style: Style) -> Self {
        let own = |series: &Series<'_>| series.label("style") == Some(style.as_str());
        let internal = |series: &Series<'_>| {
            series.label("http_route").is_some_and(|route| route.starts_with(BETWEEN_SERVICES))
        };
        // A family that is there is counted, even if nothing fits: nothing was sent, then.
        let total = |name: &str, fits: &dyn Fn(&Series<'_>) -> bool| {
            let of_style: Vec<_> = series(exposition).filter(|it| it.name == name && own(it)).collect();
            (!of_style.is_empty())
                .then(|| of_style.iter().filter(|it| fits(it)).map(|it| it.value).sum::<f64>())
        };
        let bytes = [
            total(MESSAGE_BYTES, &|_| true),
            total(CALL_BYTES[0], &internal),
            total(CALL_BYTES[1], &internal),
        ];
        Self {
            messages: total(MESSAGES, &|_| true),
            calls: total(CALLS, &internal),
            bytes: bytes.into_iter().flatten().reduce(|sum, more| sum + more),
            commits: total(COMMITS, &|_| true),
        }
    }

    /// What came since `earlier`, for each of so many orders.
    pub(super) fn per_order(self, earlier: Self, orders: usize) -> PerOrder {
        let each = |now: Option<f64>, before: Option<f64>| {
            // A counter that went back has begun anew: what it shows now is all that is known.
            let before = before.unwrap_or_default();
            (orders > 0).then(|| now.map(|now| (now - before.min(now)) / orders as f64)).flatten()
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
"#;

    #[test]
    fn only_what_the_style_counts_counts() {
        let counted = Counted::of(EXPOSITION, Style::Rest);
        let expected = Counted { messages: None, calls: Some(8.0), bytes: None, commits: Some(42.0) };
        assert_eq!(counted, expected);
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
        let earlier = Counted { calls: Some(3.0), commits: Some(2.0), ..Counted::default() };
        let each = counted.per_order(earlier, 10);
        assert_eq!(each, PerOrder { calls: Some(0.5), commits: Some(4.0), ..PerOrder::default() });
        assert_eq!(counted.per_order(earlier, 0), PerOrder::default());
    }
}
