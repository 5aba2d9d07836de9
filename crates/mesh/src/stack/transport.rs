//! The error of a transport that is put into a box.

use crate::BoxError;

/// An error of a transport whose type has no lifetime in it.
///
/// [`BoxError`] has one, `'static`, which rustc forgets where it looks whether a task may go to another thread; so calls over a transport whose error is a `BoxError` by
/// its type, such as a `BoxCloneService<…, BoxError>`, can be in no `tokio::spawn` («implementation of `From` is not general enough»). With `map_err(TransportError)` before the box they can. It is
/// [unpacked](From) by the first layer, so that nothing else has to know of it; for that it is no [`Error`](std::error::Error) itself, as `anyhow`'s is none.
#[derive(Debug)]
pub struct TransportError(pub BoxError);

impl<E: std::error::Error + Send + Sync + 'static> From<E> for TransportError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<TransportError> for BoxError {
    fn from(error: TransportError) -> Self {
        error.0
    }
}
