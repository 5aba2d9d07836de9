//! What the tests of several modules share.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use crate::console::Console;

/// A console that is no terminal, and what was written to it.
pub(crate) fn captured() -> (Console, Written) {
    let written = Written::default();
    (Console::new(written.out.clone(), written.err.clone(), false), written)
}

/// What was written to a console.
#[derive(Clone, Default)]
pub(crate) struct Written {
    out: Sink,
    err: Sink,
}

impl Written {
    pub(crate) fn out(&self) -> String {
        self.out.text()
    }

    pub(crate) fn err(&self) -> String {
        self.err.text()
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
