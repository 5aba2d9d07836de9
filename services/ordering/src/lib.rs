//! The ordering service.
