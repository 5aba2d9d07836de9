//! Switchovers on a real cluster. Each test is a scenario in a namespace of its own.

mod breaks;
mod gates;
mod hands;
mod large;
mod phases;
mod scenario;
mod seed;
mod switchovers;

use std::process::ExitCode;

use e2e_cluster::{Cluster, Failure, Operator, provide};
use libtest_mimic::{Arguments, Conclusion};
use tokio::runtime::Runtime;

/// So many scenarios at a time; each waits most of its time.
const AT_ONCE: usize = 6;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(AT_ONCE));
    let played = if arguments.list || !(arguments.ignored || arguments.include_ignored) {
        Ok(libtest_mimic::run(&arguments, scenario::all(None)))
    } else {
        Runtime::new().map_err(Failure::from).and_then(|runtime| play(&arguments, runtime))
    };
    match played {
        Ok(conclusion) => conclusion.exit_code(),
        Err(failure) => {
            scenario::say(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Everything there, the scenarios, and everything gone again.
fn play(arguments: &Arguments, runtime: Runtime) -> Result<Conclusion, Failure> {
    let (cluster, operator) = runtime.block_on(async {
        let program = provide().await?;
        let cluster = Cluster::connect().await?;
        cluster.clean().await?;
        let operator = Operator::start(&program, &cluster).await?;
        Ok::<_, Failure>((cluster, operator))
    })?;
    let world = (runtime.handle().clone(), cluster.clone(), operator.log().clone());
    let conclusion = libtest_mimic::run(arguments, scenario::all(Some(world)));
    runtime.block_on(async {
        cluster.clean().await?;
        operator.stop().await
    })?;
    Ok(conclusion)
}
