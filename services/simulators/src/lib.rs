//! Stand-ins for the systems outside: payment provider, carrier and mail.
//!
//! Each has the real one's API shape, a ledger of its own that survives a crash, and latency, refusals and faults that a
//! runner sets on the admin port while it runs. A request is taken in this order: the faults on its way
//! ([`settings::trouble`]), then the answer that its idempotency key had before ([`ledger`]), then its script or chance
//! ([`settings::behaviour`]), which may hold it ([`simulator`]); what is answered is written down first.

pub mod app;
pub mod config;

pub mod http;

pub mod error;
pub mod simulator;

pub mod held;
pub mod settings;

pub mod ledger;
pub mod scripts;

pub use app::App;
pub use config::Config;
pub use simulator::{Simulator, Simulators};

/// The tables of the simulators' store.
pub const SCHEMAS: &[database::Schema] = &[scripts::SCHEMA, ledger::SCHEMA];
