//! What handlers take from a request. Whatever is wrong with it comes back as `application/problem+json`.

mod condition;
mod fields;
mod json;
mod page;
mod prefer;
mod uri;

pub use condition::{IfMatch, etag};
pub use fields::Fields;
pub use json::{Json, parse_json};
pub(crate) use json::{body_too_large, check_is_json, read_body};
pub use page::{Slice, page};
pub use prefer::{MAX_WAIT, Prefer};
pub use uri::{Path, Query};
