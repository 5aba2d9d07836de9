//! Aggregates need no tables: a store that keeps nothing but the events of each, in a list, serves as well.
//!
//! It is thrown away after this test. What it shows is that `aggregate::execute` and the domains ask nothing of a
//! repository that a ledger could not give.

use std::{collections::BTreeMap, sync::Mutex};

use aggregate::{Aggregate, Failure, Repository, Versioned, execute};

/// The events of every aggregate, in the order in which they happened.
struct EventLists<A: Aggregate>(Mutex<BTreeMap<A::Id, Vec<A::Event>>>);

/// Somebody else has changed the aggregate since it was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the aggregate is at another version by now")]
struct Conflict;

impl<A: Aggregate> EventLists<A> {
    fn new() -> Self {
        Self(Mutex::default())
    }
}

impl<A: Aggregate> Repository<A> for EventLists<A> {
    type Transaction = ();
    type Error = Conflict;

    async fn load(&self, (): &mut (), ids: &[A::Id], _: &A::Scope) -> Result<Vec<Versioned<A>>, Conflict> {
        let lists = self.0.lock().unwrap();
        let versioned =
            |events: &Vec<A::Event>| Versioned { state: A::fold(events), version: events.len() as u64 };
        Ok(ids.iter().map(|id| lists.get(id).map(versioned).unwrap_or_default()).collect())
    }

    async fn save(&self, (): &mut (), changes: &[aggregate::Change<A>]) -> Result<(), Conflict> {
        let mut lists = self.0.lock().unwrap();
        let current = |id| lists.get(id).map_or(0, Vec::len) as u64;
        if changes.iter().any(|change| current(&change.id) != change.expected) {
            return Err(Conflict);
        }
        for change in changes {
            lists.entry(change.id.clone()).or_default().extend(change.events.iter().cloned());
        }
        Ok(())
    }
}

/// Carries out a command that is not refused.
async fn carry_out<A>(lists: &EventLists<A>, id: &A::Id, command: A::Command) -> Versioned<A>
where
    A: Aggregate,
    A::Scope: Default,
{
    execute(lists, &mut (), id, &A::Scope::default(), &command).await.unwrap()
}

mod one {
    use contracts::ordering::OrderStatus;
    use ordering::domain::{Order, Refusal};

    use super::{
        Conflict, EventLists, Failure, Repository, carry_out,
        example::{self, AT},
        execute,
    };

    #[tokio::test]
    async fn an_order_lives_from_its_beginning_to_its_end() {
        let orders = EventLists::<Order>::new();
        for command in example::until_completed() {
            let before = orders.load(&mut (), &[example::order()], &()).await.unwrap().remove(0);
            let after = carry_out(&orders, &example::order(), command.clone()).await;
            assert!(after.version > before.version, "{command:?}");
            let loaded = orders.load(&mut (), &[example::order()], &()).await.unwrap().remove(0);
            assert_eq!(loaded, after, "what is loaded is what was returned");
            // A command repeated changes nothing more, or is refused by what it did.
            match execute(&orders, &mut (), &example::order(), &(), &command).await {
                Ok(again) => assert!(again == after || example::is_addition(&command)),
                Err(failure) => assert_eq!(failure, Failure::Refused(Refusal::OrderLocked)),
            }
        }
        let order = orders.load(&mut (), &[example::order()], &()).await.unwrap().remove(0).state;
        assert_eq!((order.status, order.finished_at), (OrderStatus::Completed, Some(AT)));
    }

    #[tokio::test]
    async fn what_was_decided_on_an_older_version_is_a_conflict() {
        let orders = EventLists::<Order>::new();
        carry_out(&orders, &example::order(), example::create()).await;
        let loaded = orders.load(&mut (), &[example::order()], &()).await.unwrap().remove(0);
        let change = aggregate::decide(example::order(), &loaded, &example::add()).unwrap().unwrap();
        orders.save(&mut (), std::slice::from_ref(&change)).await.unwrap();
        assert_eq!(orders.save(&mut (), &[change]).await, Err(Conflict));
    }
}

mod all_five {
    use billing::domain as billing;
    use contracts::{OrderId, billing::InvoiceStatus, ordering::OrderStatus};
    use customers::domain as customers;
    use ordering::domain::{Command, Order, Outcome};
    use shipping::domain as shipping;
    use warehouse::domain as warehouse;

    use super::{
        EventLists, carry_out,
        example::{self, AT, dispatch, eur, pieces, registration},
    };

    /// What the services do for one order, without a service.
    #[tokio::test]
    async fn one_order_takes_every_aggregate_to_its_end() {
        let order_id = example::order();
        let order = EventLists::<Order>::new();
        let report = async |outcome| carry_out(&order, &order_id, Command::Outcome { outcome, at: AT }).await;
        for command in [example::create(), example::add(), Command::Place { at: AT }] {
            carry_out(&order, &order_id, command).await;
        }

        let (customer, customer_id) = (EventLists::<customers::Customer>::new(), example::customer());
        carry_out(&customer, &customer_id, registration(eur(10_000))).await;
        let reserve = customers::Command::ReserveCredit { order_id, amount: eur(2500) };
        let reserved = carry_out(&customer, &customer_id, reserve).await.state.account.unwrap();
        assert_eq!(reserved.credit_reserved, eur(2500));
        report(Outcome::CreditReserved { ship_to: Some(reserved.address) }).await;

        let (product, sku) = (EventLists::<warehouse::Product>::new(), "TEA".parse().unwrap());
        let name = "One TEA".parse().unwrap();
        let on_hand = contracts::Count::new(5).unwrap();
        carry_out(&product, &sku, warehouse::Command::Add { name, unit_price: eur(1250), on_hand }).await;
        let reserve = warehouse::Command::ReserveStock { order_id, quantity: pieces(2) };
        assert_eq!(carry_out(&product, &sku, reserve).await.state.stock.reserved.get(), 2);
        report(Outcome::StockReserved).await;

        let shipment = EventLists::<shipping::Shipment>::new();
        let request = shipping::Command::Request(example::shipment());
        for command in [request, shipping::Command::StartBooking, shipping::Command::Accept(dispatch())] {
            carry_out(&shipment, &order_id, command).await;
        }
        assert_eq!(report(Outcome::Dispatched).await.state.status, OrderStatus::Shipped);

        let taken =
            carry_out(&product, &sku, warehouse::Command::TakeStockOut { order_id }).await.state.stock;
        assert_eq!((taken.on_hand.get(), taken.reserved.get()), (3, 0));
        report(Outcome::StockTakenOut).await;

        let paid = pay(order_id).await;
        assert_eq!(paid, Some(InvoiceStatus::Paid));
        report(Outcome::InvoicePaid).await;

        let settled = carry_out(&customer, &customer_id, customers::Command::SettleCredit { order_id }).await;
        assert_eq!(settled.state.account.unwrap().credit_reserved, eur(0));
        let completed = report(Outcome::CreditSettled).await;
        assert_eq!((completed.state.status, completed.version), (OrderStatus::Completed, 10));
    }

    /// An invoice whose first attempt is refused, and the second is not.
    async fn pay(order_id: OrderId) -> Option<InvoiceStatus> {
        let invoice = EventLists::<billing::Invoice>::new();
        let result = |attempt, result| billing::Command::RecordResult { attempt, result };
        let declined = billing::PaymentResult::Declined(contracts::billing::Decline::Soft);
        for command in [
            billing::Command::Issue(example::bill()),
            billing::Command::RecordMail,
            billing::Command::StartAttempt,
            result(1, declined),
            billing::Command::StartAttempt,
            result(2, billing::PaymentResult::Accepted { at: AT }),
        ] {
            carry_out(&invoice, &order_id, command).await;
        }
        let paid =
            carry_out(&invoice, &order_id, result(2, billing::PaymentResult::Accepted { at: AT })).await;
        assert_eq!(paid.version, 6, "told twice it changes nothing more");
        paid.state.status()
    }
}

mod example {
    //! Whose order it is, and what it is about.

    use contracts::{
        Currency, CustomerId, Line, Money, OrderId, Quantity, Reference, Timestamp, billing::BillTo,
    };
    use ordering::domain::{Command, Outcome};
    use uuid::Uuid;

    use crate::support::contact;

    pub(super) const AT: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    pub(super) fn order() -> OrderId {
        OrderId::new(Uuid::from_u128(1))
    }

    pub(super) fn customer() -> CustomerId {
        CustomerId::new(Uuid::from_u128(2))
    }

    pub(super) fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::EUR).unwrap()
    }

    pub(super) fn pieces(count: i64) -> Quantity {
        Quantity::new(count).unwrap()
    }

    fn reference() -> Option<Reference> {
        Some("web-4711".parse().unwrap())
    }

    pub(super) fn create() -> Command {
        Command::Create { customer_id: customer(), reference: reference(), at: AT }
    }

    pub(super) fn add() -> Command {
        let (sku, name) = ("TEA".parse().unwrap(), "One TEA".parse().unwrap());
        Command::AddLine { sku, name, unit_price: eur(1250), quantity: pieces(2) }
    }

    pub(super) fn until_completed() -> Vec<Command> {
        let report = |outcome| Command::Outcome { outcome, at: AT };
        vec![
            create(),
            add(),
            Command::Place { at: AT },
            report(Outcome::CreditReserved { ship_to: None }),
            report(Outcome::StockReserved),
            report(Outcome::Dispatched),
            report(Outcome::InvoiceUnpaid),
            report(Outcome::InvoicePaid),
            report(Outcome::StockTakenOut),
            report(Outcome::CreditSettled),
        ]
    }

    /// Whether the command adds to what is there, so that a repetition adds more.
    pub(super) const fn is_addition(command: &Command) -> bool {
        matches!(command, Command::AddLine { .. })
    }

    pub(super) fn registration(credit_limit: Money) -> customers::domain::Command {
        let contracts::Contact { name, email, address } = contact();
        customers::domain::Command::Register { name, email, address, credit_limit, at: AT }
    }

    pub(super) fn shipment() -> shipping::domain::Request {
        let lines = vec![Line { sku: "TEA".parse().unwrap(), quantity: pieces(2) }];
        shipping::domain::Request { reference: reference(), address: contact().address, lines }
    }

    pub(super) fn dispatch() -> shipping::domain::Dispatch {
        let (carrier, tracking_number) = ("Hermes".to_owned(), "H-1".to_owned());
        shipping::domain::Dispatch { carrier, tracking_number, at: AT }
    }

    pub(super) fn bill() -> billing::domain::Bill {
        let bill_to = BillTo { name: contact().name, email: contact().email };
        billing::domain::Bill {
            customer_id: customer(),
            reference: reference(),
            amount: eur(2500),
            bill_to,
            at: AT,
        }
    }
}
