//! An ordering service, its participants, and what is said to it.

mod answers;
mod client;
mod events;
mod house;
mod peers;
mod reach;
mod road;
mod time;
mod world;

pub(crate) use answers::{Answer, Ask, contact};
pub(crate) use client::{CUSTOMER, Client, order_of, refusal, with, wrong_fields};
pub(crate) use events::{Event, Events};
pub(crate) use house::House;
pub(crate) use peers::{Asked, Peers};
pub(crate) use road::Road;
pub(crate) use time::{after_turns, clock, until};
pub(crate) use world::{ANY_PORT, World};

/// The same scenarios in both styles, each on a world of its own whose time is simulated: a [`World`], unless another kind
/// is named first.
macro_rules! in_both_styles {
    ($kind:ident: $($scenario:ident),* $(,)?) => {
        mod rest {
            $(
                #[tokio::test(start_paused = true)]
                async fn $scenario() {
                    super::$scenario($crate::support::$kind::start(contracts::Style::Rest).await).await;
                }
            )*
        }

        mod messaging {
            $(
                #[tokio::test(start_paused = true)]
                async fn $scenario() {
                    super::$scenario($crate::support::$kind::start(contracts::Style::Messaging).await).await;
                }
            )*
        }
    };
    ($($scenarios:ident),* $(,)?) => {
        $crate::support::in_both_styles! { World: $($scenarios),* }
    };
}
pub(crate) use in_both_styles;
