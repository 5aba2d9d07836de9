//! Whether the clock is the one that services run on.

use std::any::type_name_of_val;

/// Stands in where tokio has no function of this name.
fn pause() {}

/// Whether tokio has `time::pause`, and with it a clock that tests can set. Inside of the function tokio's name goes before ours.
pub(crate) fn test_util_is_on() -> bool {
    use tokio::time::*;
    let _ = Duration::ZERO;
    type_name_of_val(&pause) != ours()
}

fn ours() -> &'static str {
    type_name_of_val(&pause)
}
