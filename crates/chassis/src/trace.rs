//! W3C Trace Context, level 1: which trace a request belongs to, and which step of it asked.

use std::{fmt, str::FromStr};

use axum::http::{HeaderMap, HeaderName};

use crate::ids::Random;

/// The header that carries a [`Trace`].
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header by which every answer tells its trace.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// The bit of `flags` that says that the caller records this trace.
const SAMPLED: u8 = 0x01;

/// A place in a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

impl Trace {
    /// The beginning of a new trace.
    #[must_use]
    pub fn fresh(random: &Random) -> Self {
        let mut trace_id = [0; 16];
        trace_id[..8].copy_from_slice(&random.next_u64().to_be_bytes());
        trace_id[8..].copy_from_slice(&span_id(random));
        Trace { trace_id, span_id: span_id(random), flags: SAMPLED }
    }

    /// The place that `traceparent` gives, or a fresh one where it is absent, given twice or malformed.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, random: &Random) -> Self {
        let mut given = headers.get_all(&TRACEPARENT).iter();
        let only = given.next().filter(|_| given.next().is_none());
        let parsed = only.and_then(|value| value.to_str().ok()?.parse().ok());
        parsed.unwrap_or_else(|| Self::fresh(random))
    }

    /// The next step of the same trace.
    #[must_use]
    pub fn child(&self, random: &Random) -> Self {
        Trace { span_id: span_id(random), ..*self }
    }

    /// The trace's id, as `x-trace-id` and logs show it: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        hex(&self.trace_id)
    }

    /// This step's id: 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> String {
        hex(&self.span_id)
    }

    /// Whether the caller records this trace.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// Not zero, which would mean "no span".
fn span_id(random: &Random) -> [u8; 8] {
    random.next_u64().max(1).to_be_bytes()
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
        text
    })
}

/// As `traceparent` carries it, in version 00.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the flags only `sampled` is defined; those that are not must be sent as zero.
        write!(f, "00-{}-{}-{:02x}", hex(&self.trace_id), hex(&self.span_id), self.flags & SAMPLED)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({self})")
    }
}

/// A `traceparent` that the specification tells to ignore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct Malformed;

impl FromStr for Trace {
    type Err = Malformed;

    fn from_str(header: &str) -> Result<Self, Malformed> {
        let mut fields = header.split('-');
        let [version] = unhex(fields.next())?;
        let trace_id = unhex(fields.next())?;
        let span_id = unhex(fields.next())?;
        let [flags] = unhex(fields.next())?;
        // Later versions may append fields; version ff is forbidden for ever.
        let known_shape = match version {
            0x00 => fields.next().is_none(),
            version => version != 0xff,
        };
        if known_shape && trace_id != [0; 16] && span_id != [0; 8] {
            Ok(Trace { trace_id, span_id, flags })
        } else {
            Err(Malformed)
        }
    }
}

/// Lower-case hexadecimal of exactly `N` bytes.
fn unhex<const N: usize>(field: Option<&str>) -> Result<[u8; N], Malformed> {
    let field = field.filter(|field| field.len() == 2 * N).ok_or(Malformed)?;
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(field.as_bytes().chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Ok(bytes)
}

fn nibble(digit: u8) -> Result<u8, Malformed> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_specifications_example_comes_back_as_it_was() {
        let trace: Trace = EXAMPLE.parse().unwrap();
        assert_eq!(trace.to_string(), EXAMPLE);
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.span_id(), "00f067aa0ba902b7");
        assert!(trace.is_sampled());
    }

    #[test]
    fn malformed_headers_are_refused() {
        let zero_trace = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let zero_span = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16));
        let (upper, forbidden) = (EXAMPLE.to_uppercase(), EXAMPLE.replacen("00", "ff", 1));
        let (short, longer) = (&EXAMPLE[..54], format!("{EXAMPLE}-00"));
        for bad in ["", "garbage", short, &zero_trace, &zero_span, &upper, &forbidden, &longer] {
            assert_eq!(bad.parse::<Trace>(), Err(Malformed), "{bad}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_this_one_goes() {
        let later = format!("{}-what-comes-next", EXAMPLE.replacen("00", "cc", 1));
        assert_eq!(later.parse::<Trace>().unwrap().to_string(), EXAMPLE);
    }

    #[test]
    fn a_child_is_another_step_of_the_same_trace() {
        let parent: Trace = EXAMPLE.parse().unwrap();
        let child = parent.child(&Random::seeded(7));
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child.span_id(), parent.span_id());
    }

    #[test]
    fn absent_doubled_or_malformed_begins_a_new_trace() {
        let random = Random::seeded(7);
        let of = |values: &[&str]| {
            let pairs = values.iter().map(|value| (TRACEPARENT, value.parse().unwrap()));
            Trace::from_headers(&pairs.collect(), &random).trace_id()
        };
        let example = of(&[EXAMPLE]);
        let fresh = [of(&[]), of(&["garbage"]), of(&[EXAMPLE, EXAMPLE])];
        assert!(!fresh.contains(&example));
    }
}
