//! What gates and drains ask the pods, and whether that is there.

use kube::ResourceExt;
use rollout::{BlueGreen, Kind, Workload};

use super::{Finding, Seen, deployment, services::has_port, sides};

/// Ports that gates and the drain name and no container has.
pub(super) fn ports(of: &BlueGreen, workload: &Workload, seen: &Seen) -> Vec<Finding> {
    let gates = of.spec.gates.before.iter().chain(&of.spec.gates.after);
    let asked = gates.filter_map(|gate| match gate.kind()? {
        Kind::Http(http) => Some((format!("gate {}", gate.name), http.port.as_str())),
        Kind::Breakers(breakers) => Some((format!("gate {}", gate.name), breakers.port.as_str())),
        Kind::Approval | Kind::Prometheus(_) | Kind::Job(_) => None,
    });
    let drain = of.spec.drain.port.as_deref().map(|port| ("the drain".to_owned(), port));
    let mut findings = vec![];
    for (who, port) in asked.chain(drain).filter(|(_, port)| port.parse::<u16>().is_err()) {
        for (_, side) in sides(workload) {
            let pod = deployment(side, seen).and_then(|one| one.spec.as_ref()?.template.spec.as_ref());
            if pod.is_some_and(|pod| !has_port(pod, port)) {
                let what = format!("{who} asks at the port `{port}`, which none of its containers has");
                let todo = "name the container's port so, or say its number";
                let about = format!("Deployment {}", side.deployment);
                // Without it the drain lasts its longest; a gate never passes.
                let finding = if who == "the drain" { Finding::warns } else { Finding::stops };
                findings.push(finding(about, what, todo.to_owned()));
            }
        }
    }
    findings
}

/// CronJobs that gates run and that do not exist; and a drain that nobody can see the end of.
pub(super) fn jobs(of: &BlueGreen, seen: &Seen) -> Vec<Finding> {
    let gates = of.spec.gates.before.iter().chain(&of.spec.gates.after);
    let missing = gates.filter_map(|gate| match gate.kind()? {
        Kind::Job(job) => {
            let there = seen.cron_jobs.iter().any(|one| one.name_any() == job.from_cron_job);
            (!there).then(|| {
                let what = format!("gate {} runs it, and it does not exist", gate.name);
                Finding::stops(
                    format!("CronJob {}", job.from_cron_job),
                    what,
                    "create it, suspended if it is only for this",
                )
            })
        }
        _ => None,
    });
    let mut findings: Vec<_> = missing.collect();
    if of.spec.drain.port.is_none() {
        let what = format!("without drain.port every drain lasts drain.max, {}", of.spec.drain.max);
        let todo = "name the port at which the pods answer GET /drain, if they do";
        findings.push(Finding::warns(format!("BlueGreen {}", of.name_any()), what, todo));
    }
    findings
}
