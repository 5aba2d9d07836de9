//! `load`: sends requests at a fixed rate and tells what became of each.

use std::{io, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use http::{HeaderName, Uri};
use load::{Load, Rates, Settings, Target};
use tokio::signal::unix::{SignalKind, signal};

/// Sends requests at a fixed rate and tells what became of each: failures as JSON lines, then the totals. Ends with 1 if any failed.
#[derive(Debug, Parser)]
#[command(name = "load", max_term_width = 100)]
struct Arguments {
    /// Whom to ask, as `NAME=HOST:PORT`; each is asked at the same rates.
    #[arg(long = "target", value_name = "NAME=HOST:PORT", required = true)]
    targets: Vec<Target>,
    /// Requests a second over new connections, for each target.
    #[arg(long, value_name = "N", default_value_t = 0)]
    fresh: u32,
    /// Requests a second over connections that are kept, for each target.
    #[arg(long, value_name = "N", default_value_t = 0)]
    keep_alive: u32,
    /// Requests a second with an answer that takes a while, for each target.
    #[arg(long, value_name = "N", default_value_t = 0)]
    streams: u32,
    /// What is asked.
    #[arg(long, default_value = "/")]
    path: Uri,
    /// What is asked for an answer that takes a while.
    #[arg(long, default_value = "/stream")]
    stream_path: Uri,
    /// The header of an answer that says which version gave it.
    #[arg(long, default_value = "x-version")]
    version_header: HeaderName,
    /// How long nothing may come before a request has failed.
    #[arg(long, default_value = "5s")]
    timeout: humantime::Duration,
    /// Begin only when each target has answered once, and wait so long for that; what is asked until then is not counted.
    #[arg(long, value_name = "DURATION")]
    wait: Option<humantime::Duration>,
    /// How long; until SIGTERM, SIGINT or `POST /stop` unless said.
    #[arg(long = "for", value_name = "DURATION")]
    length: Option<humantime::Duration>,
    /// Where to be looked at and stopped.
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a command's own output")]
            {
                eprintln!("load: {error}");
            }
            ExitCode::from(2)
        }
    }
}

/// Whether no request failed.
async fn run(arguments: Arguments) -> io::Result<bool> {
    let rates =
        Rates { fresh: arguments.fresh, keep_alive: arguments.keep_alive, streams: arguments.streams };
    let settings = Settings {
        path: arguments.path,
        stream_path: arguments.stream_path,
        version_header: arguments.version_header,
        timeout: arguments.timeout.into(),
    };
    if let Some(patience) = arguments.wait {
        load::all_answer(&arguments.targets, &settings, patience.into()).await?;
    }
    let load = Arc::new(Load::begin(&arguments.targets, rates, &settings).await?);
    if let Some(address) = arguments.control {
        #[expect(clippy::disallowed_methods, reason = "this is no service")]
        let listener = tokio::net::TcpListener::bind(address).await?;
        tokio::spawn(load::serve(Arc::clone(&load), listener));
    }
    until(arguments.length.map(Into::into)).await?;
    load.stop().await;
    tell(&load)
}

async fn until(length: Option<Duration>) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let over = async {
        match length {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = over => {}
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn tell(load: &Load) -> io::Result<bool> {
    for failure in load.journal().failures() {
        println!("{}", serde_json::to_string(&failure)?);
    }
    let totals = load.journal().totals();
    println!("{}", serde_json::to_string(&totals)?);
    Ok(totals.failed == 0)
}
