//! An ordering service, its participants, and what is said to it.

mod answers;
mod events;
mod peers;
mod reach;
mod time;
mod world;

pub(crate) use answers::{Answer, Ask, contact};
pub(crate) use events::{Event, Events};
pub(crate) use peers::{Asked, Peers};
pub(crate) use time::{clock, until};
pub(crate) use world::{ANY_PORT, CUSTOMER, World, order_of, refusal, with, wrong_fields};

/// The same scenarios in both styles, each on a world of its own whose time is simulated.
macro_rules! in_both_styles {
    ($($scenario:ident),* $(,)?) => {
        mod rest {
            $(
                #[tokio::test(start_paused = true)]
                async fn $scenario() {
                    super::$scenario($crate::support::World::start(contracts::Style::Rest).await).await;
                }
            )*
        }

        mod messaging {
            $(
                #[tokio::test(start_paused = true)]
                async fn $scenario() {
                    super::$scenario($crate::support::World::start(contracts::Style::Messaging).await).await;
                }
            )*
        }
    };
}
pub(crate) use in_both_styles;
