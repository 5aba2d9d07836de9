//! A place in a trace, as W3C Trace Context, level 1, writes it.

use std::{fmt, str::FromStr};

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The bit of `flags` that says that this trace is recorded.
const SAMPLED: u8 = 0x01;

/// A place in a trace: which trace, which step of it, and whether it is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

impl Trace {
    /// The beginning of a new trace, which is not recorded: its id of two random numbers, its first step of a third.
    #[must_use]
    pub fn new([high, low, span]: [u64; 3]) -> Self {
        let mut trace_id = [0; 16];
        trace_id[..8].copy_from_slice(&high.to_be_bytes());
        trace_id[8..].copy_from_slice(&not_zero(low));
        Trace { trace_id, span_id: not_zero(span), flags: 0 }
    }

    /// Another step of the same trace, of a random number.
    #[must_use]
    pub fn child(&self, span: u64) -> Self {
        Trace { span_id: not_zero(span), ..*self }
    }

    /// The same place in a trace that is recorded, or is not.
    #[must_use]
    pub fn sampled(self, sampled: bool) -> Self {
        Trace { flags: if sampled { self.flags | SAMPLED } else { self.flags & !SAMPLED }, ..self }
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The trace's id, as `x-trace-id` and logs show it: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> impl fmt::Display + use<> {
        Hex(self.trace_id)
    }

    /// This step's id: 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> impl fmt::Display + use<> {
        Hex(self.span_id)
    }

    /// The trace's id as it travels in binary formats.
    #[must_use]
    pub const fn trace_id_bytes(&self) -> [u8; 16] {
        self.trace_id
    }

    /// This step's id as it travels in binary formats.
    #[must_use]
    pub const fn span_id_bytes(&self) -> [u8; 8] {
        self.span_id
    }

    /// Whether both are in the same trace.
    #[must_use]
    pub fn is_with(&self, other: &Trace) -> bool {
        self.trace_id == other.trace_id
    }
}

/// Zero would mean "no trace" and "no span".
fn not_zero(number: u64) -> [u8; 8] {
    number.max(1).to_be_bytes()
}

struct Hex<const N: usize>([u8; N]);

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The place of OpenTelemetry's current span, or of nothing.
impl TryFrom<&SpanContext> for Trace {
    type Error = Malformed;

    fn try_from(context: &SpanContext) -> Result<Self, Malformed> {
        let (trace_id, span_id) = (context.trace_id().to_bytes(), context.span_id().to_bytes());
        let flags = context.trace_flags().to_u8();
        context.is_valid().then_some(Trace { trace_id, span_id, flags }).ok_or(Malformed)
    }
}

/// As OpenTelemetry knows a place that somebody else told.
impl From<&Trace> for SpanContext {
    fn from(trace: &Trace) -> Self {
        SpanContext::new(
            TraceId::from_bytes(trace.trace_id),
            SpanId::from_bytes(trace.span_id),
            TraceFlags::new(trace.flags & SAMPLED),
            true,
            TraceState::NONE,
        )
    }
}

/// As `traceparent` carries it, in version 00.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of the flags only `sampled` is defined; those that are not must be sent as zero.
        write!(f, "00-{}-{}-{:02x}", Hex(self.trace_id), Hex(self.span_id), self.flags & SAMPLED)
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
        assert_eq!(trace.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.span_id().to_string(), "00f067aa0ba902b7");
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
        let child = parent.child(7);
        assert!(child.is_with(&parent) && child.is_sampled());
        assert_eq!(child.to_string(), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-01");
    }

    #[test]
    fn a_new_trace_is_valid_whatever_the_numbers_and_not_recorded_before_somebody_says_so() {
        let trace = Trace::new([0, 0, 0]);
        assert_eq!(trace.to_string().parse(), Ok(trace));
        assert!(!trace.is_sampled() && trace.sampled(true).is_sampled());
        assert_eq!(trace.sampled(true).sampled(false), trace);
    }
}
