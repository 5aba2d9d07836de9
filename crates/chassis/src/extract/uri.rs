//! Path and query parameters.

use axum::{
    extract::{FromRequestParts, path::ErrorKind, rejection::PathRejection},
    http::request::Parts,
};
use contracts::problem::FieldError;
use serde::de::DeserializeOwned;

use crate::problem::{self, Problem};

/// The parameters of a route's template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    /// 404 for a parameter of the wrong form: nothing has such an id.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Path::from_request_parts(parts, state).await;
        found.map(|axum::extract::Path(parameters)| Path(parameters)).map_err(|rejection| {
            let defect = match &rejection {
                PathRejection::FailedToDeserializePathParams(failed) => matches!(
                    failed.kind(),
                    ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. }
                ),
                _ => true,
            };
            if defect { problem::internal(&rejection) } else { Problem::not_found("resource") }
        })
    }
}

/// The parameters of the query. A parameter that may be repeated is a `Vec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    /// 400 with the name of the parameter.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
        serde_path_to_error::deserialize(deserializer).map(Query).map_err(|error| {
            let field = error.path().to_string();
            let message = error.into_inner().to_string();
            let detail = format!("The query is malformed: {message}.");
            Problem::malformed(detail).with_errors(vec![FieldError { field, message }])
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Search {
        limit: Option<u32>,
        #[serde(default)]
        status: Vec<String>,
    }

    async fn query(uri: &str) -> Result<Search, Problem> {
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|Query(search)| search)
    }

    #[tokio::test]
    async fn a_parameter_may_be_absent_or_repeated() {
        assert_eq!(query("/").await, Ok(Search { limit: None, status: vec![] }));
        let found = query("/?status=SHIPPED&limit=5&status=COMPLETED&other=1").await;
        assert_eq!(found, Ok(Search { limit: Some(5), status: vec!["SHIPPED".into(), "COMPLETED".into()] }));
    }

    #[tokio::test]
    async fn a_malformed_parameter_is_400_and_named() {
        let problem = query("/?limit=many").await.unwrap_err();
        assert_eq!(problem.status(), 400);
        assert_eq!(problem.errors()[0].field, "limit");
    }
}
