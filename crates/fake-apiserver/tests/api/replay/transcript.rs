//! How requests and their answers are written down.
//!
//! ```text
//! # What it is about.
//! @made POST /api/v1/namespaces/$ns/configmaps
//! {"metadata": {"name": "a"}}
//! => 201 {…}
//! ```
//!
//! An empty line ends an exchange. Before the body headers may stand, `name: value`, and `until: /pointer value`: the request is repeated until its answer
//! says that. `$ns` is the namespace; `$made.version`, `$made.uid` and `$made.continue` are of the answer to the request that is called so.

use std::fmt;

/// Requests, and their answers if they are known.
#[derive(Debug)]
pub(super) struct Transcript {
    pub(super) exchanges: Vec<Exchange>,
}

/// A request and its answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    pub(super) comment: Vec<String>,
    pub(super) name: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<String>,
    pub(super) answer: Vec<String>,
}

impl Transcript {
    /// Reads what is written down.
    pub(super) fn read(text: &str) -> Self {
        let exchanges = text.split("\n\n").filter(|one| !one.trim().is_empty()).map(Exchange::read).collect();
        Self { exchanges }
    }
}

impl Exchange {
    fn read(text: &str) -> Self {
        let mut exchange = Self::default();
        for line in text.lines() {
            if let Some(answer) = line.strip_prefix("=> ") {
                exchange.answer.push(answer.to_owned());
            } else if line.starts_with('#') {
                exchange.comment.push(line.to_owned());
            } else if exchange.method.is_empty() {
                exchange.ask(line);
            } else if let Some((name, value)) = header(line).filter(|_| exchange.body.is_empty()) {
                exchange.headers.push((name.to_owned(), value.to_owned()));
            } else {
                exchange.body.push(line.to_owned());
            }
        }
        exchange
    }

    fn ask(&mut self, line: &str) {
        let mut words = line.split(' ').peekable();
        self.name = words.next_if(|word| word.starts_with('@')).map(|word| word[1..].to_owned());
        self.method = words.next().unwrap().to_owned();
        self.path = words.next().unwrap().to_owned();
    }

    /// The request in a line.
    pub(super) fn asked(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.body.join(" "))
    }

    /// What the answer must say, and where, before the next request is made.
    pub(super) fn until(&self) -> Option<(&str, &str)> {
        self.headers.iter().find(|(name, _)| name == "until").and_then(|(_, value)| value.split_once(' '))
    }
}

fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(": ")?;
    name.chars().all(|sign| sign.is_ascii_lowercase() || sign == '-').then_some((name, value))
}

impl fmt::Display for Transcript {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, exchange) in self.exchanges.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{exchange}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.comment.iter().try_for_each(|line| writeln!(formatter, "{line}"))?;
        if let Some(name) = &self.name {
            write!(formatter, "@{name} ")?;
        }
        writeln!(formatter, "{} {}", self.method, self.path)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(formatter, "{name}: {value}"))?;
        self.body.iter().try_for_each(|line| writeln!(formatter, "{line}"))?;
        self.answer.iter().try_for_each(|line| writeln!(formatter, "=> {line}"))
    }
}
