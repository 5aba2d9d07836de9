//! `If-None-Match` (RFC 9110, 13.1.2): who has what would be answered is told only that.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};

/// The entity tags that a `GET` has, if it says.
pub(super) fn known(method: &Method, headers: &HeaderMap) -> Option<HeaderValue> {
    let asks = *method == Method::GET || *method == Method::HEAD;
    headers.get(header::IF_NONE_MATCH).filter(|_| asks).cloned()
}

/// 304 in place of what is `known`. The headers stay: they are what a cache has to learn.
pub(super) fn unless_known(response: Response, known: Option<&HeaderValue>) -> Response {
    let tag = response.headers().get(header::ETAG);
    let is_known = known.zip(tag).is_some_and(|(known, tag)| names(known, tag));
    if !is_known || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    Response::from_parts(parts, Body::empty())
}

/// Whether a list of tags has this one. They are compared weakly, and versions have no commas in them.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else { return false };
    list.trim() == "*" || list.split(',').any(|known| strong(known) == strong(tag))
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};

    use crate::{client::Call, extract::etag, testing::serve};

    use super::*;

    async fn asked(if_none_match: &'static str) -> (StatusCode, usize) {
        let rig = serve(Router::new().route("/", get(async || ([etag(7)], "seven"))));
        let call =
            Call::get(rig.at("/")).header(header::IF_NONE_MATCH, HeaderValue::from_static(if_none_match));
        let answer = rig.client.send(call).await.unwrap();
        assert_eq!(answer.headers[header::ETAG], "\"7\"");
        (answer.status, answer.body.len())
    }

    #[tokio::test]
    async fn who_has_the_version_that_would_be_answered_is_told_only_that() {
        assert_eq!(asked("\"7\"").await, (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(asked("\"6\", W/\"7\"").await, (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(asked("*").await, (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(asked("\"6\"").await, (StatusCode::OK, 5));
    }
}
