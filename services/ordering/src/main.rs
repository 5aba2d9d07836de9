//! The ordering service, alone.

use chassis::{config::Env, platform::Platform, shutdown::shutdown_signal, telemetry};
use ordering::{App, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (config, logging) = Config::from_env(&mut Env::process())?;
    let log = telemetry::init("ordering", &logging)?;
    tracing::info!(?config, "starting `ordering`");
    let mut app = App::build(&config, &Platform::system())?;
    if let Some(admin) = config.admin {
        app.serve_admin(admin, log)?;
    }
    app.run_until(shutdown_signal()).await;
    Ok(())
}
