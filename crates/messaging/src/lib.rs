//! Envelope, broker port, embedded broker, outbox, inbox and dead letters.
