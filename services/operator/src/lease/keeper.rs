//! Gets the lease, renews it, and gives it back.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::{SignedDuration, Timestamp},
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::{sync::watch, time::Instant};
use tracing::{info, warn};

use super::{Known, Step, Token, decide};
use crate::{clock::Clock, error};

/// Which lease, and for how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// The namespace of the lease.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who wants it; no two ever have the same.
    pub identity: String,
    /// For how long it is taken with each renewal.
    pub duration: Duration,
}

impl Options {
    /// How often it is renewed: one renewal may fail before writes stop.
    fn period(&self) -> Duration {
        self.duration / 3
    }

    /// Until when writes may start, of a renewal that was sent then.
    fn until(&self, sent: Instant) -> Instant {
        sent + self.duration * 2 / 3
    }
}

/// How often whoever does not hold it looks at it.
const LOOK: Duration = Duration::from_secs(2);
/// How soon a renewal that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// So often it is tried to give the lease back. What is in flight may come in between once, and an answer be lost once.
const GIVES: usize = 3;

/// Gets the lease and renews it.
#[derive(Debug)]
pub struct Keeper {
    api: Api<Lease>,
    options: Options,
    clock: Clock,
    known: Option<Known>,
    /// Whether a write was sent of whose end nothing is known.
    unsure: bool,
    leads: watch::Sender<Option<Token>>,
}

impl Keeper {
    /// One that has nothing yet, and where it can be seen whether it has.
    #[must_use]
    pub fn new(client: Client, options: Options, clock: Clock) -> (Self, watch::Receiver<Option<Token>>) {
        let (leads, seen) = watch::channel(None);
        let api = Api::namespaced(client, &options.namespace);
        (Self { api, options, clock, known: None, unsure: false, leads }, seen)
    }

    /// Goes on for ever. May be dropped at any moment; [`Keeper::give_back`] comes after that.
    pub async fn run(&mut self) {
        loop {
            let pause = self.step().await;
            tokio::time::sleep(pause).await;
        }
    }

    /// One step, and how long to wait before the next.
    pub async fn step(&mut self) -> Duration {
        if self.leads.borrow().is_none()
            && let Err(error) = self.look().await
        {
            warn!(error = error::chain(&error), "cannot read the lease `{}`", self.options.name);
            return LOOK;
        }
        let now = Instant::now();
        let step = decide(self.known.as_ref(), &self.options.identity, now);
        if let Step::Wait(until) = step {
            return LOOK.min(until.saturating_duration_since(now)).max(Duration::from_millis(10));
        }
        match self.write(step, now).await {
            Ok(()) => self.options.period(),
            Err(error) => {
                warn!(error = error::chain(&error), "cannot write the lease `{}`", self.options.name);
                self.failed(&error).await;
                RETRY
            }
        }
    }

    /// Gives the lease back, so that another can have it at once. Where a write of its own has no answer yet, it looks first whether
    /// the lease is its own: the version that it knows may be an old one, by which nothing can be given back.
    pub async fn give_back(&mut self) {
        let led = self.leads.send_replace(None);
        if let Some(token) = &led {
            token.revoke();
        }
        if led.is_none() && !self.unsure {
            return;
        }
        let name = self.options.name.clone();
        for _ in 0..GIVES {
            match self.give().await {
                Ok(true) => return info!("gave the lease `{name}` back"),
                Ok(false) if self.unsure => {
                    return warn!(
                        "the lease `{name}` is not held here, unless a write that has no answer lands yet"
                    );
                }
                Ok(false) => return info!("the lease `{name}` is not held here any more"),
                Err(error) => {
                    self.unsure = true;
                    warn!(error = error::chain(&error), "cannot give the lease `{name}` back");
                }
            }
        }
        warn!("the lease `{name}` is not given back: whoever wants it waits until it has run out");
    }

    /// Whether it was one's own to give.
    async fn give(&mut self) -> kube::Result<bool> {
        if self.unsure {
            self.look().await?;
        }
        let mine = self.known.as_ref().filter(|known| known.holder == self.options.identity);
        let Some(known) = mine else { return Ok(false) };
        let lease = self.lease(Some(known), "", Duration::from_secs(1));
        self.api.replace(&self.options.name, &PostParams::default(), &lease).await?;
        Ok(true)
    }

    async fn look(&mut self) -> kube::Result<()> {
        let lease = self.api.get_opt(&self.options.name).await?;
        self.known = lease.map(|lease| read(lease).after(self.known.as_ref()));
        Ok(())
    }

    async fn write(&mut self, step: Step, sent: Instant) -> kube::Result<()> {
        let (name, params) = (&self.options.name, PostParams::default());
        let lease = self.lease(self.known.as_ref(), &self.options.identity, self.options.duration);
        // Whoever drops this future in between does not know what becomes of what was sent.
        self.unsure = true;
        let written = match step {
            Step::Create => self.api.create(&params, &lease).await?,
            Step::Take | Step::Renew | Step::Wait(_) => self.api.replace(name, &params, &lease).await?,
        };
        self.unsure = false;
        self.known = Some(read(written));
        let until = self.options.until(sent);
        let had = self.leads.borrow().clone();
        match had {
            Some(token) => token.extend(until),
            None => {
                info!(identity = self.options.identity, "leads by the lease `{name}`");
                self.leads.send_replace(Some(Token::until(until)));
            }
        }
        Ok(())
    }

    /// Whoever cannot renew looks who holds the lease; another's, or one that has run out, is lost.
    async fn failed(&mut self, error: &kube::Error) {
        if matches!(error, kube::Error::Api(status) if status.code == 409) {
            // If that fails as well, what was known before counts.
            let _ = self.look().await;
        }
        let mine = self.known.as_ref().filter(|known| known.holder == self.options.identity);
        let lasts = mine.is_some_and(|known| known.since + known.duration > Instant::now());
        if !lasts && let Some(token) = self.leads.send_replace(None) {
            token.revoke();
            warn!("lost the lease `{}`", self.options.name);
        }
    }

    fn lease(&self, known: Option<&Known>, holder: &str, duration: Duration) -> Lease {
        let now = Timestamp::from_millisecond(self.clock.now().as_millis()).unwrap_or_default();
        // A lease that says what it said before is not written at all, and whoever looks at it does not see that it was renewed.
        let again = known.is_some_and(|known| known.renewed == Some(now));
        let now = now.checked_add(SignedDuration::from_micros(i64::from(again))).unwrap_or(now);
        let changes = i32::from(known.is_some_and(|known| known.holder != holder && !holder.is_empty()));
        Lease {
            metadata: ObjectMeta {
                name: Some(self.options.name.clone()),
                resource_version: known.map(|known| known.version.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(holder.to_owned()),
                lease_duration_seconds: i32::try_from(duration.as_secs()).ok(),
                acquire_time: None,
                renew_time: Some(MicroTime(now)),
                lease_transitions: Some(known.map_or(0, |known| known.transitions.saturating_add(changes))),
                ..LeaseSpec::default()
            }),
        }
    }
}

fn read(lease: Lease) -> Known {
    let spec = lease.spec.unwrap_or_default();
    Known {
        version: lease.metadata.resource_version.unwrap_or_default(),
        holder: spec.holder_identity.unwrap_or_default(),
        duration: Duration::from_secs(
            spec.lease_duration_seconds.and_then(|secs| secs.try_into().ok()).unwrap_or(15),
        ),
        since: Instant::now(),
        transitions: spec.lease_transitions.unwrap_or(0),
        renewed: spec.renew_time.map(|time| time.0),
    }
}

#[cfg(test)]
mod tests;
