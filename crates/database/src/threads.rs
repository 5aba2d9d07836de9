//! Transactions on threads of their own, behind bounded queues.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::reader::Reader;
use crate::work::{Ran, Work};
use crate::writer::Writer;

const MAX_READERS: usize = 2;

/// One thread that writes and, once there is something to read, at most two that read.
pub(crate) struct Threads {
    writes: Queue,
    reads: Queue,
    readers: Mutex<Vec<oneshot::Receiver<()>>>,
    unread: Arc<Unread>,
    writer: Mutex<Option<oneshot::Receiver<()>>>,
    died: Arc<AtomicBool>,
    new_reader: Box<dyn Fn() -> Reader + Send + Sync>,
}

/// The bounds among [`Options`](crate::Options).
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) max_group: usize,
    pub(crate) queue: usize,
    pub(crate) queue_wait: Duration,
}

/// What the reading threads share.
struct Unread {
    works: Mutex<mpsc::Receiver<Box<dyn Work>>>,
    idle: AtomicUsize,
}

impl Threads {
    pub(crate) fn start(
        mut writer: Writer,
        new_reader: Box<dyn Fn() -> Reader + Send + Sync>,
        bounds: Bounds,
    ) -> Result<Self, Error> {
        let (writes, mut unwritten) = Queue::new(bounds);
        let (reads, unread) = Queue::new(bounds);
        let died = Arc::new(AtomicBool::new(false));
        let writer = spawn("store-writer", &died, move || {
            let mut again = VecDeque::new();
            while let Some(first) = again.pop_front().or_else(|| unwritten.blocking_recv()) {
                let mut next = || again.pop_front().or_else(|| unwritten.try_recv().ok());
                let group = writer.commit_group(first, &mut |size| {
                    if size < bounds.max_group { next() } else { None }
                });
                again.extend(group.into_iter().filter_map(Ran::answer));
            }
        })?;
        Ok(Self {
            writes,
            reads,
            readers: Mutex::default(),
            unread: Arc::new(Unread { works: Mutex::new(unread), idle: AtomicUsize::new(0) }),
            writer: Mutex::new(Some(writer)),
            died,
            new_reader,
        })
    }

    pub(crate) async fn write(&self, work: Box<dyn Work>) -> Result<(), Error> {
        self.writes.submit(work).await
    }

    pub(crate) async fn read(&self, work: Box<dyn Work>) -> Result<(), Error> {
        // The queue of a reader that died is still open, and nobody may take from it.
        if self.has_died() {
            return Err(Error::Closed);
        }
        self.ensure_reader()?;
        self.reads.submit(work).await
    }

    /// How many works wait to be written and to be read.
    pub(crate) fn queued(&self) -> (u64, u64) {
        (self.writes.depth(), self.reads.depth())
    }

    /// Whether one of the threads has panicked.
    pub(crate) fn has_died(&self) -> bool {
        self.died.load(SeqCst)
    }

    /// Refuses new works, waits for those accepted, and closes the connections, the writer's last so that it
    /// empties the log.
    pub(crate) async fn close(&self) {
        self.reads.close();
        self.writes.close();
        let readers = std::mem::take(&mut *lock(&self.readers));
        let writer = lock(&self.writer).take();
        for thread in readers.into_iter().chain(writer) {
            // The sender is dropped at the thread's end, never used.
            let _ = thread.await;
        }
    }

    /// Starts a thread if there may be another and those that are idle have enough to do.
    fn ensure_reader(&self) -> Result<(), Error> {
        let mut readers = lock(&self.readers);
        if readers.len() >= MAX_READERS || self.unread.idle.load(SeqCst) as u64 > self.reads.depth() {
            return Ok(());
        }
        let unread = Arc::clone(&self.unread);
        let mut reader = (self.new_reader)();
        unread.idle.fetch_add(1, SeqCst);
        let thread = spawn("store-reader", &self.died, move || {
            while let Some(work) = unread.next() {
                unread.idle.fetch_sub(1, SeqCst);
                // Nothing conflicts with a read.
                drop(reader.run(work).answer());
                unread.idle.fetch_add(1, SeqCst);
            }
        });
        match thread {
            Ok(thread) => readers.push(thread),
            Err(error) => {
                self.unread.idle.fetch_sub(1, SeqCst);
                if readers.is_empty() {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

impl Unread {
    /// One thread waits for a work, the other for the lock.
    fn next(&self) -> Option<Box<dyn Work>> {
        lock(&self.works).blocking_recv()
    }
}

/// The sending end of a bounded queue, until it is closed.
struct Queue {
    sender: Mutex<Option<mpsc::Sender<Box<dyn Work>>>>,
    wait: Duration,
}

impl Queue {
    fn new(bounds: Bounds) -> (Self, mpsc::Receiver<Box<dyn Work>>) {
        let (sender, receiver) = mpsc::channel(bounds.queue.max(1));
        (Self { sender: Mutex::new(Some(sender)), wait: bounds.queue_wait }, receiver)
    }

    async fn submit(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let sender = lock(&self.sender).clone().ok_or(Error::Closed)?;
        // No timer, and so no need of one in the caller's runtime, unless the queue is full.
        match sender.try_send(work) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(Error::Closed),
            Err(TrySendError::Full(work)) => match sender.send_timeout(work, self.wait).await {
                Ok(()) => Ok(()),
                Err(SendTimeoutError::Timeout(_)) => Err(Error::Busy { waited: self.wait }),
                Err(SendTimeoutError::Closed(_)) => Err(Error::Closed),
            },
        }
    }

    fn depth(&self) -> u64 {
        let sender = lock(&self.sender);
        sender.as_ref().map_or(0, |sender| (sender.max_capacity() - sender.capacity()) as u64)
    }

    fn close(&self) {
        lock(&self.sender).take();
    }
}

/// Starts a thread; the receiver tells its end, and `died` that it was a panic.
fn spawn(
    name: &str,
    died: &Arc<AtomicBool>,
    work: impl FnOnce() + Send + 'static,
) -> Result<oneshot::Receiver<()>, Error> {
    let (alive, ended) = oneshot::channel();
    let last_will = LastWill(Arc::clone(died));
    let work = move || {
        work();
        drop((last_will, alive));
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map(|_| ended).map_err(|error| Error::Thread(Arc::new(error)))
}

/// Tells of the panic that ends the thread which holds it.
struct LastWill(Arc<AtomicBool>);

impl Drop for LastWill {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, SeqCst);
        }
    }
}

/// What these locks guard is whole at any time, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
