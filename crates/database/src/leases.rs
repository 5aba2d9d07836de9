//! Leases: of several replicas one plays a role, and who has lost it cannot write any more.
//!
//! A role is any text, such as `relay/3` for the relay of partition group 3. A holder is the name of one run
//! of one replica; a replica that starts again takes a new name. Whoever acquires a role gets a [`Token`],
//! whose number grows by one with every change of holder. Writes in that role call [`check`] in the same
//! transaction, so that a holder that slept through the end of its lease writes nothing.

use std::time::Duration;

use crate::clock::micros;
use crate::{Error, Kind, Migration, Schema, Transaction, params};

/// The tables of leases, for [`Database::open`](crate::Database::open).
pub const SCHEMA: Schema = Schema {
    name: "leases",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
            CREATE TABLE leases (
                role TEXT PRIMARY KEY,
                holder TEXT NOT NULL,
                token BIGINT NOT NULL,
                expires_at BIGINT NOT NULL
            )",
    }],
};

crate::statements! {
    /// Takes a role that is free, expired or already the holder's.
    pub const ACQUIRE: "
        INSERT INTO leases (role, holder, token, expires_at) VALUES ($1, $2, 1, $4)
        ON CONFLICT (role) DO UPDATE SET
            token = leases.token + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END,
            holder = excluded.holder,
            expires_at = excluded.expires_at
        WHERE leases.holder = excluded.holder OR leases.expires_at <= $3
        RETURNING token";

    /// Moves the end of a lease that nobody has taken over.
    pub const RENEW: "UPDATE leases SET expires_at = $3 WHERE role = $1 AND token = $2";

    /// Ends a lease that nobody has taken over.
    pub const RELEASE: "UPDATE leases SET expires_at = 0 WHERE role = $1 AND token = $2 AND expires_at > 0";

    /// Every role.
    pub const ALL: "SELECT role, holder, token, expires_at FROM leases ORDER BY role";

    /// The token of a role.
    pub const CURRENT: "SELECT token FROM leases WHERE role = $1";
}

/// Proof of having acquired a role; it does not say for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    role: String,
    number: u64,
}

impl Token {
    /// The role that was acquired.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The fencing number: of two tokens of one role the higher is the newer.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    fn lost(&self, tx: &mut Transaction) -> Error {
        tx.fence();
        Error::LeaseLost { role: self.role.clone(), token: self.number }
    }
}

/// A role, and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The role.
    pub role: String,
    /// Who acquired it last.
    pub holder: String,
    /// How often it has changed hands, the first time included.
    pub number: u64,
    /// When it ends unless it is renewed, in microseconds since the Unix epoch; zero once it was released.
    pub expires_at: i64,
}

/// Every role that was ever acquired.
///
/// # Errors
///
/// Those of a statement.
pub async fn all(tx: &mut Transaction) -> Result<Vec<Lease>, Error> {
    tx.query(ALL, params![], |row| {
        Ok(Lease { role: row.get(0)?, holder: row.get(1)?, number: row.get(2)?, expires_at: row.get(3)? })
    })
    .await
}

/// Takes `role` for `holder` until `ttl` from now, or returns `None` while another holds it.
///
/// # Errors
///
/// Those of a statement.
pub async fn acquire(
    tx: &mut Transaction,
    role: &str,
    holder: &str,
    ttl: Duration,
) -> Result<Option<Token>, Error> {
    let now = tx.now();
    let end = now.saturating_add(micros(ttl));
    let number = tx.query_opt(ACQUIRE, params![role, holder, now, end], |row| row.get(0)).await?;
    Ok(number.map(|number| Token { role: role.to_owned(), number }))
}

/// Keeps the role until `ttl` from now, even if the lease had expired, so long as nobody has taken it.
///
/// # Errors
///
/// [`Error::LeaseLost`] if another has taken the role.
pub async fn renew(tx: &mut Transaction, token: &Token, ttl: Duration) -> Result<(), Error> {
    let end = tx.now().saturating_add(micros(ttl));
    match tx.execute(RENEW, params![token.role(), token.number, end]).await? {
        0 => Err(token.lost(tx)),
        _ => Ok(()),
    }
}

/// Frees the role at once, unless another has taken it already.
///
/// # Errors
///
/// Those of a statement.
pub async fn release(tx: &mut Transaction, token: &Token) -> Result<(), Error> {
    tx.execute(RELEASE, params![token.role(), token.number]).await.map(drop)
}

/// Fences the writes of this transaction: they take place only if nobody else has taken the role.
///
/// # Errors
///
/// [`Error::LeaseLost`] if another has.
pub async fn check(tx: &mut Transaction, token: &Token) -> Result<(), Error> {
    // Nobody takes the role before this transaction ends, since SQLite has one writer at a time. Elsewhere
    // this statement has to lock the row.
    match tx.query_opt(CURRENT, params![token.role()], |row| row.get::<u64>(0)).await? {
        Some(number) if number == token.number => Ok(()),
        _ => Err(token.lost(tx)),
    }
}
