//! Transactions on the calling task.

use std::sync::{Mutex, PoisonError};

use crate::Error;
use crate::reader::Reader;
use crate::work::{Ran, Work};
use crate::writer::Writer;

/// Both connections, until the store is closed.
pub(crate) struct Inline {
    connections: Mutex<Option<(Writer, Reader)>>,
}

impl Inline {
    pub(crate) fn new(writer: Writer, reader: Reader) -> Self {
        Self { connections: Mutex::new(Some((writer, reader))) }
    }

    pub(crate) fn write(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let mut next = Some(work);
        while let Some(work) = next {
            next = self.run(|writer, _| writer.commit_group(work, &mut |_| None))?;
        }
        Ok(())
    }

    pub(crate) fn read(&self, work: Box<dyn Work>) -> Result<(), Error> {
        self.run(|_, reader| vec![reader.run(work)]).map(drop)
    }

    pub(crate) fn close(&self) {
        drop(self.connections.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Answers whoever's work was run, and returns the work if it is to be run again.
    fn run(
        &self,
        work: impl FnOnce(&mut Writer, &mut Reader) -> Vec<Ran>,
    ) -> Result<Option<Box<dyn Work>>, Error> {
        // Callers' panics are caught below, so a poisoned lock still guards whole connections.
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let (writer, reader) = connections.as_mut().ok_or(Error::Closed)?;
        let ran = work(writer, reader);
        drop(connections);
        Ok(ran.into_iter().filter_map(Ran::answer).next())
    }
}
