//! `check`: what would be in the way of a release, before there is one. From the objects of a namespace to findings, each with what
//! to do about it.

mod gates;
mod quantity;
pub mod rights;
mod scaling;
mod services;
mod sides;

#[cfg(test)]
mod tests;

use k8s_openapi::api::{
    apps::v1::Deployment,
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::CronJob,
    core::v1::{ResourceQuota, Service},
};
use kube::ResourceExt;
use rollout::{BlueGreen, Colour, Side, Workload};

use crate::text::{Line, Paint, wrapped};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The object that it is about.
    pub about: String,
    /// What it is.
    pub what: String,
    /// What to do.
    pub todo: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// No release gets past it.
    Stops,
    /// A release goes, and not as well as it could.
    Warns,
}

impl Finding {
    fn stops(about: impl Into<String>, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Stops, about: about.into(), what: what.into(), todo: todo.into() }
    }

    fn warns(about: impl Into<String>, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Warns, ..Self::stops(about, what, todo) }
    }
}

/// The objects of a namespace.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// All BlueGreens.
    pub blue_greens: Vec<BlueGreen>,
    /// All Deployments.
    pub deployments: Vec<Deployment>,
    /// All Services.
    pub services: Vec<Service>,
    /// All autoscalers.
    pub autoscalers: Vec<HorizontalPodAutoscaler>,
    /// All quotas.
    pub quotas: Vec<ResourceQuota>,
    /// All CronJobs.
    pub cron_jobs: Vec<CronJob>,
}

/// What is in the way of this BlueGreen's releases. `label` is the label whose value is the colour.
#[must_use]
pub fn check(of: &BlueGreen, seen: &Seen, label: &str) -> Vec<Finding> {
    let mut findings = vec![];
    for workload in &of.spec.workloads {
        findings.extend(sides::findings(workload, seen, label));
        findings.extend(services::findings(of, workload, seen, label));
        findings.extend(scaling::autoscalers(workload, seen));
        findings.extend(gates::ports(of, workload, seen));
    }
    findings.extend(scaling::quotas(of, seen));
    findings.extend(gates::jobs(of, seen));
    findings.extend(rivals(of, seen));
    findings.sort_by_key(|finding| finding.level);
    findings
}

/// Other BlueGreens that name the same Service or Deployment.
fn rivals(of: &BlueGreen, seen: &Seen) -> Vec<Finding> {
    let others = seen.blue_greens.iter().filter(|other| other.name_any() != of.name_any());
    let mut findings = vec![];
    for other in others {
        let theirs: Vec<_> = other.spec.workloads.iter().flat_map(names).collect();
        for name in of.spec.workloads.iter().flat_map(names).filter(|name| theirs.contains(name)) {
            let what =
                format!("BlueGreen {} names it too, and only one of them can have it", other.name_any());
            findings.push(Finding::stops(name, what, "take it out of one of them"));
        }
    }
    findings
}

fn names(workload: &Workload) -> impl Iterator<Item = String> {
    let sides = [&workload.blue, &workload.green].map(|side| format!("Deployment {}", side.deployment));
    let routes = workload.services.iter().map(|route| route.name.clone());
    let preview = workload.preview.iter().map(|preview| preview.service.clone());
    sides.into_iter().chain(routes.chain(preview).map(|name| format!("Service {name}")))
}

/// What was found, one finding after the other with what to do, and the sum at the end.
#[must_use]
pub fn draw(name: &str, findings: &[Finding], width: usize) -> Vec<Line> {
    let stops = findings.iter().filter(|finding| finding.level == Level::Stops).count();
    let (paint, sum) = match (stops, findings.len() - stops) {
        (0, 0) => (Paint::Good, "nothing is in the way".to_owned()),
        (0, warns) => (Paint::Good, format!("nothing is in the way, {warns} could be better")),
        (stops, 0) => (Paint::Bad, format!("{stops} in the way")),
        (stops, warns) => (Paint::Bad, format!("{stops} in the way, {warns} could be better")),
    };
    let mut lines: Vec<_> = findings.iter().flat_map(|finding| entry(finding, width)).collect();
    lines.push(vec![(Paint::Strong, name.to_owned()), (Paint::Plain, ": ".into()), (paint, sum)]);
    lines
}

fn entry(finding: &Finding, width: usize) -> Vec<Line> {
    let (sign, paint) = match finding.level {
        Level::Stops => ('✗', Paint::Bad),
        Level::Warns => ('!', Paint::Warning),
    };
    let room = width.saturating_sub(4).max(20);
    let what = wrapped(&format!("{}: {}", finding.about, finding.what), room);
    let todo = wrapped(&format!("→ {}", finding.todo), room);
    let mut lines = vec![];
    for (at, text) in what.into_iter().enumerate() {
        let sign = if at == 0 { sign } else { ' ' };
        lines.push(vec![(paint, format!("{sign} ")), (Paint::Plain, text)]);
    }
    lines.extend(todo.into_iter().map(|text| vec![(Paint::Dim, format!("  {text}"))]));
    lines
}

/// The Deployment of a side, if it exists.
fn deployment<'a>(side: &Side, seen: &'a Seen) -> Option<&'a Deployment> {
    seen.deployments.iter().find(|one| one.name_any() == side.deployment)
}

/// Both sides of a workload, as declared.
fn sides(workload: &Workload) -> [(Colour, &Side); 2] {
    [(Colour::Blue, &workload.blue), (Colour::Green, &workload.green)]
}
