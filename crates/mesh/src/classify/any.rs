//! One of the two protocols, as a configuration has it.

use http::Response;
use http_body::Body;

use super::{Classify, EveryErrorFails, Grpc, Http, OfError, Report, Verdict, Watched};

/// HTTP or gRPC: which of the two is known when the program runs.
#[derive(Clone, Debug)]
pub enum AnyProtocol<E = EveryErrorFails> {
    /// HTTP, by status.
    Http(Http<E>),
    /// gRPC, by code.
    Grpc(Grpc<E>),
}

impl<B: Body, Error, E: OfError<Error>> Classify<Response<B>, Error> for AnyProtocol<E> {
    type Response<R: Report> = Response<Watched<B, R>>;

    fn known(&self, result: &Result<Response<B>, Error>) -> Option<Verdict> {
        match self {
            Self::Http(http) => http.known(result),
            Self::Grpc(grpc) => grpc.known(result),
        }
    }

    fn classify<R: Report>(
        &self,
        result: Result<Response<B>, Error>,
        report: R,
    ) -> Result<Self::Response<R>, Error> {
        match self {
            Self::Http(http) => Ok(http.classify(result, report)?.map(Watched::told)),
            Self::Grpc(grpc) => grpc.classify(result, report),
        }
    }
}
