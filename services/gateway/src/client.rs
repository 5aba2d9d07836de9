//! Who asks.

use axum::{extract::FromRequestParts, http::request::Parts};
use chassis::{
    context::{ANONYMOUS, Context},
    problem::Problem,
};

/// The context of a client's request. Who asks is for the gateway to say, whatever the client calls itself; and nobody has
/// proven yet who they are.
pub(crate) struct Client(pub(crate) Context);

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Context::from_request_parts(parts, state).await?;
        Ok(Client(Context { actor: ANONYMOUS.to_owned(), ..context }))
    }
}
