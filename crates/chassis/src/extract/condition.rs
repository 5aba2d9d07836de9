//! `ETag` and `If-Match` (RFC 9110): an aggregate's version, so that nobody overwrites what they have not
//! seen.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
};

use crate::problem::{Problem, code};

/// The header that tells a version, to put before an answer's body: `([etag(version)], Json(customer))`.
#[must_use]
pub fn etag(version: u64) -> (HeaderName, HeaderValue) {
    let quoted = format!("\"{version}\"");
    // Digits between quotes are always a header value.
    (header::ETAG, HeaderValue::from_str(&quoted).unwrap_or(HeaderValue::from_static("\"\"")))
}

/// The version that the caller has seen; `None` where any will do (no header, or `*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<u64>);

impl IfMatch {
    /// # Errors
    /// 412 where the caller has seen another version than `current`.
    pub fn check(self, current: u64) -> Result<(), Problem> {
        match self.0 {
            Some(seen) if seen != current => Err(Problem::stale(current)),
            _ => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    /// 400 for what is not an entity tag; 412 for a tag that this system never gave, since no version matches
    /// it.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all(header::IF_MATCH).iter();
        let (first, more) = (given.next(), given.next());
        let value = match (first, more) {
            (None, _) => return Ok(IfMatch(None)),
            (Some(value), None) => value.to_str().map_err(|_| malformed())?.trim(),
            (Some(_), Some(_)) => return Err(malformed()),
        };
        if value == "*" {
            return Ok(IfMatch(None));
        }
        version(value).map(|version| IfMatch(Some(version)))
    }
}

fn version(tag: &str) -> Result<u64, Problem> {
    // A weak tag is well-formed, but `If-Match` compares strongly, so it never matches.
    let (weak, quoted) = tag.strip_prefix("W/").map_or((false, tag), |rest| (true, rest));
    let opaque = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
    if opaque.contains(['"', ' ']) {
        return Err(malformed());
    }
    let ours =
        opaque.bytes().all(|byte| byte.is_ascii_digit()) && (opaque == "0" || !opaque.starts_with('0'));
    match opaque.parse() {
        Ok(version) if ours && !weak => Ok(version),
        _ => {
            let detail = "`If-Match` names a version that this resource never had.";
            Err(Problem::new(StatusCode::PRECONDITION_FAILED, code::PRECONDITION_FAILED, detail))
        }
    }
}

fn malformed() -> Problem {
    Problem::malformed("`If-Match` is one entity tag, such as \"5\", or `*`.")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn if_match(values: &[&str]) -> Result<IfMatch, u16> {
        let mut request = Request::get("/");
        for value in values {
            request = request.header(header::IF_MATCH, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let found = IfMatch::from_request_parts(&mut parts, &()).await;
        found.map_err(|problem| problem.status().as_u16())
    }

    #[tokio::test]
    async fn a_version_is_a_quoted_number() {
        assert_eq!(if_match(&["\"5\""]).await, Ok(IfMatch(Some(5))));
    }

    #[tokio::test]
    async fn any_version_will_do_without_the_header_or_with_a_star() {
        assert_eq!(if_match(&[]).await, Ok(IfMatch(None)));
        assert_eq!(if_match(&["*"]).await, Ok(IfMatch(None)));
    }

    #[tokio::test]
    async fn what_is_not_one_entity_tag_is_400() {
        for values in [&["5"][..], &["\"5"], &[""], &["\"5\", \"6\""], &["\"5\"", "\"6\""], &["'5'"]] {
            assert_eq!(if_match(values).await, Err(400), "{values:?}");
        }
    }

    #[tokio::test]
    async fn a_tag_that_was_never_given_matches_nothing() {
        for value in ["\"abc\"", "W/\"5\"", "\"05\"", "\"+5\"", "\"99999999999999999999\""] {
            assert_eq!(if_match(&[value]).await, Err(412), "{value}");
        }
    }

    #[test]
    fn another_version_than_the_current_one_is_412() {
        assert!(IfMatch(Some(5)).check(5).is_ok());
        assert!(IfMatch(None).check(6).is_ok());
        assert_eq!(IfMatch(Some(5)).check(6).unwrap_err().status(), 412);
    }

    #[test]
    fn a_tag_comes_back_as_the_version_that_it_was_made_of() {
        let (_, tag) = etag(u64::MAX);
        assert_eq!(version(tag.to_str().unwrap()), Ok(u64::MAX));
    }
}
