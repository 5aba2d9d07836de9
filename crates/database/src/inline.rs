//! Transactions on the calling task.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::reader::Reader;
use crate::work::{Ran, Work};
use crate::writer::Writer;
use crate::{Boundary, Error, Failpoint, Fate};

/// Both connections, until the store is closed.
pub(crate) struct Inline {
    connections: Mutex<Option<(Writer, Reader)>>,
    /// Who decides what comes of reaching a boundary, and which file it is asked about.
    failpoint: Option<(Arc<dyn Failpoint>, PathBuf)>,
}

impl Inline {
    pub(crate) fn new(
        writer: Writer,
        reader: Reader,
        failpoint: Option<(Arc<dyn Failpoint>, PathBuf)>,
    ) -> Self {
        Self { connections: Mutex::new(Some((writer, reader))), failpoint }
    }

    /// Runs a work and answers its caller; `false` if that is never to be answered.
    pub(crate) fn write(&self, work: Box<dyn Work>) -> Result<bool, Error> {
        let mut next = Some(work);
        while let Some(work) = next {
            if !self.may_begin(Boundary::Write)? {
                return Ok(false);
            }
            let ran = self.run(|writer, _| writer.commit_group(work, &mut |_| None))?;
            if ran.iter().any(Ran::is_ok) && self.reached(Boundary::Committed) == Fate::Vanish {
                return Ok(false);
            }
            next = answer(ran);
        }
        Ok(true)
    }

    /// As [`write`](Self::write).
    pub(crate) fn read(&self, work: Box<dyn Work>) -> Result<bool, Error> {
        let may = self.may_begin(Boundary::Read)?;
        if may {
            answer(self.run(|_, reader| vec![reader.run(work)])?);
        }
        Ok(may)
    }

    pub(crate) fn close(&self) {
        drop(self.connections.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn may_begin(&self, boundary: Boundary) -> Result<bool, Error> {
        match self.reached(boundary) {
            Fate::Proceed => Ok(true),
            Fate::Fail => Err(Error::Busy { waited: Duration::ZERO }),
            Fate::Vanish => Ok(false),
        }
    }

    fn reached(&self, boundary: Boundary) -> Fate {
        let asked = self.failpoint.as_ref();
        asked.map_or(Fate::Proceed, |(failpoint, file)| failpoint.reached(file, boundary))
    }

    fn run(&self, work: impl FnOnce(&mut Writer, &mut Reader) -> Vec<Ran>) -> Result<Vec<Ran>, Error> {
        // Callers' panics are caught by the works, so a poisoned lock still guards whole connections.
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let (writer, reader) = connections.as_mut().ok_or(Error::Closed)?;
        Ok(work(writer, reader))
    }
}

/// Answers whoever's work was run, and returns the work if it is to be run again.
fn answer(ran: Vec<Ran>) -> Option<Box<dyn Work>> {
    ran.into_iter().filter_map(Ran::answer).next()
}
