//! Isolation of sagas: a saga is no transaction, so others see it half done. One test for each anomaly that this allows,
//! which says what guards against it. The names are those of Richardson, *Microservices Patterns* (2018), chapter 4,
//! after Frank and Zahle, *Semantic ACID properties in multidatabases* (1998).
//!
//! Where the rules of the participants matter, the participants are real.

mod reads;
mod undoing;
mod updates;
