//! Who tells again what there is.

use std::{fmt::Write, time::Duration};

use chassis::{
    client::{Call, HttpClient},
    context::Context,
    ids::Random,
};
use contracts::republish::{Page, Republished};
use futures_util::future::BoxFuture;

use crate::{config::Owners, projection::Kind};

/// How long an owner may take for a page.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Who tells again what there is.
pub trait Republish: Send + Sync + 'static {
    /// Has the owner of these aggregates tell a page of them.
    fn republish(&self, kind: Kind, page: Page) -> BoxFuture<'_, Result<Republished, Unavailable>>;
}

/// An owner does not tell.
#[derive(Debug, thiserror::Error)]
#[error("having `{owner}` republish")]
pub struct Unavailable {
    /// Which one.
    owner: &'static str,
    /// Why not.
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Unavailable {
    /// The owner of these aggregates does not tell.
    pub fn new(kind: Kind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { owner: kind.owner(), source: source.into() }
    }
}

/// The owners, over HTTP.
#[derive(Clone, Debug)]
pub struct OverHttp {
    /// What reaches them.
    pub client: HttpClient,
    /// Where they are.
    pub owners: Owners,
    /// Where the calls' traces come from.
    pub random: Random,
}

impl Republish for OverHttp {
    fn republish(&self, kind: Kind, page: Page) -> BoxFuture<'_, Result<Republished, Unavailable>> {
        let url = self.url(kind, &page);
        Box::pin(async move {
            let context = Context::background("views", &self.random);
            let call = Call::post(url).to(kind.owner()).for_context(&context).within(TIMEOUT);
            let answer = self.client.send(call).await.map_err(|error| Unavailable::new(kind, error))?;
            if !answer.is_success() {
                return Err(Unavailable::new(kind, format!("the answer is {}", answer.status)));
            }
            answer.json().map_err(|error| Unavailable::new(kind, error))
        })
    }
}

impl OverHttp {
    fn url(&self, kind: Kind, Page { run, after, limit }: &Page) -> String {
        let owner = match kind {
            Kind::Customer => &self.owners.customers,
            Kind::Order => &self.owners.ordering,
            Kind::Product => &self.owners.warehouse,
        };
        let mut url = format!("{owner}/internal/republish?limit={}", limit.unwrap_or(1));
        // Ids and skus need no escape, and writing to a string cannot fail.
        if let Some(run) = run {
            let _ = write!(url, "&run={run}");
        }
        if let Some(after) = after {
            let _ = write!(url, "&after={after}");
        }
        url
    }
}
