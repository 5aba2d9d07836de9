//! How large a side must be, and whether it is ready: rule 1.

use super::{
    Change, Object, Write,
    facts::count,
    planner::{Pair, Planner, Why},
};
use crate::{
    Colour, Phase, Reason,
    observed::{Autoscaler, Deployment, Pod},
};

impl Planner<'_> {
    /// The size that a side needs to take the traffic of the other: what that one wants, or wanted when the switch began, and
    /// its own autoscaler's minimum; at least 1. While a switch is under way the new side's does not change any more.
    pub(super) fn size(&self, pair: Pair<'_>, colour: Colour) -> i32 {
        let switching = !matches!(self.at(), Phase::Stable | Phase::Preparing | Phase::Gating);
        let other = if switching && colour == self.to() { None } else { pair.seen.side(colour.other()) };
        let floor =
            pair.seen.side(colour).and_then(|side| side.autoscaler.as_ref()).map_or(0, Autoscaler::own_min);
        let began = self.workload(&pair.spec.name).map_or(0, |known| known.full);
        other.map_or(0, |side| side.replicas).max(began).max(floor).max(1)
    }

    /// Scales a side up to what it needs, and raises its autoscaler's minimum so that it stays.
    pub(super) fn raise(&mut self, pair: Pair<'_>, colour: Colour) {
        let Some(side) = pair.seen.side(colour) else { return };
        let most = side.autoscaler.as_ref().map_or(i32::MAX, |scaler| scaler.max);
        let size = self.size(pair, colour).min(most);
        self.floor(side, size);
        if side.replicas < size {
            self.scale(pair, colour, side, size);
        }
    }

    /// Raises the autoscaler's minimum, and remembers in its annotation what it was. One that somebody else has set since is what it
    /// was, and if it is large enough it stays.
    pub(super) fn floor(&mut self, side: &Deployment, size: i32) {
        let Some(scaler) = &side.autoscaler else { return };
        let own = scaler.own_min();
        if scaler.min < size && scaler.max >= size {
            self.bound(scaler, Change::Floor { min: size, former: Some(own) });
        } else if scaler.is_overruled() && scaler.min >= size {
            self.bound(scaler, Change::Floor { min: own, former: None });
        }
    }

    /// Puts the autoscaler's minimum back. Whether there is nothing to put back.
    pub(super) fn unfloor(&mut self, side: &Deployment) -> bool {
        let Some(scaler) = side.autoscaler.as_ref().filter(|scaler| scaler.former.is_some()) else {
            return true;
        };
        self.bound(scaler, Change::Floor { min: scaler.own_min(), former: None });
        false
    }

    fn bound(&mut self, scaler: &Autoscaler, change: Change) {
        let object = Object::Autoscaler(scaler.name.clone());
        self.write(Write { object, version: scaler.version.clone(), change });
    }

    pub(super) fn scale(&mut self, pair: Pair<'_>, colour: Colour, side: &Deployment, replicas: i32) {
        let change = Change::Scale { replicas };
        self.write(Write { object: Self::deployment(pair, colour), version: side.version.clone(), change });
    }

    /// Rule 1 for every workload: none switches unless all can.
    pub(super) fn unready(&self, colour: Colour) -> Option<Why> {
        if !self.keeps(crate::rule::Rule::ReadyFirst) {
            return None;
        }
        self.pairs().find_map(|pair| self.side_unready(pair, colour))
    }

    fn side_unready(&self, pair: Pair<'_>, colour: Colour) -> Option<Why> {
        let name = &pair.declared(colour).deployment;
        let Some(side) = pair.seen.side(colour) else {
            return Some(Reason::DeploymentMissing.of(format!("Deployment {name}")));
        };
        let size = self.size(pair, colour);
        if let Some(version) =
            pair.declared(colour).version.as_ref().filter(|version| side.app.as_ref() != Some(version))
        {
            return Some(Reason::VersionAwaited.of(format!("{name} waits for version {version}")));
        }
        if let Some(scaler) = side.autoscaler.as_ref().filter(|scaler| scaler.max < size) {
            return Some(
                Reason::AutoscalerTooSmall
                    .of(format!("{} allows {} of {size} replicas", scaler.name, scaler.max)),
            );
        }
        if side.replicas < size || !side.settled {
            return Some(Reason::ScalingUp.of(format!("{name} has {} of {size} replicas", side.replicas)));
        }
        pods_unready(name, &side.pods, side.replicas)
    }

    /// Whether each Deployment's controller has seen its latest generation, which a seal raises too.
    pub(super) fn settled(&self, colour: Colour) -> bool {
        self.pairs().all(|pair| pair.seen.side(colour).is_none_or(|side| side.settled))
    }

    /// The same of the pods that were just read from the API server.
    pub(super) fn unready_live(&self, colour: Colour, live: &crate::observed::Live) -> Option<Why> {
        self.pairs().find_map(|pair| {
            let pods = live.pods.get(&(pair.spec.name.clone(), colour)).map_or(&[][..], Vec::as_slice);
            let wants = pair.seen.side(colour).map_or(0, |side| side.replicas);
            pods_unready(&pair.declared(colour).deployment, pods, wants.max(self.size(pair, colour)))
        })
    }
}

/// Every pod is of the current template, available, not being deleted and fits; and there are enough.
fn pods_unready(name: &str, pods: &[Pod], size: i32) -> Option<Why> {
    let unready = |pod: &Pod| !pod.available || pod.ready_since.is_none();
    let wrong = |pod: &&Pod| pod.deleting || !pod.current || unready(pod);
    // The one whose own reason tells most is named: first a new one that does not get ready.
    let named = pods.iter().find(|pod| pod.current && !pod.deleting && unready(pod));
    if let Some(pod) = named.or_else(|| pods.iter().find(wrong)) {
        let waits = match &pod.waits {
            Some(waits) => waits.as_str(),
            None if pod.deleting => "it is being deleted",
            None if !pod.current => "it is of an earlier template",
            None => "it is not ready",
        };
        return Some(Reason::PodsUnready.of(format!("{}: {waits}", pod.name)));
    }
    if let Some((pod, unfit)) = pods.iter().find_map(|pod| Some((&pod.name, pod.unfit.as_ref()?))) {
        return Some(Reason::PodsUnfit.of(format!("{pod}: {unfit}")));
    }
    let there = count(pods.len());
    (there < size).then(|| Reason::PodsUnready.of(format!("{name} has {there} of {size} pods")))
}

/// How many pods of a side are Ready and stay.
pub(super) fn serving(side: Option<&Deployment>) -> i32 {
    count(side.map_or(0, |side| side.pods.iter().filter(|pod| pod.serves()).count()))
}
