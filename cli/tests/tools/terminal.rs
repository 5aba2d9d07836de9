//! Types commands, and reads what they write.

use chassis::platform::Platform;
use clap::Parser;
use switchyard::{CommandLine, console::Console};
use test_terminal::{Ended, Terminal};

/// Runs `switchyard` with these arguments.
pub(crate) async fn switchyard(platform: &Platform, arguments: &[&str]) -> Ended {
    let typed = CommandLine::try_parse_from([&["switchyard"], arguments].concat()).unwrap();
    let terminal = Terminal::default();
    let console = Console::new(terminal.out.clone(), terminal.err.clone(), false);
    let code = Box::pin(typed.run(platform, &console)).await;
    terminal.ended(code)
}
