//! One customer: a row, and a row for the credit of every order.

use aggregate::{Change, Repository, Versioned};
use contracts::{
    Address, Currency, CustomerId, Money, OrderId, Timestamp,
    customers::{CreditRefusal, Event},
};
use database::{Error, Row, Transaction, params, statements};

use crate::domain::{Account, Customer, Reservation};

statements! {
    /// One customer without reservations.
    const LOAD: "SELECT name, email, line1, postal_code, city, country, currency, credit_limit, credit_reserved, \
        created_at, version FROM customers WHERE customer_id = $1";
    /// What became of the credit of one order.
    const LOAD_RESERVATION: "SELECT status, amount, currency FROM customer_reservations \
        WHERE customer_id = $1 AND order_id = $2";
    /// A new customer, unless there is one of this id.
    const INSERT: "INSERT INTO customers (customer_id, version, currency, credit_limit, credit_reserved, name, \
        email, line1, postal_code, city, country, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (customer_id) DO NOTHING";
    /// What became of a customer who is still at the version that was decided on.
    const UPDATE: "UPDATE customers SET version = $3, currency = $4, credit_limit = $5, credit_reserved = $6 \
        WHERE customer_id = $1 AND version = $2";
    /// What became of the credit of one order.
    const PUT_RESERVATION: "INSERT INTO customer_reservations (customer_id, order_id, status, amount, currency, \
        changed_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (customer_id, order_id) DO UPDATE SET \
        status = excluded.status, amount = excluded.amount, currency = excluded.currency, \
        changed_at = excluded.changed_at";
}

/// Customers kept as rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows;

impl Repository<Customer> for Rows {
    type Transaction = Transaction;
    type Error = Error;

    async fn load(
        &self,
        tx: &mut Transaction,
        ids: &[CustomerId],
        scope: &Option<OrderId>,
    ) -> Result<Vec<Versioned<Customer>>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(load(tx, *id, *scope).await?.unwrap_or_default());
        }
        Ok(found)
    }

    async fn save(&self, tx: &mut Transaction, changes: &[Change<Customer>]) -> Result<(), Error> {
        let mut sorted: Vec<&Change<Customer>> = changes.iter().collect();
        sorted.sort_by_key(|change| change.id);
        for change in sorted {
            save(tx, change).await?;
        }
        Ok(())
    }
}

pub(super) async fn load(
    tx: &mut Transaction,
    id: CustomerId,
    scope: Option<OrderId>,
) -> Result<Option<Versioned<Customer>>, Error> {
    let read = |row: &Row<'_>| Ok((read_account(row)?, row.get(10)?));
    let Some((account, version)) = tx.query_opt(LOAD, params![id.uuid()], read).await? else {
        return Ok(None);
    };
    let mut state = Customer { account: Some(account), ..Customer::default() };
    if let Some(order_id) = scope {
        let params = params![id.uuid(), order_id.uuid()];
        let found = tx.query_opt(LOAD_RESERVATION, params, read_reservation).await?;
        state.reservations.extend(found.map(|reservation| (order_id, reservation)));
    }
    Ok(Some(Versioned { state, version }))
}

async fn save(tx: &mut Transaction, change: &Change<Customer>) -> Result<(), Error> {
    // No event happens to nobody, so whoever changed has an account.
    let Some(account) = &change.after.account else { return Err(tx.conflict("customer")) };
    let rows = match change.expected {
        0 => insert(tx, change, account).await?,
        _ => update(tx, change, account).await?,
    };
    if rows == 0 {
        return Err(tx.conflict("customer"));
    }
    for event in &change.events {
        match event {
            Event::CreditReserved { order_id, amount } => {
                put(tx, change.id, *order_id, "held", Some(*amount)).await?;
            }
            Event::CreditRefused { order_id, amount, reason } => {
                let status = match reason {
                    CreditRefusal::InsufficientCredit => "insufficient_credit",
                    CreditRefusal::CurrencyMismatch => "currency_mismatch",
                    // Nobody, and an order that is barred, are answered without that anything happens.
                    CreditRefusal::UnknownCustomer | CreditRefusal::Released => {
                        return Err(tx.conflict("customer"));
                    }
                };
                put(tx, change.id, *order_id, status, Some(*amount)).await?;
            }
            Event::CreditReleased { order_id, amount } => {
                put(tx, change.id, *order_id, "released", Some(*amount)).await?;
            }
            Event::CreditBarred { order_id } => put(tx, change.id, *order_id, "barred", None).await?,
            Event::CreditSettled { order_id, amount } => {
                put(tx, change.id, *order_id, "settled", Some(*amount)).await?;
            }
            Event::Registered { .. } | Event::CreditLimitChanged { .. } => {} // in the customer's own row
        }
    }
    Ok(())
}

async fn insert(tx: &mut Transaction, change: &Change<Customer>, account: &Account) -> Result<u64, Error> {
    let Account { name, email, address, credit_limit, credit_reserved, created_at } = account;
    tx.execute(
        INSERT,
        params![
            change.id.uuid(),
            change.version(),
            credit_limit.currency().as_str(),
            credit_limit.amount(),
            credit_reserved.amount(),
            name.as_str(),
            email.as_str(),
            address.line1.as_str(),
            address.postal_code.as_str(),
            address.city.as_str(),
            address.country.as_str(),
            created_at.micros(),
        ],
    )
    .await
}

async fn update(tx: &mut Transaction, change: &Change<Customer>, account: &Account) -> Result<u64, Error> {
    let Account { credit_limit, credit_reserved, .. } = account;
    tx.execute(
        UPDATE,
        params![
            change.id.uuid(),
            change.expected,
            change.version(),
            credit_limit.currency().as_str(),
            credit_limit.amount(),
            credit_reserved.amount(),
        ],
    )
    .await
}

async fn put(
    tx: &mut Transaction,
    id: CustomerId,
    order_id: OrderId,
    status: &str,
    amount: Option<Money>,
) -> Result<(), Error> {
    let currency = amount.map(|amount| String::from(amount.currency()));
    let (amount, now) = (amount.map(Money::amount), tx.now());
    let row = params![id.uuid(), order_id.uuid(), status, amount, currency, now];
    tx.execute(PUT_RESERVATION, row).await?;
    Ok(())
}

fn read_account(row: &Row<'_>) -> Result<Account, Error> {
    let currency = row.parse(6)?;
    Ok(Account {
        name: row.parse(0)?,
        email: row.parse(1)?,
        address: Address {
            line1: row.parse(2)?,
            postal_code: row.parse(3)?,
            city: row.parse(4)?,
            country: row.parse(5)?,
        },
        credit_limit: money(row, 7, currency)?,
        credit_reserved: money(row, 8, currency)?,
        created_at: Timestamp::from_micros(row.get(9)?),
    })
}

fn read_reservation(row: &Row<'_>) -> Result<Reservation, Error> {
    Ok(match row.get::<String>(0)?.as_str() {
        "held" => Reservation::Held(money(row, 1, row.parse(2)?)?),
        "settled" => Reservation::Settled,
        "insufficient_credit" => Reservation::Refused(CreditRefusal::InsufficientCredit),
        "currency_mismatch" => Reservation::Refused(CreditRefusal::CurrencyMismatch),
        _ => Reservation::Released, // barred too: a constraint keeps other words out
    })
}

/// The money that a column tells, in a currency that another does.
pub(super) fn money(row: &Row<'_>, index: usize, currency: Currency) -> Result<Money, Error> {
    Money::new(row.get(index)?, currency).map_err(|_| Error::Column {
        statement: LOAD.name(),
        column: index.to_string(),
        expected: "an amount of money",
        found: "a number out of its range",
    })
}
