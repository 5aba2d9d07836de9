//! What a piece of text stands for, which a terminal shows as a colour.

use rollout::Colour;

/// What a piece of text stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// What is said.
    #[default]
    Plain,
    /// What is there to guide the eye.
    Dim,
    /// What it is about.
    Strong,
    /// The blue side.
    Blue,
    /// The green side.
    Green,
    /// What is as it should be.
    Good,
    /// What is waited for.
    Warning,
    /// What failed.
    Bad,
}

impl Paint {
    /// The parameters of the terminal's sequence (ECMA-48, SGR).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Strong => "1",
            Self::Blue => "94",
            Self::Green => "92",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "1;31",
        }
    }
}

impl From<Colour> for Paint {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Blue => Self::Blue,
            Colour::Green => Self::Green,
        }
    }
}
