//! Writing figures where a program finds them.

use std::{fs, path::Path};

use serde::Serialize;

use crate::failure::Failure;

/// Writes `figures` as JSON to `file`, in place of what it holds.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_json(file: &Path, figures: &impl Serialize) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::error::Error| Failure::failed(format!("writing `{}`: {error}", file.display()));
    let mut text = serde_json::to_string_pretty(figures).map_err(|error| failed(&error))?;
    text.push('\n');
    fs::write(file, text).map_err(|error| failed(&error))
}
