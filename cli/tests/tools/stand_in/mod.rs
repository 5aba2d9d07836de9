//! A system in memory that behaves as the public contract says, and misbehaves where a test tells it to.

mod admin;
mod gateway;
mod process;
mod world;

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use chassis::{limits::Limits, platform::Platform, service::Service};
use contracts::style::Style;
use database::Clock;

pub(crate) use world::{Faults, World};

/// A running stand-in.
pub(crate) struct StandIn {
    pub(crate) platform: Platform,
    /// Each style is a world of its own.
    pub(crate) worlds: Vec<(Style, World)>,
    _services: [Service; 2],
}

/// A stand-in that serves every style; the last one is the default.
pub(crate) fn stand_in() -> StandIn {
    stand_in_with(&Style::ALL, Faults::default())
}

/// A stand-in that serves these styles and misbehaves like this.
pub(crate) fn stand_in_with(styles: &[Style], faults: Faults) -> StandIn {
    let platform = Platform::simulated(7, Clock::system());
    let world = |style: &Style| (*style, World::new(platform.clone(), faults));
    let worlds: Vec<_> = styles.iter().map(world).collect();
    let gateway = serve(&platform, "gateway", 8080, gateway::router(&worlds));
    let admin = serve(&platform, "admin", 8081, admin::router(&worlds));
    StandIn { platform, worlds, _services: [gateway, admin] }
}

impl StandIn {
    /// The world of the first style.
    pub(crate) fn world(&self) -> &World {
        &self.worlds[0].1
    }
}

fn serve(platform: &Platform, name: &str, port: u16, router: Router) -> Service {
    let mut service = Service::new(name, "all", platform, Limits::default()).unwrap();
    service.serve(router, SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    service
}
