//! The open loop: a request begins when its time has come.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};

use crate::{
    Failure, Journal, Mode, Request, Settings, Target,
    connection::{Answer, Connection},
    pool::Pool,
};

/// So many requests may be under way at a time, of all targets.
const MOST_UNDER_WAY: usize = 20_000;

/// Requests in a second, for each target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Each over a connection of its own.
    pub fresh: u32,
    /// Over connections that are kept.
    pub keep_alive: u32,
    /// With an answer that takes a while.
    pub streams: u32,
}

/// A load that runs until it is stopped.
#[derive(Debug)]
pub struct Load {
    journal: Arc<Journal>,
    stop: watch::Sender<bool>,
    running: tokio::sync::Mutex<JoinSet<()>>,
}

/// One mode of one target.
#[derive(Debug)]
struct Lane {
    mode: Mode,
    target: Target,
    address: SocketAddr,
    settings: Settings,
    pool: Pool,
    journal: Arc<Journal>,
    under_way: Arc<AtomicUsize>,
}

impl Load {
    /// Begins at once.
    ///
    /// # Errors
    /// A target's host is not found.
    pub async fn begin(targets: &[Target], rates: Rates, settings: &Settings) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let journal = Arc::new(Journal::default());
        let under_way = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        for target in targets {
            let address = target.address().await?;
            let modes = [
                (Mode::Fresh, rates.fresh),
                (Mode::KeepAlive, rates.keep_alive),
                (Mode::Stream, rates.streams),
            ];
            for (mode, rate) in modes.into_iter().filter(|(_, rate)| *rate > 0) {
                let lane = Lane {
                    mode,
                    target: target.clone(),
                    address,
                    settings: settings.clone(),
                    pool: Pool::for_rate(rate),
                    journal: Arc::clone(&journal),
                    under_way: Arc::clone(&under_way),
                };
                running.spawn(Arc::new(lane).run(rate, stopped.clone()));
            }
        }
        Ok(Self { journal, stop, running: tokio::sync::Mutex::new(running) })
    }

    /// What it has sent.
    #[must_use]
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Begins no more requests, and comes back when the last one has ended.
    pub async fn stop(&self) {
        let _ = self.stop.send(true); // no lane is left that could hear it
        let mut running = self.running.lock().await;
        while running.join_next().await.is_some() {}
    }
}

impl Lane {
    async fn run(self: Arc<Self>, rate: u32, mut stopped: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut requests = JoinSet::new();
        while !self.journal.is_full() {
            let due = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => break,
                due = ticks.tick() => due,
            };
            while requests.try_join_next().is_some() {}
            requests.spawn(Arc::clone(&self).send(due));
        }
        while requests.join_next().await.is_some() {}
    }

    async fn send(self: Arc<Self>, due: Instant) {
        let late = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        let start = self.journal.now();
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed);
        let (opened, answer) = if under_way >= MOST_UNDER_WAY {
            (start, Answer::failed(Failure::Unsent))
        } else {
            match self.mode {
                Mode::Fresh => self.over_a_new_one(start, &self.settings.path).await,
                Mode::Stream => self.over_a_new_one(start, &self.settings.stream_path).await,
                Mode::KeepAlive => self.over_a_kept_one(start).await,
            }
        };
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        let Answer { status, version, failure } = answer;
        let end = self.journal.now();
        let request = Request {
            target: self.target.name.clone(),
            mode: self.mode,
            opened,
            start,
            end,
            status,
            version,
            failure,
        };
        self.journal.write(request, late);
    }

    async fn over_a_new_one(&self, start: u64, path: &http::Uri) -> (u64, Answer) {
        match self.open(start).await {
            Ok(mut connection) => (start, connection.ask(path, &self.settings).await),
            Err(failure) => (start, Answer::failed(failure)),
        }
    }

    async fn over_a_kept_one(&self, start: u64) -> (u64, Answer) {
        let mut kept = self.pool.take();
        if let Some(connection) = &mut kept
            && !connection.is_open().await
        {
            kept = None; // the server has ended it, as it may between two requests
        }
        let opened = match kept {
            Some(connection) => Ok(connection),
            None => self.open(start).await,
        };
        match opened {
            Ok(mut connection) => {
                let answer = connection.ask(&self.settings.path, &self.settings).await;
                let opened = connection.opened;
                self.pool.give(answer.failure.is_none().then_some(connection));
                (opened, answer)
            }
            Err(failure) => {
                self.pool.give(None);
                (start, Answer::failed(failure))
            }
        }
    }

    async fn open(&self, now: u64) -> Result<Connection, Failure> {
        Connection::open(self.address, &self.target.authority, now, self.settings.timeout).await
    }
}
