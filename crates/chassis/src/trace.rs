//! Which trace a request belongs to: the headers of W3C Trace Context, level 1, over HTTP and gRPC alike.

use axum::http::{HeaderMap, HeaderName};
pub use trace::{Malformed, Trace, about, child_of, current, link, recorded};

use crate::ids::Random;

/// The header that carries a [`Trace`].
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header by which every answer tells its trace.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// The beginning of a new trace, which is not recorded.
#[must_use]
pub fn fresh(random: &Random) -> Trace {
    Trace::new([random.next_u64(), random.next_u64(), random.next_u64()])
}

/// The place that `traceparent` gives; `None` where it is absent, given twice or malformed.
#[must_use]
pub fn from_headers(headers: &HeaderMap) -> Option<Trace> {
    let mut given = headers.get_all(&TRACEPARENT).iter();
    let only = given.next().filter(|_| given.next().is_none());
    only.and_then(|value| value.to_str().ok()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_doubled_or_malformed_is_no_place() {
        let of = |values: &[&str]| {
            let pairs = values.iter().map(|value| (TRACEPARENT, value.parse().unwrap()));
            from_headers(&pairs.collect())
        };
        let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(of(&[example]), Some(example.parse().unwrap()));
        assert_eq!([of(&[]), of(&["garbage"]), of(&[example, example])], [None; 3]);
    }
}
