//! What transactions leave in the journal.

#![expect(clippy::unwrap_used, reason = "clippy takes the helpers of a test for something else than a test")]

mod recording;
mod records;
mod support;
