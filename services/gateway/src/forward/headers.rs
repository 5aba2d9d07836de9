//! Which headers pass through the gateway.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use chassis::context::{ACTOR, GRPC_TIMEOUT, TIMEOUT_MS};

/// Headers that are about one connection only (RFC 9110, 7.6.1), besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What the gateway says itself: the host and the length by the client that sends, who asks and how much time is left by
/// `propagate`. `Expect` is answered by the gateway, which reads the body.
const SAID_ANEW: [HeaderName; 6] =
    [header::HOST, header::CONTENT_LENGTH, header::EXPECT, ACTOR, TIMEOUT_MS, GRPC_TIMEOUT];

/// What an owner hears of a client's headers.
pub(super) fn for_owner(asked: &HeaderMap) -> HeaderMap {
    let mut headers = end_to_end(asked);
    for name in SAID_ANEW {
        headers.remove(name);
    }
    headers
}

/// What a client hears of an owner's headers, by addresses that begin with `prefix`.
pub(super) fn for_client(answered: &HeaderMap, prefix: &str) -> HeaderMap {
    let mut headers = end_to_end(answered);
    if let Some(location) = headers.remove(header::LOCATION) {
        headers.extend(public(&location, prefix).map(|location| (header::LOCATION, location)));
    }
    headers
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<_> = named.flat_map(|names| names.split(',')).map(|name| name.trim().to_owned()).collect();
    let mut kept = headers.clone();
    for name in HOP_BY_HOP {
        kept.remove(name);
    }
    for name in named {
        kept.remove(name);
    }
    kept
}

/// A location as clients reach it: without the owner's address, and in the style that they used.
fn public(location: &HeaderValue, prefix: &str) -> Option<HeaderValue> {
    let location: Uri = location.to_str().ok()?.parse().ok()?;
    let path = location.path_and_query()?.as_str();
    HeaderValue::try_from(format!("{prefix}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn an_owner_hears_nothing_of_the_clients_connection_nor_of_who_it_says_it_is() {
        let asked = headers(&[
            ("host", "shop.example"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-actor", "root"),
            ("grpc-timeout", "5S"),
            ("if-match", "\"3\""),
            ("last-event-id", "7"),
        ]);
        assert_eq!(for_owner(&asked), headers(&[("if-match", "\"3\""), ("last-event-id", "7")]));
    }

    #[test]
    fn a_location_has_the_prefix_and_never_an_inner_address() {
        for inner in ["/v1/orders/7?a=1", "http://10.0.0.7:8080/v1/orders/7?a=1"] {
            let location = public(&HeaderValue::from_static(inner), "/rest").unwrap();
            assert_eq!(location, "/rest/v1/orders/7?a=1");
        }
        assert_eq!(public(&HeaderValue::from_static("/v1/orders"), "").unwrap(), "/v1/orders");
        assert_eq!(public(&HeaderValue::from_static("not a location"), ""), None);
    }
}
