//! One turn of one BlueGreen: observe, plan, apply, until nothing is left to do at once.

use std::time::Duration;

use futures_util::future::{join, join3, try_join_all};
use rollout::{Change, Colour, Object, Phase, Plan, Reason, Requeue, Status, Time, Write, observed::Live};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::{Around, Controller, asks, objects};
use crate::{
    apply::{Ended, Outcome, Term},
    error,
    key::Key,
    metrics::Turned,
    news::{About, Wrote},
    observe::{World, strangers},
    resources::Declared,
};

/// A turn that has not come to rest after so many plans goes on later, so that others have theirs.
const PLANS: usize = 24;
/// How soon it is looked again whether a watch that told nothing tells something.
const SILENCE: Duration = Duration::from_secs(1);

/// When the next turn is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// When something changes.
    Rest,
    /// Then, or when something changes.
    At(Instant),
    /// Soon: something did not succeed.
    Failed,
}

impl From<Next> for Turned {
    fn from(next: Next) -> Self {
        match next {
            Next::Rest => Self::Rests,
            Next::At(_) => Self::Waits,
            Next::Failed => Self::Failed,
        }
    }
}

/// What a turn has read from the API server itself, beside what plans ask for.
#[derive(Default)]
struct Read {
    /// What a new wish names.
    wish: bool,
    /// What is said to be broken.
    broken: bool,
}

/// Where a turn is after one plan.
enum Step {
    Again(Option<Live>),
    End(Next),
}

impl Controller {
    /// One turn.
    pub(super) async fn turn(&self, key: &Key, term: &Term) -> Next {
        let (mut live, mut read) = (None, Read::default());
        for _ in 0..PLANS {
            let Some(declared) = self.caches.declared.get(&key.namespace, &key.name) else {
                return Next::Rest;
            };
            if declared.metadata.deletion_timestamp.is_some() || !term.may_write() {
                return Next::Rest;
            }
            if let Err(why) = &declared.content {
                warn!(bluegreen = %key, "`{key}` cannot be read, and is left alone: {why}");
                return Next::Rest;
            }
            match self.step(key, &declared, term, live.take(), &mut read).await {
                Ok(Step::Again(asked)) => live = asked,
                Ok(Step::End(next)) => return next,
                Err(error) => {
                    warn!(bluegreen = %key, error = error::chain(&error), "cannot read what `{key}` needs");
                    return Next::Failed;
                }
            }
        }
        warn!(bluegreen = %key, "`{key}` goes on after {PLANS} plans");
        Next::Failed
    }

    async fn step(
        &self,
        key: &Key,
        declared: &Declared,
        term: &Term,
        live: Option<Live>,
        read: &mut Read,
    ) -> kube::Result<Step> {
        let Some(content) = declared.content() else { return Ok(Step::End(Next::Rest)) };
        let objects: Vec<Object> = objects(&content.spec).into_iter().collect();
        // A new wish is judged by what is there now, and not by what was there when the watches told last.
        if declared.metadata.generation != Some(content.status.observed_generation) && !read.wish {
            try_join_all(objects.iter().map(|object| self.hands.refresh(&key.namespace, object))).await?;
            read.wish = true;
        }
        let unknown = strangers(&self.caches, term, &key.namespace, declared);
        if !unknown.is_empty() {
            self.hands.identify(term, &key.namespace, unknown).await?;
        }
        let probe = self.hands.probe(term, &key.namespace, declared.uid(), &objects).await;

        let (uid, release) = (declared.uid(), content.status.release.as_deref().unwrap_or_default());
        let Around { gates, drains, .. } = &self.around;
        let answers = gates.answers(uid, release);
        let drained = |pod: &str| drains.drained(uid, pod);
        let world = World {
            caches: &self.caches,
            index: &self.index,
            memory: term,
            color_label: &self.color_label,
            namespace: &key.namespace,
            declared,
            drained: &drained,
            gates: &answers,
            now: self.clock.now(),
        };
        gates.want(asks::gates(&world, &key.name, content));
        drains.want(asks::draining(&world, &key.name, content));
        let mut view = world.view();
        view.seen.live = live;
        let plan = rollout::plan(&content.spec, &content.status, &view.seen, world.now);
        if let Some(resource) = self.caches.silent().filter(|_| is_forward(&content.status, &plan)) {
            debug!(bluegreen = %key, "`{key}` takes no step forward: the watch of {resource} tells nothing");
            return Ok(Step::End(Next::At(Instant::now() + SILENCE)));
        }
        if is_broken(&content.status, &plan) && !read.broken {
            // The slices of a Service that somebody else has just pointed elsewhere may be told before the Service is.
            read.broken = true;
            self.look_again(key, &objects).await;
            return Ok(Step::Again(None));
        }
        self.apply(key, &world, term, plan, view.wake, probe).await
    }

    /// Reads Services and their slices. Without an answer it goes on with what is known: the way back waits for nobody.
    async fn look_again(&self, key: &Key, objects: &[Object]) {
        let services = objects.iter().filter_map(|object| match object {
            Object::Service(name) => Some((object, name)),
            Object::Deployment(_) | Object::Autoscaler(_) => None,
        });
        let reads = services.map(|(object, name)| async move {
            let (service, slices) = join(
                self.hands.refresh(&key.namespace, object),
                self.hands.refresh_known_slices(&key.namespace, name),
            )
            .await;
            service.and(slices)
        });
        if let Err(error) = try_join_all(reads).await {
            warn!(bluegreen = %key, error = error::chain(&error), "what is broken of `{key}` cannot be read once more");
        }
    }

    /// Writes, stores the status, and reads what the plan asks for, all at once.
    async fn apply(
        &self,
        key: &Key,
        world: &World<'_>,
        term: &Term,
        plan: Plan,
        wake: Option<Time>,
        probe: Option<Instant>,
    ) -> kube::Result<Step> {
        let (uid, status) = (world.declared.uid(), &plan.status);
        let before = world.declared.content().map_or(Phase::Stable, |content| content.status.phase);
        let reads = async {
            if plan.requeue != Requeue::Read {
                return Ok(None);
            }
            let to =
                status.to.unwrap_or(world.declared.content().map_or(Colour::Blue, |known| known.spec.active));
            self.hands.live(world, status.phase, to).await.map(Some)
        };
        let (ended, stored, live) = join3(
            self.hands.write(term, key, uid, &plan.writes),
            self.hands.store(term, world.declared, status),
            reads,
        )
        .await;
        self.tell(key, world.declared, &plan, &ended, stored.as_ref());
        let outcomes: Vec<_> = ended.into_iter().map(|ended| ended.outcome).collect();
        if stored == Some(Outcome::Made) && before != status.phase {
            info!(bluegreen = %key, from = %before, to = %status.phase, "{}", status.message);
        }
        self.catch_up(key, &plan.writes, &outcomes, stored.as_ref()).await?;
        if let Some(Outcome::Refused(words) | Outcome::Unknown(words)) = &stored {
            warn!(bluegreen = %key, "cannot store the status of `{key}`: {words}");
        }
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::NotNow | Outcome::Unknown(_));
        if outcomes.iter().chain(&stored).any(failed) || matches!(stored, Some(Outcome::Refused(_))) {
            return Ok(Step::End(Next::Failed));
        }
        let live = live?;
        if live.is_some() || plan.requeue == Requeue::Again || stored.is_some() || !outcomes.is_empty() {
            // What was read belongs to the status that was to be stored then.
            return Ok(Step::Again(live.filter(|_| stored.is_none_or(|stored| stored == Outcome::Made))));
        }
        let due = match plan.requeue {
            Requeue::At(at) => Some(at),
            Requeue::Never | Requeue::Again | Requeue::Read => None,
        };
        let due = due.into_iter().chain(wake).min().map(|at| Instant::now() + at.since(world.now));
        Ok(Step::End(due.into_iter().chain(probe).min().map_or(Next::Rest, Next::At)))
    }
}

impl Controller {
    /// Tells whoever wants to know what this plan came to.
    fn tell(&self, key: &Key, declared: &Declared, plan: &Plan, ended: &[Ended], stored: Option<&Outcome>) {
        let Some(content) = declared.content() else { return };
        let about = About {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            uid: declared.uid().to_owned(),
        };
        if stored == Some(&Outcome::Made) {
            self.around.news.stored(&about, &content.status, &plan.status);
        }
        let wrote = plan.writes.iter().zip(ended).map(|(write, ended)| Wrote {
            write,
            outcome: ended.outcome.word(),
            began: ended.began,
            ended: ended.ended,
        });
        self.around.news.wrote(&about, &plan.status, &wrote.collect::<Vec<_>>());
    }

    /// What has changed under a write is read before the next plan, and so are the slices of a Service that was pointed elsewhere.
    async fn catch_up(
        &self,
        key: &Key,
        writes: &[Write],
        outcomes: &[Outcome],
        stored: Option<&Outcome>,
    ) -> kube::Result<()> {
        let namespace = &key.namespace;
        let reads = writes.iter().zip(outcomes).map(|(write, outcome)| async move {
            match (outcome, &write.object, write.change) {
                (Outcome::Conflict, object, _) => self.hands.refresh(namespace, object).await,
                (Outcome::Made, Object::Service(name), Change::Point { .. }) => {
                    self.hands.refresh_slices(namespace, name).await
                }
                _ => Ok(()),
            }
        });
        try_join_all(reads).await?;
        if stored == Some(&Outcome::Conflict) {
            self.hands.refresh_declared(key).await?;
        }
        Ok(())
    }
}

/// Whether a plan begins a way back for what it was told is broken.
fn is_broken(status: &Status, plan: &Plan) -> bool {
    let begins = plan.status.phase == Phase::SwitchingBack && status.phase != Phase::SwitchingBack;
    begins && plan.status.cause == Some(Reason::Broken)
}

/// Whether a plan brings anything further than it is; going back and holding still do not.
fn is_forward(status: &Status, plan: &Plan) -> bool {
    let back = matches!(plan.status.phase, Phase::SwitchingBack | Phase::Held);
    !back && (!plan.writes.is_empty() || plan.status.phase != status.phase)
}
