//! The warehouse service, alone in its process.

use std::process::ExitCode;

use warehouse::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("warehouse", 8203, Config::from_env, App::build).await
}
