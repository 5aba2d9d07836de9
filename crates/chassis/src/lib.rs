//! The microservice chassis: configuration, admin port, health, drain, logs, metrics and problem+json.
