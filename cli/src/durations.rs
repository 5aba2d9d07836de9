//! Times and rates as a person writes and reads them.

use std::time::Duration;

/// Longer than anybody waits, and short enough for every clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A time such as `500ms`, `60s` or `2m`, up to a year; a number alone is seconds.
///
/// # Errors
/// The text is none of these.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected())?;
    let time = match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    };
    time.filter(|time| *time <= LONGEST).ok_or_else(expected)
}

/// A rate that a clock can follow, in a second.
///
/// # Errors
/// The text is none.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "a rate is a number, so many in a second".to_owned())?;
    if (0.01..=1_000_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("a rate is from 0.01 to 1000000 in a second".to_owned())
    }
}

fn expected() -> String {
    "a time looks like 500ms, 60s or 2m, and is a year at most".to_owned()
}

/// A time in the unit that suits it.
#[must_use]
pub(crate) fn told(time: Duration) -> String {
    match time.as_millis() {
        0..10 => format!("{:.1} ms", time.as_secs_f64() * 1000.0),
        10..10_000 => format!("{} ms", time.as_millis()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_or_is_seconds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("60s"), duration("60"));
        assert_eq!(duration("1m"), duration("60s"));
        for text in ["", "s", "1h", "-1s", "1.5s", "31536001s", "999999999999999999999"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_is_a_number_that_a_clock_can_follow() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for text in ["", "0", "-1", "NaN", "inf", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_told_in_the_unit_that_suits_it() {
        assert_eq!(told(Duration::from_micros(1234)), "1.2 ms");
        assert_eq!(told(Duration::from_millis(42)), "42 ms");
        assert_eq!(told(Duration::from_secs(61)), "61.0 s");
    }
}
