//! The simulators, alone in their process.

use std::process::ExitCode;

use simulators::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("simulators", 8209, Config::from_env, App::build).await
}
