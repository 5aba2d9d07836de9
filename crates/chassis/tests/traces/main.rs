//! What comes to a collector: spans, their parents, whose they are, and nothing of what was not to be recorded.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that cannot go on fails the test that called it"
)]

mod exporting;
mod recording;
mod rig;
