//! The gateway, alone in its process.

use std::{error::Error, process::ExitCode};

use chassis::{platform::Platform, service::Running};
use gateway::{App, Config, openapi};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("gateway", 8200, Config::from_env, build).await
}

fn build(config: &Config, platform: &Platform) -> Result<Running, Box<dyn Error>> {
    Ok(App::build(config, openapi::committed()?, platform)?)
}
