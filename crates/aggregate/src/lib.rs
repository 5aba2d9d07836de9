//! Pure decide and evolve, with the given/when/then harness that tests them.
