//! What is shown, as text: pure functions, so that a test can hold every character.

pub mod look;
pub mod paint;
pub mod span;
pub mod table;

pub use self::{look::Look, paint::Paint};

/// A line: pieces of text, each of one paint.
pub type Line = Vec<(Paint, String)>;

/// As much of a text as fits into so many characters.
#[must_use]
pub fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

/// The text in lines of at most so many characters, broken between words; a longer word has a line of its own.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().map_or("", |line| line.as_str());
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A text beside its head, such as `why`: in lines of at most `width` characters, all but the first of which have blanks in the head's place.
#[must_use]
pub fn entry(head: &str, text: &str, width: usize) -> Vec<Line> {
    let lines = wrapped(text, width.saturating_sub(8).max(20));
    let head = |first: bool| (Paint::Dim, format!("  {:<6}", if first { head } else { "" }));
    lines.into_iter().enumerate().map(|(at, text)| vec![head(at == 0), (Paint::Plain, text)]).collect()
}

/// The line, cut so that it does not go over to the next of a terminal.
#[must_use]
pub fn clipped(line: &Line, width: usize) -> Line {
    let mut room = width;
    let mut clipped = Line::new();
    for (paint, text) in line {
        let text = cut(text, room);
        room -= text.chars().count();
        clipped.push((*paint, text));
        if room == 0 {
            break;
        }
    }
    clipped
}

/// How many characters a line has.
#[must_use]
pub fn length(line: &Line) -> usize {
    line.iter().map(|(_, text)| text.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_words_and_cut_with_a_mark() {
        assert_eq!(wrapped("a gate waits for a person", 10), ["a gate", "waits for", "a person"]);
        assert_eq!(wrapped("unbreakable word", 4), ["unbreakable", "word"]);
        let line = vec![(Paint::Good, "✓ ".to_owned()), (Paint::Plain, "ordering".to_owned())];
        assert_eq!(clipped(&line, 6)[1].1, "ord…");
        assert_eq!(clipped(&line, 2).len(), 1);
        assert_eq!((cut("ordering", 8).as_str(), cut("ordering", 5).as_str()), ("ordering", "orde…"));
    }
}
