//! How deadlines are written: as what is left, since no two machines' clocks agree.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

/// gRPC's, up to eight digits and a unit (its PROTOCOL-HTTP2 document, *Timeout*).
pub(super) const GRPC: HeaderName = HeaderName::from_static("grpc-timeout");
/// In milliseconds.
pub(super) const HTTP: HeaderName = HeaderName::from_static("x-request-timeout-ms");

/// How the other side is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// By `x-request-timeout-ms`.
    Http,
    /// By `grpc-timeout`.
    Grpc,
}

/// What the caller said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The shortest time of all headers that can be read.
    pub(super) time: Option<Duration>,
    /// Whether there was one that cannot.
    pub(super) unreadable: bool,
}

/// What the caller said by gRPC alone, if it can be read.
pub(super) fn grpc_of(headers: &HeaderMap) -> Option<Duration> {
    grpc(headers.get(GRPC)?.as_bytes())
}

impl Asked {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut asked = Self { time: None, unreadable: false };
        headers.get_all(GRPC).iter().for_each(|value| asked.add(grpc(value.as_bytes())));
        headers.get_all(HTTP).iter().for_each(|value| asked.add(http(value.as_bytes())));
        asked
    }

    fn add(&mut self, time: Option<Duration>) {
        match time {
            Some(time) => self.time = Some(self.time.map_or(time, |other| other.min(time))),
            None => self.unreadable = true,
        }
    }
}

fn grpc(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    let number = number(digits).filter(|_| digits.len() <= 8)?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3_600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

fn http(value: &[u8]) -> Option<Duration> {
    number(value).map(Duration::from_millis)
}

/// Digits and nothing else; Rust's own `parse` takes a sign, too.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Says how much is left, in the place of whatever the request said before. `false`, and nothing is written, if that is less than can be said.
pub(super) fn write(protocol: Protocol, left: Duration, headers: &mut HeaderMap) -> bool {
    let (name, other, value) = match protocol {
        Protocol::Http => (HTTP, GRPC, in_millis(left)),
        Protocol::Grpc => (GRPC, HTTP, in_units(left)),
    };
    let Some(value) = value else { return false };
    headers.insert(name, value);
    headers.remove(other);
    true
}

fn in_millis(left: Duration) -> Option<HeaderValue> {
    let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    text(millis, None)
}

/// In the finest unit of which eight digits are enough, rounded down.
fn in_units(left: Duration) -> Option<HeaderValue> {
    let units = [
        (left.as_nanos(), b'n'),
        (left.as_micros(), b'u'),
        (left.as_millis(), b'm'),
        (left.as_secs().into(), b'S'),
        (u128::from(left.as_secs()) / 60, b'M'),
        (u128::from(left.as_secs()) / 3_600, b'H'),
    ];
    const MOST: u64 = 99_999_999;
    let fits = |(number, unit): (u128, u8)| Some((u64::try_from(number).ok().filter(|n| *n <= MOST)?, unit));
    let (number, unit) = units.into_iter().find_map(fits).unwrap_or((MOST, b'H'));
    text(number, Some(unit))
}

/// A number and its unit; `None` of none. It takes one allocation, where a value that is made of a number takes two.
fn text(mut number: u64, unit: Option<u8>) -> Option<HeaderValue> {
    const DIGITS_AND_UNIT: usize = 21;
    if number == 0 {
        return None;
    }
    let mut text = [0; DIGITS_AND_UNIT];
    let mut from = text.len();
    if let Some(unit) = unit {
        from -= 1;
        text[from] = unit;
    }
    while number > 0 {
        from -= 1;
        text[from] = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
    }
    HeaderValue::from_bytes(&text[from..]).ok()
}

#[cfg(all(test, not(any(mesh_loom, mesh_shuttle))))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(pairs: &[(HeaderName, &str)]) -> Asked {
        let value = |text: &str| HeaderValue::from_str(text).expect("a value");
        Asked::of(&pairs.iter().map(|(name, text)| (name.clone(), value(text))).collect())
    }

    #[test]
    fn every_unit_of_grpc_is_read() {
        let time = |text| asked(&[(GRPC, text)]).time;
        assert_eq!(time("1H"), Some(Duration::from_secs(3_600)));
        assert_eq!(time("2M"), Some(Duration::from_secs(120)));
        assert_eq!(time("3S"), Some(Duration::from_secs(3)));
        assert_eq!(time("4m"), Some(Duration::from_millis(4)));
        assert_eq!(time("5u"), Some(Duration::from_micros(5)));
        assert_eq!(time("6n"), Some(Duration::from_nanos(6)));
        assert_eq!(time("0m"), Some(Duration::ZERO));
        assert_eq!(time("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
    }

    /// Among them what tonic reads, or once panicked at: a sign, nothing at all, a unit alone.
    #[test]
    fn what_is_no_time_is_told_as_unreadable() {
        for text in ["", "S", "1", "1s", "+1S", "-1S", "1 S", "1.5S", "100000000S", "1SS", "é"] {
            assert_eq!(asked(&[(GRPC, text)]), Asked { time: None, unreadable: true }, "grpc `{text}`");
        }
        for text in ["", "+1", "-1", "1.5", "1ms", "1e3", "99999999999999999999"] {
            assert_eq!(asked(&[(HTTP, text)]), Asked { time: None, unreadable: true }, "HTTP `{text}`");
        }
        assert_eq!(asked(&[]), Asked { time: None, unreadable: false });
    }

    #[test]
    fn of_several_headers_the_shortest_time_counts() {
        let both = asked(&[(GRPC, "2S"), (HTTP, "1500"), (HTTP, "1600"), (GRPC, "?")]);
        assert_eq!(both, Asked { time: Some(Duration::from_millis(1_500)), unreadable: true });
    }

    #[test]
    fn what_came_in_by_the_other_name_does_not_go_on() {
        let mut headers: HeaderMap = [(GRPC, HeaderValue::from_static("9S"))].into_iter().collect();
        assert!(write(Protocol::Http, Duration::from_micros(1_999), &mut headers));
        assert_eq!(headers.get(HTTP).expect("a time"), "1");
        assert!(!headers.contains_key(GRPC));
    }

    #[test]
    fn less_than_can_be_said_is_not_said() {
        let mut headers = HeaderMap::new();
        assert!(!write(Protocol::Http, Duration::from_micros(999), &mut headers));
        assert!(!write(Protocol::Grpc, Duration::ZERO, &mut headers));
        assert!(headers.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_no_more_and_hardly_less(seconds in 0..u64::MAX, nanos in 1..1_000_000_000_u32, short in any::<bool>()) {
            let left = Duration::new(if short { seconds % 1_000 } else { seconds }, nanos);
            let mut headers = HeaderMap::new();
            prop_assert!(write(Protocol::Grpc, left, &mut headers));
            let read = Asked::of(&headers).time.expect("a time");
            prop_assert!(read <= left);
            // A coarser unit is taken where there are 100,000 of it; there is no more than 99,999,999 h.
            let sayable = left.min(Duration::from_secs(99_999_999 * 3_600));
            prop_assert!(sayable - read <= sayable / 100_000);
        }
    }
}
