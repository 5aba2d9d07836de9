//! When an order is cancelled, and when a call that is held for it is let go: pure.

use contracts::ordering::OrderStatus;

use crate::workload::{CarrierScript, Moment, NewOrder, PaymentScript};

/// A system outside that can be told to hold a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    Carrier,
    Payment,
}

impl Outside {
    pub(super) const ALL: [Self; 2] = [Self::Carrier, Self::Payment];

    /// As the admin port names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Carrier => "carrier",
            Self::Payment => "payment",
        }
    }

    /// At which moment a cancel waits for the call that this one holds, rather than for a status.
    const fn moment(self) -> Moment {
        match self {
            Self::Carrier => Moment::Approved,
            Self::Payment => Moment::Shipped,
        }
    }
}

/// Something that was seen of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// Placing it was answered.
    Placed,
    /// It came to a status.
    Status(OrderStatus),
    /// A call about it is held.
    Held(Outside),
    /// Cancelling it was answered, whatever the answer.
    CancelAnswered,
}

/// Something to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Cancel it.
    Cancel,
    /// Have a held call answered.
    Release(Outside),
}

/// What is still to be done for one order.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    cancel_at: Option<Moment>,
    cancelling: bool,
    /// Those that hold, and were not told to let go.
    holding: Vec<Outside>,
    /// Those of which a held call was seen.
    seen: Vec<Outside>,
}

impl Plan {
    pub(super) fn of(order: &NewOrder) -> Self {
        let holds = |outside: &Outside| match outside {
            Outside::Carrier => order.carrier == Some(CarrierScript::Hold),
            Outside::Payment => order.payment == Some(PaymentScript::Hold),
        };
        let holding = Outside::ALL.into_iter().filter(holds).collect();
        Self { cancel_at: order.cancel_at, cancelling: false, holding, seen: vec![] }
    }

    /// Whether a call to `outside` is yet to be seen held.
    pub(super) fn awaits(&self, outside: Outside) -> bool {
        self.holds(outside) && !self.seen.contains(&outside)
    }

    fn holds(&self, outside: Outside) -> bool {
        self.holding.contains(&outside)
    }

    /// What to do now.
    pub(super) fn on(&mut self, fact: Fact) -> Vec<Deed> {
        match fact {
            Fact::Placed => self.cancel_if(Moment::Placed),
            Fact::Status(OrderStatus::Approved) if !self.holds(Outside::Carrier) => {
                self.cancel_if(Moment::Approved)
            }
            Fact::Status(OrderStatus::Shipped) if !self.holds(Outside::Payment) => {
                self.cancel_if(Moment::Shipped)
            }
            Fact::Status(_) => vec![],
            Fact::Held(outside) => self.held(outside),
            Fact::CancelAnswered => {
                self.cancelling = false;
                self.holding.drain(..).map(Deed::Release).collect()
            }
        }
    }

    fn cancel_if(&mut self, moment: Moment) -> Vec<Deed> {
        if self.cancel_at.take_if(|planned| *planned == moment).is_none() {
            return vec![];
        }
        self.cancelling = true;
        vec![Deed::Cancel]
    }

    /// A call is let go at once, unless a cancel is on its way, or waits for this call. One that waits for what can happen only
    /// after this call must not keep it.
    fn held(&mut self, outside: Outside) -> Vec<Deed> {
        self.seen.push(outside);
        let cancel = self.cancel_if(outside.moment());
        if self.cancelling || !self.holds(outside) {
            return cancel;
        }
        self.holding.retain(|holding| *holding != outside);
        vec![Deed::Release(outside)]
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Deed::{Cancel, Release},
        Fact::{CancelAnswered, Held, Placed, Status},
        Outside::{Carrier, Payment},
        *,
    };
    use OrderStatus::{Approved, CreditConfirmed, Shipped};

    fn plan(fields: &str) -> Plan {
        let order = format!(
            r#"{{"key": "o", "customer": "c", "items": [], "expect": {{"status": "COMPLETED"}}{fields}}}"#
        );
        Plan::of(&serde_json::from_str(&order).unwrap())
    }

    /// What is done about each of these facts.
    fn deeds<const N: usize>(fields: &str, facts: [Fact; N]) -> [Vec<Deed>; N] {
        let mut plan = plan(fields);
        facts.map(|fact| plan.on(fact))
    }

    const CARRIER_HOLDS: &str = r#", "carrier": "hold""#;
    const PAYMENT_HOLDS: &str = r#", "payment": "hold""#;

    fn and_cancel(fields: &str, moment: &str) -> String {
        format!(r#"{fields}, "cancel_at": "{moment}""#)
    }

    #[test]
    fn without_a_script_nothing_is_done() {
        let facts = [Placed, Status(Approved), Status(Shipped)];
        assert_eq!(deeds("", facts), [vec![], vec![], vec![]]);
    }

    #[test]
    fn a_held_call_is_let_go_as_soon_as_it_is_held() {
        assert_eq!(deeds(CARRIER_HOLDS, [Placed, Held(Carrier)]), [vec![], vec![Release(Carrier)]]);
        assert_eq!(deeds(PAYMENT_HOLDS, [Placed, Held(Payment)]), [vec![], vec![Release(Payment)]]);
    }

    #[test]
    fn an_order_is_cancelled_once_at_its_moment() {
        let facts = [Placed, Status(CreditConfirmed), Status(Approved), CancelAnswered, Status(Shipped)];
        let at = |moment| deeds(&and_cancel("", moment), facts);
        assert_eq!(at("PLACED"), [vec![Cancel], vec![], vec![], vec![], vec![]]);
        assert_eq!(at("APPROVED"), [vec![], vec![], vec![Cancel], vec![], vec![]]);
        assert_eq!(at("SHIPPED"), [vec![], vec![], vec![], vec![], vec![Cancel]]);
    }

    #[test]
    fn a_status_never_reached_sends_no_cancel() {
        assert_eq!(deeds(&and_cancel("", "APPROVED"), [Placed, Status(OrderStatus::Rejected)]), [[], []]);
    }

    #[test]
    fn with_a_held_call_the_cancel_waits_for_the_call_and_the_call_for_its_answer() {
        let facts = [Placed, Status(Approved), Held(Carrier), CancelAnswered];
        let expected = [vec![], vec![], vec![Cancel], vec![Release(Carrier)]];
        assert_eq!(deeds(&and_cancel(CARRIER_HOLDS, "APPROVED"), facts), expected);

        let facts = [Placed, Status(Shipped), Held(Payment), CancelAnswered];
        let expected = [vec![], vec![], vec![Cancel], vec![Release(Payment)]];
        assert_eq!(deeds(&and_cancel(PAYMENT_HOLDS, "SHIPPED"), facts), expected);
    }

    #[test]
    fn a_call_held_while_a_cancel_is_under_way_is_let_go_with_its_answer() {
        let facts = [Placed, Held(Carrier), CancelAnswered];
        let expected = [vec![Cancel], vec![], vec![Release(Carrier)]];
        assert_eq!(deeds(&and_cancel(CARRIER_HOLDS, "PLACED"), facts), expected);
    }

    #[test]
    fn a_held_call_is_looked_for_until_it_is_seen() {
        let mut plan = plan(&and_cancel(CARRIER_HOLDS, "PLACED"));
        plan.on(Placed);
        assert!(plan.awaits(Carrier) && !plan.awaits(Payment));
        plan.on(Held(Carrier));
        assert!(!plan.awaits(Carrier), "though it is let go only with the answer to the cancel");
    }

    #[test]
    fn an_answered_cancel_lets_go_of_calls_that_are_yet_to_come() {
        let expected = [vec![Cancel], vec![Release(Carrier)]];
        assert_eq!(deeds(&and_cancel(CARRIER_HOLDS, "PLACED"), [Placed, CancelAnswered]), expected);
    }

    #[test]
    fn a_call_that_must_be_answered_before_the_cancel_can_come_is_not_kept_for_it() {
        let facts = [Placed, Held(Carrier), Status(Shipped), CancelAnswered];
        let expected = [vec![], vec![Release(Carrier)], vec![Cancel], vec![]];
        assert_eq!(deeds(&and_cancel(CARRIER_HOLDS, "SHIPPED"), facts), expected);
    }
}
