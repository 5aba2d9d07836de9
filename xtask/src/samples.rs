//! `cargo xtask samples`: writes the samples that are too long to be written by hand.

mod line;
mod thousand;

use std::{fs, path::PathBuf};

/// The files, by name, and what is to be in them.
fn generated() -> [(&'static str, String); 1] {
    [("thousand.jsonl", thousand::text())]
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "samples", name].iter().collect()
}

/// Writes them.
///
/// # Errors
/// What could not be written.
pub(crate) fn run() -> Result<(), Vec<String>> {
    let write = |(name, text): (&str, String)| {
        fs::write(path(name), text).err().map(|error| format!("writing samples/{name}: {error}"))
    };
    let failed: Vec<_> = generated().into_iter().filter_map(write).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_samples_are_what_the_generator_makes() {
        for (name, text) in generated() {
            let committed = fs::read_to_string(path(name)).unwrap_or_default();
            assert!(committed == text, "samples/{name} is not up to date: run `cargo xtask samples`");
        }
    }
}
