//! From a timeline to rows: what belongs together is told together, and what the drawing shows by its arrows is not said.

use std::collections::{HashMap, HashSet};

use contracts::timeline::{Entry, Kind, Timeline};

use super::paint::Paint;

/// A timeline as it is drawn, from top to bottom.
pub(super) struct Story {
    /// The columns.
    pub(super) services: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// How the order stands, and how long it took.
    summary: String,
    totals: String,
}

/// One line of the drawing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// When, since the first of all steps.
    pub(super) time: String,
    pub(super) what: What,
}

/// What a line shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Something that a service did by itself.
    Note { service: usize, text: String, paint: Paint },
    /// Something that went from one service to another: a call and its answer, or a message, whose line is dashed.
    Arrow { from: usize, to: usize, label: String, dashed: bool, paint: Paint },
    /// Something that is about all of them.
    Across { text: String },
}

/// The columns in the order in which an order meets them; those of later releases come after.
const SERVICES: [&str; 5] = ["ordering", "customers", "warehouse", "shipping", "billing"];

impl Story {
    pub(super) fn of(told: &Timeline) -> Self {
        let mut services: Vec<String> = SERVICES.map(str::to_owned).to_vec();
        for entry in &told.entries {
            if !services.contains(&entry.service) {
                services.push(entry.service.clone());
            }
        }
        let mut teller = Teller::new(&told.entries, &services);
        for index in 0..told.entries.len() {
            teller.tell(index);
        }
        teller.end();
        let rows = teller.rows;
        let totals = told.totals;
        let totals = format!(
            "{} steps: {} messages, {} calls, {} bytes, {} commits",
            told.entries.len(),
            totals.messages,
            totals.calls,
            totals.bytes,
            totals.commits
        );
        Self { summary: summary(&told.entries), services, rows, totals }
    }

    pub(super) fn summary(&self) -> &str {
        &self.summary
    }

    pub(super) fn totals(&self) -> &str {
        &self.totals
    }
}

/// The latest status, and how long it took from the first to it.
fn summary(entries: &[Entry]) -> String {
    let mut statuses = entries.iter().filter(|entry| status(entry).is_some());
    let (Some(first), Some(last)) = (entries.first(), statuses.next_back()) else {
        return "nothing is known of it any more".to_owned();
    };
    let took = last.at.micros() - first.at.micros();
    format!("{} after {}", status(last).unwrap_or_default(), span(took))
}

/// The status that an event brought the order to.
fn status(entry: &Entry) -> Option<&str> {
    entry.outcome.as_deref().filter(|_| entry.kind == Kind::Event)
}

/// A call whose callee told of it, and that is not answered yet where the telling is.
struct Asked {
    index: usize,
    to: usize,
    /// The last that the callee tells of having received.
    received: usize,
    ends: i64,
}

struct Teller<'a> {
    entries: &'a [Entry],
    columns: HashMap<&'a str, usize>,
    /// What was received of a call or a message, by the id of that.
    received: HashMap<&'a str, usize>,
    /// The calls whose answer led to a command.
    led: HashSet<&'a str>,
    /// What an arrow has told of already.
    told: HashSet<usize>,
    asked: Vec<Asked>,
    rows: Vec<Row>,
}

impl<'a> Teller<'a> {
    fn new(entries: &'a [Entry], services: &'a [String]) -> Self {
        let columns = services.iter().enumerate().map(|(column, service)| (service.as_str(), column));
        let received = entries.iter().enumerate().filter(|(_, entry)| is_received(entry));
        let received = received.filter_map(|(index, entry)| Some((entry.caused_by.as_deref()?, index)));
        Self {
            entries,
            columns: columns.collect(),
            received: received.collect(),
            led: entries.iter().filter(|entry| entry.kind == Kind::Command).filter_map(cause).collect(),
            told: HashSet::new(),
            asked: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn tell(&mut self, index: usize) {
        let entry = &self.entries[index];
        self.answer(index);
        if self.told.contains(&index) {
            return;
        }
        match entry.kind {
            Kind::Message if is_received(entry) => self.arrival(index, true),
            Kind::Message => self.sent(entry),
            Kind::Call if is_received(entry) => self.arrival(index, false),
            Kind::Call => self.call(index),
            Kind::Command => self.note(entry, command(entry), command_paint(entry)),
            Kind::Event => self.event(entry),
            Kind::Saga => self.saga(index),
            Kind::Retry => {
                let why = entry.detail.as_deref().unwrap_or_default();
                let text = format!("↻ {}, attempt {} failed: {why}", entry.name, entry.attempt.unwrap_or(1));
                self.note(entry, text, Paint::Warning);
            }
            Kind::Restart => self.restart(index),
        }
    }

    /// What is still to be answered in the end.
    fn end(&mut self) {
        for asked in std::mem::take(&mut self.asked) {
            self.answered(&asked, None);
        }
    }

    /// Tells of the answers that came before this step: those that it follows from, and those that led to nothing by
    /// their time.
    fn answer(&mut self, index: usize) {
        let (entries, led) = (self.entries, &self.led);
        let entry = &entries[index];
        let follows = |asked: &Asked| entry.caused_by.as_ref() == Some(&entries[asked.index].id);
        let is_over = |asked: &Asked| {
            let led = led.contains(entries[asked.index].id.as_str());
            !led && index > asked.received && entry.at.micros() >= asked.ends
        };
        let is_due = |asked: &mut Asked| !is_received(entry) && follows(asked) || is_over(asked);
        let due: Vec<_> = self.asked.extract_if(.., is_due).collect();
        for asked in due {
            let led_to = follows(&asked) && entry.kind == Kind::Command;
            self.answered(&asked, Some(index).filter(|_| led_to));
        }
    }

    /// The arrow back, with the command that the answer led to.
    fn answered(&mut self, asked: &Asked, led_to: Option<usize>) {
        let call = &self.entries[asked.index];
        let outcome = call.outcome.as_deref().unwrap_or_default();
        let took = call.took_us.map(took).unwrap_or_default();
        let (label, paint) = match led_to {
            Some(index) => {
                self.told.insert(index);
                (format!("{} {took}", command(&self.entries[index])), command_paint(&self.entries[index]))
            }
            None => (format!("{outcome} {took}"), outcome_paint(outcome)),
        };
        let (from, to, time) = (asked.to, self.column(&call.service), self.time(asked.ends));
        self.rows.push(Row { time, what: What::Arrow { from, to, label, dashed: false, paint } });
    }

    /// An arrow from whoever sent or called, with the command that it brought.
    fn arrival(&mut self, index: usize, dashed: bool) {
        let entry = &self.entries[index];
        let next = self.entries.get(index + 1);
        let brought =
            next.filter(|next| next.kind == Kind::Command && next.caused_by.as_ref() == Some(&entry.id));
        let (mut label, paint) = match brought {
            Some(command_of) => {
                self.told.insert(index + 1);
                (command(command_of), command_paint(command_of))
            }
            None => (entry.name.clone(), Paint::Plain),
        };
        let from = entry.peer.as_deref().and_then(|peer| self.columns.get(peer).copied());
        let Some(from) = from else {
            let from = entry.peer.as_deref().unwrap_or("somebody");
            self.told.remove(&(index + 1));
            return self.note(entry, format!("▶ {from}: {}", entry.name), Paint::Strong);
        };
        if let Some(latency) = entry.took_us {
            label = format!("{label} {}", took(latency));
        }
        let what = What::Arrow { from, to: self.column(&entry.service), label, dashed, paint };
        self.rows.push(Row { time: self.time(entry.at.micros()), what });
    }

    /// A message whose arrival is told of needs no word; nor does an event that is published for whoever wants it.
    fn sent(&mut self, entry: &Entry) {
        if let (Some(peer), false) = (&entry.peer, self.received.contains_key(entry.id.as_str())) {
            self.note(entry, format!("→ {peer}: {}, not handled yet", entry.name), Paint::Warning);
        }
    }

    fn call(&mut self, index: usize) {
        let entry = &self.entries[index];
        let took_us = entry.took_us.unwrap_or(0);
        if let Some(received) = self.received.get(entry.id.as_str()) {
            let to = self.column(&self.entries[*received].service);
            let ends = entry.at.micros().saturating_add_unsigned(took_us);
            self.asked.push(Asked { index, to, received: *received, ends });
            return;
        }
        let outcome = entry.outcome.as_deref().unwrap_or_default();
        let peer = entry.peer.as_deref().unwrap_or("somebody");
        let attempt = entry.attempt.map_or_else(String::new, |attempt| format!("attempt {attempt}, "));
        let text = format!("→ {peer} {} {attempt}{outcome} {}", entry.name, took(took_us));
        self.note(entry, text, outcome_paint(outcome));
    }

    fn event(&mut self, entry: &Entry) {
        if let Some(status) = status(entry) {
            return self.note(entry, format!("◆ {status}"), Paint::Status);
        }
        // The column says whose it is; of what it is not about the order, the id says which.
        let name = entry.name.split_once('.').map_or(entry.name.as_str(), |(_, name)| name);
        let which = entry.detail.as_deref().and_then(|detail| detail.split_once(' ')).map(|(id, _)| id);
        let which = which.filter(|id| id.len() <= 20).map_or_else(String::new, |id| format!(" {id}"));
        self.note(entry, format!("· {name}{which}"), Paint::Dim);
    }

    /// What a saga does at one time is one line.
    fn saga(&mut self, index: usize) {
        let first = &self.entries[index];
        let mut steps = Vec::new();
        for (later, entry) in self.entries.iter().enumerate().skip(index) {
            let beside = entry.service == first.service && entry.at == first.at;
            if !beside {
                break;
            }
            if entry.kind == Kind::Saga {
                self.told.insert(later);
                steps.push(saga_step(entry));
            } else if entry.kind != Kind::Message || is_received(entry) {
                break;
            }
        }
        let bad = steps.iter().any(|step| step.starts_with(['✗', '↶']));
        let paint = if bad { Paint::Warning } else { Paint::Dim };
        self.note(first, format!("saga {}", steps.join(" ")), paint);
    }

    /// Services that were started anew one after the other were so together.
    fn restart(&mut self, index: usize) {
        let together = self.entries[index..].iter().take_while(|entry| entry.kind == Kind::Restart);
        let services: Vec<_> = together.map(|entry| entry.service.as_str()).collect();
        self.told.extend(index..index + services.len());
        let text = format!("{} started anew", services.join(", "));
        let time = self.time(self.entries[index].at.micros());
        self.rows.push(Row { time, what: What::Across { text } });
    }

    fn note(&mut self, entry: &Entry, text: String, paint: Paint) {
        let what = What::Note { service: self.column(&entry.service), text, paint };
        self.rows.push(Row { time: self.time(entry.at.micros()), what });
    }

    fn column(&self, service: &str) -> usize {
        self.columns.get(service).copied().unwrap_or(0)
    }

    fn time(&self, at: i64) -> String {
        span(at.saturating_sub(self.entries[0].at.micros()))
    }
}

fn cause(entry: &Entry) -> Option<&str> {
    entry.caused_by.as_deref()
}

/// Whether it is the other side of what somebody else tells of, too.
fn is_received(entry: &Entry) -> bool {
    matches!(entry.outcome.as_deref(), Some("received" | "handled"))
        && matches!(entry.kind, Kind::Call | Kind::Message)
}

fn command(entry: &Entry) -> String {
    match (entry.outcome.as_deref(), &entry.detail) {
        (Some("refused"), Some(why)) => format!("✗ {}: {why}", entry.name),
        (Some("unchanged"), _) => format!("{}: nothing to do", entry.name),
        _ => entry.name.clone(),
    }
}

fn command_paint(entry: &Entry) -> Paint {
    match entry.outcome.as_deref() {
        Some("refused") => Paint::Bad,
        Some("unchanged") => Paint::Warning,
        _ => Paint::Plain,
    }
}

fn outcome_paint(outcome: &str) -> Paint {
    if outcome.starts_with('2') || outcome == "answered" { Paint::Plain } else { Paint::Bad }
}

fn saga_step(entry: &Entry) -> String {
    let step = &entry.name;
    match entry.outcome.as_deref().unwrap_or_default() {
        "asked" => format!("→{step}"),
        "done" => format!("✓{step}"),
        "refused" => format!("✗{step}"),
        "undo asked" => format!("↶{step}"),
        "undone" => format!("✓{step} undone"),
        outcome if step == "saga" => outcome.to_owned(),
        outcome => format!("{step} {outcome}"),
    }
}

/// How long something took.
fn took(micros: u64) -> String {
    span(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// A time to three digits or so.
fn span(micros: i64) -> String {
    let ms = micros as f64 / 1_000.0;
    match micros.unsigned_abs() {
        0..1_000_000 => format!("{ms:.1} ms"),
        1_000_000..600_000_000 => format!("{:.2} s", ms / 1_000.0),
        _ => format!("{:.1} min", ms / 60_000.0),
    }
}
