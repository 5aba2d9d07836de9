//! From what the caches hold to what a plan looks at. Nothing is asked here, and no clock is read.

mod ask;
mod mark;
mod overlap;
mod pods;
mod references;
mod route;
mod side;
mod view;

pub use self::{
    mark::RawMark,
    overlap::overlap,
    references::references,
    view::{Memory, View, World, deployment, strangers},
};

#[cfg(test)]
mod tests;
