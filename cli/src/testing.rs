//! What the tests of several modules share.

use test_terminal::Terminal;

use crate::console::Console;

/// A console that is no terminal, and what was written to it.
pub(crate) fn captured() -> (Console, Terminal) {
    let terminal = Terminal::default();
    (Console::new(terminal.out.clone(), terminal.err.clone(), false), terminal)
}
