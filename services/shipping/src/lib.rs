//! The shipping service.
