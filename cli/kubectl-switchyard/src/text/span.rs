//! Lengths of time, as short as a person says them.

use std::time::Duration;

/// Such as `0s`, `48s`, `9m48s`, `2h05m` or `3d`: the two largest units.
#[must_use]
pub fn short(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 if seconds.is_multiple_of(60) => format!("{minutes}m"),
        60..3_600 => format!("{minutes}m{:02}s", seconds % 60),
        3_600..86_400 if minutes.is_multiple_of(60) => format!("{hours}h"),
        3_600..86_400 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d"),
    }
}

/// The same to the millisecond where that matters: `140ms`, `1.4s`, and from ten seconds on as [`short`].
#[must_use]
pub fn fine(span: Duration) -> String {
    match span.as_millis() {
        millis @ 0..1_000 => format!("{millis}ms"),
        millis @ 1_000..10_000 => format!("{}.{}s", millis / 1_000, millis % 1_000 / 100),
        _ => short(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_as_short_as_it_is_said() {
        let said = [0, 48, 60, 588, 3_600, 7_500, 90_000].map(|s| short(Duration::from_secs(s)));
        assert_eq!(said, ["0s", "48s", "1m", "9m48s", "1h", "2h05m", "1d"]);
        let said = [140, 1_420, 12_000].map(|ms| fine(Duration::from_millis(ms)));
        assert_eq!(said, ["140ms", "1.4s", "12s"]);
    }
}
