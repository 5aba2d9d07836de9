//! The services of one style, as the gateway reaches them.

use std::{sync::Arc, time::Duration};

use axum::http::{Uri, uri::Scheme};
use chassis::{
    client::HttpClient,
    context::Context,
    problem::{self, Problem},
    shutdown::Drain,
};

use crate::{config::Endpoints, routes::Owner};

/// The services of one style. Clones are cheap.
#[derive(Clone, Debug)]
pub(crate) struct Upstream(Arc<Parts>);

#[derive(Debug)]
pub(crate) struct Parts {
    /// What stands before `/v1/…` in the style's addresses: nothing, or `/{style}`.
    pub(crate) prefix: String,
    /// Where they are.
    pub(crate) endpoints: Endpoints,
    /// What reaches them.
    pub(crate) client: HttpClient,
    /// How long one may take to answer a client that sets no deadline.
    pub(crate) timeout: Duration,
    /// How long the answer with an order waits for its parts.
    pub(crate) part_timeout: Duration,
    /// Ends the streams of events when the gateway stops.
    pub(crate) drain: Drain,
}

impl Upstream {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// How long one service may take where an answer is put together from several. Some of the client's time is kept: for
    /// putting it together, and for the way back.
    pub(crate) fn patience(&self, context: &Context) -> Duration {
        let share = |left: Duration| left / 4 * 3;
        context.remaining().map_or(self.part_timeout, |left| self.part_timeout.min(share(left)))
    }

    /// Where `owner` has what `asked` names.
    ///
    /// # Errors
    /// 404 for a path that another server on the way might read as a different one.
    pub(crate) fn locate(&self, owner: Owner, asked: &Uri) -> Result<Uri, Problem> {
        if !is_plain(asked.path()) {
            return Err(Problem::not_found("resource"));
        }
        let mut parts = asked.clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.0.endpoints.of(owner).authority().clone());
        Uri::from_parts(parts).map_err(|error| problem::internal(&error))
    }
}

impl std::ops::Deref for Upstream {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// No id and no sku needs an escape, or is made of dots only; a proxy may resolve both, and leave the public API by that.
fn is_plain(path: &str) -> bool {
    !path.contains('%') && !path.split('/').any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn a_path_that_leads_elsewhere_once_resolved_is_not_plain() {
        assert!(is_plain("/v1/orders/0198c5f0/items/TEA-1.00"));
        for path in
            ["/v1/orders/..", "/v1/orders/../items", "/v1/orders/%2e%2e", "/v1/orders/..%2F..%2Finternal"]
        {
            assert!(!is_plain(path), "{path}");
        }
    }
}
