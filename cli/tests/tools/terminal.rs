//! Types commands, and reads what they write.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, Mutex},
};

use chassis::platform::Platform;
use clap::Parser;
use switchyard::{CommandLine, console::Console};

/// How a command ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: ExitCode,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `switchyard` with these arguments.
pub(crate) async fn switchyard(platform: &Platform, arguments: &[&str]) -> Ended {
    let typed = CommandLine::try_parse_from([&["switchyard"], arguments].concat()).unwrap();
    let (out, err) = (Sink::default(), Sink::default());
    let console = Console::new(out.clone(), err.clone(), false);
    let code = Box::pin(typed.run(platform, &console)).await;
    Ended { code, out: out.text(), err: err.text() }
}

impl Ended {
    /// What was written, if the command ended with this code.
    #[track_caller]
    pub(crate) fn with(&self, code: u8) -> &str {
        assert_eq!(self.code, ExitCode::from(code), "{}{}", self.out, self.err);
        if code == 0 { &self.out } else { &self.err }
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
