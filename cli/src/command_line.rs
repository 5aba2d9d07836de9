//! What can be typed.

use std::{io, process::ExitCode};

use chassis::{
    config::Env,
    platform::Platform,
    problem::chain,
    retention::Retention,
    telemetry::{self, Logging},
    traces::{self, Traces},
};
use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use crate::{
    console::Console,
    dead_letters, doctor,
    failure::{Exit, Failure},
    load, order, rebuild, saga, simulators, trace, up, verify,
};

/// One ordering system, wired in different styles: run it, order from it, break it, and check that nothing was lost.
///
/// Begin with `switchyard up` in one terminal and `switchyard order` in another. Commands end with 0 when they are done, 1 when the
/// work failed, 2 when they were used wrongly.
#[derive(Debug, Parser)]
#[command(name = "switchyard", version, max_term_width = 100)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run the whole system in this process, until Ctrl-C.
    Up(up::Args),
    /// Place one order, or a file of them, and see what becomes of it.
    Order(order::Args),
    /// Send many orders, and measure how many a second come to their outcome, and how long each takes.
    Load(Box<load::Args>),
    /// Check the invariants on a running system: nothing lost, nothing doubled, everything adds up.
    Verify(verify::Args),
    /// Draw everything that was done about an order: which service did what, when, and because of what.
    Trace(trace::Args),
    /// Show every step, retry and undo of an order's saga.
    Saga(saga::Args),
    /// Build the views anew while they answer, and compare them with what they were.
    Rebuild(rebuild::Args),
    /// Look after messages that could not be handled.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Tell the systems outside (payment, carrier, mail) how to answer, and what goes wrong with them.
    #[command(subcommand)]
    Simulators(simulators::Command),
    /// Look for what is wrong with the system or this machine, and say what to do.
    Doctor(doctor::Args),
    /// Write what a shell needs to complete these commands.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

impl CommandLine {
    /// Does what was typed, and tells why if it cannot.
    pub async fn run(self, platform: &Platform, console: &Console) -> ExitCode {
        let done = match self.command {
            Command::Up(args) => up(args).await,
            Command::Order(args) => Box::pin(order::run(args, platform, console)).await,
            Command::Load(args) => Box::pin(load::run(*args, platform, console)).await,
            Command::Verify(args) => Box::pin(verify::run(args, platform, console)).await,
            Command::Trace(args) => Box::pin(trace::run(args, platform, console)).await,
            Command::Saga(args) => saga::run(args, platform, console).await,
            Command::Rebuild(args) => rebuild::run(args, platform, console).await,
            Command::DeadLetters(command) => dead_letters::run(command, platform, console).await,
            Command::Simulators(command) => simulators::run(command, platform, console).await,
            Command::Doctor(args) => doctor::run(args, platform, console).await,
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Self::command(), "switchyard", &mut io::stdout());
                Ok(Exit::Done)
            }
        };
        let exit = done.unwrap_or_else(|failure| {
            console.note(format_args!("switchyard: {failure}"));
            failure.exit()
        });
        exit.into()
    }
}

/// The system logs; the other commands tell what they have to say.
async fn up(args: up::Args) -> Result<Exit, Failure> {
    let mut env = Env::process();
    let (logging, retention) = (Logging::from_env(&mut env), Retention::from_env(&mut env));
    let traces = traces::Config::from_env(&mut env);
    env.finish().map_err(|error| Failure::usage(error.to_string()))?;
    let platform = up::platform();
    let traces = Traces::start("switchyard", traces, &platform);
    let log = telemetry::init("switchyard", &logging, &traces);
    let log = log.map_err(|error| Failure::usage(chain(&error)))?;
    let ended = up::run(args, retention, platform.recording(&traces), log).await;
    traces.stop().await;
    ended.map_err(|error| Failure::usage(chain(&error)))?;
    Ok(Exit::Done)
}
