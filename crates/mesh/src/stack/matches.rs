//! Which requests a route is for.

use http::{Method, Request};
use serde::{Deserialize, Serialize};

use crate::policy::Problems;

/// Which requests a route is for: those whose method and path fit. Of several routes the first that fits is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matches {
    /// These methods, in capitals; all, if there is none.
    pub methods: Vec<String>,
    /// This path and whatever is below it, segment by segment: `/v1/orders` fits `/v1/orders/7` and not `/v1/ordersheets`, and a segment
    /// `*` fits any. Nothing fits every path.
    pub path: String,
}

impl Matches {
    pub(super) fn check(&self, problems: &mut Problems) {
        let known = |method: &String| {
            Method::from_bytes(method.as_bytes()).is_ok_and(|_| *method == method.to_uppercase())
        };
        problems.check(self.methods.iter().all(known), "methods", "names of methods, in capitals");
        let path = self.path.is_empty() || self.path.starts_with('/') && !self.path.contains(['?', '#']);
        problems.check(path, "path", "begins with `/`, and has neither `?` nor `#`");
    }

    /// Whether a request is one of these.
    #[must_use]
    pub fn fits<B>(&self, request: &Request<B>) -> bool {
        let method = request.method().as_str();
        (self.methods.is_empty() || self.methods.iter().any(|one| one == method))
            && self.fits_path(request.uri().path())
    }

    fn fits_path(&self, path: &str) -> bool {
        let mut segments = segments(path);
        self::segments(&self.path)
            .all(|wanted| segments.next().is_some_and(|segment| wanted == "*" || wanted == segment))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(path: &str, asked: &str) -> bool {
        Matches { path: path.to_owned(), ..Matches::default() }.fits_path(asked)
    }

    #[test]
    fn a_path_fits_itself_and_what_is_below_it() {
        assert!(fits("", "/") && fits("/", "/anything"));
        assert!(fits("/v1/orders", "/v1/orders") && fits("/v1/orders", "/v1/orders/7/place"));
        assert!(!fits("/v1/orders", "/v1") && !fits("/v1/orders", "/v1/ordersheets"));
    }

    #[test]
    fn a_star_fits_one_segment_whatever_it_is() {
        assert!(fits("/v1/orders/*/place", "/v1/orders/7/place"));
        assert!(
            !fits("/v1/orders/*/place", "/v1/orders/7") && !fits("/v1/orders/*/place", "/v1/orders/7/cancel")
        );
    }

    #[test]
    fn methods_are_those_that_are_named() {
        let reads = Matches { methods: vec!["GET".into(), "HEAD".into()], ..Matches::default() };
        let asks =
            |method: Method| reads.fits(&Request::builder().method(method).body(()).expect("a request"));
        assert!(asks(Method::GET) && asks(Method::HEAD) && !asks(Method::POST));
    }
}
