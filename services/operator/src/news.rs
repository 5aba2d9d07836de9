//! What others are told of releases: Events, a webhook, metrics and traces, each from the status before and the status after, once it is
//! stored. Nobody ever waits for it: what finds no room is dropped and counted.

pub mod events;
mod outbox;
pub mod webhook;

use std::{fmt, sync::Arc};

use kube::Client;
use rollout::{Change, Status, Write};
use tokio::time::{Duration, Instant};

pub(crate) use self::outbox::Outbox;
use self::{events::Events, webhook::Notify};
pub use self::{outbox::Delivery, webhook::Webhook};
use crate::{
    metrics::Metrics,
    telemetry::{Collector, Traces},
};

/// The BlueGreen that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

impl fmt::Display for About {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// A guarded write that has ended.
#[derive(Clone, Debug)]
pub struct Wrote<'a> {
    /// What was written.
    pub write: &'a Write,
    /// What became of it, in one of a few words; `made` if it was.
    pub outcome: &'static str,
    /// When it was begun.
    pub began: Instant,
    /// When that was known.
    pub ended: Instant,
}

/// Whom to tell.
#[derive(Clone)]
pub struct Audience {
    /// Where Events go.
    pub client: Client,
    /// Who tells: the name of this process among several.
    pub instance: String,
    /// Where transitions are posted.
    pub webhook: Option<Webhook>,
    /// Where traces go.
    pub collector: Option<Collector>,
    /// Where all is counted.
    pub metrics: Metrics,
}

/// Tells it. Clones are the same.
#[derive(Clone)]
pub struct News(Arc<Channels>);

struct Channels {
    metrics: Metrics,
    events: Events,
    notify: Option<Notify>,
    traces: Option<Traces>,
}

impl News {
    /// Whoever is to be told is told by tasks of their own, which end by [`Delivery::finish`].
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn new(audience: Audience) -> (Self, Delivery) {
        let Audience { client, instance, webhook, collector, metrics } = audience;
        let mut delivery = Delivery::new(metrics.clone());
        let channels = Channels {
            events: Events::new(client, instance, &mut delivery),
            notify: webhook.map(|webhook| Notify::new(webhook, &mut delivery)),
            traces: collector.map(|collector| Traces::new(collector, &mut delivery)),
            metrics,
        };
        (Self(Arc::new(channels)), delivery)
    }

    /// The status `before` gave way to `after`, which is stored.
    pub fn stored(&self, about: &About, before: &Status, after: &Status) {
        let Channels { metrics, events, notify, traces } = &*self.0;
        metrics.stored(before, after);
        events.stored(about, before, after);
        if let Some(notify) = notify {
            notify.stored(about, before, after);
        }
        if let Some(traces) = traces {
            traces.stored(about, before, after);
        }
    }

    /// Writes of one plan have ended; `status` is that plan's.
    pub fn wrote(&self, about: &About, status: &Status, writes: &[Wrote<'_>]) {
        for wrote in writes {
            self.0.metrics.wrote(wrote.write.change, wrote.outcome);
        }
        if let Some(skew) = skew(writes) {
            self.0.metrics.skewed(skew);
        }
        if let Some(traces) = &self.0.traces {
            traces.wrote(about, status, writes);
        }
    }
}

impl fmt::Debug for News {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("News")
    }
}

/// How long after the first of several Services the last was pointed elsewhere.
fn skew(writes: &[Wrote<'_>]) -> Option<Duration> {
    let pointed = writes
        .iter()
        .filter(|wrote| wrote.outcome == "made" && matches!(wrote.write.change, Change::Point { .. }))
        .map(|wrote| wrote.ended);
    let (first, last) = (pointed.clone().min()?, pointed.clone().max()?);
    (pointed.count() > 1).then(|| last - first)
}

#[cfg(test)]
mod tests {
    use rollout::{Colour, Object};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_skew_is_between_the_first_and_the_last_service_that_was_pointed() {
        let began = Instant::now();
        let write =
            |name: &str, change| Write { object: Object::Service(name.into()), version: "1".into(), change };
        let point = Change::Point { to: Colour::Green, n: 1 };
        let writes =
            [write("a", point), write("b", point), write("c", Change::Seal { n: 1 }), write("d", point)];
        let wrote = |at: usize, millis, outcome| Wrote {
            write: &writes[at],
            outcome,
            began,
            ended: began + Duration::from_millis(millis),
        };
        let all = [wrote(0, 3, "made"), wrote(1, 8, "made"), wrote(2, 90, "made"), wrote(3, 70, "conflict")];
        assert_eq!(skew(&all), Some(Duration::from_millis(5)));
        assert_eq!(skew(&all[..1]), None, "one Service has no skew");
        assert_eq!(skew(&[]), None);
    }
}
