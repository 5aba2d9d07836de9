//! The ordering service, alone in its process.

use std::process::ExitCode;

use ordering::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("ordering", 8202, Config::from_env, App::build).await
}
