//! What the services have registered.

use std::fmt::Debug;

use choreography::{Facts, Needs, Participant, Policy, Reaction};
use contracts::{happenings::Happening, topics};
use ordering::process::{Reply, Request};
use serde::Serialize;

/// In the order in which they are drawn.
pub(crate) const SERVICES: [&str; 5] = ["ordering", "customers", "warehouse", "shipping", "billing"];

/// What a service is to do, from what it knows.
type Ask = Box<dyn Fn(&Facts) -> Option<Request>>;

/// A policy of some service.
pub(crate) struct Policied {
    pub(crate) service: &'static str,
    pub(crate) on: Happening,
    pub(crate) needs: Needs,
    /// What it does, as its policies call it.
    pub(crate) does: String,
    request: Ask,
}

impl Policied {
    /// What the service is to do; `None` if it tells the order.
    pub(crate) fn request(&self, facts: &Facts) -> Option<Request> {
        (self.request)(facts)
    }
}

/// All policies of all services, those of the others before ordering's.
pub(crate) fn policies() -> Vec<Policied> {
    let mut all = of::<customers::application::Application>("customers", Request::Customers);
    all.extend(of::<warehouse::application::Application>("warehouse", Request::Warehouse));
    all.extend(of::<shipping::application::Application>("shipping", Request::Shipping));
    all.extend(of::<billing::application::Application>("billing", Request::Billing));
    all.extend(ordering::policies::POLICIES.iter().map(|policy| Policied {
        service: "ordering",
        on: policy.on,
        needs: ordering::policies::NEEDS,
        does: "Outcome".to_owned(),
        request: Box::new(|_| None),
    }));
    all
}

/// Those of a participant.
fn of<P: Participant<Reaction: Debug>>(
    service: &'static str,
    request: fn(<P::Reaction as Reaction>::Command) -> Request,
) -> Vec<Policied> {
    let order = crate::knowledge::order_id();
    let policied = |Policy { on, reaction }: &Policy<P::Reaction>| {
        let (on, reaction) = (*on, *reaction);
        let (needs, does) = (reaction.needs(), format!("{reaction:?}"));
        let ask = move |facts: &Facts| reaction.command(order, facts).unwrap().map(request);
        Policied { service, on, needs, does, request: Box::new(ask) }
    };
    P::POLICIES.iter().map(policied).collect()
}

/// What copies a service keeps, by the topics that tell of them.
pub(crate) fn copies() -> [(&'static str, Vec<&'static str>); 5] {
    use choreography::Source as _;
    [
        ("ordering", ordering::styles::state_transfer::source().topics()),
        ("customers", customers::styles::state_transfer::means().source.topics()),
        ("warehouse", warehouse::styles::state_transfer::means().source.topics()),
        ("shipping", shipping::styles::state_transfer::means().source.topics()),
        ("billing", billing::styles::state_transfer::means().source.topics()),
    ]
}

/// Whose topic it is.
pub(crate) fn owner(topic: &str) -> &'static str {
    let name = topic.split('.').next().unwrap();
    SERVICES.into_iter().find(|service| *service == name).unwrap()
}

pub(crate) fn commands_topic(service: &str) -> &'static str {
    match service {
        "customers" => topics::CUSTOMERS_COMMANDS,
        "warehouse" => topics::WAREHOUSE_COMMANDS,
        "shipping" => topics::SHIPPING_COMMANDS,
        _ => topics::BILLING_COMMANDS,
    }
}

pub(crate) const fn replies_topic() -> &'static str {
    topics::ORDERING_REPLIES
}

/// What a command is called on the wire.
pub(crate) fn command_name(request: &Request) -> String {
    tag(&request.command(), "command")
}

/// What a reply is called on the wire, and a report in its event.
pub(crate) fn reply_name(reply: &Reply) -> String {
    match reply {
        Reply::Customers(reply) => tag(reply, "reply"),
        Reply::Warehouse(reply) => tag(reply, "reply"),
        Reply::Shipping(reply) => tag(reply, "reply"),
        Reply::Billing(reply) => tag(reply, "reply"),
    }
}

fn tag(value: &impl Serialize, name: &str) -> String {
    serde_json::to_value(value).unwrap()[name].as_str().unwrap().to_owned()
}
