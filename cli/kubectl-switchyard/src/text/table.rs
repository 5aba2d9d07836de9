//! Tables, as kubectl draws them: capital heads, three blanks between columns, the last one as wide as there is room.

use super::{Line, Paint, cut};

/// A cell.
pub type Cell = (Paint, String);

/// The rows beneath their heads, in at most so many characters.
#[must_use]
pub fn table(heads: &[&str], rows: &[Vec<Cell>], width: usize) -> Vec<Line> {
    let head: Vec<Cell> = heads.iter().map(|head| (Paint::Dim, (*head).to_owned())).collect();
    let rows: Vec<_> = std::iter::once(&head).chain(rows).collect();
    let widths: Vec<_> = (0..heads.len())
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|(_, text)| text.chars().count()).max()
        })
        .map(Option::unwrap_or_default)
        .collect();
    rows.into_iter().map(|row| line(row, &widths, width)).collect()
}

fn line(row: &[Cell], widths: &[usize], width: usize) -> Line {
    let mut line = Line::new();
    let mut room = width;
    for (column, ((paint, text), wide)) in row.iter().zip(widths).enumerate() {
        if column + 1 == widths.len() {
            line.push((*paint, cut(text, room.max(20))));
            continue;
        }
        line.push((*paint, text.clone()));
        line.push((Paint::Plain, " ".repeat(wide + 3 - text.chars().count())));
        room = room.saturating_sub(wide + 3);
    }
    line
}
