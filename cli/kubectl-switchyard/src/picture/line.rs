//! The same in one line, for logs and other programs.

use rollout::Active;

use super::{Picture, SideView};

/// One line: name, what serves, the wish, the phase, the reason, sizes and endpoints, and the message at the end.
#[must_use]
pub fn line(picture: &Picture) -> String {
    let active = match picture.active {
        Some(Active::Blue) => "blue",
        Some(Active::Green) => "green",
        Some(Active::Mixed) => "mixed",
        None => "none",
    };
    let phase = picture.phase.map_or_else(|| "Unseen".to_owned(), |phase| phase.to_string());
    let reason = picture.reason.map_or("-", rollout::Reason::word);
    let mut text =
        format!("{} active={active} wanted={} phase={phase} reason={reason}", picture.name, picture.wanted);
    for workload in &picture.workloads {
        let [blue, green] = workload.sides.each_ref().map(size);
        text.push_str(&format!(" {}:blue={blue},green={green}", workload.name));
        for service in &workload.services {
            text.push_str(&format!(",{}={}", service.name, service.ready));
        }
    }
    if !picture.message.is_empty() {
        text.push_str(&format!(" message={:?}", picture.message));
    }
    text
}

fn size(side: &SideView) -> String {
    format!("{}/{}", side.ready, side.wanted)
}
