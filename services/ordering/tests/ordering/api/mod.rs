//! What clients may rely on.

mod creating;
mod lines;

mod cancelling;
mod placing;

mod following;
mod listing;
mod showing;
