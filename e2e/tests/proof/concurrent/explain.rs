//! What must have been asked for something to have happened, and how the services show what came of it.

use aggregate::{Aggregate, Versioned};
use billing::domain::{Bill, Invoice, PaymentResult};
use contracts::{CustomerId, OrderId, Quantity, Sku, ordering::Reason};
use customers::domain::Customer;
use ordering::domain::{Order, Outcome};
use serde::Serialize;
use serde_json::{Value, json};
use shipping::domain::{Dispatch, Request, Shipment};
use warehouse::domain::Product;

/// An aggregate whose decisions can be made again from what came of them.
pub(crate) trait Explain: Aggregate {
    /// Everything that may have been asked of it as it is, for this to happen.
    fn asked_for(&self, event: &Self::Event) -> Vec<Self::Command>;

    /// How its service shows it, if it does.
    fn shown(id: &Self::Id, aggregate: &Versioned<Self>) -> Option<Value>;
}

impl Explain for Customer {
    fn asked_for(&self, event: &Self::Event) -> Vec<Self::Command> {
        use contracts::customers::Event;
        use customers::domain::Command;
        vec![match event.clone() {
            Event::Registered { name, email, address, credit_limit, at } => {
                Command::Register { name, email, address, credit_limit, at }
            }
            Event::CreditLimitChanged { credit_limit } => Command::ChangeCreditLimit { credit_limit },
            Event::CreditReserved { order_id, amount } | Event::CreditRefused { order_id, amount, .. } => {
                Command::ReserveCredit { order_id, amount }
            }
            Event::CreditReleased { order_id, .. } | Event::CreditBarred { order_id } => {
                Command::ReleaseCredit { order_id }
            }
            Event::CreditSettled { order_id, .. } => Command::SettleCredit { order_id },
        }]
    }

    fn shown(id: &CustomerId, customer: &Versioned<Self>) -> Option<Value> {
        use customers::domain::Reservation;
        let mut shown = written(customers::view::of(*id, customer)?);
        let held =
            customer.state.reservations.iter().filter_map(|(order_id, reservation)| match reservation {
                Reservation::Held(amount) => Some(json!({"order_id": order_id, "amount": amount})),
                Reservation::Refused(_) | Reservation::Released | Reservation::Settled => None,
            });
        shown["held"] = held.collect();
        Some(shown)
    }
}

impl Explain for Product {
    fn asked_for(&self, event: &Self::Event) -> Vec<Self::Command> {
        use contracts::warehouse::Event;
        use warehouse::domain::Command;
        vec![match event.clone() {
            Event::Added { name, unit_price, on_hand } => Command::Add { name, unit_price, on_hand },
            Event::Renamed { name } => Command::Rename { name },
            Event::Repriced { unit_price } => Command::Reprice { unit_price },
            // A correction is no answer to a command, and no workload has one.
            Event::PriceCorrected { .. } => return vec![],
            Event::Restocked { quantity } => Command::Restock { quantity },
            Event::StockReserved { order_id, quantity } | Event::StockRefused { order_id, quantity } => {
                Command::ReserveStock { order_id, quantity }
            }
            Event::StockReleased { order_id, .. } | Event::StockBarred { order_id } => {
                Command::ReleaseStock { order_id }
            }
            Event::StockTakenOut { order_id, .. } => Command::TakeStockOut { order_id },
        }]
    }

    fn shown(sku: &Sku, product: &Versioned<Self>) -> Option<Value> {
        use warehouse::domain::Reservation;
        let mut shown = written(warehouse::view::of(sku.clone(), product)?);
        let held =
            product.state.reservations.iter().filter_map(|(order_id, reservation)| match reservation {
                Reservation::Held(quantity) => {
                    Some(json!({"order_id": order_id, "quantity": quantity.get()}))
                }
                Reservation::Refused | Reservation::Released | Reservation::TakenOut => None,
            });
        shown["held"] = held.collect();
        Some(shown)
    }
}

impl Explain for Order {
    fn asked_for(&self, event: &Self::Event) -> Vec<Self::Command> {
        use contracts::ordering::Event;
        use ordering::domain::Command;
        let reported = |outcome, at| Command::Outcome { outcome, at };
        let at = self.created_at;
        match event.clone() {
            Event::Created { customer_id, reference, at } => {
                vec![Command::Create { customer_id, reference, at }]
            }
            Event::LineAdded { sku, name, unit_price, quantity } => {
                vec![Command::AddLine { sku, name, unit_price, quantity }]
            }
            Event::LineChanged { sku, quantity } => {
                let line = self.lines.find(&sku).cloned();
                let added = line.and_then(|line| {
                    let more = i64::from(quantity.get()) - i64::from(line.quantity.get());
                    let (name, unit_price) = (line.name, line.unit_price);
                    Some(Command::AddLine {
                        sku: sku.clone(),
                        name,
                        unit_price,
                        quantity: Quantity::new(more).ok()?,
                    })
                });
                added.into_iter().chain([Command::ChangeLine { sku, quantity }]).collect()
            }
            Event::LineRemoved { sku } => vec![Command::RemoveLine { sku }],
            Event::Placed { at, .. } => vec![Command::Place { at }],
            Event::CreditConfirmed { ship_to, at } => vec![reported(Outcome::CreditReserved { ship_to }, at)],
            Event::Approved { at } => vec![reported(Outcome::StockReserved, at)],
            Event::CancelStarted { at, .. } => {
                vec![Command::Cancel { at }, reported(Outcome::CarrierRefused, at)]
            }
            Event::CancelWished => vec![Command::Cancel { at }],
            Event::Shipped { at } => vec![reported(Outcome::Dispatched, at)],
            Event::StockTakenOut => vec![reported(Outcome::StockTakenOut, at)],
            Event::InvoicePaid => vec![reported(Outcome::InvoicePaid, at)],
            Event::InvoiceUnpaid { at } => vec![reported(Outcome::InvoiceUnpaid, at)],
            Event::CreditSettled => vec![reported(Outcome::CreditSettled, at)],
            // The last of what an order was waiting for, whichever that is.
            Event::Completed { at } => [Outcome::StockTakenOut, Outcome::InvoicePaid, Outcome::CreditSettled]
                .map(|it| reported(it, at))
                .into(),
            Event::Rejected { reason, at } => vec![
                reported(Outcome::CreditRefused { reason }, at),
                reported(Outcome::CreditReleased { because: Some(Reason::OutOfStock) }, at),
            ],
            Event::Cancelled { at } => {
                vec![Command::Cancel { at }, reported(Outcome::CreditReleased { because: None }, at)]
            }
        }
    }

    fn shown(id: &OrderId, order: &Versioned<Self>) -> Option<Value> {
        Some(written(ordering::view::of(*id, order)?))
    }
}

impl Explain for Shipment {
    fn asked_for(&self, event: &Self::Event) -> Vec<Self::Command> {
        use contracts::shipping::Event;
        use shipping::domain::Command;
        vec![match event.clone() {
            Event::Requested { reference, address, lines } => {
                Command::Request(Request { reference, address, lines })
            }
            Event::BookingStarted => Command::StartBooking,
            Event::Dispatched { carrier, tracking_number, at } => {
                Command::Accept(Dispatch { carrier, tracking_number, at })
            }
            Event::Refused => Command::Refuse,
            Event::CallOffAwaited | Event::CalledOff => Command::CallOff,
        }]
    }

    fn shown(id: &OrderId, shipment: &Versioned<Self>) -> Option<Value> {
        Some(written(shipping::view::of(*id, shipment)?))
    }
}

impl Explain for Invoice {
    fn asked_for(&self, event: &Self::Event) -> Vec<Self::Command> {
        use billing::domain::Command;
        use contracts::billing::Event;
        match event.clone() {
            Event::Issued { customer_id, reference, amount, bill_to, at } => {
                vec![Command::Issue(Bill { customer_id, reference, amount, bill_to, at })]
            }
            Event::Mailed => vec![Command::RecordMail],
            Event::AttemptStarted { .. } => vec![Command::StartAttempt, Command::Pay],
            Event::AttemptDeclined { attempt, decline } => {
                vec![Command::RecordResult { attempt, result: PaymentResult::Declined(decline) }]
            }
            Event::Paid { attempt, at } => {
                vec![Command::RecordResult { attempt, result: PaymentResult::Accepted { at } }]
            }
            // Decided with the attempt that was declined.
            Event::LeftUnpaid => vec![],
        }
    }

    fn shown(id: &OrderId, invoice: &Versioned<Self>) -> Option<Value> {
        Some(written(billing::view::of(*id, invoice)?))
    }
}

fn written(shown: impl Serialize) -> Value {
    serde_json::to_value(shown).unwrap()
}
