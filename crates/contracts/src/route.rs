//! By which request a service is given a command, in the styles that give commands by requests.

use http::Method;

use crate::OrderId;

/// What one service asks of another on behalf of an order.
pub trait Command {
    /// Every request that a command of this kind can be, each once.
    const ROUTES: &'static [Route];

    /// On behalf of which order.
    fn order_id(&self) -> OrderId;

    /// The request that it is.
    fn route(&self) -> Route;
}

/// A request to what an order has at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The template of the path, with `{order_id}` in it.
    pub path: &'static str,
    /// Both, as journals and metrics name the route.
    pub name: &'static str,
}

impl Route {
    /// The path for this order.
    #[must_use]
    pub fn path_of(&self, order: OrderId) -> String {
        self.path.replace("{order_id}", &order.to_string())
    }
}

macro_rules! route {
    ($method:ident $path:literal) => {
        Route { method: http::Method::$method, path: $path, name: concat!(stringify!($method), " ", $path) }
    };
}
pub(crate) use route;

#[cfg(test)]
mod tests {
    use super::{Command, Route};
    use crate::{billing, customers, shipping, warehouse};

    #[test]
    fn every_route_is_the_order_s_own_and_there_is_each_once() {
        for routes in [
            customers::Command::ROUTES,
            warehouse::Command::ROUTES,
            shipping::Command::ROUTES,
            billing::Command::ROUTES,
        ] {
            for (index, Route { method, path, name }) in routes.iter().enumerate() {
                assert_eq!(*name, format!("{method} {path}"));
                assert!(path.starts_with("/internal/") && path.contains("/{order_id}"), "{name}");
                assert!(routes[..index].iter().all(|other| other.name != *name), "{name}");
            }
        }
    }
}
