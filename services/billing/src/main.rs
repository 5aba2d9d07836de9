//! The billing service, alone in its process.

use std::{
    error::Error,
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
};

use billing::{App, Config};
use chassis::{
    config::Env,
    platform::Platform,
    problem::chain,
    shutdown::shutdown_signal,
    telemetry::{self, Logging},
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not a log line: logging may be what could not start. Without standard error nobody can be told.
            let _ = writeln!(io::stderr(), "billing: {}", chain(&*error));
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut env = Env::process();
    let logging = Logging::from_env(&mut env);
    let config = Config::from_env(&mut env);
    let admin = env.or("ADMIN_LISTEN", SocketAddr::from(([127, 0, 0, 1], 8205)));
    env.finish()?; // names every bad variable, not the first

    let log = telemetry::init("billing", &logging)?;
    tracing::info!(?config, "starting `billing`");
    let mut app = App::build(&config, &Platform::system())?;
    app.serve_admin(admin, log)?;
    tracing::info!(http.address = %app.address(), "serving");
    app.run_until(shutdown_signal()).await;
    Ok(())
}
