//! `get`: one line for each BlueGreen.

use kube::ResourceExt;
use rollout::{Active, BlueGreen, Colour, Phase, Time};

use crate::text::{
    Line, Paint,
    span::short,
    table::{Cell, table},
};

/// The table, with their namespaces if they are of several.
#[must_use]
pub fn list(objects: &[BlueGreen], namespaces: bool, now: Time, width: usize) -> Vec<Line> {
    let heads = ["NAMESPACE", "NAME", "ACTIVE", "WANTED", "PHASE", "SINCE", "MESSAGE"];
    let skip = usize::from(!namespaces);
    let rows: Vec<_> =
        objects.iter().map(|object| row(object, now).into_iter().skip(skip).collect()).collect();
    table(&heads[skip..], &rows, width)
}

fn row(object: &BlueGreen, now: Time) -> Vec<Cell> {
    let status = object.status.clone().unwrap_or_default();
    let active = match status.active {
        Some(Active::Blue) => (Colour::Blue.into(), "blue".to_owned()),
        Some(Active::Green) => (Colour::Green.into(), "green".to_owned()),
        Some(Active::Mixed) => (Paint::Warning, "mixed".to_owned()),
        None => (Paint::Dim, "-".to_owned()),
    };
    let phase = match status.phase {
        _ if object.status.is_none() => (Paint::Dim, "-".to_owned()),
        phase @ Phase::Stable => (Paint::Good, phase.to_string()),
        phase @ (Phase::Held | Phase::SwitchingBack) => (Paint::Bad, phase.to_string()),
        phase => (Paint::Warning, phase.to_string()),
    };
    vec![
        (Paint::Plain, object.namespace().unwrap_or_default()),
        (Paint::Plain, object.name_any()),
        active,
        (object.spec.active.into(), object.spec.active.to_string()),
        phase,
        (Paint::Plain, status.since.map_or_else(|| "-".to_owned(), |since| short(now.since(since)))),
        (Paint::Plain, status.message),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{in_readme, now, plain, shop, stable};

    #[test]
    fn a_line_for_each() {
        let mut unseen = stable("blue");
        (unseen.status, unseen.metadata.name) = (None, Some("new".into()));
        let status = json!({"phase": "Gating", "active": "blue", "reason": "GateRunning", "message": "A gate is asked. gate smoke"});
        let objects = [unseen, shop("green", status)];
        in_readme(&plain(&list(&objects, false, now(), 100)));
        let text = plain(&list(&objects, true, now(), 50));
        assert!(text.contains("default     shop"), "{text}");
        assert!(text.contains("A gate is asked. ga…"), "{text}");
    }
}
