//! Endpoints by a name of DNS, which is asked for again and again.
//!
//! How long an answer holds is not known here: the system's resolver keeps that to itself. So the name is looked up at an interval, each
//! time a little sooner by chance, so that callers who were started together do not ask together.
//!
//! An error is no answer: the last good set stays, and its age grows. Neither is an empty answer one. Names that answer with another few of
//! their many addresses each time, as those of some large load balancers do, make the set change each time.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    io,
    net::SocketAddr,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use super::{
    Endpoint, EndpointSet, Family, Trouble,
    source::{Publisher, Source},
};
use crate::{
    InvalidPolicy,
    circuit_breaker::Backoff,
    policy::{Problems, durations},
    random::Random,
};

/// Looks names up.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a host, each with the port. It may be dropped when it takes too long.
    fn resolve(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;
}

/// What the system asks: `/etc/hosts` and DNS, by tokio on a thread of its own. A lookup that was given up keeps its thread until the
/// system gives up, too.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Resolve for System {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// A host by its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// The port to call.
    pub port: u16,
    /// Which addresses are taken of a host that has both. Default: IPv4.
    #[serde(default)]
    pub family: Family,
}

/// How often a name is looked up.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// From one answer to the next question, 1 s to 1 h. Default: 30 s.
    #[serde(with = "durations")]
    pub interval: Duration,
    /// The interval is shorter by a random part of up to this, 0 to 0.9. Default: 0.2.
    pub jitter: f64,
    /// How long a lookup may take, 1 ms to 5 min. Default: 10 s.
    #[serde(with = "durations")]
    pub timeout: Duration,
    /// The pause after a lookup that failed. Default: 1 s to 30 s.
    pub backoff: Backoff,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(30),
            jitter: 0.2,
            timeout: Duration::from_secs(10),
            backoff: Backoff { longest: Duration::from_secs(30), ..Backoff::default() },
        }
    }
}

impl Policy {
    /// Looks at every field.
    ///
    /// # Errors
    /// All fields that are out of their range, by name.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.finish()
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let seconds = Duration::from_secs;
        problems.check((seconds(1)..=seconds(3600)).contains(&self.interval), "interval", "1 s to 1 h");
        problems.check((0.0..=0.9).contains(&self.jitter), "jitter", "0 to 0.9");
        let timeouts = Duration::from_millis(1)..=seconds(300);
        problems.check(timeouts.contains(&self.timeout), "timeout", "1 ms to 5 min");
        problems.within("backoff", |problems| self.backoff.check(problems));
    }
}

/// Looks a host up for as long as the [`Source`] is held.
///
/// # Errors
/// The policy is out of range.
///
/// # Panics
/// Outside of a runtime of tokio.
pub fn follow<R: Resolve>(resolver: R, host: Host, policy: Policy) -> Result<Source, InvalidPolicy> {
    policy.validate()?;
    let random = Random(RandomState::new().build_hasher().finish());
    Ok(Source::spawn(|publisher| run(resolver, host, policy, publisher, random)))
}

async fn run<R: Resolve>(resolver: R, host: Host, policy: Policy, publisher: Publisher, mut random: Random) {
    let mut in_vain = 0_u32;
    loop {
        let answer = timeout(policy.timeout, resolver.resolve(&host.name, host.port)).await;
        let pause = match endpoints(answer, host.family) {
            Ok(set) => {
                in_vain = 0;
                publisher.listed();
                publisher.publish(set, 0);
                policy.interval.mul_f64(1.0 - policy.jitter * random.part())
            }
            Err(trouble) => {
                publisher.failed(trouble);
                let pause = policy.backoff.after(in_vain, random.part());
                in_vain = in_vain.saturating_add(1);
                pause
            }
        };
        sleep(pause).await;
    }
}

fn endpoints<E>(
    answer: Result<io::Result<Vec<SocketAddr>>, E>,
    family: Family,
) -> Result<EndpointSet, Trouble> {
    let found = answer.map_err(|_| Trouble::Silent)?.map_err(|_| Trouble::Unreachable)?;
    if found.is_empty() {
        return Err(Trouble::Nothing);
    }
    let family = family.among(found.iter().copied());
    Ok(found.into_iter().filter(|address| family.has(*address)).map(Endpoint::new).collect())
}
