//! By what calls are limited.

use std::hash::{Hash, Hasher};

use http::{HeaderName, Request};

/// By what calls are limited: a client, a tenant, a route. A pair of two limits by both together.
///
/// Functions from a request to an `Option` of anything that can be hashed are keys, too. For `None` there is no limit.
///
/// ```
/// use http::Request;
/// use mesh::rate_limit::{Header, Policy, RateLimitLayer};
///
/// let route = |request: &Request<()>| {
///     let path = request.uri().path();
///     (path != "/health").then(|| path.split('/').nth(1).unwrap_or_default().to_owned())
/// };
/// let tenant = Header::new(http::HeaderName::from_static("x-tenant"));
/// let layer = RateLimitLayer::by(Policy::default(), (tenant, route))?;
/// # tower::Layer::layer(&layer, tower::service_fn(|_: Request<()>| async { Ok::<_, mesh::BoxError>(http::Response::new(())) }));
/// # Ok::<_, mesh::InvalidPolicy>(())
/// ```
///
/// Who can choose a key freely, as by a header that nobody checks, has a burst for each that he makes up. Limit by what was authenticated.
pub trait Key<Request> {
    /// Feeds the key of a request into a hasher; requests are limited together that feed the same. `false` if there is no limit for this one.
    fn hash<H: Hasher>(&self, request: &Request, hasher: &mut H) -> bool;
}

/// One limit for all calls together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everyone;

impl<Request> Key<Request> for Everyone {
    #[inline]
    fn hash<H: Hasher>(&self, _: &Request, _: &mut H) -> bool {
        true
    }
}

/// A limit for each value of a header. All requests without it have one together.
#[derive(Clone, Debug)]
pub struct Header(HeaderName);

impl Header {
    /// By the first value of this header.
    #[must_use]
    pub const fn new(name: HeaderName) -> Self {
        Self(name)
    }

    pub(crate) const fn name(&self) -> &HeaderName {
        &self.0
    }
}

impl<B> Key<Request<B>> for Header {
    fn hash<H: Hasher>(&self, request: &Request<B>, hasher: &mut H) -> bool {
        request.headers().get(&self.0).map(http::HeaderValue::as_bytes).hash(hasher);
        true
    }
}

impl<Request, F, T> Key<Request> for F
where
    F: Fn(&Request) -> Option<T>,
    T: Hash,
{
    #[inline]
    fn hash<H: Hasher>(&self, request: &Request, hasher: &mut H) -> bool {
        self(request).map(|key| key.hash(hasher)).is_some()
    }
}

impl<Request, A: Key<Request>, B: Key<Request>> Key<Request> for (A, B) {
    fn hash<H: Hasher>(&self, request: &Request, hasher: &mut H) -> bool {
        self.0.hash(request, hasher) && self.1.hash(request, hasher)
    }
}
