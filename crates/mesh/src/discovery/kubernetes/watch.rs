//! The conversation with the API server.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    pin::pin,
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use kube::{
    Client, Error,
    api::{ListParams, WatchParams},
    core::{ObjectList, Request, WatchEvent},
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    EndpointSlice, Policy, Service, Slices,
    following::{Following, Told},
};
use crate::{
    InvalidPolicy,
    discovery::{
        Trouble,
        source::{Publisher, Source},
    },
    random::Random,
};

/// How many slices are asked for at a time.
const PAGE: u32 = 500;

/// How much later than it was asked to a watch may end before it is taken for dead.
const GRACE: Duration = Duration::from_secs(5);

/// Follows the endpoints of a Service for as long as the [`Source`] is held. The client needs the right to `list` and to `watch`
/// `endpointslices` of `discovery.k8s.io` in the Service's namespace.
///
/// # Errors
/// The policy is out of range, or the Service has no such name.
///
/// # Panics
/// Outside of a runtime of tokio.
pub fn follow(client: Client, service: Service, policy: Policy) -> Result<Source, InvalidPolicy> {
    service.validate()?;
    policy.validate()?;
    Ok(Source::spawn(|publisher| {
        let follower = Follower {
            client,
            request: Request::new(service.path()),
            labels: service.selector(),
            policy,
            following: Following::new(Slices::new(service.port, service.family)),
            publisher,
            random: Random(RandomState::new().build_hasher().finish()),
        };
        follower.run()
    }))
}

struct Follower {
    client: Client,
    request: Request,
    labels: String,
    policy: Policy,
    following: Following,
    publisher: Publisher,
    random: Random,
}

impl Follower {
    async fn run(mut self) {
        loop {
            let done = match self.following.version().map(str::to_owned) {
                None => self.list().await,
                Some(version) => self.watch(&version).await,
            };
            if let Err(trouble) = done {
                self.publisher.failed(trouble);
                let pause = self.policy.backoff.after(self.following.in_vain(), self.random.part());
                self.following.failed(trouble);
                sleep(pause).await;
            }
        }
    }

    /// Asks for all slices. Nothing is shown before the last page is there.
    async fn list(&mut self) -> Result<(), Trouble> {
        let pages = timeout(self.policy.list_timeout, self.pages());
        let (slices, version) = pages.await.map_err(|_| Trouble::Silent)??;
        self.following.listed(&slices, version);
        self.publisher.listed();
        self.publish();
        Ok(())
    }

    async fn pages(&self) -> Result<(Vec<EndpointSlice>, String), Trouble> {
        let mut slices = vec![];
        let mut question = ListParams::default().labels(&self.labels).limit(PAGE);
        loop {
            let request = self.request.list(&question).map_err(|_| Trouble::Refused)?;
            let page: ObjectList<EndpointSlice> =
                self.client.request(request).await.map_err(|error| trouble(&error))?;
            slices.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => question = question.continue_token(&token),
                None => return Ok((slices, page.metadata.resource_version.unwrap_or_default())),
            }
        }
    }

    /// Takes in what changes until the watch ends, which the API server does after the time that it is asked for.
    async fn watch(&mut self, version: &str) -> Result<(), Trouble> {
        let begun = Instant::now();
        let until = begun + self.policy.watch + GRACE;
        let seconds = u32::try_from(self.policy.watch.as_secs()).unwrap_or(u32::MAX);
        let question = WatchParams::default().labels(&self.labels).timeout(seconds);
        let request = self.request.watch(&question, version).map_err(|_| Trouble::Refused)?;
        let opening = timeout_at(until, self.client.request_events(request)).await;
        let events = opening.map_err(|_| Trouble::Silent)?.map_err(|error| trouble(&error))?;
        self.publisher.confirm();
        let heard = self.take_in(pin!(events), until).await?;
        if heard == 0 && begun.elapsed() < self.policy.watch / 2 {
            return Err(Trouble::Cut);
        }
        self.publisher.confirm();
        self.following.ended();
        Ok(())
    }

    /// How many events there were until the end.
    async fn take_in(
        &mut self,
        mut events: impl Stream<Item = Result<WatchEvent<EndpointSlice>, Error>> + Unpin,
        until: Instant,
    ) -> Result<usize, Trouble> {
        let mut heard = 0;
        while let Some(event) = timeout_at(until, events.next()).await.map_err(|_| Trouble::Silent)? {
            if self.following.told(told(event)?) {
                self.publish();
            } else {
                self.publisher.confirm();
            }
            heard += 1;
        }
        Ok(heard)
    }

    fn publish(&self) {
        let slices = self.following.slices();
        self.publisher.publish(slices.endpoints(), slices.unusable());
    }
}

fn told(event: Result<WatchEvent<EndpointSlice>, Error>) -> Result<Told, Trouble> {
    match event.map_err(|error| trouble(&error))? {
        WatchEvent::Added(slice) | WatchEvent::Modified(slice) => Ok(Told::Applied(slice)),
        WatchEvent::Deleted(slice) => Ok(Told::Removed(slice)),
        WatchEvent::Bookmark(bookmark) => Ok(Told::Bookmark(bookmark.metadata.resource_version)),
        WatchEvent::Error(status) => Err(of_code(status.code)),
    }
}

fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Api(status) => of_code(status.code),
        Error::SerdeError(_) | Error::FromUtf8(_) | Error::LinesCodecMaxLineLengthExceeded => {
            Trouble::Malformed
        }
        _ => Trouble::Unreachable,
    }
}

/// What a status of the API server says; 0 is one that was not understood.
fn of_code(code: u16) -> Trouble {
    match code {
        410 => Trouble::Expired,
        429 | 500.. => Trouble::Unavailable,
        400..=499 => Trouble::Refused,
        _ => Trouble::Malformed,
    }
}
