//! `cargo xtask`: what generates and checks the repository's own files.

mod bench;
mod charts;
mod check;
mod crds;
mod samples;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask check | charts | crds | samples | bench embedded [--rounds N] [--long] [--json FILE] \
                     | bench availability [--json FILE] | bench mesh [--only TEXT] [--rounds N] [--calls N] [--json FILE] \
                     | bench operator [--switches N] [--releases N] [--json FILE]";

#[expect(clippy::print_stderr, reason = "a command's own output")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["check"] => check::run(),
        ["charts"] => charts::run(),
        ["crds"] => crds::run(),
        ["samples"] => samples::run(),
        ["bench", arguments @ ..] => bench::run(arguments),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(findings) => {
            for finding in findings {
                eprintln!("{finding}");
            }
            ExitCode::FAILURE
        }
    }
}
