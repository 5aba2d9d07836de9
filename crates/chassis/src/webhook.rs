//! Where there is no broker: messages are posted, as CloudEvents, to the one service that is to have them.

use axum::http::{HeaderValue, StatusCode, header};
use messaging::{
    Envelope, Publisher, envelope,
    webhook::{NotTaken, Webhook},
};

use crate::{
    client::{Call, HttpClient},
    trace::TRACEPARENT,
};

/// A publisher that posts to `url` of the service `peer`, whatever the topic. A message was taken once that was answered with 2xx.
pub fn to(client: HttpClient, peer: &'static str, url: impl Into<String>) -> impl Publisher {
    let url = url.into();
    Webhook::new(move |envelope: &Envelope| {
        let (client, call) = (client.clone(), call(&url, envelope).to(peer));
        async move {
            let answer = client.send(call).await.map_err(|error| NotTaken::Away(error.into()))?;
            let answered = || format!("the answer was {}", answer.status).into();
            match answer.status {
                status if status.is_success() => Ok(()),
                // A defect may be about one message; whatever else is wrong with a server is so for all.
                status if status.is_server_error() && status != StatusCode::INTERNAL_SERVER_ERROR => {
                    Err(NotTaken::Away(answered()))
                }
                StatusCode::TOO_MANY_REQUESTS => Err(NotTaken::Away(answered())),
                _ => Err(NotTaken::Refused(answered())),
            }
        }
    })
}

fn call(url: &str, envelope: &Envelope) -> Call {
    let content_type = HeaderValue::from_static(envelope::CONTENT_TYPE);
    let call = Call::post(url).header(header::CONTENT_TYPE, content_type).body(envelope.to_json());
    match envelope.traceparent.as_deref().map(HeaderValue::from_str) {
        Some(Ok(trace)) => call.header(TRACEPARENT, trace),
        _ => call,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Router, http::HeaderMap, routing::post};
    use messaging::{Data, PublishError};
    use uuid::Uuid;

    use super::*;
    use crate::testing::serve;

    /// What posting a message comes to where it is answered with `status`, and what arrives.
    async fn publish(status: u16) -> (Result<(), PublishError>, Vec<(Envelope, String)>) {
        let heard = Arc::<Mutex<Vec<_>>>::default();
        let hearing = heard.clone();
        let hear = async move |headers: HeaderMap, body: String| {
            let trace = headers[TRACEPARENT].to_str().unwrap().to_owned();
            hearing.lock().unwrap().push((Envelope::from_json(&body).unwrap(), trace));
            StatusCode::from_u16(status).unwrap()
        };
        let rig = serve(Router::new().route("/hook", post(hear)));
        let published =
            to(rig.client.clone(), "ordering", rig.at("/hook")).publish("replies", &[message()]).await;
        let heard = heard.lock().unwrap().clone();
        (published, heard)
    }

    fn message() -> Envelope {
        let traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
        let data = Data::of("said").unwrap();
        Envelope {
            traceparent,
            ..Envelope::new(Uuid::from_u128(1), "shipping", "shipping.reply", "o", 0, data)
        }
    }

    #[tokio::test]
    async fn a_message_arrives_as_it_is_and_in_its_trace() {
        let (published, heard) = publish(204).await;
        assert!(published.is_ok());
        assert_eq!(heard, [(message(), message().traceparent.unwrap())]);
    }

    #[tokio::test]
    async fn a_message_that_is_refused_is_told_apart_from_nobody_being_there() {
        for (status, away) in
            [(400, false), (422, false), (500, false), (429, true), (502, true), (503, true)]
        {
            let (published, _) = publish(status).await;
            assert_eq!(matches!(published, Err(PublishError::Unavailable { .. })), away, "{status}");
            assert_eq!(matches!(published, Err(PublishError::Partly { .. })), !away, "{status}");
        }
    }
}
