//! Characters and their colours.

/// What a piece of the drawing stands for, which a terminal shows as a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Paint {
    /// What is said.
    #[default]
    Plain,
    /// What is there to guide the eye.
    Dim,
    /// Who asks from outside.
    Strong,
    /// A status of the order.
    Status,
    /// What made no difference, or is tried again.
    Warning,
    /// What was refused or failed.
    Bad,
}

/// A line of the drawing: pieces of text, each of one paint.
pub(super) type Line = Vec<(Paint, String)>;

impl Paint {
    /// The parameters of the terminal's sequence (ECMA-48, SGR).
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Strong => "1",
            Self::Status => "1;32",
            Self::Warning => "33",
            Self::Bad => "1;31",
        }
    }
}

pub(super) fn plain(line: &Line) -> String {
    line.iter().map(|(_, text)| text.as_str()).collect()
}

pub(super) fn coloured(line: &Line) -> String {
    let piece = |(paint, text): &(Paint, String)| match paint.code() {
        "" => text.clone(),
        code => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
    };
    line.iter().map(piece).collect()
}

/// The same in ASCII, as wide as before.
pub(super) fn ascii(text: &str) -> String {
    let plain = |character| match character {
        '│' => '|',
        '─' => '-',
        '╌' => '.',
        '═' => '=',
        '├' | '┤' | '✓' => '+',
        '▶' | '→' => '>',
        '◀' | '↶' => '<',
        '◆' => '*',
        '·' => '.',
        '✗' => 'x',
        '↻' => '~',
        '…' => '_',
        '\u{1b}' => '\u{1b}',
        other if other.is_ascii() => other,
        _ => '?',
    };
    text.chars().map(plain).collect()
}
