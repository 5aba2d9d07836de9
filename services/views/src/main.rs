//! The query side, alone in its process.

use std::process::ExitCode;

use chassis::{platform::Platform, service::Running};
use contracts::Style;
use views::config::{Config, NotAlone};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::alone::main("views", 8206, Config::style_from_env, refuse).await
}

/// Until processes can share a broker there is nothing to follow from here.
fn refuse(style: &Style, _: &Platform) -> Result<Running, NotAlone> {
    Err(Config::not_alone(*style))
}
