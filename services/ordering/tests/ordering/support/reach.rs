//! How ordering reaches the participants: over HTTP, or over a broker. What they say is the same either way.

use std::{any::Any, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Request as HttpRequest, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{limits::Limits, platform::Platform, problem::Problem, service::Service, trace::TRACEPARENT};
use contracts::{
    topics::{self, kinds},
    warehouse::QuoteRequest,
};
use messaging::{Broker, Data, Envelope, Responder, derived_id};
use ordering::process::{Participant, Reply, Request};
use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    answers::{Answer, Ask},
    peers::{Asked, Peers},
};

/// What a participant is reached by, until it is dropped.
pub(super) type Door = Box<dyn Any + Send>;

/// Has a participant serve over HTTP.
pub(super) fn serve(
    platform: &Platform,
    address: SocketAddr,
    participant: Participant,
    peers: Peers,
) -> Door {
    let mut service = Service::new("peer", "rest", platform, Limits::default()).unwrap();
    let router = Router::new().fallback(called).with_state((participant, peers));
    service.serve(router, address).unwrap();
    Box::new(service)
}

async fn called(State((participant, peers)): State<(Participant, Peers)>, request: HttpRequest) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if let Some(sku) = path.strip_prefix("/v1/products/") {
        let quote = peers.quote(&sku.parse().unwrap()).await;
        return quote
            .map_or_else(|| Problem::not_found("product").into_response(), |it| Json(it).into_response());
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let asked = Asked {
        order: path.split('/').nth(3).unwrap().parse().unwrap(),
        request: request_of(participant, std::str::from_utf8(&body).unwrap()),
        address: format!("{} {path}", head.method),
        id: None,
        traceparent: head.headers.get(TRACEPARENT).map(|value| value.to_str().unwrap().to_owned()),
    };
    respond(&peers, asked).await
}

async fn respond(peers: &Peers, asked: Asked) -> Response {
    let (order, ask) = (asked.order, Ask::of(&asked.request));
    let Answer { reply, takes, later, times } = peers.hear(asked);
    let Some(reply) = reply else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    // What does not go into the response is sent by messages.
    let by_messages = if later { times } else { times - 1 };
    let (sender, said) = (peers.clone(), reply.clone());
    let messages = async move {
        sender.think(ask, takes).await;
        for _ in 0..by_messages {
            sender.send(&sender.message(order, &said)).await;
        }
    };
    tokio::spawn(messages);
    if later {
        return StatusCode::ACCEPTED.into_response();
    }
    peers.think(ask, takes).await;
    Json(json_of(&reply)).into_response()
}

/// Has a participant follow its commands on a broker, and the warehouse answer what products cost.
pub(super) fn follow(broker: &Arc<dyn Broker>, participant: Participant, peers: &Peers) -> Door {
    let mut tasks = JoinSet::new();
    tasks.spawn(handle(broker.clone(), participant, peers.clone()));
    if participant == Participant::Warehouse {
        tasks.spawn(answer_quotes(broker.clone(), peers.clone()));
    }
    Box::new(tasks)
}

async fn handle(broker: Arc<dyn Broker>, participant: Participant, peers: Peers) {
    let (topic, source) = match participant {
        Participant::Customers => (topics::CUSTOMERS_COMMANDS, "customers"),
        Participant::Warehouse => (topics::WAREHOUSE_COMMANDS, "warehouse"),
        Participant::Shipping => (topics::SHIPPING_COMMANDS, "shipping"),
        Participant::Billing => (topics::BILLING_COMMANDS, "billing"),
    };
    let mut subscription = broker.subscribe(topic, source, 0..broker.lanes()).await.unwrap();
    loop {
        let deliveries = subscription.receive(64, Duration::from_secs(60)).await.unwrap();
        for delivery in &deliveries {
            tokio::spawn(reply(peers.clone(), participant, delivery.envelope.clone()));
        }
        let positions: Vec<_> =
            deliveries.iter().map(|delivery| (delivery.lane, delivery.position)).collect();
        subscription.ack(&positions).await.unwrap();
    }
}

async fn reply(peers: Peers, participant: Participant, message: Envelope) {
    let order = message.subject.parse().unwrap();
    let asked = Asked {
        order,
        request: request_of(participant, message.data.as_str()),
        address: message.kind,
        id: Some(message.id),
        traceparent: message.traceparent,
    };
    let ask = Ask::of(&asked.request);
    let Answer { reply: Some(reply), takes, times, .. } = peers.hear(asked) else { return };
    peers.think(ask, takes).await;
    for time in 0..times {
        let answer = peers.message(order, &reply);
        let id = derived_id(&answer.source, message.id, time);
        peers.send(&Envelope { id, causation_id: Some(message.id), ..answer }).await;
    }
}

async fn answer_quotes(broker: Arc<dyn Broker>, peers: Peers) {
    let responder: Arc<dyn Responder> = Arc::new(move |request: Envelope| {
        let peers = peers.clone();
        async move {
            let QuoteRequest { sku } = request.data.parse().ok()?;
            let quote = peers.quote(&sku).await;
            let (id, quote) = (derived_id("warehouse", request.id, 0), Data::of(&quote).ok()?);
            Some(Envelope::new(id, "warehouse", kinds::WAREHOUSE_QUOTE, sku.as_str(), request.time, quote))
        }
    });
    broker.serve(topics::WAREHOUSE_QUOTES, responder, Box::pin(std::future::pending())).await.unwrap();
}

pub(super) fn request_of(participant: Participant, command: &str) -> Request {
    match participant {
        Participant::Customers => Request::Customers(serde_json::from_str(command).unwrap()),
        Participant::Warehouse => Request::Warehouse(serde_json::from_str(command).unwrap()),
        Participant::Shipping => Request::Shipping(serde_json::from_str(command).unwrap()),
        Participant::Billing => Request::Billing(serde_json::from_str(command).unwrap()),
    }
}

fn json_of(reply: &Reply) -> Value {
    match reply {
        Reply::Customers(reply) => serde_json::to_value(reply),
        Reply::Warehouse(reply) => serde_json::to_value(reply),
        Reply::Shipping(reply) => serde_json::to_value(reply),
        Reply::Billing(reply) => serde_json::to_value(reply),
    }
    .unwrap()
}
