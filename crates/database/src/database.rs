//! The handle of a store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::clock::StoreClock;
use crate::inline::Inline;
use crate::reader::Reader;
use crate::stats::Counters;
use crate::threads::{Bounds, Threads};
use crate::work::{inside, pack};
use crate::writer::Writer;
use crate::{
    Error, Executor, Health, Options, Schema, Size, Stats, Transaction, account, connection, params, schema,
};

/// What a probe writes: more than a full disk has left to be lucky with.
const PROBE: &[u8] = &[0; 64 * 1024];

/// The handle of a store; clones share it.
#[derive(Clone)]
pub struct Database(Arc<Shared>, &'static str);

struct Shared {
    path: PathBuf,
    clock: Arc<StoreClock>,
    counters: Arc<Counters>,
    lanes: Lanes,
}

enum Lanes {
    Threads(Threads),
    Inline(Box<Inline>),
}

impl Database {
    /// Opens the store in the file `path`, creating it if needed, and brings it up to `schemas`: the tables
    /// of the service and of the components it uses. It blocks meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::TooNew`] if a newer program has changed the store so that this one would misread it,
    /// [`Error::ReadOnlyStore`] and [`Error::Open`] if the file cannot be written or opened.
    pub fn open(path: &Path, schemas: &[Schema], options: Options) -> Result<Self, Error> {
        let Options { clock, executor, max_group, queue, queue_wait, max_bytes, failpoint } = options;
        let connection = connection::writer(path, max_bytes)
            .and_then(|connection| schema::migrate(connection, schemas))
            .map_err(|error| error.while_opening(path))?;
        let clock = Arc::new(StoreClock::new(clock));
        let counters = Arc::new(Counters::default());
        let writer = Writer::new(connection, Arc::clone(&clock), Arc::clone(&counters));
        writer.restore_clock()?;
        let new_reader = {
            let (path, clock, counters) = (path.to_owned(), Arc::clone(&clock), Arc::clone(&counters));
            move || Reader::new(path.clone(), Arc::clone(&clock), Arc::clone(&counters))
        };
        let lanes = match executor {
            Executor::Threads => {
                let bounds = Bounds { max_group, queue, queue_wait };
                Lanes::Threads(Threads::start(writer, Box::new(new_reader), bounds)?)
            }
            Executor::Inline => {
                let failpoint = failpoint.map(|failpoint| (failpoint, path.to_owned()));
                Lanes::Inline(Box::new(Inline::new(writer, new_reader(), failpoint)))
            }
        };
        Ok(Self(Arc::new(Shared { path: path.to_owned(), clock, counters, lanes }), ""))
    }

    /// The same store, whose works are those of `owner`: where several share a store, components that keep rows for each
    /// of them tell them apart by [`Transaction::owner`].
    #[must_use]
    pub fn owned_by(&self, owner: &'static str) -> Self {
        Self(Arc::clone(&self.0), owner)
    }

    /// Runs `work` as one transaction and returns once it is durable, or has been rolled back.
    ///
    /// The closure awaits only its transaction's statements. It may run more than once, though only the last
    /// run counts, so its effects beyond the transaction belong into [`Transaction::after_commit`]. Once
    /// accepted it runs to its end even if the caller goes away.
    ///
    /// A closure that fails by a [conflict](Transaction::conflict) is run again with the next group, up to three times
    /// in all, since by then it may decide otherwise. With one writer, which SQLite has however many processes there
    /// are, a closure that has loaded what it decides on in the same transaction never finds one.
    ///
    /// # Errors
    ///
    /// The closure's own, and as [`Error`] through `E`: [`Error::Poisoned`], [`Error::AwaitedElsewhere`] and
    /// [`Error::Panicked`] for what the closure did, [`Error::Busy`] when the queue stays full,
    /// [`Error::Begin`] and [`Error::Commit`] when the store fails, [`Error::Closed`]. In every case nothing
    /// was written, except that a commit whose sync failed ([`Error::is_io`]) may yet come to light if the
    /// program crashes before the next commit.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Transaction) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        if inside() {
            return Err(Error::AwaitedElsewhere.into());
        }
        let owner = self.1;
        let (work, answer) = pack(async move |tx: &mut Transaction| {
            tx.own(owner);
            work(tx).await
        });
        match &self.0.lanes {
            Lanes::Threads(threads) => threads.write(work).await?,
            Lanes::Inline(inline) if inline.write(work)? => {}
            Lanes::Inline(_) => std::future::pending().await,
        }
        received(answer).await
    }

    /// Runs `work` on one snapshot of the store, which a write fails in.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), without those of a commit.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Transaction) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        if inside() {
            return Err(Error::AwaitedElsewhere.into());
        }
        let owner = self.1;
        let (work, answer) = pack(async move |tx: &mut Transaction| {
            tx.own(owner);
            work(tx).await
        });
        match &self.0.lanes {
            Lanes::Threads(threads) => threads.read(work).await?,
            Lanes::Inline(inline) if inline.read(work)? => {}
            Lanes::Inline(_) => std::future::pending().await,
        }
        received(answer).await
    }

    /// The store's time in microseconds since the Unix epoch.
    ///
    /// It never goes backwards while the store is open, nor behind a transaction that was committed before
    /// the store was opened: when the clock does, the store's time stands still.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.clock.now()
    }

    /// What the store has done since it was opened; cheap.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let (queued_writes, queued_reads) = match &self.0.lanes {
            Lanes::Threads(threads) => threads.queued(),
            Lanes::Inline(_) => (0, 0),
        };
        Stats { queued_writes, queued_reads, ..self.0.counters.snapshot() }
    }

    /// How large the files are now; it asks the file system, and what cannot be read there is zero.
    #[must_use]
    pub fn size(&self) -> Size {
        let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let mut log = self.0.path.clone().into_os_string();
        log.push("-wal");
        Size { database: bytes(&self.0.path), log: bytes(Path::new(&log)) }
    }

    /// Whether a thread of the store has panicked: nobody does its work any more, and only a new process will. The
    /// closures of transactions cannot do that; a defect of the store can.
    #[must_use]
    pub fn has_died(&self) -> bool {
        match &self.0.lanes {
            Lanes::Threads(threads) => threads.has_died(),
            Lanes::Inline(_) => false,
        }
    }

    /// Whether the latest write could be made durable; cheap.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.counters.health()
    }

    /// Waits until a write could not be made durable; returns at once if that is so of the latest. Cancel safe.
    pub async fn failed(&self) {
        self.0.counters.failed().await;
    }

    /// Tries out whether the store can be written: takes 64 KiB and gives them back, by a commit each. It makes
    /// [`health`](Self::health) what it is now; a store that is well is told by its works, and needs no probe.
    ///
    /// # Errors
    /// As [`write`](Self::write): the store is as unwell as it was, or could not be asked.
    pub async fn probe(&self) -> Result<(), Error> {
        self.write(async |tx| tx.execute(account::TAKE_ROOM, params![PROBE.to_vec()]).await.map(drop))
            .await?;
        self.write(async |tx| tx.execute(account::GIVE_ROOM_BACK, params![]).await.map(drop)).await
    }

    /// Refuses new works, waits for those accepted, and closes the file, which then needs no log.
    pub async fn close(&self) {
        match &self.0.lanes {
            Lanes::Threads(threads) => threads.close().await,
            Lanes::Inline(inline) => inline.close(),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

async fn received<T, E: From<Error>>(answer: oneshot::Receiver<Result<T, E>>) -> Result<T, E> {
    // The sender is dropped unused only if the store's thread has ended.
    answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
}
