//! Where a command shows what it has to say: results on standard output, notes on standard error.

use std::{
    env,
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::text::{Line, Look, clipped};

/// Where a command shows what it has to say. Clones show it in the same place.
#[derive(Clone)]
pub struct Console {
    screen: Arc<Mutex<Screen>>,
    terminal: bool,
    look: Look,
    /// How many lines a picture may have.
    rows: usize,
}

struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// How many lines of a picture stand above the cursor.
    drawn: usize,
}

impl Console {
    /// This process's own.
    #[must_use]
    pub fn system() -> Self {
        let terminal = io::stdout().is_terminal();
        // By the convention of no-color.org whatever the variable says.
        let colours = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let (width, rows) = if terminal { size() } else { (Look::PLAIN.width, usize::MAX) };
        let look = Look { width, colours, ascii: !speaks_unicode() };
        Self { rows, ..Self::new(io::stdout(), io::stderr(), terminal, look) }
    }

    /// One that writes elsewhere; `terminal` says whether `out` is one, so that a picture can be drawn anew in its place.
    #[must_use]
    pub fn new(
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
        terminal: bool,
        look: Look,
    ) -> Self {
        let screen = Screen { out: Box::new(out), err: Box::new(err), drawn: 0 };
        Self { screen: Arc::new(Mutex::new(screen)), terminal, look, rows: usize::MAX }
    }

    /// How lines are shown.
    #[must_use]
    pub const fn look(&self) -> Look {
        self.look
    }

    /// Whether results go to a terminal.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// A line of the result, or several.
    pub fn say(&self, text: impl Display) {
        // Whoever reads may go away, `head` say: what nobody reads need not be written.
        drop(writeln!(self.lock().out, "{text}"));
    }

    /// A line beside the result, for the person who waits.
    pub fn note(&self, text: impl Display) {
        drop(writeln!(self.lock().err, "{text}"));
    }

    /// The lines of a result.
    pub fn show(&self, lines: &[Line]) {
        drop(self.lock().out.write_all(self.look.all(lines).as_bytes()));
    }

    /// The lines of a picture, in the place of those before, as far as the terminal has room for them.
    pub fn redraw(&self, lines: &[Line]) {
        let fit = |line: &Line| clipped(line, self.look.width);
        let lines: Vec<_> = lines.iter().take(self.rows.saturating_sub(1)).map(fit).collect();
        let mut screen = self.lock();
        let mut text = match screen.drawn {
            0 => String::new(),
            // To the first column so many lines up, and from there everything is erased (ECMA-48, CPL and ED).
            drawn => format!("\u{1b}[{drawn}F\u{1b}[J"),
        };
        text.push_str(&self.look.all(&lines));
        screen.drawn = lines.len();
        drop(screen.out.write_all(text.as_bytes()));
        drop(screen.out.flush());
    }

    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many characters a line of the terminal has, and how many lines it has, or what is usual where it does not say.
fn size() -> (usize, usize) {
    #[cfg(unix)]
    let told = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| (size.ws_col, size.ws_row));
    #[cfg(not(unix))]
    let told = None::<(u16, u16)>;
    let known = |told: u16, usual| if told > 0 { usize::from(told) } else { usual };
    let (columns, rows) = told.unwrap_or_default();
    (known(columns, Look::PLAIN.width).clamp(40, 400), known(rows, usize::MAX))
}

/// Whether the locale has more than ASCII: the first of the variables that is set decides, and without any, today's usual.
fn speaks_unicode() -> bool {
    let set =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(env::var_os).find(|value| !value.is_empty());
    set.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use test_terminal::Written;

    use super::*;
    use crate::text::Paint;

    #[test]
    fn a_picture_is_drawn_in_the_place_of_the_one_before_and_never_larger_than_the_terminal() {
        let out = Written::default();
        let look = Look { width: 4, ..Look::PLAIN };
        let console = Console { rows: 3, ..Console::new(out.clone(), io::sink(), true, look) };
        let lines = |text: &str| vec![vec![(Paint::Plain, text.to_owned())]; 9];
        console.redraw(&lines("first"));
        console.redraw(&lines("next"));
        assert_eq!(out.text(), "fir…\nfir…\n\u{1b}[2F\u{1b}[Jnext\nnext\n");
    }
}
