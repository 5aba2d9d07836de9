//! The billing service, alone in its process.

use std::process::ExitCode;

use billing::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("billing", 8205, Config::from_env, App::build).await
}
