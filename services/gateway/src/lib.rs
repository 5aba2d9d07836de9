//! The single entry for clients: one address for all services, of every style that a deployment serves.
//!
//! `/v1/…` is the default style's API and `/{style}/v1/…` that style's. A request goes to the service that owns what it is
//! about ([`routes`]); one order is put together from three owners. The gateway keeps nothing and decides nothing of the domain.
//!
//! **Invariant:** only what [`routes::ROUTES`] names can be reached; the participants' `/internal/…` is not among it.
//! **Invariant:** who the caller is, the gateway says; a caller's own word for it is dropped.

pub mod config;
pub mod openapi;
pub mod routes;

mod app;
mod client;
mod docs;
mod forward;
mod order;
mod timeline;
mod upstream;
mod valuable;

pub use app::{App, BuildError};
pub use config::Config;
