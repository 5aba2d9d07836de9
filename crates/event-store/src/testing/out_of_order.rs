//! A log in memory whose positions are drawn before they are committed, as those of a server database are.
//!
//! Writers begin, draw positions, and commit or roll back in any order, some of them after a long while. They do so between
//! any two statements of the reader, driven by a seed, so that a run can be repeated. Each statement of the reader sees what
//! was committed when it began, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use database::Error;
use futures_util::future::BoxFuture;
use partition::Hasher;
use uuid::Uuid;

use crate::changes::{Changes, Followed};
use crate::log::{Filter, Log, Page};
use crate::watermark::{Fence, Watermark};
use crate::{Metadata, Recorded, StreamName};

/// How many writers are under way at most.
const WRITERS: usize = 6;

/// How many events a writer appends at most.
const EVENTS: u64 = 4;

/// The log, read behind the [watermark](crate::watermark); clones share it.
#[derive(Clone, Debug)]
pub struct OutOfOrder(Arc<Mutex<State>>);

/// The same log, read by the highest position in sight: the mistake.
#[derive(Clone, Debug)]
pub struct Naive(pub OutOfOrder);

/// The same log behind the same watermark, which is read in the middle of the statement that reads the events, hence after
/// it began: the mistake that looks right.
#[derive(Clone, Debug)]
pub struct Skewed(pub OutOfOrder);

#[derive(Debug)]
struct State {
    seed: u64,
    drawn_numbers: u64,
    drawn: u64,
    begun: u64,
    writers: BTreeMap<u64, Writer>,
    committed: BTreeMap<u64, Recorded>,
    versions: BTreeMap<StreamName, u64>,
    rolled_back: u64,
    streams: Vec<StreamName>,
    busy: bool,
    watermark: Watermark<u64>,
    changes: Changes,
    /// What a statement saw that began before the watermark was read.
    snapshot: Option<BTreeMap<u64, Recorded>>,
}

/// A writer under way.
#[derive(Debug)]
struct Writer {
    /// The stream that it appends to, which is locked by it.
    stream: StreamName,
    events: Vec<Recorded>,
    /// How many more moves it only waits.
    sleeps: u64,
}

impl OutOfOrder {
    /// A log whose writers do what follows from `seed`.
    ///
    /// # Panics
    /// Never: the names of its streams are names.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    pub fn new(seed: u64) -> Self {
        let streams = (0..8).map(|number| StreamName::new("order", &format!("{seed}-{number}")).unwrap());
        Self(Arc::new(Mutex::new(State {
            seed,
            drawn_numbers: 0,
            drawn: 0,
            begun: 0,
            writers: BTreeMap::new(),
            committed: BTreeMap::new(),
            versions: BTreeMap::new(),
            rolled_back: 0,
            streams: streams.collect(),
            busy: true,
            watermark: Watermark::default(),
            changes: Changes::default(),
            snapshot: None,
        })))
    }

    /// Has the writers make so many moves.
    pub fn stir(&self, moves: u64) {
        let mut state = self.state();
        (0..moves).for_each(|_| state.make_a_move());
    }

    /// No new writers begin; those under way come to their end.
    pub fn calm_down(&self) {
        let mut state = self.state();
        state.busy = false;
        while !state.writers.is_empty() {
            state.make_a_move();
        }
    }

    /// Everything that was committed, in ascending order of position.
    #[must_use]
    pub fn committed(&self) -> Vec<Recorded> {
        self.state().committed.values().cloned().collect()
    }

    /// How many positions were drawn and never used.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.state().rolled_back
    }

    /// A moment in which others do what they do.
    fn meanwhile(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        let moves = state.number() % 6;
        (0..moves).for_each(|_| state.make_a_move());
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self) -> u64 {
        let mut watermark = self.state().watermark.clone();
        let settled = watermark.look(&mut self.clone()).await;
        self.state().watermark = watermark;
        let Ok(settled) = settled;
        settled
    }
}

impl State {
    /// The next number that follows from the seed.
    fn number(&mut self) -> u64 {
        self.drawn_numbers += 1;
        Hasher::new().bytes(&self.seed.to_le_bytes()).bytes(&self.drawn_numbers.to_le_bytes()).finish()
    }

    /// One writer, or a new one, does the next thing.
    fn make_a_move(&mut self) {
        let which = self.number() as usize % WRITERS;
        match self.writers.keys().nth(which).copied() {
            Some(writer) => self.go_on(writer),
            None if self.busy => self.begin(),
            None => {}
        }
    }

    /// A writer begins: first it is a holder, then it draws.
    fn begin(&mut self) {
        let (stream, sleeps) = (self.number() as usize % self.streams.len(), self.number() % 8);
        let stream = self.streams[stream].clone();
        // As a unique constraint on stream and version has it: the second of two has to wait for the first.
        if self.writers.values().all(|writer| writer.stream != stream) {
            self.begun += 1;
            self.writers.insert(self.begun, Writer { stream, events: Vec::new(), sleeps });
        }
    }

    fn go_on(&mut self, number: u64) {
        let decision = self.number() % 8;
        let Some(mut writer) = self.writers.remove(&number) else { return };
        if writer.sleeps > 0 && decision < 6 {
            writer.sleeps -= 1;
        } else if writer.events.is_empty() || decision < 3 && (writer.events.len() as u64) < EVENTS {
            self.draw(&mut writer);
        } else if decision == 7 {
            self.rolled_back += writer.events.len() as u64;
            return;
        } else {
            self.commit(writer);
            return;
        }
        self.writers.insert(number, writer);
    }

    fn draw(&mut self, writer: &mut Writer) {
        self.drawn += 1;
        let before = self.versions.get(&writer.stream).copied().unwrap_or(0);
        let version = before + writer.events.len() as u64 + 1;
        writer.events.push(Recorded {
            position: self.drawn,
            stream: writer.stream.clone(),
            version,
            id: Uuid::from_u128(self.drawn.into()),
            kind: "happened".to_owned(),
            schema_version: 1,
            recorded_at: 0,
            effective_at: 0,
            metadata: Metadata::default(),
            data: "{}".to_owned(),
        });
    }

    fn commit(&mut self, writer: Writer) {
        if let Some(last) = writer.events.last() {
            self.versions.insert(writer.stream, last.version);
        }
        self.committed.extend(writer.events.into_iter().map(|event| (event.position, event)));
        self.changes.tell();
    }
}

impl Fence for OutOfOrder {
    type Holder = u64;
    type Error = Infallible;

    async fn last_drawn(&mut self) -> Result<u64, Infallible> {
        Ok(self.meanwhile().drawn)
    }

    async fn holders(&mut self) -> Result<BTreeSet<u64>, Infallible> {
        Ok(self.meanwhile().writers.keys().copied().collect())
    }
}

impl Log for OutOfOrder {
    fn settled(&self) -> BoxFuture<'_, Result<u64, Error>> {
        Box::pin(async { Ok(self.look().await) })
    }

    fn read<'a>(
        &'a self,
        after: u64,
        up_to: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, Error>> {
        let page = page(&self.meanwhile().committed, after, up_to, filter, limit);
        Box::pin(async { Ok(page) })
    }

    fn changes(&self) -> Followed {
        self.state().changes.follow()
    }
}

impl Log for Naive {
    fn settled(&self) -> BoxFuture<'_, Result<u64, Error>> {
        let highest = self.0.meanwhile().committed.keys().next_back().copied().unwrap_or(0);
        Box::pin(async move { Ok(highest) })
    }

    fn read<'a>(
        &'a self,
        after: u64,
        up_to: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, Error>> {
        self.0.read(after, up_to, filter, limit)
    }

    fn changes(&self) -> Followed {
        Log::changes(&self.0)
    }
}

impl Log for Skewed {
    fn settled(&self) -> BoxFuture<'_, Result<u64, Error>> {
        Box::pin(async {
            {
                let mut state = self.0.meanwhile();
                state.snapshot = Some(state.committed.clone());
            }
            Ok(self.0.look().await)
        })
    }

    fn read<'a>(
        &'a self,
        after: u64,
        up_to: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, Error>> {
        let state = self.0.meanwhile();
        let page = page(state.snapshot.as_ref().unwrap_or(&state.committed), after, up_to, filter, limit);
        Box::pin(async { Ok(page) })
    }

    fn changes(&self) -> Followed {
        Log::changes(&self.0)
    }
}

fn page(visible: &BTreeMap<u64, Recorded>, after: u64, up_to: u64, filter: &Filter, limit: usize) -> Page {
    let mut page = Page { events: Vec::new(), scanned: up_to.max(after) };
    if up_to <= after {
        return page;
    }
    for (position, event) in visible.range(after + 1..=up_to) {
        if filter.takes(&event.stream) && filter.takes_kind(&event.kind) {
            page.events.push(event.clone());
            if page.events.len() == limit {
                page.scanned = *position;
                break;
            }
        }
    }
    page
}
