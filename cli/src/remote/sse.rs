//! Server-sent events, as they are cut into pieces on their way.

/// The longest line that is kept whole; this system's are far shorter.
const LONGEST_LINE: usize = 64 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// What to resume after.
    pub(super) id: Option<String>,
    /// What it is called.
    pub(super) name: String,
    /// What it says.
    pub(super) data: String,
}

/// Puts events together from the bytes that arrive. Of the standard's fields it knows those that this system sends.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
}

impl Parser {
    /// The events that these bytes complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut complete = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => complete.extend(self.end_line()),
                b'\r' => {}
                other if self.line.len() < LONGEST_LINE => self.line.push(*other),
                _ => {}
            }
        }
        complete
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.event.name),
            "data" => self.add_data(value),
            _ => {} // a comment, which keeps the connection alive
        }
        None
    }

    fn add_data(&mut self, value: &str) {
        if self.has_data {
            self.event.data.push('\n');
        }
        self.has_data = true;
        self.event.data.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "id: 3\nevent: status\ndata: {\"a\":1}\n\n: alive\n\nid:4\r\nevent:outcome\r\ndata:x\r\ndata: y\r\n\r\n";

    fn expected() -> Vec<Event> {
        let event = |id: &str, name: &str, data: &str| Event {
            id: Some(id.into()),
            name: name.into(),
            data: data.into(),
        };
        vec![event("3", "status", "{\"a\":1}"), event("4", "outcome", "x\ny")]
    }

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        for size in 1..=STREAM.len() {
            let mut parser = Parser::default();
            let events: Vec<_> =
                STREAM.as_bytes().chunks(size).flat_map(|piece| parser.feed(piece)).collect();
            assert_eq!(events, expected(), "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_without_data_is_none() {
        assert_eq!(Parser::default().feed(b"event: status\n\n"), []);
    }
}
