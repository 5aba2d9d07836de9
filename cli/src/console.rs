//! What a command shows: lines on standard output, notes and progress on standard error.
//!
//! On a terminal progress is a bar; elsewhere it is a plain line now and then.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use indicatif::{ProgressBar, ProgressStyle};

/// Where a command shows what it does. Clones show it in the same place.
#[derive(Clone)]
pub struct Console(Arc<Mutex<Screen>>);

struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Whether notes go to a terminal, where a bar can move.
    terminal: bool,
    /// How many characters a line of the terminal has that results go to.
    columns: Option<usize>,
    /// The bar that is on the terminal at the moment.
    bar: Option<ProgressBar>,
}

impl Console {
    /// This process's own.
    #[must_use]
    pub fn system() -> Self {
        let console = Self::new(io::stdout(), io::stderr(), io::stderr().is_terminal());
        console.screen().columns = io::stdout().is_terminal().then(columns);
        console
    }

    /// One that writes elsewhere; `terminal` says whether `err` is one.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static, terminal: bool) -> Self {
        let (out, err) = (Box::new(out), Box::new(err));
        Self(Arc::new(Mutex::new(Screen { out, err, terminal, columns: None, bar: None })))
    }

    /// A line of the command's result.
    pub fn line(&self, text: impl Display) {
        // Whoever reads may go away, `head` say: what nobody reads need not be written.
        self.screen().write(|screen| drop(writeln!(screen.out, "{text}")));
    }

    /// A line beside the result, for the person who waits.
    pub fn note(&self, text: impl Display) {
        self.screen().write(|screen| drop(writeln!(screen.err, "{text}")));
    }

    /// Begins to show how far `total` pieces of work have come, until what this answers is dropped.
    #[must_use]
    pub fn progress(&self, what: &str, total: usize) -> Progress {
        let mut screen = self.screen();
        if screen.terminal {
            let bar = ProgressBar::new(total as u64).with_message(what.to_owned()).with_style(bar_style());
            screen.bar = Some(bar);
        }
        Progress { console: self.clone(), what: what.to_owned(), total, done: Mutex::new(0) }
    }

    /// Begins to show how something goes that has no known end, until what this answers is dropped.
    #[must_use]
    pub fn live(&self) -> Live {
        let mut screen = self.screen();
        if screen.terminal {
            screen.bar = Some(ProgressBar::new_spinner().with_style(live_style()));
        }
        Live { console: self.clone(), told: AtomicU64::new(0) }
    }

    fn clear(&self) {
        if let Some(bar) = self.screen().bar.take() {
            bar.finish_and_clear();
        }
    }

    /// How many characters a line of the result has; `None` if it goes to no terminal.
    #[must_use]
    pub fn columns(&self) -> Option<usize> {
        self.screen().columns
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    /// Writes without tearing the bar.
    fn write(&mut self, write: impl FnOnce(&mut Self)) {
        match self.bar.clone() {
            Some(bar) => bar.suspend(|| write(self)),
            None => write(self),
        }
    }
}

/// What the terminal says, or what is usual where it does not.
fn columns() -> usize {
    const USUAL: usize = 100;
    #[cfg(unix)]
    let told = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    #[cfg(not(unix))]
    let told = None;
    told.filter(|columns| *columns > 0).unwrap_or(USUAL)
}

fn bar_style() -> ProgressStyle {
    // The template is a constant and correct; were it not, the usual bar would do.
    ProgressStyle::with_template("{msg:<16} [{bar:32}] {pos}/{len} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn live_style() -> ProgressStyle {
    ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// How something goes at the moment.
pub struct Live {
    console: Console,
    told: AtomicU64,
}

impl Live {
    /// Off a terminal every so many make a line: whoever reads a log wants it to be short.
    const EVERY: u64 = 5;

    /// How it goes now.
    pub fn show(&self, text: impl Display) {
        let told = self.told.fetch_add(1, Ordering::Relaxed);
        let bar = self.console.screen().bar.clone();
        match bar {
            Some(bar) => bar.set_message(text.to_string()),
            None if (told + 1).is_multiple_of(Self::EVERY) => self.console.note(text),
            None => {}
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.console.clear();
    }
}

/// How far a piece of work has come.
pub struct Progress {
    console: Console,
    what: String,
    total: usize,
    done: Mutex<usize>,
}

impl Progress {
    /// One more is done. Off a terminal every tenth part makes a line.
    pub fn step(&self) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        let bar = self.console.screen().bar.clone();
        match bar {
            Some(bar) => bar.inc(1),
            None if is_tenth(*done, self.total) => {
                self.console.note(format_args!("{}: {done} of {}", self.what, self.total));
            }
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.console.clear();
    }
}

/// Whether this one completes a tenth of them all. Few are not worth a line.
const fn is_tenth(done: usize, total: usize) -> bool {
    total >= 20 && done * 10 / total > (done - 1) * 10 / total
}

#[cfg(test)]
mod tests {
    use crate::testing::captured;

    #[test]
    fn results_and_notes_go_separate_ways() {
        let (console, written) = captured();
        console.line("result");
        console.note("note");
        assert_eq!((written.out.text(), written.err.text()), ("result\n".to_owned(), "note\n".to_owned()));
    }

    #[test]
    fn off_a_terminal_progress_is_ten_lines() {
        let (console, written) = captured();
        let progress = console.progress("orders", 1000);
        (0..1000).for_each(|_| progress.step());
        let lines: Vec<_> = written.err.text().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 10);
        assert_eq!((&*lines[0], &*lines[9]), ("orders: 100 of 1000", "orders: 1000 of 1000"));
    }

    #[test]
    fn off_a_terminal_what_goes_on_is_a_line_now_and_then() {
        let (console, written) = captured();
        let live = console.live();
        (1..=10).for_each(|second| live.show(second));
        assert_eq!(written.err.text(), "5\n10\n");
    }

    #[test]
    fn a_few_steps_make_no_line() {
        let (console, written) = captured();
        let progress = console.progress("orders", 3);
        (0..3).for_each(|_| progress.step());
        assert_eq!(written.err.text(), "");
    }
}
