//! What the simulators are set to, kept so that it survives a crash.

use std::collections::BTreeMap;

use contracts::{
    Reference,
    outside::simulators::{Behaviour, Settings},
};
use database::{Kind, Migration, Schema, Transaction, params, statements};

use crate::{
    error::{Error, decode, encode},
    settings::System,
};

/// The most scripts that are shown at once.
const SHOWN: u64 = 1000;

/// The tables of settings and scripts.
pub const SCHEMA: Schema = Schema {
    name: "simulator_settings",
    migrations: &[Migration {
        version: 1,
        kind: Kind::Expand,
        sql: "
CREATE TABLE settings (
    system   TEXT NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT settings_pk PRIMARY KEY (system)
);
CREATE TABLE scripts (
    system    TEXT   NOT NULL,
    reference TEXT   NOT NULL,
    behaviour TEXT   NOT NULL,
    set_at    BIGINT NOT NULL,
    CONSTRAINT scripts_pk PRIMARY KEY (system, reference)
);
CREATE INDEX scripts_latest ON scripts (system, set_at);
",
    }],
};

statements! {
    /// What a simulator is set to.
    const SETTINGS: "SELECT document FROM settings WHERE system = $1";
    /// Sets a simulator.
    const SET: "INSERT INTO settings (system, document) VALUES ($1, $2) \
        ON CONFLICT (system) DO UPDATE SET document = excluded.document";
    /// The script of a reference.
    const SCRIPT: "SELECT behaviour FROM scripts WHERE system = $1 AND reference = $2";
    /// Gives a reference a script.
    const SET_SCRIPT: "INSERT INTO scripts (system, reference, behaviour, set_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (system, reference) DO UPDATE SET behaviour = excluded.behaviour, set_at = excluded.set_at";
    /// Takes a reference's script away.
    const CLEAR_SCRIPT: "DELETE FROM scripts WHERE system = $1 AND reference = $2";
    /// The scripts that were set last.
    const LATEST_SCRIPTS: "SELECT reference, behaviour FROM scripts WHERE system = $1 ORDER BY set_at DESC LIMIT $2";
    /// How many scripts there are.
    const COUNT_SCRIPTS: "SELECT COUNT(*) FROM scripts WHERE system = $1";
}

/// What a simulator is set to; the defaults if it never was.
pub(crate) async fn settings(tx: &mut Transaction, system: System) -> Result<Settings, Error> {
    let document = tx.query_opt(SETTINGS, params![system.name()], |row| row.get::<String>(0)).await?;
    document.map_or_else(|| Ok(Settings::default()), |document| decode(&document))
}

/// Sets a simulator.
pub(crate) async fn set(tx: &mut Transaction, system: System, settings: &Settings) -> Result<(), Error> {
    tx.execute(SET, params![system.name(), encode(settings)?]).await?;
    Ok(())
}

/// The script of a reference, if it has one.
pub(crate) async fn script(
    tx: &mut Transaction,
    system: System,
    reference: &Reference,
) -> Result<Option<Behaviour>, Error> {
    let parameters = params![system.name(), reference.as_str()];
    let script = tx.query_opt(SCRIPT, parameters, |row| row.get::<String>(0)).await?;
    script.as_deref().map(decode).transpose()
}

/// Gives references a script, or takes it away.
pub(crate) async fn set_scripts(
    tx: &mut Transaction,
    system: System,
    scripts: &BTreeMap<Reference, Option<Behaviour>>,
) -> Result<(), Error> {
    let now = tx.now();
    for (reference, script) in scripts {
        match script {
            Some(script) => {
                let row = params![system.name(), reference.as_str(), encode(script)?, now];
                tx.execute(SET_SCRIPT, row).await?;
            }
            None => {
                tx.execute(CLEAR_SCRIPT, params![system.name(), reference.as_str()]).await?;
            }
        }
    }
    Ok(())
}

/// The scripts that were set last, and how many there are altogether.
pub(crate) async fn latest(
    tx: &mut Transaction,
    system: System,
) -> Result<(BTreeMap<Reference, Behaviour>, u64), Error> {
    let row = |row: &database::Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    let rows = tx.query(LATEST_SCRIPTS, params![system.name(), SHOWN], row).await?;
    let total = tx.query_one(COUNT_SCRIPTS, params![system.name()], |row| row.get(0)).await?;
    let parsed = rows.into_iter().map(|(reference, behaviour)| Ok((reference.parse()?, decode(&behaviour)?)));
    Ok((parsed.collect::<Result<_, Error>>()?, total))
}
