//! JSON bodies.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contracts::problem::FieldError;
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::problem::{self, Problem, code};

/// A JSON body: of a request, or of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    /// 415 for another type of content, 413 for too much of it, 400 for what is not JSON, 422 for JSON of
    /// another shape.
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check_is_json(request.headers())?;
        let body = read_body(request, state).await?;
        parse_json(&body).map(Json)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let content_type = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, content_type)], body).into_response()
            }
            Err(error) => problem::internal(&error).into_response(),
        }
    }
}

/// 415 unless the content is JSON: `application/json`, or a type that ends in `+json`.
pub(crate) fn check_is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json =
        essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json");
    if is_json {
        return Ok(());
    }
    let detail = "The body must be JSON: `Content-Type: application/json`.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// The whole body; 413 if it is larger than `edge` lets through.
pub(crate) async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => body_too_large(),
        _ => Problem::malformed("The body could not be read to its end."),
    })
}

/// 413.
pub(crate) fn body_too_large() -> Problem {
    let detail = "The body is larger than 64 KiB.";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, code::BODY_TOO_LARGE, detail)
}

/// A `T` from a JSON text.
///
/// # Errors
/// 400 for what is not JSON, 422 for JSON of another shape, with the path of the field.
pub fn parse_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    match (serde_path_to_error::deserialize(&mut deserializer), deserializer.end()) {
        (Ok(parsed), Ok(())) => Ok(parsed),
        (Ok(_), Err(trailing)) => Err(not_json(&trailing)),
        (Err(error), _) => Err(rejected(text, &error)),
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::malformed(format!("The body is not JSON: {error}."))
}

fn rejected(text: &[u8], error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    // A wrong shape may be found before the place where the text stops being JSON, which is the graver error.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(text) {
        return not_json(&error);
    }
    // The position is of no use to somebody who has the path.
    let message = error.inner().to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    Problem::invalid(vec![FieldError { field: error.path().to_string(), message }])
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Order {
        items: Vec<Item>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Item {
        quantity: u32,
    }

    async fn order(content_type: &str, body: &str) -> Result<Json<Order>, Problem> {
        let request =
            Request::post("/").header(header::CONTENT_TYPE, content_type).body(body.to_owned().into());
        Json::from_request(request.unwrap(), &()).await
    }

    #[tokio::test]
    async fn json_of_the_right_shape_is_taken() {
        for content_type in
            ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
        {
            let Json(order) = order(content_type, r#"{"items": [{"quantity": 2}]}"#).await.unwrap();
            assert_eq!(order, Order { items: vec![Item { quantity: 2 }] });
        }
    }

    #[tokio::test]
    async fn another_content_type_is_415() {
        for content_type in ["text/plain", "", "application/x-www-form-urlencoded"] {
            let problem = order(content_type, "{}").await.unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (415, "UNSUPPORTED_MEDIA_TYPE"));
        }
    }

    #[tokio::test]
    async fn what_is_not_json_is_400() {
        for body in ["", "{", r#"{"items": 1"#, "{}}", r#"{"items": []} trailing"#, "\u{0}"] {
            let problem = order("application/json", body).await.unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (400, "MALFORMED_REQUEST"), "{body}");
        }
    }

    #[tokio::test]
    async fn another_shape_is_422_with_the_path_of_the_field() {
        let problem = order("application/json", r#"{"items": [{"quantity": "two"}]}"#).await.unwrap_err();
        assert_eq!(problem.status(), 422);
        assert_eq!(problem.errors()[0].field, "items[0].quantity");
        assert_eq!(problem.errors()[0].message, "invalid type: string \"two\", expected u32");
    }

    #[tokio::test]
    async fn nesting_without_end_is_refused_and_does_not_overflow_the_stack() {
        let problem = order("application/json", &"[".repeat(60_000)).await.unwrap_err();
        assert!(problem.status().is_client_error());
    }
}
