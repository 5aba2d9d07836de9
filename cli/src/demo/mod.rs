//! The demo of `up`: a small shop in every style, whose day goes by again and again, so that everything that can happen does.
//!
//! What happens stands in `day.jsonl`, a workload like those in `samples/`: customers and products, and orders with every kind of
//! ending among price changes, limits and restocks. Here it is paced and repeated for ever, within bounds: what is there from an
//! earlier run is found again, shelves are filled only when they are low, and what was left unpaid is paid in the end.

mod shop;

use std::{net::SocketAddr, time::Duration};

use chassis::{platform::Platform, shutdown};
use contracts::style::Style;
use futures_util::{StreamExt, stream::FuturesUnordered};
use shop::Shop;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    failure::Failure,
    remote::{Admin, AdminArgs, Gateway, GatewayArgs},
    workload::{self, Line, Step, Workload},
};

/// What happens on a day.
const DAY: &str = include_str!("day.jsonl");

/// Orders under way at a time in each style: a system that is slow is given no more than these.
const AT_A_TIME: usize = 16;

/// How long to wait before the shop is opened again that could not be.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the last words to the systems outside may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A demo that goes on until it is stopped.
pub(crate) struct Demo {
    stop: shutdown::Trigger,
    shops: Vec<JoinHandle<()>>,
}

impl Demo {
    /// Begins in these styles, with so many steps of the day a second in each.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub(crate) fn start(
        platform: &Platform,
        styles: impl IntoIterator<Item = Style>,
        (gateway, admin): (SocketAddr, SocketAddr),
        rate: f64,
    ) -> Self {
        let (stop, asked) = shutdown::drain();
        let gateway = GatewayArgs { gateway: gateway.into() }.connect(platform);
        let admin = AdminArgs { admin: admin.into() }.connect(platform);
        let shop = |style| {
            let (platform, gateway, admin) = (platform.clone(), gateway.clone(), admin.clone());
            let business = Business { style, platform: platform.clone(), gateway, admin, rate };
            platform.spawn(business.run(asked.clone()))
        };
        Self { shops: styles.into_iter().map(shop).collect(), stop }
    }

    /// Sends nothing more. What is under way is the system's to finish.
    pub(crate) async fn stop(self) {
        self.stop.drain();
        for shop in self.shops {
            // One that has failed has logged why, and there is nothing left to stop.
            let _ = shop.await;
        }
    }
}

/// The business of one style.
struct Business {
    style: Style,
    platform: Platform,
    gateway: Gateway,
    admin: Admin,
    rate: f64,
}

impl Business {
    async fn run(self, asked: shutdown::Drain) {
        let day = match day() {
            Ok(day) => day,
            Err(bad) => return tracing::error!(reason = %bad, "there is no demo"),
        };
        let shop = tokio::select! {
            () = asked.requested() => return,
            shop = self.open(&day) => shop,
        };
        tokio::select! {
            () = asked.requested() => {}
            () = trade(&shop, &day, self.rate) => {}
        }
        // What a script holds would be held for as long as nobody takes the script away.
        let _ = timeout(LAST_WORDS, shop.forget_scripts()).await;
    }

    /// Opens the shop, once the system lets it.
    async fn open(&self, day: &Workload) -> Shop {
        loop {
            match Shop::open(self.style, &self.platform, &self.gateway, &self.admin, day).await {
                Ok(shop) => return shop,
                Err(failure) => {
                    tracing::info!(style = %self.style, reason = %failure, "the demo waits for the system");
                }
            }
            sleep(PAUSE).await;
        }
    }
}

/// What happens on a day, read.
fn day() -> Result<Workload, Failure> {
    workload::read(DAY).map_err(|bad| bad.of("the demo's day"))
}

/// Lets day after day go by, for ever. A step waits for its turn, and for one of those under way to end if they are many.
async fn trade(shop: &Shop, day: &Workload, rate: f64) {
    let mut pace = interval(Duration::from_secs_f64(1.0 / rate));
    // What could not be done in time is left out, not made up for.
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let steps: Vec<&Line> = day.lines.iter().filter(|line| !is_set_up(line)).collect();
    let mut under_way = FuturesUnordered::new();
    for day in 0.. {
        for line in &steps {
            loop {
                tokio::select! {
                    _ = pace.tick(), if under_way.len() < AT_A_TIME => break,
                    Some(()) = under_way.next() => {}
                }
            }
            under_way.push(Box::pin(shop.step(day, line)));
        }
    }
}

/// Whether a line is about what there is, rather than about what happens.
const fn is_set_up(line: &Line) -> bool {
    matches!(line.step, Step::Customer(_) | Step::Product(_) | Step::Barrier(_))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use contracts::ordering::Reason;

    use super::*;
    use crate::workload::{Moment, Outcome};

    #[test]
    fn on_a_day_everything_happens_that_can() {
        let day = day().unwrap_or_else(|bad| panic!("{bad}"));
        let orders: Vec<_> = day
            .lines
            .iter()
            .filter_map(|line| if let Step::Order(order) = &line.step { Some(order) } else { None })
            .collect();
        let reasons: BTreeSet<_> = orders.iter().flat_map(|order| &order.expect.reason).flatten().collect();
        let all = [
            Reason::UnknownCustomer,
            Reason::InsufficientCredit,
            Reason::CurrencyMismatch,
            Reason::OutOfStock,
            Reason::CarrierRefused,
        ];
        assert_eq!(reasons, all.iter().collect());
        for outcome in Outcome::ALL {
            assert!(orders.iter().any(|order| order.expect.status == [outcome]), "{outcome:?}");
        }
        for moment in [Moment::Open, Moment::Placed, Moment::Approved, Moment::Shipped] {
            assert!(orders.iter().any(|order| order.cancel_at == Some(moment)), "{moment:?}");
        }
        assert!(orders.iter().any(|order| order.pay_later));
        let has = |fits: fn(&Step) -> bool| day.lines.iter().any(|line| fits(&line.step));
        assert!(has(|step| matches!(step, Step::Price(_))) && has(|step| matches!(step, Step::Limit(_))));
        assert!(has(|step| matches!(step, Step::Restock(_))));
    }
}
