//! The time before a load: a Service that was just made has no name yet, and no way to its endpoints.

use std::{io, time::Duration};

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use crate::{
    Failure, Settings, Target,
    connection::{Answer, Connection},
};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Comes back when each target has answered once, whatever its status.
///
/// # Errors
/// One has not within this time; why it did not at the last attempt.
pub async fn all_answer(targets: &[Target], settings: &Settings, patience: Duration) -> io::Result<()> {
    let latest = Instant::now() + patience;
    try_join_all(targets.iter().map(|target| answers(target, settings, latest))).await?;
    Ok(())
}

async fn answers(target: &Target, settings: &Settings, latest: Instant) -> io::Result<()> {
    while let Err(error) = ask(target, settings).await {
        if Instant::now() + PAUSE > latest {
            let text = format!("`{}` does not answer: {error}", target.authority);
            return Err(io::Error::new(error.kind(), text));
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn ask(target: &Target, settings: &Settings) -> io::Result<()> {
    let address = target.address().await?;
    let answer = match Connection::open(address, &target.authority, 0, settings.timeout).await {
        Ok(mut connection) => connection.ask(&settings.path, settings).await,
        Err(failure) => Answer::failed(failure),
    };
    match answer.failure {
        None | Some(Failure::Status) => Ok(()),
        Some(failure) => Err(io::Error::other(format!("{failure:?}"))),
    }
}
