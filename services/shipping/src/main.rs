//! The shipping service, alone in its process.

use std::{net::SocketAddr, process::ExitCode};

use chassis::{
    config::Env,
    platform::Platform,
    problem::chain,
    shutdown::shutdown_signal,
    telemetry::{self, Logging},
};
use shipping::{App, Config};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", chain(error.as_ref()));
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut env = Env::process();
    let log = telemetry::init("shipping", &Logging::from_env(&mut env))?;
    let admin = env.or("ADMIN_LISTEN", SocketAddr::from(([127, 0, 0, 1], 8081)));
    let config = Config::from_env(&mut env)?;
    tracing::info!(?config, "starting `shipping`");
    let mut app = App::build(config, &Platform::system())?;
    app.serve_admin(admin, log)?;
    app.run_until(shutdown_signal()).await;
    Ok(())
}
