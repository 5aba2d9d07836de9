//! Events as they were recorded once, replayed by every build.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::EventTypes;
use crate::causes::with_causes;

/// What a fixture file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    /// The data as it was recorded.
    recorded: Value,
    /// The event as it is today, as JSON.
    becomes: Value,
}

/// Replays `directory/<type>/v<version>.json` for every version of every type, and says of how many.
///
/// Each file is an object: `recorded` is data as a program wrote it when that version was the current one, and is never
/// edited; `becomes` is the JSON of the event that is read from it today.
///
/// # Panics
/// A version has no file, a file belongs to no version, or something else is read than is expected.
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
pub fn replay_fixtures<E: Serialize + DeserializeOwned>(types: &EventTypes<E>, directory: &Path) -> usize {
    let expected: BTreeSet<String> = types
        .versions()
        .flat_map(|(kind, current)| (1..=current).map(move |version| format!("{kind}/v{version}.json")))
        .collect();
    assert_eq!(files(directory), expected, "there is a file for each version of each type, and no other");
    for (kind, current) in types.versions() {
        for version in 1..=current {
            let path = directory.join(kind).join(format!("v{version}.json"));
            let text = fs::read_to_string(&path).unwrap();
            let Fixture { recorded, becomes } =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let event = types
                .decode(kind, version, &recorded.to_string())
                .unwrap_or_else(|error| panic!("{}: {}", path.display(), with_causes(&error)));
            assert_eq!(serde_json::to_value(event).unwrap(), becomes, "{}", path.display());
        }
    }
    expected.len()
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn files(directory: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for kind in fs::read_dir(directory).unwrap() {
        let kind = kind.unwrap();
        for file in fs::read_dir(kind.path()).unwrap() {
            let (kind, file) = (kind.file_name(), file.unwrap().file_name());
            files.insert(format!("{}/{}", kind.to_string_lossy(), file.to_string_lossy()));
        }
    }
    files
}
