//! What the drawing is shown on.

use std::env;

use super::paint::{Line, ascii, coloured, plain};
use crate::console::Console;

/// How many characters a line has where nobody says.
const WIDTH: usize = 100;

/// What the drawing is shown on.
pub(super) struct Terminal {
    /// How many characters a line has.
    pub(super) width: usize,
    colours: bool,
    ascii: bool,
}

impl Terminal {
    /// What the console is, unless somebody says otherwise.
    pub(super) fn of(console: &Console, width: Option<usize>, ascii: bool) -> Self {
        let own = console.columns().map(|columns| columns.clamp(80, 400));
        Self {
            width: width.or(own).unwrap_or(WIDTH),
            // By the convention of no-color.org whatever the variable says.
            colours: console.columns().is_some()
                && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            ascii: ascii || !speaks_unicode(),
        }
    }

    pub(super) fn show(&self, line: &Line) -> String {
        let text = if self.colours { coloured(line) } else { plain(line) };
        if self.ascii { ascii(&text) } else { text }
    }
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
