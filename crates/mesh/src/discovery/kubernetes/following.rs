//! How one follows a list that changes, without the list and without a clock.

use super::{EndpointSlice, Slices};
use crate::discovery::Trouble;

/// So often a watch is tried from the same version. An API server whose store was restored from a backup knows none that is so late, and says
/// only that it is not ready.
const IN_VAIN_AT_MOST: u32 = 3;

/// What has been seen of a Service's slices, and where to see more.
///
/// ```text
///                 a list, as a whole                  an event, a bookmark, an end, a broken connection
/// what is known is old ────────▶ what is known is true ──────────────────────────────────▶ watch on from there
///           ▲                               │
///           └───────────────────────────────┘ the version is forgotten, refused, or not understood
/// ```
///
/// Only a list that came as a whole takes the place of what is known. What goes wrong changes nothing of it.
#[derive(Debug)]
pub(super) struct Following {
    slices: Slices,
    /// From where to watch on. Without it, all has to be listed.
    version: Option<String>,
    /// How often it went wrong since a watch told something, or ended as it should. That there is a list says nothing of the watch that follows.
    in_vain: u32,
}

/// What a watch tells.
#[derive(Clone, Debug)]
pub(super) enum Told {
    Applied(EndpointSlice),
    Removed(EndpointSlice),
    /// Nothing has changed up to this version.
    Bookmark(String),
}

impl Following {
    /// From nothing.
    pub(super) fn new(slices: Slices) -> Self {
        Self { slices, version: None, in_vain: 0 }
    }

    pub(super) fn slices(&self) -> &Slices {
        &self.slices
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// After how many times in vain the next one is.
    pub(super) fn in_vain(&self) -> u32 {
        self.in_vain
    }

    /// All that there is, as of a version.
    pub(super) fn listed(&mut self, slices: &[EndpointSlice], version: String) {
        self.slices.replace(slices);
        self.version = Some(version).filter(|version| !version.is_empty());
    }

    /// Whether what is known may have changed by it.
    pub(super) fn told(&mut self, told: Told) -> bool {
        self.in_vain = 0;
        let (version, changed) = match told {
            Told::Applied(slice) => {
                self.slices.apply(&slice);
                (slice.metadata.resource_version, true)
            }
            Told::Removed(slice) => {
                self.slices.remove(&slice.metadata.name);
                (slice.metadata.resource_version, true)
            }
            Told::Bookmark(version) => (version, false),
        };
        if !version.is_empty() {
            self.version = Some(version);
        }
        changed
    }

    /// A watch has ended as it should.
    pub(super) fn ended(&mut self) {
        self.in_vain = 0;
    }

    pub(super) fn failed(&mut self, trouble: Trouble) {
        self.in_vain = self.in_vain.saturating_add(1);
        let hopeless = matches!(trouble, Trouble::Expired | Trouble::Refused | Trouble::Malformed);
        if hopeless || self.in_vain >= IN_VAIN_AT_MOST {
            self.version = None;
        }
    }
}
