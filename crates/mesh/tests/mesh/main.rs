//! Each layer in front of a service that does as it is told.

mod classify;
