//! The samples of the repository, each of which ends as it says.

use std::{fs, path::PathBuf};

use switchyard::workload;

use super::{scenarios, shop::Shop};

scenarios! {
    every_sample_ends_as_it_says,
}

/// The largest ones are for people with time: a file of more lines is left to `just samples`.
const MOST_LINES: usize = 200;

async fn every_sample_ends_as_it_says(shop: &Shop) {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../samples");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|it| it == "jsonl")) {
        let workload = workload::read(&fs::read_to_string(&file).unwrap()).unwrap();
        if workload.lines.len() <= MOST_LINES {
            let replayed = shop.world.run(shop.style, &workload, 4).await;
            assert!(replayed.problems.is_empty(), "{}: {:#?}", file.display(), replayed.problems);
        }
    }
}
