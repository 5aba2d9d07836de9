//! 7: what is kept beside the events of a ledger.

use super::{Offence, System, Verdict};

/// Whatever a snapshot and its tail make, all events make.
pub(super) fn agree(system: &System) -> Verdict {
    let Some(folds) = &system.folds else {
        return Verdict::NotChecked { reason: "this style keeps no ledger".to_owned() };
    };
    if folds.snapshots == 0 {
        return Verdict::NotChecked { reason: "nothing has a snapshot yet".to_owned() };
    }
    let another = |stream: &String| Offence::new(stream, "is another with its snapshot than without");
    folds.different.iter().map(another).collect::<Vec<_>>().into()
}
