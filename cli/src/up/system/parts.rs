//! The services of one system: how each is started, and taken away and brought back.

use std::path::PathBuf;

use chassis::{
    config::Env,
    limits::Limits,
    platform::Platform,
    retention::Retention,
    service::{self, Running},
};

use super::reach::{Reach, url};

/// A service that runs, or was taken away.
pub(super) struct Part {
    pub(super) name: &'static str,
    build: Build,
    pub(super) running: Option<Running>,
}

type Build = Box<dyn Fn(&Platform) -> Result<Running, service::Error> + Send + Sync>;

impl Part {
    fn new(
        name: &'static str,
        build: impl Fn(&Platform) -> Result<Running, service::Error> + Send + Sync + 'static,
    ) -> Self {
        Self { name, build: Box::new(build), running: None }
    }

    pub(super) fn start(&mut self, platform: &Platform) -> Result<(), service::Error> {
        if self.running.is_none() {
            self.running = Some((self.build)(platform)?);
        }
        Ok(())
    }

    pub(super) async fn stop(&mut self) -> bool {
        let Some(running) = self.running.take() else { return false };
        running.run_until(std::future::ready(())).await;
        true
    }
}

/// Every service, and how it is started: the systems outside, those that are asked, the one that asks, and the query side,
/// which asks the owners for what there is.
pub(super) fn tiers(reach: &Reach, retention: Retention, file: &dyn Fn(&str) -> PathBuf) -> Vec<Vec<Part>> {
    let (style, addresses) = (reach.style, reach.addresses);
    let simulators = simulators::Config {
        listen: addresses.simulators,
        database: file("simulators"),
        style: style.to_string(),
        ..simulators::Config::from_env(&mut nothing())
    };
    let customers = customers::Config {
        reach: reach.of(()),
        listen: addresses.customers,
        database: file("customers"),
        limits: Limits::default(),
        retention,
    };
    let warehouse = warehouse::Config {
        reach: reach.of(()),
        listen: addresses.warehouse,
        database: file("warehouse"),
        limits: Limits::default(),
        retention,
    };
    let shipping = shipping::Config {
        reach: reach.of(url(addresses.ordering)),
        listen: addresses.shipping,
        database: file("shipping"),
        carrier_url: url(addresses.simulators),
        retention,
        ..shipping::Config::from_env(&mut nothing())
    };
    let billing = billing::Config {
        reach: reach.of(url(addresses.ordering)),
        listen: addresses.billing,
        database: file("billing"),
        payment_url: url(addresses.simulators),
        mail_url: url(addresses.simulators),
        retention,
        ..billing::Config::from_env(&mut nothing())
    };
    let ordering = ordering::Config {
        listen: addresses.ordering,
        database: file("ordering"),
        retention,
        ..ordering::Config::new(reach.of(addresses.endpoints()))
    };
    let views = reach.views(style, file("views")).map(|config| views::Config { retention, ..config });
    vec![
        vec![Part::new("simulators", move |platform| simulators::App::build(&simulators, platform))],
        vec![
            Part::new("customers", move |platform| customers::App::build(&customers, platform)),
            Part::new("warehouse", move |platform| warehouse::App::build(&warehouse, platform)),
            Part::new("shipping", move |platform| shipping::App::build(&shipping, platform)),
            Part::new("billing", move |platform| billing::App::build(&billing, platform)),
        ],
        vec![Part::new("ordering", move |platform| ordering::App::build(&ordering, platform))],
        views
            .map(|views| Part::new("views", move |platform| views::App::build(&views, platform)))
            .into_iter()
            .collect(),
    ]
}

/// An environment that says nothing: every setting as it is unless told otherwise.
fn nothing() -> Env {
    Env::from([])
}
