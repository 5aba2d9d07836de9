//! The codes that the chassis itself gives. A service adds its own.

/// 400: the request breaks the rules of HTTP, of JSON or of a header.
pub const MALFORMED_REQUEST: &str = "MALFORMED_REQUEST";
/// 404: nothing has this address.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// 405: the address knows other methods only.
pub const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
/// 409: the first request of this idempotency key is still being worked on.
pub const IDEMPOTENCY_IN_PROGRESS: &str = "IDEMPOTENCY_IN_PROGRESS";
/// 412: what `If-Match` asks for is not the current version.
pub const PRECONDITION_FAILED: &str = "PRECONDITION_FAILED";
/// 413: the body is larger than the service reads.
pub const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
/// 415: the body is not JSON.
pub const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";
/// 422: well-formed, but wrong; `errors` says which fields.
pub const INVALID_FIELDS: &str = "INVALID_FIELDS";
/// 422: this idempotency key came with another request before.
pub const IDEMPOTENCY_MISMATCH: &str = "IDEMPOTENCY_MISMATCH";
/// 429: more requests at once than the service takes.
pub const TOO_BUSY: &str = "TOO_BUSY";
/// 500: a defect.
pub const INTERNAL_ERROR: &str = "INTERNAL_ERROR";
/// 501: this style of the system cannot do it.
pub const NOT_IMPLEMENTED: &str = "NOT_IMPLEMENTED";
/// 503: something that this service needs is away.
pub const UNAVAILABLE: &str = "UNAVAILABLE";
/// 504: the deadline passed before anything was committed.
pub const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
