//! Types commands, and reads what they write.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, Mutex},
};

use clap::Parser;
use kubectl_switchyard::{Cluster, CommandLine, Console, text::Look};
use tokio::sync::Notify;

/// How a command ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    code: ExitCode,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The same, if the command ended with this code.
    #[track_caller]
    pub(crate) fn with(self, code: u8) -> Self {
        assert_eq!(self.code, ExitCode::from(code), "{}{}", self.out, self.err);
        self
    }
}

/// Runs `kubectl switchyard` with these words.
pub(crate) async fn typed(cluster: &Cluster, words: &str) -> Ended {
    let line =
        CommandLine::try_parse_from(["kubectl-switchyard"].into_iter().chain(words.split(' '))).unwrap();
    let (out, err) = (Sink::default(), Sink::default());
    let console = Console::new(out.clone(), err.clone(), false, Look::PLAIN);
    let code = Box::pin(line.run_on(cluster, &console)).await;
    Ended { code, out: out.text(), err: err.text() }
}

/// Runs what ends only when somebody ends it, until it has written this.
pub(crate) async fn watched(cluster: &Cluster, words: &str, until: &str) -> String {
    let line =
        CommandLine::try_parse_from(["kubectl-switchyard"].into_iter().chain(words.split(' '))).unwrap();
    let (out, seen) = (Sink::default(), Arc::new(Notify::new()));
    let told = Told { out: out.clone(), seen: seen.clone(), until: until.to_owned() };
    let console = Console::new(told, io::stderr(), false, Look::PLAIN);
    tokio::select! {
        code = line.run_on(cluster, &console) => panic!("ended with {code:?} after {}", out.text()),
        () = seen.notified() => out.text(),
    }
}

/// Tells when a text was written.
struct Told {
    out: Sink,
    seen: Arc<Notify>,
    until: String,
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        if self.out.text().contains(&self.until) {
            self.seen.notify_one();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
