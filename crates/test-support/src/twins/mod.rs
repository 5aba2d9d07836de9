//! The classic mistakes, each a broken twin of a part that does it right: what proves a system right has to find them.
//!
//! Each function puts its twin around the parts of Apps. A twin does wrong only what it is named after: as long as nothing fails
//! and nobody is in the way, most of them work.

mod brokers;
mod repositories;

pub use brokers::{
    acknowledged_before_effect, fresh_id_at_every_try, handled_without_inbox, read_by_a_cursor_over_time,
};
pub use repositories::{changed, checked_some_time_before, published_without_outbox};
