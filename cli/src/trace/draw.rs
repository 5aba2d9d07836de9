//! From rows to characters: services are columns, time goes downwards.

use super::{
    paint::{Line, Paint},
    rows::{Row, Story, What},
};

/// What the times before every line take.
const GUTTER: usize = 11;

/// What a column takes at least.
const NARROWEST: usize = 12;

/// The drawing of a story.
pub(super) struct Canvas<'a> {
    story: &'a Story,
    width: usize,
    /// Where the line of each service's life is.
    lives: Vec<usize>,
}

impl<'a> Canvas<'a> {
    /// A drawing whose lines have at most `width` characters. The first service does most, and has the widest column.
    pub(super) fn new(story: &'a Story, width: usize) -> Self {
        let services = story.services.len().max(1);
        let other = ((width - GUTTER) / (services + 1)).max(NARROWEST);
        let first = width.saturating_sub(GUTTER + other * (services - 1)).max(NARROWEST);
        let lives = (0..services).map(|service| match service {
            0 => GUTTER,
            after => GUTTER + first + (after - 1) * other,
        });
        Self { story, width, lives: lives.collect() }
    }

    /// The lines, the names of the services first.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = vec![self.head()];
        let mut before = None;
        for row in &self.story.rows {
            // A time is told once, where it begins.
            let time = Some(&row.time).filter(|time| before != Some(*time));
            lines.push(self.line(time.map_or("", String::as_str), row));
            before = Some(&row.time);
        }
        lines
    }

    fn head(&self) -> Line {
        let mut pen = Pen::new(self.width);
        for (service, life) in self.story.services.iter().zip(&self.lives) {
            pen.write(*life, service, Paint::Strong);
        }
        pen.line()
    }

    fn line(&self, time: &str, row: &Row) -> Line {
        let mut pen = Pen::new(self.width);
        pen.write((GUTTER - 2).saturating_sub(time.chars().count()), time, Paint::Dim);
        if let What::Across { text } = &row.what {
            let bar = "═".repeat(self.width - GUTTER);
            pen.write(GUTTER, &bar, Paint::Warning);
            pen.write(GUTTER + 3, &format!(" {text} "), Paint::Warning);
            return pen.line();
        }
        for life in &self.lives {
            pen.write(*life, "│", Paint::Dim);
        }
        match &row.what {
            What::Note { service, text, paint } => self.note(&mut pen, *service, text, *paint),
            What::Arrow { from, to, label, dashed, paint } => {
                self.arrow(&mut pen, (*from, *to), label, if *dashed { "╌" } else { "─" }, *paint);
            }
            What::Across { .. } => {}
        }
        pen.line()
    }

    /// A text beside a service's life: to its right, or as far to the left as it takes to fit.
    fn note(&self, pen: &mut Pen, service: usize, text: &str, paint: Paint) {
        let life = self.lives.get(service).copied().unwrap_or(GUTTER);
        let room = self.width.saturating_sub(life + 2);
        let length = text.chars().count();
        if length <= room {
            return pen.write(life + 2, text, paint);
        }
        // To its left there is more room, for the services at the right.
        let left = life.saturating_sub(GUTTER + 1);
        if left > room {
            let text = cut(text, left);
            return pen.write(life - 1 - text.chars().count(), &text, paint);
        }
        pen.write(life + 2, &cut(text, room), paint);
    }

    fn arrow(&self, pen: &mut Pen, (from, to): (usize, usize), label: &str, stroke: &str, paint: Paint) {
        let (from, to) = (self.lives[from], self.lives[to]);
        let (left, right) = (from.min(to), from.max(to));
        pen.write(left, &stroke.repeat(right - left), Paint::Plain);
        let (tail, head) = if from < to { ("├", "▶") } else { ("┤", "◀") };
        pen.write(from, tail, Paint::Plain);
        pen.write(to, head, Paint::Plain);
        // On the arrow if it is long enough, else beside its right end.
        let (inside, beside) = ((right - left).saturating_sub(5), self.width.saturating_sub(right + 2));
        let label = cut(label, inside.max(beside));
        if label.chars().count() <= inside {
            pen.write(left + 2, &format!(" {label} "), paint);
        } else {
            pen.write(right + 2, &label, paint);
        }
    }
}

/// As much of a text as fits.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

/// Writes a line, one text over another.
struct Pen(Vec<(char, Paint)>);

impl Pen {
    fn new(width: usize) -> Self {
        Self(vec![(' ', Paint::Plain); width])
    }

    fn write(&mut self, at: usize, text: &str, paint: Paint) {
        for (cell, character) in self.0.iter_mut().skip(at).zip(text.chars()) {
            *cell = (character, paint);
        }
    }

    /// The line, without what is blank at its end.
    fn line(self) -> Line {
        let end = self.0.iter().rposition(|(character, _)| *character != ' ').map_or(0, |last| last + 1);
        let mut line = Line::new();
        for (character, paint) in self.0.into_iter().take(end) {
            match line.last_mut() {
                Some((last, text)) if *last == paint => text.push(character),
                _ => line.push((paint, character.to_string())),
            }
        }
        line
    }
}
