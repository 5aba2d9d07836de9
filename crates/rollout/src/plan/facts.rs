//! What is remembered of each Service and workload, kept in step with what is declared and seen.

use super::{
    obstacles::unmarked,
    planner::{Pair, Planner, hash},
};
use crate::{Active, Colour, Failed, Reason, ServiceStatus, Span, WorkloadStatus};

/// How long a Service may be without any ready endpoint before that counts as broken.
const DARK: Span = Span::secs(1);

impl Planner<'_> {
    /// One entry for each Service and workload, in the declared order, with what is seen now. What is not declared any more
    /// is forgotten, and so is a failure once something else is wished.
    pub(super) fn remember(&mut self) {
        let (spec, wish) = (self.spec, self.spec.active);
        let declared =
            |name: &str| spec.gates.before.iter().chain(&spec.gates.after).any(|gate| gate.name == name);
        self.status.gates.retain(|gate| declared(&gate.name));
        self.status.failed = self.status.failed.take().filter(|failed| failed.to == wish);
        let services: Vec<_> = self
            .routes()
            .map(|(pair, name, route)| (pair.spec.name.clone(), name.to_owned(), route))
            .collect();
        let old = std::mem::take(&mut self.status.services);
        self.status.services = services
            .into_iter()
            .map(|(workload, name, route)| {
                let known = old.iter().find(|known| known.name == name).cloned().unwrap_or_default();
                // One that has lost our annotation is another Service of that name, of which only is known that it is dark.
                let known = if unmarked(route) {
                    ServiceStatus { dark_since: known.dark_since, ..ServiceStatus::default() }
                } else {
                    known
                };
                let ready = route.evidence.iter().filter(|endpoint| endpoint.ready).count();
                let dark_since = if ready > 0 { None } else { Some(known.dark_since.unwrap_or(self.now)) };
                // While somebody else points it elsewhere its endpoints are of there, and for a while after it is pointed back.
                let proven = known.proven && route.mark.as_ref().map(|mark| mark.colour) == route.points_at;
                ServiceStatus {
                    workload,
                    name,
                    active: route.points_at,
                    endpoints: count(ready),
                    dark_since,
                    proven,
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
        let templates: Vec<_> = self.pairs().map(|pair| template(pair, colour)).collect();
        hash(templates.iter().map(String::as_str))
    }

    /// Begins a release to `to`: nothing has happened, and the time runs.
    pub(super) fn begin(&mut self, to: Colour) {
        self.status.to = Some(to);
        self.name_the_release();
        let status = &mut self.status;
        (status.undo, status.began, status.cause) = (false, None, None);
        (status.returning, status.returned) = (false, false);
        (status.draining_since, status.drained_at) = (None, None);
        for service in &mut status.services {
            (service.pointed_at, service.recorded, service.proven) = (None, None, false);
        }
        for (pair, known) in self.pairs().zip(&mut self.status.workloads) {
            known.template = template(pair, to);
        }
        self.thaw();
    }

    /// Gives the release its hash, by which approvals and answers of gates are known: none has passed, and the time runs.
    pub(super) fn name_the_release(&mut self) {
        let (generation, attempt) = (self.seen.generation, self.spec.attempt);
        let (to, templates) = (self.to(), self.templates(self.to()));
        let numbers = [attempt, generation].map(|number| number.to_string());
        self.status.release = Some(hash([&*self.seen.uid, to.label(), &templates, &numbers[0], &numbers[1]]));
        (self.status.release_generation, self.status.release_attempt) = (generation, attempt);
        self.status.gates.clear();
        self.restart_deadline();
    }

    /// From now on the old side is the way back, at the size and with the template that it has; unless no Service selects it.
    pub(super) fn freeze(&mut self) {
        let old = self.to().other();
        for (pair, known) in self.pairs().zip(&mut self.status.workloads) {
            known.full = pair.seen.side(old).map_or(0, |side| side.replicas);
            known.served = template(pair, old);
        }
        self.status.way_back = self.routes().any(|(_, _, route)| route.points_at == Some(old));
        self.restart_deadline();
    }

    /// The old side serves, and may change.
    pub(super) fn thaw(&mut self) {
        for known in &mut self.status.workloads {
            (known.full, known.served) = (0, String::new());
        }
        (self.status.way_back, self.status.undo) = (false, false);
    }

    /// Whether a new side's template is another than the release began with.
    pub(super) fn template_changed(&self) -> bool {
        self.pairs().zip(&self.status.workloads).any(|(pair, known)| {
            pair.seen.side(self.to()).is_some() && template(pair, self.to()) != known.template
        })
    }

    /// In Stable the serving side's new template is an ordinary rolling update.
    pub(super) fn follow_the_rolling_update(&mut self) {
        let Some(to) = self.status.to.filter(|to| self.all_at(*to)) else { return };
        for (pair, known) in self.pairs().zip(&mut self.status.workloads) {
            known.template = template(pair, to);
        }
    }

    pub(super) fn restart_deadline(&mut self) {
        self.status.deadline = Some(self.now.after(self.spec.progress_deadline));
        self.status.deadline_stopped = None;
    }

    pub(super) fn end_deadline(&mut self) {
        (self.status.deadline, self.status.deadline_stopped) = (None, None);
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

    /// Whether a Service has had no ready endpoint for so long that it counts, since it was pointed where it points.
    pub(super) fn dark(&mut self, name: &str) -> bool {
        let Some(known) = self.service(name) else { return false };
        let Some(since) = known.dark_since.map(|since| since.max(known.pointed_at.unwrap_or(since))) else {
            return false;
        };
        let dark = self.now.is_past(since, DARK);
        if !dark {
            self.wake(since.after(DARK));
        }
        dark
    }

    /// Remembers that this release failed, so that it is not tried again as it is.
    pub(super) fn fail(&mut self, reason: Reason, message: String, gate: Option<(String, String)>) {
        let to = self.to();
        let (gate_name, gate) = gate.unzip();
        let template = hash(self.status.workloads.iter().map(|known| known.template.as_str()));
        let message = message.chars().take(1024).collect();
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

/// A side's template, as it is remembered.
pub(super) fn template(pair: Pair<'_>, colour: Colour) -> String {
    pair.seen.side(colour).map_or_else(String::new, |side| side.template.chars().take(64).collect())
}

/// A count as Kubernetes has them.
pub(super) fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
