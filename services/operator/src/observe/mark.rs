//! The annotation `switchyard.dev/switch`.

use std::fmt;

use rollout::Colour;

use crate::resources::{SWITCH, Service};

/// Who pointed a Service where, as it is written there: `<uid>/<colour>/<n>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMark {
    /// The BlueGreen's uid.
    pub uid: String,
    /// Where it was pointed.
    pub colour: Colour,
    /// Its number.
    pub n: u64,
}

impl RawMark {
    /// That of a Service; nothing if it has none, or one that cannot be read.
    #[must_use]
    pub fn of(service: &Service) -> Option<Self> {
        let text = service.metadata.annotations.as_ref()?.get(SWITCH)?;
        let mut parts = text.split('/');
        let (uid, colour, n) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || uid.is_empty() {
            return None;
        }
        Some(Self { uid: uid.to_owned(), colour: colour_of(colour)?, n: n.parse().ok()? })
    }
}

impl fmt::Display for RawMark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.uid, self.colour, self.n)
    }
}

/// The colour that a label's value names.
pub(super) fn colour_of(value: &str) -> Option<Colour> {
    Colour::BOTH.into_iter().find(|colour| colour.label() == value)
}
