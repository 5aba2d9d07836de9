//! Commands that are given by requests: each at its own route, in the name of an order.

use axum::{
    Router,
    extract::{FromRequest, FromRequestParts, MatchedPath, Request},
    handler::Handler,
    routing::{MethodFilter, on},
};
use contracts::{OrderId, route::Command};
use journal::Cause;
use serde::de::DeserializeOwned;

use crate::{
    cause::ByRequest,
    extract::{Json, Path},
    problem::Problem,
    trace::about,
};

/// A command that was given by a request, and why it is carried out: the request, about the order.
#[derive(Clone, Debug)]
pub struct Given<C> {
    /// The command.
    pub command: C,
    /// What it follows from.
    pub cause: Cause,
}

/// Routes at which every command of this kind can be given, for a handler that takes a [`Given`] one.
pub fn router<C, S, H, T>(handler: H) -> Router<S>
where
    C: Command,
    S: Clone + Send + Sync + 'static,
    H: Handler<T, S>,
    T: 'static,
{
    C::ROUTES.iter().fold(Router::new(), |router, route| match MethodFilter::try_from(route.method.clone()) {
        Ok(method) => router.route(route.path, on(method, handler.clone())),
        // No command is given by a method that routes cannot tell apart.
        Err(_) => router,
    })
}

impl<C, S> FromRequest<S> for Given<C>
where
    C: Command + DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    /// 400 where the body is another command than the request says, or is about another order.
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Path(order) = Path::<OrderId>::from_request_parts(&mut parts, state).await?;
        about("order.id", &order);
        let ByRequest(cause) = ByRequest::from_request_parts(&mut parts, state).await?;
        let template = parts.extensions.get::<MatchedPath>().cloned();
        let method = parts.method.clone();
        let Json(command) = Json::<C>::from_request(Request::from_parts(parts, body), state).await?;
        let route = command.route();
        let fits = route.method == method && template.is_some_and(|template| template.as_str() == route.path);
        if !fits || command.order_id() != order {
            return Err(Problem::malformed("The command in the body is another than the address says."));
        }
        Ok(Self { command, cause: cause.about(order.uuid()) })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use contracts::shipping::Command;
    use uuid::Uuid;

    use super::*;
    use crate::{client::Call, testing::serve};

    const ORDER: OrderId = OrderId::new(Uuid::from_u128(7));

    async fn given(method: Method, order: u128, command: &Command) -> StatusCode {
        let handler = async |Given { cause, .. }: Given<Command>| {
            assert_eq!(cause.subject, Some(ORDER.uuid()));
        };
        let rig = serve(router::<Command, (), _, _>(handler));
        let path = format!("/internal/shipments/{}", Uuid::from_u128(order));
        let call = Call::new(method, rig.at(&path)).json(command).unwrap();
        rig.client.send(call).await.unwrap().status
    }

    #[tokio::test]
    async fn a_command_is_given_by_its_own_request_and_by_no_other() {
        let call_off = Command::CallOff { order_id: ORDER };
        assert_eq!(given(Method::DELETE, 7, &call_off).await, StatusCode::OK);
        assert_eq!(given(Method::PUT, 7, &call_off).await, StatusCode::BAD_REQUEST);
        assert_eq!(given(Method::DELETE, 8, &call_off).await, StatusCode::BAD_REQUEST);
        assert_eq!(given(Method::POST, 7, &call_off).await, StatusCode::METHOD_NOT_ALLOWED);
    }
}
