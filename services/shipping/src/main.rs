//! The shipping service, alone in its process.

use std::process::ExitCode;

use shipping::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("shipping", 8204, Config::from_env, App::build).await
}
