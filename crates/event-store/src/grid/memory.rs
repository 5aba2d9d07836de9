//! What a grid has in memory: pure, and bounded.

use std::collections::{BTreeMap, HashMap};

use aggregate::Versioned;

use crate::{EventSourced, StreamName};

/// Some aggregates, those that were used last. Whatever it has of one is a state that the aggregate once was in.
#[derive(Debug)]
pub(super) struct Memory<A> {
    cells: HashMap<StreamName, Cell<A>>,
    /// When each was used last, the oldest first.
    used: BTreeMap<u64, StreamName>,
    uses: u64,
    size: usize,
    evicted: u64,
    capacity: usize,
}

#[derive(Debug)]
struct Cell<A> {
    state: A,
    version: u64,
    size: usize,
    used: u64,
    /// The version at which a snapshot was asked for last, or that one begins with.
    snapshot: u64,
}

impl<A: EventSourced> Memory<A> {
    pub(super) fn new(capacity: usize) -> Self {
        let (cells, used) = (HashMap::new(), BTreeMap::new());
        Self { cells, used, uses: 0, size: 0, evicted: 0, capacity }
    }

    /// As much of an aggregate as `part` takes, if it is there.
    pub(super) fn look(&mut self, stream: &StreamName, part: impl Fn(&A) -> A) -> Option<Versioned<A>> {
        let cell = self.cells.get_mut(stream)?;
        self.uses += 1;
        // The name moves from one place to the other, so that a look allocates nothing.
        if let Some(name) = self.used.remove(&cell.used) {
            self.used.insert(self.uses, name);
        }
        cell.used = self.uses;
        Some(Versioned { state: part(&cell.state), version: cell.version })
    }

    /// Takes in an aggregate as it was found elsewhere, unless more is known of it, and whether it began with a snapshot.
    pub(super) fn put(&mut self, stream: StreamName, whole: Versioned<A>, snapshot: u64) {
        let Versioned { state, version } = whole;
        let before = match self.cells.remove(&stream) {
            Some(cell) if cell.version >= version => {
                self.cells.insert(stream, cell);
                return;
            }
            before => before,
        };
        if let Some(before) = before {
            self.size -= before.size;
            self.used.remove(&before.used);
        }
        self.uses += 1;
        let (used, size) = (self.uses, state.size());
        self.size += size;
        self.used.insert(used, stream.clone());
        self.cells.insert(stream, Cell { state, version, size, used, snapshot });
        self.evict();
    }

    /// Takes in what happened to an aggregate after version `after`, as far as it follows on what is known of it. What is
    /// not there stays away, unless it is new. Tells whether a snapshot is due after `every` events.
    pub(super) fn advance(
        &mut self,
        stream: &StreamName,
        after: u64,
        events: &[A::Event],
        every: Option<u64>,
    ) -> bool {
        if after == 0 && !self.cells.contains_key(stream) {
            self.put(stream.clone(), Versioned::default(), 0);
        }
        let Some(cell) = self.cells.get_mut(stream) else { return false };
        for (version, event) in (after + 1..).zip(events) {
            if version == cell.version + 1 {
                cell.state.evolve(event);
                cell.version = version;
            }
        }
        let size = cell.state.size();
        self.size = self.size + size - cell.size;
        cell.size = size;
        // A state of many parts is worth keeping less often, so that an event costs about one part of a snapshot.
        let wait = every.map(|every| every.max(size as u64));
        let due = wait.is_some_and(|wait| cell.version - cell.snapshot >= wait);
        if due {
            cell.snapshot = cell.version;
        }
        self.evict();
        due
    }

    /// The version at which an aggregate is known, if it is.
    pub(super) fn version(&self, stream: &StreamName) -> Option<u64> {
        self.cells.get(stream).map(|cell| cell.version)
    }

    /// Forgets everything; tells how many there were.
    pub(super) fn clear(&mut self) -> usize {
        let before = self.cells.len();
        *self = Self { evicted: self.evicted, ..Self::new(self.capacity) };
        before
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The last one that was used stays, however large it is.
    fn evict(&mut self) {
        while self.size > self.capacity && self.cells.len() > 1 {
            let Some((_, stream)) = self.used.pop_first() else { return };
            if let Some(cell) = self.cells.remove(&stream) {
                self.size -= cell.size;
                self.evicted += 1;
            }
        }
    }
}
