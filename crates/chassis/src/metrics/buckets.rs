//! The buckets of what is measured here: 11 to 16 each, over the whole range in which it may lie.

use super::Buckets;

/// What takes microseconds when all is well, and seconds when it is not: a message that is handled, a commit.
pub const BRIEF_SECONDS: Buckets = Buckets::nanoseconds(&[
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
    5_000_000_000,
]);

/// What takes milliseconds when all is well: a request, a call to another service.
pub const CALL_SECONDS: Buckets = Buckets::nanoseconds(&[
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    30_000_000_000,
]);

/// What is to be seen within a fraction of a second: how long it takes from a change to where it is shown.
pub const LAG_SECONDS: Buckets = Buckets::nanoseconds(&[
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    75_000_000,
    100_000_000,
    150_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    5_000_000_000,
    15_000_000_000,
    60_000_000_000,
]);

/// What waits for others, who may be away for a while: a step of a saga.
pub const PATIENT_SECONDS: Buckets = Buckets::nanoseconds(&[
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    5_000_000_000,
    15_000_000_000,
    60_000_000_000,
    300_000_000_000,
]);

/// Sizes of bodies, in bytes: 64 B to 1 MiB.
pub const BODY_BYTES: Buckets = Buckets::whole(&[
    64,
    128,
    256,
    512,
    1 << 10,
    2 << 10,
    4 << 10,
    8 << 10,
    16 << 10,
    32 << 10,
    64 << 10,
    256 << 10,
    1 << 20,
]);

/// How many share something: 1 to 1024.
pub const HOW_MANY: Buckets = Buckets::whole(&[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
