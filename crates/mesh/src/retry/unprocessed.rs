//! Calls of which the server has done nothing.

use std::{error::Error, io};

use http::Response;

use super::Unprocessed;
use crate::classify::Code;

/// Tells of an error whether the server has certainly done nothing of the call. It is asked of the error and of each of its causes.
pub(super) type OfError = Box<dyn Fn(&(dyn Error + 'static)) -> bool + Send + Sync>;

/// Whether this error says that the server has done nothing of the call: the connection was refused; and with the feature `h2`, the stream was refused
/// (`REFUSED_STREAM`, RFC 9113, 8.7), or is past the last one of a `GOAWAY`: h2 gives that error only to those.
#[must_use]
pub fn never_processed(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) || is_refused_stream(error)
}

#[cfg(feature = "h2")]
fn is_refused_stream(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<h2::Error>().is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

#[cfg(not(feature = "h2"))]
fn is_refused_stream(_: &(dyn Error + 'static)) -> bool {
    false
}

impl Unprocessed {
    pub(super) fn has<B>(&self, response: &Response<B>) -> bool {
        let code =
            || Code::of(response.headers()).is_some_and(|code| self.grpc_codes.contains(&code.number()));
        self.statuses.contains(&response.status().as_u16()) || (!self.grpc_codes.is_empty() && code())
    }
}
