#![doc = include_str!("../README.md")]

use std::{
    io::{self, Write},
    process::ExitCode,
};

use tokio::sync::watch;

/// Where a command writes what it has to say, and what goes wrong. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Terminal {
    /// Its standard output.
    pub out: Written,
    /// Its standard error.
    pub err: Written,
}

/// How a command ended, and what it wrote.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: ExitCode,
    /// What it wrote to its standard output.
    pub out: String,
    /// What it wrote to its standard error.
    pub err: String,
}

/// What was written to it. Clones are written to, and read, as one.
#[derive(Clone, Debug, Default)]
pub struct Written(watch::Sender<Vec<u8>>);

impl Terminal {
    /// What a command that ended like this has written here.
    ///
    /// # Panics
    /// It is no UTF-8.
    #[must_use]
    pub fn ended(&self, code: ExitCode) -> Ended {
        Ended { code, out: self.out.text(), err: self.err.text() }
    }
}

impl Ended {
    /// The same, if the command ended with this code.
    ///
    /// # Panics
    /// It ended with another one; what it wrote is shown.
    #[track_caller]
    pub fn with(self, code: u8) -> Self {
        self.check(code);
        self
    }

    /// What whoever typed the command reads of it, if it ended with this code: the output of one that did its work, of another one the
    /// errors.
    ///
    /// # Panics
    /// It ended with another one; what it wrote is shown.
    #[track_caller]
    pub fn told(&self, code: u8) -> &str {
        self.check(code);
        if code == 0 { &self.out } else { &self.err }
    }

    #[track_caller]
    fn check(&self, code: u8) {
        assert_eq!(self.code, ExitCode::from(code), "{}{}", self.out, self.err);
    }
}

impl Written {
    /// All of it.
    ///
    /// # Panics
    /// It is no UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("text is written")
    }

    /// Waits until this is part of it, and reads all of it then.
    ///
    /// # Panics
    /// It is no UTF-8.
    pub async fn until(&self, part: &str) -> String {
        let there = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains(part);
        // The sender is in this very value.
        let _ = self.0.subscribe().wait_for(there).await;
        self.text()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send_modify(|written| written.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_a_text_is_told_once_it_is_complete() {
        let written = Written::default();
        let mut writer = written.clone();
        let writes = async {
            for part in ["one ", "tw", "o ", "three"] {
                write!(writer, "{part}").unwrap();
                yield_now().await;
            }
        };
        let read = tokio::select! {
            biased;
            read = written.until("two") => read,
            () = writes => panic!("nobody was told"),
        };
        assert_eq!(read, "one two ");
    }

    #[test]
    fn a_command_that_ends_with_another_code_fails_the_test() {
        let ended = Terminal::default().ended(ExitCode::from(3));
        assert_eq!(ended.clone().with(3).told(3), "");
        assert!(catch_unwind(|| ended.with(0)).is_err());
    }
}
