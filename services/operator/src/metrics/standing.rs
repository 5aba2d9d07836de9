//! Where everything stands: not counted as it happens, but looked up for each scrape.

use std::time::Duration;

use prometheus::{GaugeVec, IntGauge, IntGaugeVec};
use rollout::{Phase, Reason};

use super::families::Families;

/// What is seen at the moment of a scrape.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The phase and reason of each BlueGreen.
    pub bluegreens: Vec<(Phase, Option<Reason>)>,
    /// Whether this process leads.
    pub leads: bool,
    /// For how long each watch has told nothing, by resource.
    pub silent: Vec<(&'static str, Duration)>,
}

/// The gauges that show a scene.
#[derive(Debug)]
pub(super) struct Standing {
    phases: IntGaugeVec,
    held: IntGaugeVec,
    leader: IntGauge,
    silent: GaugeVec,
}

impl Standing {
    pub(super) fn new(families: &Families) -> Result<Self, prometheus::Error> {
        Ok(Self {
            phases: families.gauges("bluegreens", "BlueGreens by the phase that they are in.", &["phase"])?,
            held: families.gauges("held", "BlueGreens that are held, by reason.", &["reason"])?,
            leader: families.gauge("leader", "Whether this process leads: 1 if it does.")?,
            silent: families.seconds(
                "watch_silent_seconds",
                "For how long a watch has told nothing, bookmarks included.",
                &["resource"],
            )?,
        })
    }

    /// Shows this scene, and nothing of the one before.
    pub(super) fn show(&self, scene: &Scene) {
        Phase::ALL.iter().for_each(|phase| self.phases.with_label_values(&[phase.word()]).set(0));
        Reason::ALL.iter().for_each(|reason| self.held.with_label_values(&[reason.word()]).set(0));
        for (phase, reason) in &scene.bluegreens {
            self.phases.with_label_values(&[phase.word()]).inc();
            if let Some(reason) = reason.filter(|_| *phase == Phase::Held) {
                self.held.with_label_values(&[reason.word()]).inc();
            }
        }
        self.leader.set(scene.leads.into());
        for (resource, silence) in &scene.silent {
            self.silent.with_label_values(&[resource]).set(silence.as_secs_f64());
        }
    }
}
