//! Values are what their parsers let through, and come back from the wire as they went.

mod messages;
mod money;
mod texts;
mod times;
