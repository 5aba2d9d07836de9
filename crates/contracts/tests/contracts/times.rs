//! Instants.

use contracts::Timestamp;
use proptest::prelude::*;

#[test]
fn an_instant_is_rfc_3339_in_utc_to_the_microsecond() {
    let instant = Timestamp::from_micros(1_767_225_600_123_456);
    assert_eq!(instant.to_string(), "2026-01-01T00:00:00.123456Z");
    assert_eq!("2026-01-01T01:00:00.123456+01:00".parse::<Timestamp>().unwrap(), instant);
}

#[test]
fn what_is_no_instant_is_refused() {
    for bad in ["", "yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00"] {
        assert!(bad.parse::<Timestamp>().is_err(), "{bad:?}");
    }
}

proptest! {
    // From the year 0 to the year 9999, beyond which RFC 3339 has no form.
    #[test]
    fn an_instant_comes_back_as_it_was_printed(micros in -62_167_219_200_000_000_i64..253_402_300_799_999_999) {
        let instant = Timestamp::from_micros(micros);
        prop_assert_eq!(instant.to_string().parse::<Timestamp>().unwrap(), instant);
    }

    #[test]
    fn printing_never_panics(micros in any::<i64>()) {
        let _ = Timestamp::from_micros(micros).to_string();
    }
}
