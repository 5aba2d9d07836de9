//! The crate as its users see it, every test with stores of its own.

mod embedded;
mod faulty;
