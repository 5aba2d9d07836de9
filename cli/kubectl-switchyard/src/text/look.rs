//! What lines are shown on.

use super::{Line, Paint};

/// How lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How many characters a line has.
    pub width: usize,
    /// Whether in colours.
    pub colours: bool,
    /// Whether in ASCII alone.
    pub ascii: bool,
}

impl Look {
    /// Plain, of a usual width: what a file or another program gets.
    pub const PLAIN: Self = Self { width: 100, colours: false, ascii: false };

    /// The line as characters.
    #[must_use]
    pub fn show(&self, line: &Line) -> String {
        let piece = |(paint, text): &(Paint, String)| match paint.code() {
            code if self.colours && !code.is_empty() && !text.is_empty() => {
                format!("\u{1b}[{code}m{text}\u{1b}[0m")
            }
            _ => text.clone(),
        };
        let text: String = line.iter().map(piece).collect();
        if self.ascii { ascii(&text) } else { text }
    }

    /// All lines, each with its end.
    #[must_use]
    pub fn all(&self, lines: &[Line]) -> String {
        lines.iter().map(|line| format!("{}\n", self.show(line).trim_end())).collect()
    }
}

/// The same in ASCII, as wide as before.
fn ascii(text: &str) -> String {
    let plain = |character| match character {
        '█' => '#',
        '▒' => '=',
        '░' | '·' | '○' => '.',
        '●' => '*',
        '✓' => '+',
        '✗' => 'x',
        '→' => '>',
        '↶' => '<',
        '◐' => '~',
        '…' => '_',
        '\u{1b}' => '\u{1b}',
        other if other.is_ascii() => other,
        _ => '?',
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_signs_are_shown_only_where_there_are_some() {
        let line = vec![(Paint::Good, "✓".to_owned()), (Paint::Plain, " smoke".to_owned())];
        let plain = Look::PLAIN;
        assert_eq!(plain.show(&line), "✓ smoke");
        assert_eq!(Look { ascii: true, ..plain }.show(&line), "+ smoke");
        assert_eq!(Look { colours: true, ..plain }.show(&line), "\u{1b}[32m✓\u{1b}[0m smoke");
    }
}
