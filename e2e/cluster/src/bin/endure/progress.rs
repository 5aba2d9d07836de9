//! What was shown so far, in a file, so that an interruption costs a round.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use e2e_cluster::Failure;
use serde::{Deserialize, Serialize};

/// The rounds that have passed.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    file: PathBuf,
    shown: Shown,
}

/// What they have shown.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) switchovers: u32,
    /// Requests of which none failed.
    pub(crate) requests: usize,
}

impl Progress {
    /// What the file of this name in the folder says; nothing, if there is none or it is to be forgotten.
    pub(crate) fn read(folder: &Path, name: &str, anew: bool) -> Result<Self, Failure> {
        let file = folder.join(name).with_extension("json");
        let shown = match fs::read(&file) {
            Ok(text) if !anew => serde_json::from_slice(&text)?,
            Ok(_) => Shown::default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Shown::default(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { file, shown })
    }

    /// What was shown.
    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Adds a round that has passed. The file is whole at any time.
    pub(crate) fn add(&mut self, round: &Shown) -> Result<(), Failure> {
        self.shown.switchovers += round.switchovers;
        self.shown.requests += round.requests;
        let folder = self.file.parent().ok_or("the file is in no folder")?;
        fs::create_dir_all(folder)?;
        let written = self.file.with_extension("new");
        fs::write(&written, serde_json::to_vec(&self.shown)?)?;
        Ok(fs::rename(written, &self.file)?)
    }
}
