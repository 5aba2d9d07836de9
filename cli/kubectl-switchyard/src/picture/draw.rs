//! From what is shown to lines.

use rollout::{Active, Colour, GateState, Phase};

use super::{GateView, Picture, Role, ServiceView, SideView, Step, WorkloadView};
use crate::text::{Line, Paint, cut, entry, length, span::short};

/// How many pods are a block each; of more, each block stands for several.
const BLOCKS: i64 = 12;

/// The lines of a picture, of at most `width` characters.
#[must_use]
pub fn draw(picture: &Picture, width: usize) -> Vec<Line> {
    let mut lines = vec![head(picture)];
    if !picture.steps.is_empty() {
        lines.push(steps(picture));
    }
    lines.extend(why(picture, width));
    for workload in &picture.workloads {
        lines.push(Line::new());
        lines.extend(rows(workload, width));
    }
    if !picture.gates.is_empty() {
        lines.push(Line::new());
        lines.push(vec![(Paint::Strong, "gates".into())]);
        lines.extend(gates(&picture.gates, width));
    }
    lines
}

fn head(picture: &Picture) -> Line {
    let mut line = vec![(Paint::Strong, picture.name.clone()), plain("  ")];
    match picture.active {
        Some(Active::Blue) => line.push(coloured(Colour::Blue)),
        Some(Active::Green) => line.push(coloured(Colour::Green)),
        Some(Active::Mixed) => line.push((Paint::Warning, "mixed".into())),
        None => line.push((Paint::Bad, "no colour".into())),
    }
    if picture.active != Some(Active::from(picture.wanted)) {
        line.extend([plain(" → "), coloured(picture.wanted)]);
    }
    let phase = picture.phase.map_or_else(|| "not looked at yet".to_owned(), |phase| phase.to_string());
    line.extend([plain("  "), (paint(picture.phase), phase)]);
    if let Some(since) = picture.since.filter(|_| picture.phase.is_some()) {
        line.push((Paint::Dim, format!(" for {}", short(since))));
    }
    if picture.paused {
        line.push((Paint::Warning, "  paused".into()));
    }
    line
}

fn paint(phase: Option<Phase>) -> Paint {
    match phase {
        Some(Phase::Stable) => Paint::Good,
        Some(Phase::Held | Phase::SwitchingBack) => Paint::Bad,
        _ => Paint::Warning,
    }
}

fn steps(picture: &Picture) -> Line {
    let mut line = Line::new();
    for (phase, step) in &picture.steps {
        let (sign, paint) = match (phase, step) {
            (Phase::SwitchingBack, Step::Now) => ('↶', Paint::Bad),
            (_, Step::Done) => ('✓', Paint::Good),
            (_, Step::Now) => ('●', Paint::Warning),
            (_, Step::Coming) => ('○', Paint::Dim),
            (_, Step::Stopped) => ('✗', Paint::Bad),
        };
        line.extend([(paint, format!("{sign} {phase}")), plain("  ")]);
    }
    line.pop();
    line
}

/// Why it is where it is, and what comes next.
fn why(picture: &Picture, width: usize) -> Vec<Line> {
    let Some(reason) = picture.reason else {
        return vec![vec![(Paint::Warning, "the operator has not looked at it yet: is it running?".into())]];
    };
    let stale = "the operator has not yet seen the latest change".to_owned();
    let said = if picture.phase.is_some() { picture.message.clone() } else { stale };
    let mut lines = entry("why", &format!("{reason}: {said}"), width);
    let mut next = picture.next.clone();
    match picture.deadline {
        Some((left, false)) => next.push_str(&format!(" Deadline in {}.", short(left))),
        Some((left, true)) => {
            next.push_str(&format!(" The deadline stands still, with {} left.", short(left)));
        }
        None => {}
    }
    lines.extend(entry("next", &next, width));
    lines
}

fn rows(workload: &WorkloadView, width: usize) -> Vec<Line> {
    let mut lines = vec![vec![(Paint::Strong, workload.name.clone())]];
    let blocks = workload.sides.iter().map(|side| bar(side).1).max().unwrap_or_default();
    let names = workload.sides.iter().map(|side| side.deployment.chars().count()).max().unwrap_or_default();
    lines.extend(workload.sides.iter().map(|side| side_line(side, blocks, names, width)));
    let names =
        workload.services.iter().map(|service| service.name.chars().count()).max().unwrap_or_default();
    lines.extend(workload.services.iter().map(|service| service_line(service, names)));
    lines
}

fn side_line(side: &SideView, blocks: usize, names: usize, width: usize) -> Line {
    let mut line = vec![plain("  "), (side.colour.into(), format!("{:<5}  ", side.colour.label()))];
    if !side.exists {
        line.push((Paint::Bad, format!("there is no Deployment {}", side.deployment)));
        return line;
    }
    let (pieces, length_of_bar) = bar(side);
    line.extend(pieces);
    let sizes = format!("{}/{}", side.ready, side.wanted);
    line.push((Paint::Plain, format!("{}  {sizes:<5}  ", " ".repeat(blocks - length_of_bar))));
    let (word, paint) = match side.role {
        Role::Serves => ("serves", Paint::Good),
        Role::New => ("new", Paint::Warning),
        Role::Drains => ("drains", Paint::Warning),
        Role::WayBack => ("way back", Paint::Plain),
        Role::Idle => ("idle", Paint::Dim),
    };
    line.push((paint, format!("{word:<8}  ")));
    line.push((Paint::Plain, format!("{:<names$}  ", side.deployment)));
    let room = width.saturating_sub(length(&line)).max(12);
    line.push((Paint::Dim, cut(&side.images.join(", "), room)));
    line
}

/// The pods as blocks: ready, there but not ready, yet to come; and how many characters that takes.
fn bar(side: &SideView) -> (Vec<(Paint, String)>, usize) {
    let all = i64::from(side.wanted.max(side.there));
    let scaled = |count: i64| match count {
        count if all <= BLOCKS => count,
        // Some are never shown as none, and not all never as all.
        count if count >= all => BLOCKS,
        count if count <= 0 => 0,
        count => (count * BLOCKS / all).clamp(1, BLOCKS - 1),
    };
    let there = side.there.max(side.ready);
    let (ready, there, all) = (scaled(side.ready.into()), scaled(there.into()), scaled(all));
    let run = |sign: &str, count: i64| sign.repeat(usize::try_from(count).unwrap_or_default());
    let pieces = vec![
        (Paint::from(side.colour), run("█", ready)),
        (Paint::Warning, run("▒", there - ready)),
        (Paint::Dim, run("░", all - there)),
    ];
    (pieces, usize::try_from(all).unwrap_or_default())
}

fn service_line(service: &ServiceView, names: usize) -> Line {
    let mut line = vec![plain(format!("  Service {:<names$}  → ", service.name))];
    match service.points_at {
        Some(colour) => line.push(coloured(colour)),
        None if service.exists => line.push((Paint::Bad, "no colour".into())),
        None => line.push((Paint::Bad, "it does not exist".into())),
    }
    if service.exists {
        let paint = if service.ready == 0 && !service.preview { Paint::Bad } else { Paint::Plain };
        let plural = if service.ready == 1 { "" } else { "s" };
        line.push((paint, format!("  {} ready endpoint{plural}", service.ready)));
    }
    if service.unready > 0 {
        line.push((Paint::Warning, format!(", {} not ready", service.unready)));
    }
    if service.preview {
        line.push((Paint::Dim, "  preview".into()));
    }
    line
}

fn gates(gates: &[GateView], width: usize) -> Vec<Line> {
    let widest =
        |text: fn(&GateView) -> &str| gates.iter().map(|gate| text(gate).chars().count()).max().unwrap_or(0);
    let (names, kinds) = (widest(|gate| &gate.name), widest(|gate| gate.kind));
    let row = |gate: &GateView| {
        let (sign, paint, word) = match gate.state {
            Some(GateState::Passed) => ('✓', Paint::Good, "passed"),
            Some(GateState::Running) => ('◐', Paint::Warning, "asked"),
            Some(GateState::Failed) => ('✗', Paint::Bad, "failed"),
            None => ('·', Paint::Dim, ""),
        };
        let mut line = vec![
            (Paint::Dim, format!("  {:<6}  ", gate.stage)),
            (paint, format!("{sign} ")),
            plain(format!("{:<names$}  ", gate.name)),
            (Paint::Dim, format!("{:<kinds$}  ", gate.kind)),
            (paint, format!("{word:<6}")),
        ];
        if let Some(since) = gate.since {
            line.push((Paint::Dim, format!("  {:<6}", short(since))));
        }
        if !gate.message.is_empty() {
            let room = width.saturating_sub(length(&line) + 2).max(12);
            line.push(plain(format!("  {}", cut(&gate.message, room))));
        }
        line
    };
    gates.iter().map(row).collect()
}

fn coloured(colour: Colour) -> (Paint, String) {
    (colour.into(), colour.label().to_owned())
}

fn plain(text: impl Into<String>) -> (Paint, String) {
    (Paint::Plain, text.into())
}
