//! The way back: rule 5.

use super::{
    Change, Object, Write,
    planner::{Next, Pair, Planner, Why},
    sides::serving,
};
use crate::{Colour, Phase, Reason, observed::Route, rule::Rule};

impl Planner<'_> {
    /// What has broken goes back, and is not tried again as it is.
    pub(super) fn go_back_broken(&mut self, why: Why) -> Next {
        self.fail(why.reason, why.detail.clone(), None);
        self.go_back(why)
    }

    /// The traffic goes back, and why is remembered.
    pub(super) fn go_back(&mut self, why: Why) -> Next {
        self.status.cause = Some(why.reason);
        self.end_deadline();
        (self.status.draining_since, self.status.drained_at) = (None, None);
        for service in &mut self.status.services {
            (service.proven, service.pointed_at) = (false, None);
        }
        Next::Store(Phase::SwitchingBack, why)
    }

    /// Points back what can take the traffic, and says whether anything was pointed. What cannot is scaled up, and named.
    pub(super) fn bring_back(&mut self, old: Colour) -> Result<bool, Why> {
        if self.return_once(old) {
            return Ok(true);
        }
        let away = self.routes().any(|(_, name, route)| self.ours_at(name, route, old.other()));
        if away && self.status.draining_since.is_some() && self.keeps(Rule::StoredFirst) {
            // The failed side has the traffic of a Service that was made anew. That it drains anew is stored before it is pointed back.
            self.status.draining_since = None;
            self.again();
            return Ok(true);
        }
        let (mut moved, mut stuck) = (false, Ok(()));
        for pair in self.pairs() {
            let away: Vec<_> =
                pair.routes().filter(|(name, route)| self.ours_at(name, route, old.other())).collect();
            if away.is_empty() {
                continue;
            }
            if let Err(why) = self.can_take(pair, old, &away) {
                self.raise(pair, old);
                stuck = stuck.and(Err(why));
                continue;
            }
            for (name, route) in away {
                self.point(pair, name, route, old);
                moved = true;
            }
        }
        if moved {
            self.status.draining_since = None;
        }
        stuck.map(|()| moved)
    }

    /// Whether the side has the Ready pods that these Services need, or more than the other.
    fn can_take(&self, pair: Pair<'_>, colour: Colour, services: &[(&str, &Route)]) -> Result<(), Why> {
        let (there, other) = (serving(pair.seen.side(colour)), serving(pair.seen.side(colour.other())));
        let needed = services.iter().map(|(name, _)| self.needed(pair, colour.other(), name)).max();
        if there > other || there >= needed.unwrap_or(1) || !self.keeps(Rule::BackOnlyToReady) {
            return Ok(());
        }
        let reason = if there + other == 0 { Reason::BothSidesUnready } else { Reason::OldSideUnready };
        Err(reason.of(format!("{}: {there} pods are ready", pair.declared(colour).deployment)))
    }

    /// If the side gone back to has lost its last ready pod and the other has one, that one gets the traffic, once per release:
    /// that it is about to is stored first. Whether there is anything to do.
    fn return_once(&mut self, old: Colour) -> bool {
        let lost: Vec<_> = self
            .routes()
            .filter(|(pair, name, route)| {
                let (here, there) = (serving(pair.seen.side(old)), serving(pair.seen.side(old.other())));
                here == 0 && there > 0 && self.ours_at(name, route, old)
            })
            .collect();
        if !self.status.returning {
            let now = !self.status.returned && !lost.is_empty();
            if now {
                (self.status.returning, self.status.draining_since) = (true, None);
                self.again();
            }
            return now;
        }
        (self.status.returning, self.status.returned) = (false, true);
        self.status.draining_since = None;
        for (pair, name, route) in &lost {
            self.status.began.get_or_insert(self.now);
            self.point(*pair, name, route, old.other());
        }
        !lost.is_empty()
    }

    /// Points a Service, with the next number, and remembers what was ready.
    pub(super) fn point(&mut self, pair: Pair<'_>, name: &str, route: &Route, to: Colour) {
        let n = route.mark.as_ref().map_or(1, |mark| mark.n.saturating_add(1));
        let ready = serving(pair.seen.side(to));
        let now = self.now;
        if let Some(known) = self.service(name) {
            (known.pointed_at, known.recorded, known.proven) = (Some(now), Some(ready), false);
        }
        let change = Change::Point { to, n };
        self.write(Write {
            object: Object::Service(name.to_owned()),
            version: route.version.clone(),
            change,
        });
    }
}
