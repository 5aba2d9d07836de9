//! What is remembered of each Service and workload, kept in step with what is declared and seen.

use super::planner::{Planner, hash};
use crate::{Active, Colour, Failed, GateStatus, Reason, ServiceStatus, Span, WorkloadStatus};

/// How long a Service may be without any ready endpoint before that counts as broken.
const DARK: Span = Span::secs(1);

impl Planner<'_> {
    /// One entry for each Service and workload, in the declared order, with what is seen now.
    pub(super) fn remember(&mut self) {
        let services: Vec<_> = self
            .routes()
            .map(|(pair, name, route)| (pair.spec.name.clone(), name.to_owned(), route))
            .collect();
        let old = std::mem::take(&mut self.status.services);
        self.status.services = services
            .into_iter()
            .map(|(workload, name, route)| {
                let known = old.iter().find(|known| known.name == name).cloned().unwrap_or_default();
                let ready = route.evidence.iter().filter(|endpoint| endpoint.ready).count();
                let dark_since = if ready > 0 { None } else { Some(known.dark_since.unwrap_or(self.now)) };
                ServiceStatus {
                    workload,
                    name,
                    active: route.points_at,
                    endpoints: count(ready),
                    dark_since,
                    ..known
                }
            })
            .collect();
        let old = std::mem::take(&mut self.status.workloads);
        self.status.workloads = self
            .spec
            .workloads
            .iter()
            .map(|workload| {
                let known = old.iter().find(|known| known.name == workload.name).cloned();
                WorkloadStatus { name: workload.name.clone(), ..known.unwrap_or_default() }
            })
            .collect();
        self.status.active = self.active();
    }

    /// What the Services select.
    pub(super) fn active(&self) -> Option<Active> {
        let mut colours = self.routes().filter_map(|(_, _, route)| route.points_at);
        let first = colours.next()?;
        Some(if colours.all(|colour| colour == first) { first.into() } else { Active::Mixed })
    }

    /// Whether every Service selects this colour.
    pub(super) fn all_at(&self, colour: Colour) -> bool {
        self.pairs().all(|pair| pair.routes().count() == pair.spec.services.len())
            && self.routes().all(|(_, _, route)| route.points_at == Some(colour))
    }

    /// The hash of the templates of all new sides.
    pub(super) fn templates(&self, colour: Colour) -> String {
        hash(self.pairs().map(|pair| pair.seen.side(colour).map_or("", |side| side.template.as_str())))
    }

    /// Begins a release to `to`: no gate has passed, and the time runs.
    pub(super) fn begin(&mut self, to: Colour) {
        let (generation, attempt) = (self.seen.generation, self.spec.attempt);
        let templates = self.templates(to);
        let numbers = (attempt.to_string(), generation.to_string());
        self.status.release =
            Some(hash([self.seen.uid.as_str(), to.label(), &templates, &numbers.0, &numbers.1]));
        self.status.release_generation = generation;
        self.status.release_attempt = attempt;
        self.status.to = Some(to);
        self.status.gates = Vec::<GateStatus>::new();
        self.status.cause = None;
        self.status.returned = false;
        self.status.way_back = true;
        self.status.draining_since = None;
        self.status.drained_at = None;
        self.restart_deadline();
        for (pair, known) in self.pairs().zip(&mut self.status.workloads) {
            let template =
                |colour| pair.seen.side(colour).map(|side| side.template.clone()).unwrap_or_default();
            known.template = template(to);
            known.served = template(to.other());
            known.full = 0;
        }
        for service in &mut self.status.services {
            (service.pointed_at, service.recorded, service.proven) = (None, None, false);
        }
    }

    /// Whether a new side's template is another than the release began with.
    pub(super) fn template_changed(&self) -> bool {
        self.pairs().zip(&self.status.workloads).any(|(pair, known)| {
            let now = pair.seen.side(self.to()).map(|side| side.template.as_str());
            now.is_some_and(|now| now != known.template)
        })
    }

    pub(super) fn restart_deadline(&mut self) {
        self.status.deadline = Some(self.now.after(self.spec.progress_deadline));
        self.status.deadline_stopped = None;
    }

    /// Lets the deadline stand still, or go on from where it stood.
    pub(super) fn stop_deadline(&mut self, stopped: bool) {
        match (stopped, self.status.deadline_stopped) {
            (true, None) => self.status.deadline_stopped = Some(self.now),
            (false, Some(since)) => {
                let stood = u32::try_from(self.now.since(since).as_millis()).unwrap_or(u32::MAX);
                self.status.deadline =
                    self.status.deadline.map(|deadline| deadline.after(Span::millis(stood)));
                self.status.deadline_stopped = None;
            }
            _ => {}
        }
    }

    /// Whether the deadline has passed; if not, the plan is made again when it does.
    pub(super) fn late(&mut self) -> bool {
        let (Some(deadline), None) = (self.status.deadline, self.status.deadline_stopped) else {
            return false;
        };
        if self.now >= deadline {
            return true;
        }
        self.wake(deadline);
        false
    }

    /// Services without any ready endpoint for so long that it counts.
    pub(super) fn dark(&mut self) -> Option<String> {
        let now = self.now;
        let (long, short): (Vec<_>, Vec<_>) = self
            .status
            .services
            .iter()
            .filter_map(|service| Some((service.name.clone(), service.dark_since?)))
            .partition(|(_, since)| now.is_past(*since, DARK));
        for (_, since) in short {
            self.wake(since.after(DARK));
        }
        long.into_iter().map(|(name, _)| name).next()
    }

    /// Remembers that this release failed, so that it is not tried again as it is.
    pub(super) fn fail(&mut self, reason: Reason, message: String, gate: Option<(String, String)>) {
        let to = self.to();
        let (gate_name, gate) = gate.unzip();
        let template = hash(self.status.workloads.iter().map(|known| known.template.as_str()));
        self.status.failed = Some(Failed {
            to,
            template,
            gate,
            gate_name,
            attempt: self.status.release_attempt,
            reason,
            message,
        });
    }
}

/// A count as Kubernetes has them.
pub(super) fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
