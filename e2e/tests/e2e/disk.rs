//! Disks that are full, or cannot be written.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use contracts::Style;
use test_support::namespace;

use crate::{
    client::Client,
    load::Load,
    patience::until,
    process::{Process, Up, verify},
    report::seed,
};

/// What leaves 12 MiB of the disk.
const BALLAST: usize = 128 << 20;

#[tokio::test]
async fn a_full_disk_makes_it_unready_and_loses_nothing() {
    let Some(disk) = namespace::disk() else {
        let directory = tempfile::tempdir().unwrap();
        let name = "disk::a_full_disk_makes_it_unready_and_loses_nothing";
        return namespace::again(name, directory.path(), "mount -t tmpfs -o size=140m none \"$0\"");
    };
    let (ballast, data) = (disk.join("ballast"), disk.join("data"));
    fill(&ballast, BALLAST);
    let up = Up { log: disk.with_extension("log"), ..Up::on(&data) };
    let load = Load::new(&Style::ALL, seed("full disk"));
    let mut process = up.start();
    let client = ready(&mut process).await;
    load.prepare(&client).await;

    load.run(&client.impatient()).await;
    until("a disk that is full", async || full(&process, &client).await).await;
    load.look(&client).await.unwrap();
    fs::remove_file(&ballast).unwrap();
    load.finish(&client).await;
    process.ready(&client).await;

    fill(&ballast, usize::MAX);
    load.run(&client.impatient()).await;
    process.kill();
    refused_or_unready(&mut up.start()).await;
    fs::remove_file(&ballast).unwrap();
    let mut process = up.start();
    let client = ready(&mut process).await;
    load.finish(&client).await;
    load.check(&client).await.unwrap();
    load.everything_ends_well(&client).await;
    verify(&process);
}

#[tokio::test]
async fn a_read_only_directory_is_refused() {
    let mount = "mount --bind \"$0\" \"$0\"; mount -o remount,bind,ro \"$0\"";
    let Some(data) = namespace::disk() else {
        let directory = used().await;
        return namespace::again("disk::a_read_only_directory_is_refused", directory.path(), mount);
    };
    refused(&data, &format!("preparing the data directory `{}`: Read-only file system", data.display()))
        .await;
}

#[tokio::test]
async fn a_read_only_database_is_refused() {
    let mount = "mount --bind \"$0/rest\" \"$0/rest\"; mount -o remount,bind,ro \"$0/rest\"";
    let Some(data) = namespace::disk() else {
        let directory = used().await;
        return namespace::again("disk::a_read_only_database_is_refused", directory.path(), mount);
    };
    refused(&data, ".db` is read-only; the file and its directory must be writable").await;
}

/// Writes so many bytes, or as many as there is room for.
fn fill(ballast: &Path, bytes: usize) {
    const BLOCK: &[u8] = &[0; 1 << 16];
    let mut file = File::create(ballast).unwrap();
    for _ in 0..bytes / BLOCK.len() {
        if file.write_all(BLOCK).is_err() {
            break;
        }
    }
}

async fn full(process: &Process, client: &Client) -> Result<(), String> {
    let checks = process.unready(client).await?;
    let full = checks.iter().any(|check| check.contains("there is no room left"));
    if full { Ok(()) } else { Err(format!("{checks:?}")) }
}

/// On a full disk it does not start, or is not ready; it says why.
async fn refused_or_unready(process: &mut Process) {
    let client = Client::new().of(process.gateway());
    let told = async || match process.has_ended() {
        Some(status) => Ok(Some(status)),
        None => full(process, &client).await.map(|()| None),
    };
    if let Some(status) = until("a disk that is still full", told).await {
        let log = process.log();
        assert_eq!(status.code(), Some(2), "{log}");
        assert!(log.contains("No space left") || log.contains("disk is full"), "{log}");
    }
}

/// A directory in which the system ran.
async fn used() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Up::on(directory.path()).start();
    ready(&mut process).await;
    process.kill();
    directory
}

/// It does not start there, and says why.
async fn refused(data: &Path, why: &str) {
    let mut process = Up::on(data).start();
    assert_eq!(process.ended().await.code(), Some(2), "{}", process.log());
    assert!(process.log().contains(why), "{}", process.log());
}

async fn ready(process: &mut Process) -> Client {
    let client = Client::new().of(process.gateway());
    process.ready(&client).await;
    client
}
