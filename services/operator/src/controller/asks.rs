//! What is asked in between turns, by what the stored status says: the gates that run, and the pods of a side that drains.

use rollout::{Active, Colour, Gate, GateState, Phase, Status};

use crate::{drains::Draining, gates::Release, observe::World, pods::Pods, resources::Content};

/// The gates that run, and whom they ask; none unless the stored status says so.
pub(super) fn gates(world: &World<'_>, name: &str, content: &Content) -> Release {
    let status = &content.status;
    let to = status.to.unwrap_or(content.spec.active);
    let gates = running(content);
    let pods = if gates.is_empty() {
        Pods::new()
    } else {
        Colour::BOTH.map(|side| (side, world.ready(side))).into()
    };
    Release {
        namespace: world.namespace.to_owned(),
        name: name.to_owned(),
        uid: world.declared.uid().to_owned(),
        release: status.release.clone().unwrap_or_default(),
        to,
        gates,
        pods,
    }
}

fn running(content: &Content) -> Vec<Gate> {
    let stage = match content.status.phase {
        Phase::Gating => &content.spec.gates.before,
        Phase::Verifying => &content.spec.gates.after,
        _ => return vec![],
    };
    let runs = |gate: &&Gate| {
        content.status.gates.iter().any(|known| known.name == gate.name && known.state == GateState::Running)
    };
    stage.iter().filter(runs).cloned().collect()
}

/// The side that drains; no pods if there is none, or none that could be asked.
pub(super) fn draining(world: &World<'_>, name: &str, content: &Content) -> Draining {
    let port = content.spec.drain.port.clone();
    let side = port.as_ref().and_then(|_| leaves(&content.status));
    Draining {
        namespace: world.namespace.to_owned(),
        name: name.to_owned(),
        uid: world.declared.uid().to_owned(),
        port: port.unwrap_or_default(),
        pods: side.map_or_else(Vec::new, |side| world.everybody(side)),
    }
}

/// The side that has lost the traffic, or did not get it, and has not ended yet what it had begun.
fn leaves(status: &Status) -> Option<Colour> {
    let side = match status.phase {
        Phase::Draining => status.to?.other(),
        Phase::Stable | Phase::Held => match status.active? {
            Active::Blue => Colour::Green,
            Active::Green => Colour::Blue,
            Active::Mixed => return None,
        },
        _ => return None,
    };
    let left = status.draining_since.is_some() || status.to == Some(side);
    (left && status.drained_at.is_none()).then_some(side)
}

#[cfg(test)]
mod tests {
    use rollout::{GateStatus, Time};
    use serde_json::json;

    use super::*;

    fn content(phase: Phase, gates: &[(&str, GateState)]) -> Content {
        let spec = json!({
            "active": "green",
            "workloads": [{"name": "shop", "blue": {"deployment": "b"}, "green": {"deployment": "g"}, "services": [{"name": "s"}]}],
            "gates": {
                "before": [{"name": "smoke", "http": {"port": "admin", "path": "/"}}, {"name": "sign-off", "approval": {}}],
                "after": [{"name": "breakers", "breakers": {"port": "admin"}}],
            },
        });
        let gates = gates.iter().map(|(name, state)| GateStatus {
            name: (*name).to_owned(),
            state: *state,
            since: Time::default(),
            message: String::new(),
        });
        let status = Status { phase, gates: gates.collect(), ..Status::default() };
        Content { spec: serde_json::from_value(spec).unwrap(), status }
    }

    fn names(content: &Content) -> Vec<String> {
        running(content).into_iter().map(|gate| gate.name).collect()
    }

    #[test]
    fn only_the_gates_run_that_the_stored_status_says_do() {
        let asked = [("smoke", GateState::Running), ("breakers", GateState::Running)];
        assert_eq!(names(&content(Phase::Gating, &asked)), ["smoke"]);
        assert_eq!(names(&content(Phase::Verifying, &asked)), ["breakers"]);
        assert_eq!(names(&content(Phase::Switching, &asked)), [""; 0]);
        assert_eq!(names(&content(Phase::Gating, &[("smoke", GateState::Passed)])), [""; 0]);
        assert_eq!(names(&content(Phase::Gating, &[])), [""; 0]);
    }

    #[test]
    fn a_side_drains_from_the_loss_of_its_traffic_until_that_is_stored() {
        let status = |phase, active, to, since: Option<i64>| Status {
            phase,
            active: Some(active),
            to: Some(to),
            draining_since: since.map(Time::from_millis),
            ..Status::default()
        };
        let draining = status(Phase::Draining, Active::Green, Colour::Green, Some(0));
        assert_eq!(leaves(&draining), Some(Colour::Blue));
        assert_eq!(leaves(&Status { drained_at: Some(Time::default()), ..draining }), None);
        let failed = status(Phase::Held, Active::Blue, Colour::Green, Some(0));
        assert_eq!(leaves(&failed), Some(Colour::Green), "the side that failed");
        let dropped = status(Phase::Stable, Active::Blue, Colour::Green, None);
        assert_eq!(leaves(&dropped), Some(Colour::Green), "the side that did not get it");
        assert_eq!(leaves(&status(Phase::Stable, Active::Green, Colour::Green, None)), None);
        assert_eq!(leaves(&status(Phase::Verifying, Active::Green, Colour::Green, Some(0))), None);
        assert_eq!(leaves(&status(Phase::Held, Active::Mixed, Colour::Green, Some(0))), None);
    }
}
