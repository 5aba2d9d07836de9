//! `kill -9` at any moment: what was answered is true for ever.

use std::time::Duration;

use contracts::Style;
use tokio::time::{Instant, sleep};

use crate::{
    client::Client,
    load::{Load, one_in},
    process::{Process, Storage, Up, verify},
    report::{from_env, report, seed},
    shop::trouble,
};

/// How often it is killed; `KILLS` says otherwise.
const KILLS: u64 = 50;

#[tokio::test]
async fn whatever_was_answered_outlives_any_number_of_kills() {
    let random = seed("kills");
    let kills = from_env("KILLS").unwrap_or(KILLS);
    let begun = Instant::now();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let load = Load::new(&Style::ALL, random.fork());
    prepare(&load, &data).await;

    for _ in 0..kills {
        // What was not synced is lost more often than not.
        let storage = if one_in(4, &random) { Storage::Cached } else { Storage::Unsynced };
        let process = Up { storage, ..Up::on(&data) }.start();
        // It is killed at work, and now and then while it starts.
        let at_work = !one_in(4, &random);
        let moment = Duration::from_millis(20 + random.next_u64() % 380);
        live_and_die(process, at_work, moment, &load).await;
    }

    let mut process = Up::on(&data).start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    load.finish(&client).await;
    load.check(&client).await.unwrap();
    let ends = load.everything_ends_well(&client).await;
    verify(&process);
    load.everything_is_told(&client).await;
    report(format_args!("kills: {kills} within {:.0?}, orders: {ends:?}", begun.elapsed()));
}

/// The world outside is no better than it has to be: it refuses, fails, and loses answers.
async fn prepare(load: &Load, data: &std::path::Path) {
    let mut process = Up { storage: Storage::Unsynced, ..Up::on(data) }.start();
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    load.prepare(&client).await;
    for style in Style::ALL {
        trouble(&client, process.admin(), style).await;
    }
    process.kill();
}

/// Lets clients work, and look at what they were told before, until the moment has come.
async fn live_and_die(mut process: Process, at_work: bool, moment: Duration, load: &Load) {
    let client = Client::new().of(process.gateway());
    if at_work {
        process.ready(&client).await;
    }
    let kill = async {
        sleep(moment).await;
        process.kill();
    };
    // What cannot be looked at any more is looked at in another life.
    let (_, (), ()) = tokio::join!(load.check(&client), load.run(&client), kill);
}
