//! The acceptance suite: what the domain and the API promise, through the gateway, the same in every style.
//!
//! A scenario is written once, as a sentence, and runs on each style of a whole `up`. It knows no style: one that is added to
//! [`Style::ALL`] has to pass them all.

mod api;
mod cancelling;
mod correcting;
mod following;
mod ordering;
mod outcomes;
mod paying;
mod samples;
mod shop;
mod stock_and_credit;

use contracts::Style;

use shop::Shop;

use crate::{seeds, world::World};

/// Makes a test of each scenario, on every style.
macro_rules! scenarios {
    ($($scenario:ident),* $(,)?) => {
        mod on_every_style {
            $(
                #[test]
                fn $scenario() {
                    $crate::acceptance::on_every_style(async |shop| super::$scenario(shop).await);
                }
            )*
        }
    };
}
use scenarios;

/// Plays a scenario in each style of one system, in which nothing may be broken afterwards.
fn on_every_style(scenario: impl AsyncFn(&Shop)) {
    seeds::run(async {
        let world = std::rc::Rc::new(World::started(&Style::ALL, 1).await);
        for style in Style::ALL {
            let shop = Shop::new(world.clone(), style);
            scenario(&shop).await;
        }
        let broken = world.broken().await;
        assert!(broken.is_empty(), "{broken:#?}");
    });
}
