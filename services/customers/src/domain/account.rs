//! What a customer may owe.

use contracts::{
    Address, Email, Money, Name, OrderId, Timestamp,
    customers::{CreditRefusal, Event},
    values::MoneyError,
};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Who a customer is, and what they may owe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Their name.
    pub name: Name,
    /// Where mail reaches them.
    pub email: Email,
    /// Where parcels reach them.
    pub address: Address,
    /// How much they may owe.
    pub credit_limit: Money,
    /// How much of that is set aside for orders under way; in the currency of the limit.
    pub credit_reserved: Money,
    /// When they became a customer.
    pub created_at: Timestamp,
}

impl Account {
    /// How much more can be set aside.
    #[must_use]
    pub fn credit_available(&self) -> Money {
        // What is reserved is never above the limit.
        self.credit_limit.minus(self.credit_reserved).unwrap_or(Money::zero(self.credit_limit.currency()))
    }

    pub(super) fn reserve(&self, order_id: OrderId, amount: Money) -> Event {
        let reason = match self.credit_available().minus(amount) {
            Ok(_) => return Event::CreditReserved { order_id, amount },
            Err(MoneyError::CurrencyMismatch) => CreditRefusal::CurrencyMismatch,
            Err(MoneyError::OutOfRange) => CreditRefusal::InsufficientCredit,
        };
        Event::CreditRefused { order_id, amount, reason }
    }

    pub(super) fn change_limit(&self, credit_limit: Money) -> Result<Vec<Event>, Refusal> {
        let in_use = self.credit_reserved.amount() > 0;
        match credit_limit.minus(self.credit_reserved) {
            _ if credit_limit == self.credit_limit => Ok(vec![]),
            Err(MoneyError::CurrencyMismatch) if in_use => Err(Refusal::CurrencyMismatch),
            Err(MoneyError::OutOfRange) => Err(Refusal::LimitBelowReserved),
            Ok(_) | Err(MoneyError::CurrencyMismatch) => Ok(vec![Event::CreditLimitChanged { credit_limit }]),
        }
    }

    pub(super) fn limit_changed(&mut self, credit_limit: Money) {
        self.credit_limit = credit_limit;
        if self.credit_reserved.currency() != credit_limit.currency() {
            self.credit_reserved = Money::zero(credit_limit.currency()); // only changed while nothing is reserved
        }
    }

    // Neither sum can fail after what was decided above. If the past says otherwise, the past is not undone here.

    pub(super) fn reserved(&mut self, amount: Money) {
        self.credit_reserved = self.credit_reserved.plus(amount).unwrap_or(self.credit_reserved);
    }

    pub(super) fn freed(&mut self, amount: Money) {
        self.credit_reserved = self.credit_reserved.minus(amount).unwrap_or(self.credit_reserved);
    }
}
