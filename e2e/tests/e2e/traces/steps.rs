//! What an order's trace has in each style.

use contracts::Style;
use test_support::collector::{Span, Tree};

use super::shopper::CLIENT_SPAN;

/// A tree that has at least these spans: services, names, and how many.
pub(super) fn with(expected: &[(&str, &str, usize)]) -> impl FnMut(Vec<Span>) -> Result<Tree, String> {
    move |spans| {
        let tree = Tree::below(CLIENT_SPAN, spans)?;
        let count = |service: &str, name: &str| {
            tree.named(name).into_iter().filter(|span| span.service() == service).count()
        };
        match expected.iter().find(|(service, name, at_least)| count(service, name) < *at_least) {
            Some(missing) => Err(format!("without {missing:?}:\n{tree}")),
            None => Ok(tree),
        }
    }
}

/// Every step of an order that is completed, where services call each other.
const BY_CALLS: &[(&str, &str, usize)] = &[
    ("gateway", "POST /rest/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("warehouse", "GET /v1/products/{sku}", 1),
    ("ordering", "place_order reserve_credit", 1),
    ("customers", "PUT /internal/reservations/{order_id}", 1),
    ("ordering", "place_order reserve_stock", 1),
    ("warehouse", "PUT /internal/reservations/{order_id}", 1),
    ("ordering", "place_order ship", 1),
    ("shipping", "PUT /internal/shipments/{order_id}", 1),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send ordering.replies", 1),
    ("ordering", "place_order take_stock_out", 1),
    ("warehouse", "POST /internal/reservations/{order_id}/departure", 1),
    ("ordering", "place_order bill", 1),
    ("billing", "PUT /internal/invoices/{order_id}", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send ordering.replies", 1),
    ("ordering", "POST /internal/replies", 2),
    ("ordering", "place_order settle_credit", 1),
    ("customers", "POST /internal/reservations/{order_id}/settlement", 1),
];

/// The same, where they send each other messages.
const BY_MESSAGES: &[(&str, &str, usize)] = &[
    ("gateway", "POST /messaging/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("ordering", "send warehouse.quotes", 1),
    ("warehouse", "process warehouse.quotes", 1),
    ("ordering", "send customers.commands", 2),
    ("customers", "process customers.commands", 2),
    ("customers", "send ordering.replies", 2),
    ("ordering", "send warehouse.commands", 2),
    ("warehouse", "process warehouse.commands", 2),
    ("warehouse", "send ordering.replies", 2),
    ("ordering", "send shipping.commands", 1),
    ("shipping", "process shipping.commands", 1),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send ordering.replies", 1),
    ("ordering", "send billing.commands", 1),
    ("billing", "process billing.commands", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send ordering.replies", 1),
    ("ordering", "process ordering.replies", 6),
    ("ordering", "send ordering.events", 3),
    ("customers", "send customers.events", 2),
    ("warehouse", "send warehouse.events", 2),
    ("shipping", "send shipping.events", 3),
    ("billing", "send billing.events", 3),
];

/// The same, where everybody reacts to what the others report, and asks for what that leaves out.
const BY_NOTICES: &[(&str, &str, usize)] = &[
    ("gateway", "POST /notification/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("warehouse", "GET /v1/products/{sku}", 1),
    ("customers", "process ordering.events", 1),
    ("ordering", "GET /v1/orders/{id}", 1),
    ("ordering", "process customers.reports", 2),
    ("customers", "GET /internal/reports/{order_id}", 1),
    ("shipping", "process warehouse.reports", 1),
    ("customers", "GET /v1/customers/{id}", 1),
    ("customers", "send customers.reports", 2),
    ("warehouse", "process customers.reports", 1),
    ("warehouse", "send warehouse.reports", 2),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send shipping.reports", 1),
    ("warehouse", "process shipping.reports", 1),
    ("billing", "process shipping.reports", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send billing.reports", 1),
    ("customers", "process billing.reports", 1),
    ("ordering", "process warehouse.reports", 2),
    ("ordering", "process shipping.reports", 1),
    ("ordering", "process billing.reports", 1),
    ("ordering", "send ordering.events", 3),
];

/// The same, where what the others report says everything.
const BY_STATES: &[(&str, &str, usize)] = &[
    ("gateway", "POST /state-transfer/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("ordering", "send ordering.events", 3),
    ("customers", "process ordering.events", 3),
    ("warehouse", "process ordering.events", 3),
    ("shipping", "process ordering.events", 3),
    ("billing", "process ordering.events", 3),
    ("customers", "send customers.reports", 2),
    ("ordering", "process customers.reports", 2),
    ("warehouse", "process customers.reports", 1),
    ("warehouse", "send warehouse.reports", 2),
    ("shipping", "process warehouse.reports", 1),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("shipping", "send shipping.reports", 1),
    ("warehouse", "process shipping.reports", 1),
    ("billing", "process shipping.reports", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("billing", "send billing.reports", 1),
    ("customers", "process billing.reports", 1),
    ("ordering", "process warehouse.reports", 2),
    ("ordering", "process shipping.reports", 1),
    ("ordering", "process billing.reports", 1),
];

/// The same, where everybody follows the ledger.
const BY_EVENTS: &[(&str, &str, usize)] = &[
    ("gateway", "POST /event-sourcing/v1/orders", 1),
    ("ordering", "POST /v1/orders", 1),
    ("customers", "process order", 1),
    ("warehouse", "process customers", 1),
    ("shipping", "process warehouse", 1),
    ("shipping", "book", 1),
    ("simulators", "POST /v1/bookings", 1),
    ("warehouse", "process shipping", 1),
    ("billing", "process shipping", 1),
    ("billing", "charge", 1),
    ("simulators", "POST /v1/charges", 1),
    ("billing", "mail", 1),
    ("simulators", "POST /v1/messages", 1),
    ("customers", "process billing", 1),
    ("ordering", "process customers", 2),
    ("ordering", "process warehouse", 2),
    ("ordering", "process shipping", 1),
    ("ordering", "process billing", 1),
];

/// Every step of an order that is completed.
pub(super) fn of_a_completed_order(style: Style) -> &'static [(&'static str, &'static str, usize)] {
    match style {
        Style::Rest => BY_CALLS,
        Style::Messaging => BY_MESSAGES,
        Style::Notification => BY_NOTICES,
        Style::StateTransfer => BY_STATES,
        Style::EventSourcing => BY_EVENTS,
    }
}

/// The steps by which an order is undone that the carrier refuses.
pub(super) fn of_undoing(style: Style) -> &'static [(&'static str, &'static str, usize)] {
    match style {
        Style::Rest => &[
            ("shipping", "DELETE /internal/shipments/{order_id}", 1),
            ("warehouse", "DELETE /internal/reservations/{order_id}", 1),
            ("customers", "DELETE /internal/reservations/{order_id}", 1),
            ("ordering", "place_order reserve_credit/undo", 1),
        ],
        Style::Messaging => &[
            ("shipping", "process shipping.commands", 2),
            ("warehouse", "process warehouse.commands", 2),
            ("customers", "process customers.commands", 2),
            ("ordering", "process ordering.replies", 6),
        ],
        Style::Notification | Style::StateTransfer => &[
            ("ordering", "process shipping.reports", 1),
            ("shipping", "process ordering.events", 1),
            ("warehouse", "process shipping.reports", 2),
            ("customers", "process warehouse.reports", 2),
            ("ordering", "process customers.reports", 2),
        ],
        Style::EventSourcing => &[
            ("ordering", "process shipping", 1),
            ("shipping", "process order", 1),
            ("warehouse", "process shipping", 1),
            ("customers", "process warehouse", 1),
            ("ordering", "process customers", 2),
        ],
    }
}

/// What has been told, beside what leads there, when the carrier is being asked.
pub(super) fn told_before_the_carrier(style: Style) -> &'static [(&'static str, &'static str, usize)] {
    match style {
        Style::Rest | Style::Messaging => &[],
        Style::Notification | Style::StateTransfer => &[
            ("ordering", "send ordering.events", 3),
            ("customers", "send customers.reports", 1),
            ("customers", "send customers.events", 1),
            ("warehouse", "send warehouse.reports", 1),
            ("warehouse", "send warehouse.events", 1),
            ("shipping", "send shipping.events", 2),
        ],
        Style::EventSourcing => &[
            ("customers", "process order", 1),
            ("warehouse", "process customers", 1),
            ("shipping", "process warehouse", 1),
            ("ordering", "process customers", 1),
            ("ordering", "process warehouse", 1),
        ],
    }
}

/// How the money was collected: from the provider up to the client's request.
pub(super) fn path_to_the_charge(style: Style) -> Vec<String> {
    let asking: &[_] = match style {
        Style::Rest => {
            &["billing: PUT /internal/invoices/{order_id}", "ordering: PUT", "ordering: place_order bill"]
        }
        Style::Messaging => &["billing: process billing.commands", "ordering: send billing.commands"],
        // Each reacted to the one before it.
        Style::EventSourcing => &[
            "billing: process shipping",
            "shipping: book",
            "shipping: process warehouse",
            "warehouse: process customers",
            "customers: process order",
        ],
        Style::Notification | Style::StateTransfer => &[
            "billing: process shipping.reports",
            "shipping: send shipping.reports",
            "shipping: book",
            "shipping: process warehouse.reports",
            "warehouse: send warehouse.reports",
            "warehouse: process customers.reports",
            "customers: send customers.reports",
            "customers: process ordering.events",
            "ordering: send ordering.events",
        ],
    };
    let below = ["simulators: POST /v1/charges", "billing: POST", "billing: charge"];
    let gateway = format!("gateway: POST /{style}/v1/orders");
    let above = ["ordering: POST /v1/orders", "gateway: POST", &gateway];
    below.iter().chain(asking).chain(&above).map(|name| (*name).to_owned()).collect()
}
