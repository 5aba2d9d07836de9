//! The process of an order, by the same scenarios in both styles.

mod outcomes;
