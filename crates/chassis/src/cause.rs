//! Why something is done, on its way between services: out of a request, and into what is done for it.

use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::{HeaderName, HeaderValue, request::Parts},
};
use journal::{Cause, Origin};
use uuid::Uuid;

use crate::{
    client::Call,
    context::{ANONYMOUS, Context},
    edge::Arrival,
    ids::Random,
    problem::Problem,
};

/// The header by which a service that calls another says which decision of its own that follows from.
pub const CAUSATION_ID: HeaderName = HeaderName::from_static("x-causation-id");

/// What only services ask each other for.
const INTERNAL: &str = "/internal/";

/// A request as a [`Cause`]: of what is about nothing yet, until somebody says [`about`](Cause::about) what.
#[derive(Clone, Debug)]
pub struct ByRequest(pub Cause);

impl<S: Send + Sync> FromRequestParts<S> for ByRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Context::from_request_parts(parts, state).await?;
        Ok(Self(of_request(&context, parts)))
    }
}

/// The cause that a request is. Whatever a client says of causes is not believed.
pub(crate) fn of_request(context: &Context, parts: &Parts) -> Cause {
    let template = parts.extensions.get().map_or("unknown", MatchedPath::as_str);
    let route = format!("{} {template}", parts.method).into();
    let traceparent = context.trace.to_string();
    let (id, origin) = if template.starts_with(INTERNAL) {
        let header = parts.headers.get(&CAUSATION_ID).and_then(|value| value.to_str().ok());
        (header.and_then(|text| text.parse().ok()), Origin::Call { route })
    } else {
        // A client may ask for several things from one place in its trace.
        let arrival = parts.extensions.get().map_or(0, |Arrival(number)| *number);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{traceparent}/{arrival}").as_bytes());
        (Some(id), Origin::Request { route, keyed: context.idempotency_key.is_some() })
    };
    let actor = Some(context.actor.clone()).filter(|actor| actor != ANONYMOUS);
    Cause { subject: None, id, actor, traceparent: Some(traceparent), origin }
}

/// The context of what `service` does by itself because of something: for the same actor, in the same trace.
#[must_use]
pub fn context(cause: &Cause, service: &str, random: &Random) -> Context {
    let own = Context::background(cause.actor.as_deref().unwrap_or(service), random);
    let trace = cause.traceparent.as_deref().and_then(|trace| trace.parse().ok());
    Context { trace: trace.unwrap_or(own.trace), ..own }
}

impl Call {
    /// As what follows from a decision, by whose id caller and callee know each other's part of it.
    #[must_use]
    pub fn caused_by(self, id: Uuid) -> Self {
        // An id is visible ASCII, which every header can hold.
        match HeaderValue::from_str(&id.to_string()) {
            Ok(value) => self.header(CAUSATION_ID, value),
            Err(_) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};

    use super::*;
    use crate::testing::serve;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// What a request to `path` is the cause of, if it says that it follows from 7.
    async fn cause_at(path: &'static str) -> Cause {
        let tell = async |ByRequest(cause): ByRequest| cause.to_payload();
        let routes =
            Router::new().route("/internal/invoices/{id}", get(tell)).route("/v1/orders/{id}", get(tell));
        let rig = serve(routes);
        let call = Call::get(rig.at(path)).caused_by(Uuid::from_u128(7));
        let call = call.header(crate::trace::TRACEPARENT, HeaderValue::from_static(TRACE));
        let answer = rig.client.send(call).await.unwrap();
        Cause::from_payload(std::str::from_utf8(&answer.body).unwrap())
    }

    #[tokio::test]
    async fn another_service_is_believed_what_it_says_of_causes() {
        let cause = cause_at("/internal/invoices/1").await;
        assert_eq!(cause.id, Some(Uuid::from_u128(7)));
        assert_eq!(cause.origin, Origin::Call { route: "GET /internal/invoices/{id}".into() });
        assert_eq!((cause.actor.as_deref(), cause.trace_id()), (None, TRACE.split('-').nth(1)));
    }

    #[tokio::test]
    async fn a_client_is_not() {
        let cause = cause_at("/v1/orders/1").await;
        assert_ne!(cause.id, Some(Uuid::from_u128(7)));
        assert_eq!(cause.trace_id(), TRACE.split('-').nth(1));
        assert_eq!(cause.origin, Origin::Request { route: "GET /v1/orders/{id}".into(), keyed: false });
    }

    #[tokio::test]
    async fn two_requests_from_one_place_in_a_trace_are_two_causes() {
        let tell = async |ByRequest(cause): ByRequest| cause.to_payload();
        let rig = serve(Router::new().route("/v1/orders/{id}", get(tell)));
        let mut ids = Vec::new();
        for _ in 0..2 {
            let call = Call::get(rig.at("/v1/orders/1"));
            let call = call.header(crate::trace::TRACEPARENT, HeaderValue::from_static(TRACE));
            let answer = rig.client.send(call).await.unwrap();
            ids.push(Cause::from_payload(std::str::from_utf8(&answer.body).unwrap()).id.unwrap());
        }
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn what_is_done_later_goes_on_in_the_trace_and_for_the_actor() {
        let random = Random::seeded(1);
        let cause = Cause { traceparent: Some(TRACE.into()), actor: Some("ada".into()), ..Cause::default() };
        let later = context(&cause, "billing", &random);
        assert_eq!((later.trace.to_string().as_str(), later.actor.as_str()), (TRACE, "ada"));
        assert_eq!(context(&Cause::default(), "billing", &random).actor, "billing");
    }
}
