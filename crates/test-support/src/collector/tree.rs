//! The spans of one trace as a tree.

use std::{collections::BTreeSet, fmt};

use super::Span;

/// Spans that all descend from one place: the client's, who asked first.
#[derive(Clone, Debug)]
pub struct Tree {
    root: String,
    spans: Vec<Span>,
}

impl Tree {
    /// The tree below the span `root`, which is a client's own and among those of nobody here.
    ///
    /// # Errors
    /// Spans that do not descend from it: their parents have not arrived, or never will. A parent begins before its children
    /// do, and no two spans have one id.
    pub fn below(root: &str, spans: Vec<Span>) -> Result<Self, String> {
        let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id.as_str()).chain([root]).collect();
        if ids.len() != spans.len() + 1 {
            return Err(format!("{} spans with {} ids", spans.len(), ids.len() - 1));
        }
        let orphans: Vec<_> =
            spans.iter().filter(|span| !ids.contains(span.parent_span_id.as_str())).collect();
        if !orphans.is_empty() {
            return Err(format!("orphans: {orphans:#?}"));
        }
        let tree = Self { root: root.to_owned(), spans };
        // Every span has a parent here, and a parent begins first: whoever could not be reached would be on a circle.
        match tree.spans.iter().find(|span| tree.parent(span).is_some_and(|parent| parent.began > span.began))
        {
            Some(span) => Err(format!("it begins before its parent: {span:#?}")),
            None => Ok(tree),
        }
    }

    /// Its spans.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whose they are.
    #[must_use]
    pub fn services(&self) -> BTreeSet<&str> {
        self.spans.iter().map(Span::service).collect()
    }

    /// The spans of this name, in the order in which they began.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<&Span> {
        let mut named: Vec<_> = self.spans.iter().filter(|span| span.name == name).collect();
        named.sort_by_key(|span| span.began);
        named
    }

    /// The parent of a span; `None` for that of the client.
    #[must_use]
    pub fn parent(&self, span: &Span) -> Option<&Span> {
        self.spans.iter().find(|other| other.span_id == span.parent_span_id)
    }

    /// The names of a span and of all above it, each with its service, the span's own first.
    #[must_use]
    pub fn path(&self, span: &Span) -> Vec<String> {
        let above = std::iter::successors(Some(span), |span| self.parent(span));
        above.map(|span| format!("{}: {}", span.service(), span.name)).collect()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, parent: &str, depth: usize) -> fmt::Result {
        let mut children: Vec<_> = self.spans.iter().filter(|span| span.parent_span_id == parent).collect();
        children.sort_by_key(|span| span.began);
        for span in children {
            let error = if span.is_error { " ERROR" } else { "" };
            let (indent, kind, us) = ("  ".repeat(depth), span.kind, (span.ended - span.began) / 1000);
            writeln!(f, "{indent}{}: {} [{kind}]{error} {us} µs", span.service(), span.name)?;
            self.show(f, &span.span_id, depth + 1)?;
        }
        Ok(())
    }
}

/// One line for each span, below its parent.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(f, &self.root, 0)
    }
}
