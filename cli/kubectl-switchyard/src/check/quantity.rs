//! Kubernetes' numbers with units, such as `500m`, `2` or `1Gi`.

/// Thousandths.
pub(super) type Milli = i128;

const SUFFIXES: [(&str, Milli); 13] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("Ei", 1 << 60),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000),
    ("", 1),
];

/// The number in thousandths, rounded up; nothing if it is none, or beyond what a quota can hold.
pub(super) fn parse(text: &str) -> Option<Milli> {
    if let Some(milli) = text.strip_suffix('m') {
        return milli.parse().ok();
    }
    let (suffix, unit) = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix))?;
    let number = text.strip_suffix(suffix)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<Milli>().ok()? };
    let digits = part.get(..part.len().min(9))?;
    let scale = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let part = if digits.is_empty() { 0 } else { digits.parse::<u64>().ok()?.into() };
    let unit = unit * 1_000;
    whole.checked_mul(unit)?.checked_add((unit * part + scale - 1) / scale)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_are_read_with_their_units() {
        let read = ["500m", "2", "0.5", ".5", "1Gi", "1.5k"].map(|text| parse(text).expect(text));
        assert_eq!(read, [500, 2_000, 500, 500, 1_073_741_824_000, 1_500_000]);
        for text in ["", "x", "1.2.3", "1e400", "99999999999999999999999999E"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
