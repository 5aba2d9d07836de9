//! Steps, compensations and the durable runner of sagas.
