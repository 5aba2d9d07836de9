//! The demo workload, alone in its process.

use std::process::ExitCode;

use demo::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("demo", 8210, Config::from_env, App::build).await
}
