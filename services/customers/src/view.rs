//! A customer as others see one.

use aggregate::Versioned;
use contracts::{Contact, CustomerId, customers};

use crate::domain::{Account, Customer};

/// The customer as clients see one; `None` if there is no such customer.
#[must_use]
pub fn of(id: CustomerId, customer: &Versioned<Customer>) -> Option<customers::Customer> {
    let account = customer.state.account.as_ref()?;
    Some(customers::Customer {
        id,
        name: account.name.clone(),
        email: account.email.clone(),
        address: account.address.clone(),
        credit_limit: account.credit_limit,
        credit_reserved: account.credit_reserved,
        credit_available: account.credit_available(),
        created_at: account.created_at,
        version: customer.version,
    })
}

/// Who the customer is to those who ship and bill.
#[must_use]
pub fn contact(account: &Account) -> Contact {
    Contact { name: account.name.clone(), email: account.email.clone(), address: account.address.clone() }
}
