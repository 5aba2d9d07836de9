//! A running system, as its clients and its operators reach it.

mod address;
mod admin;
mod api;
mod caller;
mod error;
mod follow;
mod gateway;
mod pushback;
mod sse;

pub use address::{Address, NotAnAddress};
pub use admin::{Admin, App, Check, Readiness};
pub use api::Api;
pub use error::Error;
pub use follow::{Follower, Seen};
pub use gateway::{Gateway, Served};
pub use pushback::Pushback;

use std::time::Duration;

use caller::Caller;
use chassis::{
    client::{HttpClient, Options},
    platform::Platform,
};

/// The gateway's port on this machine unless told otherwise.
const GATEWAY: u16 = 8080;

/// The admin port unless told otherwise.
const ADMIN: u16 = 8081;

/// The largest answer that is read: an audit is as large as a service's store.
const MOST_BYTES: usize = 512 * 1024 * 1024;

/// As many connections as a server takes are kept for the next call, so that many callers at a time each find theirs again.
const CONNECTIONS: usize = 4096;

/// How long an answer may take. An audit takes its time, and the waits of the API are shorter.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where the gateway is; an option of every command that needs it.
#[derive(Clone, Debug, clap::Args)]
pub struct GatewayArgs {
    /// Where clients reach the system.
    #[arg(long, value_name = "URL", default_value_t = Address::here(GATEWAY), env = "SWITCHYARD_GATEWAY")]
    pub gateway: Address,
}

/// Where the admin port is; an option of every command that needs it.
#[derive(Clone, Debug, clap::Args)]
pub struct AdminArgs {
    /// Where operators reach the system.
    #[arg(long, value_name = "URL", default_value_t = Address::here(ADMIN), env = "SWITCHYARD_ADMIN")]
    pub admin: Address,
}

/// Where `switchyard up` has it unless told otherwise.
impl Default for GatewayArgs {
    fn default() -> Self {
        Self { gateway: Address::here(GATEWAY) }
    }
}

/// Where `switchyard up` has it unless told otherwise.
impl Default for AdminArgs {
    fn default() -> Self {
        Self { admin: Address::here(ADMIN) }
    }
}

impl GatewayArgs {
    /// The gateway there.
    #[must_use]
    pub fn connect(&self, platform: &Platform) -> Gateway {
        Gateway::new(Caller::new(client(platform), self.gateway.clone(), "the gateway", "--gateway"))
    }
}

impl AdminArgs {
    /// The admin port there.
    #[must_use]
    pub fn connect(&self, platform: &Platform) -> Admin {
        Admin::new(Caller::new(client(platform), self.admin.clone(), "the admin port", "--admin"))
    }
}

fn client(platform: &Platform) -> HttpClient {
    let options =
        Options { max_body: MOST_BYTES, timeout: TIMEOUT, idle_per_host: CONNECTIONS, ..Options::default() };
    HttpClient::new(platform, options)
}
