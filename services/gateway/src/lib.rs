//! The single entry for clients: routing, composition, OpenAPI.
