//! How far an instance's memory is behind, where services keep what they own in a ledger and in memory.

/// The answer's header that says how many positions of the ledger the memory of the instance that answers had not taken in
/// yet. The answer lacks nothing of what happened there: it is read with them.
pub const LAG_EVENTS: &str = "x-memory-lag-events";
/// The answer's header that says for how long the first of those had been in the ledger, in seconds.
pub const LAG_SECONDS: &str = "x-memory-lag-seconds";
