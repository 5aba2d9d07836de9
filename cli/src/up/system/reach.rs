//! How the services of one system reach each other.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use chassis::platform::Platform;
use contracts::Style;
use event_store::Ledger;
use messaging::Broker;
use ordering::Endpoints;

use super::failed;
use crate::up::Error;

/// How the services of one system reach each other: over one broker, by their addresses, or both; or over one ledger.
pub(super) struct Reach {
    pub(super) style: Style,
    pub(super) addresses: Addresses,
    pub(super) over: Over,
}

/// What they have in common.
pub(super) enum Over {
    Nothing,
    Broker(Arc<dyn Broker>),
    Ledger(Ledger),
}

impl Reach {
    /// That of one service: all are alike, but for what `rest` takes.
    pub(super) fn of<R>(&self, rest: R) -> wiring::Reach<R> {
        use wiring::Reach;
        match (&self.over, self.style) {
            (Over::Broker(broker), Style::Messaging) => Reach::Messaging(broker.clone()),
            (Over::Broker(broker), Style::Notification) => {
                Reach::Notification(broker.clone(), self.addresses.owners())
            }
            (Over::Broker(broker), Style::StateTransfer) => Reach::StateTransfer(broker.clone()),
            (Over::Ledger(ledger), Style::EventSourcing) => Reach::EventSourcing(ledger.clone()),
            _ => Reach::Rest(rest),
        }
    }

    /// What the query side is told, in a style that has one.
    pub(super) fn views(&self, style: Style, file: PathBuf) -> Option<views::Config> {
        let owners = views::Owners {
            customers: url(self.addresses.customers),
            ordering: url(self.addresses.ordering),
            warehouse: url(self.addresses.warehouse),
        };
        let feed = match (&self.over, style) {
            (Over::Broker(broker), Style::Messaging) => views::Feed::Events(broker.clone()),
            (Over::Broker(broker), Style::Notification) => {
                views::Feed::Notices(broker.clone(), self.addresses.owners())
            }
            (Over::Broker(broker), Style::StateTransfer) => views::Feed::Documents(broker.clone()),
            (Over::Ledger(ledger), _) => views::Feed::Ledger(ledger.clone()),
            _ => return None,
        };
        Some(views::Config::new(style, feed, owners, self.addresses.views, file))
    }
}

/// Where the services listen: known to all before the first of them starts, since they know each other.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    pub(super) simulators: SocketAddr,
    pub(super) customers: SocketAddr,
    pub(super) warehouse: SocketAddr,
    pub(super) shipping: SocketAddr,
    pub(super) billing: SocketAddr,
    pub(super) ordering: SocketAddr,
    pub(super) views: SocketAddr,
}

impl Addresses {
    pub(super) fn reserve(style: Style, platform: &Platform) -> Result<Self, Error> {
        let reserve = |service| {
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            platform.network.reserve(any).map_err(failed(service, style))
        };
        Ok(Self {
            simulators: reserve("simulators")?,
            customers: reserve("customers")?,
            warehouse: reserve("warehouse")?,
            shipping: reserve("shipping")?,
            billing: reserve("billing")?,
            ordering: reserve("ordering")?,
            views: reserve("views")?,
        })
    }

    /// By name, for those who call back.
    fn owners(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("customers", url(self.customers)),
            ("warehouse", url(self.warehouse)),
            ("shipping", url(self.shipping)),
            ("billing", url(self.billing)),
            ("ordering", url(self.ordering)),
        ])
    }

    pub(super) fn endpoints(&self) -> Endpoints {
        Endpoints {
            customers: url(self.customers),
            warehouse: url(self.warehouse),
            shipping: url(self.shipping),
            billing: url(self.billing),
        }
    }
}

pub(super) fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
