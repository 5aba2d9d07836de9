//! The customers service, alone in its process.

use std::process::ExitCode;

use customers::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("customers", 8201, Config::from_env, App::build).await
}
