//! A running system, as its clients and its operators reach it.

mod address;
mod admin;
mod api;
mod caller;
mod error;
mod follow;
mod gateway;
mod sse;

pub use address::{Address, NotAnAddress};
pub use admin::{Admin, App, Check, Readiness};
pub use api::Api;
pub use error::Error;
pub use follow::{Follower, Seen};
pub use gateway::{Gateway, Served};

use std::time::Duration;

use caller::Caller;
use chassis::{
    client::{HttpClient, Options},
    platform::Platform,
};

/// The gateway's address unless told otherwise.
pub const GATEWAY: &str = "http://127.0.0.1:8080";

/// The admin port's address unless told otherwise.
pub const ADMIN: &str = "http://127.0.0.1:8081";

/// The largest answer that is read: an audit is as large as a service's store.
const MOST_BYTES: usize = 512 * 1024 * 1024;

/// How long an answer may take. An audit takes its time, and the waits of the API are shorter.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where the gateway is; an option of every command that needs it.
#[derive(Clone, Debug, clap::Args)]
pub struct GatewayArgs {
    /// Where clients reach the system.
    #[arg(long, value_name = "URL", default_value = GATEWAY, env = "SWITCHYARD_GATEWAY")]
    pub gateway: Address,
}

/// Where the admin port is; an option of every command that needs it.
#[derive(Clone, Debug, clap::Args)]
pub struct AdminArgs {
    /// Where operators reach the system.
    #[arg(long, value_name = "URL", default_value = ADMIN, env = "SWITCHYARD_ADMIN")]
    pub admin: Address,
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
    HttpClient::new(platform, Options { max_body: MOST_BYTES, timeout: TIMEOUT, ..Options::default() })
}
